package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// account returns a fault that replaces the response about the token's account. The body also has
// the secrets that the real one has.
func account(fields map[string]any) emulator.Fault {
	data := map[string]any{
		"email": "jane@" + secretHost,
		"proxy": map[string]any{"password": secretPassword, "groups": []string{}},
		"plan":  map[string]any{"id": "FREE", "monthlyBasePriceUsd": 0},
	}
	maps.Copy(data, fields)
	raw, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		panic(err)
	}
	return onRequest(getUser, emulator.Fault{Status: http.StatusOK, Body: string(raw)})
}

// Secrets in the response about the token's account.
const (
	secretPassword = "hunter2hunter2"
	secretHost     = "secret.example"
)

// Responses about the account to tokens with limited permissions.
var (
	// runToken is the response to the token of an Actor run without full access.
	runToken = account(map[string]any{"username": "owner"})
	// scopedToken is the response to a token whose permissions do not include the account.
	scopedToken = onRequest(getUser, emulator.Fault{
		Status: http.StatusForbidden,
		Body:   `{"error":{"type":"insufficient-permissions","message":"Insufficient permissions."}}`,
	})
)

// TestProvider_allowedAccounts configures a provider whose token belongs to the account "owner".
func TestProvider_allowedAccounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		allowed any
		user    emulator.Fault
		errors  []string
	}{
		"by ID":                       {allowed: []string{ownerID}},
		"by username":                 {allowed: []string{"someone", "owner"}},
		"by username, ignoring case":  {allowed: []string{"OWNER"}},
		"not configured":              {allowed: nil},
		"an ID ignores no case":       {allowed: []string{strings.ToLower(ownerID)}, errors: []string{summaryWrongAccount}},
		"another account":             {allowed: []string{"other", otherID}, errors: []string{summaryWrongAccount, "these accounts: other, " + otherID + ".", "belongs to account owner (ID " + ownerID + ")", "Nothing was read or written"}},
		"part of a name":              {allowed: []string{"own"}, errors: []string{summaryWrongAccount}},
		"run token, by username":      {allowed: []string{"Owner"}, user: runToken},
		"run token, by ID":            {allowed: []string{ownerID}, user: runToken, errors: []string{summaryReadAccount, "does not return the ID", "only its username owner", "add the username to allowed_accounts"}},
		"run token without username":  {allowed: []string{"owner"}, user: account(nil), errors: []string{summaryReadAccount, "does not return the ID of the account to this token. Nothing was read or written"}},
		"scoped token":                {allowed: []string{"owner"}, user: scopedToken, errors: []string{summaryReadAccount, "403 Forbidden, insufficient-permissions", "Tokens with limited permissions cannot read their own account", consoleIntegrationsURL, "these accounts: owner", "could not determine", "Nothing was read or written"}},
		"rejected token":              {allowed: []string{"owner"}, user: onRequest(getUser, emulator.FaultNamed(emulator.FaultUnauthorized)), errors: []string{summaryReadAccount, "401 Unauthorized", "rejected the API token"}},
		"server error":                {allowed: []string{"owner"}, user: onRequest(getUser, emulator.FaultNamed(emulator.FaultBadGateway)), errors: []string{summaryReadAccount, "502 Bad Gateway"}},
		"account of an unknown shape": {allowed: []string{"owner"}, user: onRequest(getUser, emulator.Fault{Status: http.StatusOK, Body: `{"data":[]}`}), errors: []string{summaryReadAccount, "unexpected JSON type"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			if test.user.Pattern != "" {
				s.Recorder.Inject(test.user)
			}
			w := s.newWalk(t, values{"allowed_accounts": test.allowed, "max_retries": 0})
			want := []string{getUser}
			if test.allowed == nil {
				want = nil
			}
			s.expectSent(t, want...)
			expectAbsent(t, w.configure.String(), "the diagnostics", secretPassword, secretHost)
			if test.errors == nil {
				if len(w.configure) > 0 {
					t.Errorf("got the diagnostics\n%s", w.configure)
				}
				// The lookup serves the rest of the walk too.
				if _, ds := w.readDataSource(t.Context(), "apify_user", nil); len(ds) > 0 {
					t.Error(ds)
				}
				s.expectSent(t, getUser)
				return
			}
			if len(w.configure) != 1 || !w.configure.errors().has(test.errors...) || w.configure[0].Attribute.String() != `AttributeName("allowed_accounts")` {
				t.Errorf("got the diagnostics\n%s", w.configure)
			}
		})
	}
}

// TestProvider_invalidAllowedAccounts has lists that validate refuses, and lists that are known
// after apply.
func TestProvider_invalidAllowedAccounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		allowed any
		texts   []string
	}{
		"empty list":      {[]string{}, []string{"at least 1 elements"}},
		"empty string":    {[]string{"owner", ""}, []string{"string length must be at least 1"}},
		"unknown list":    {unknown{}, []string{summaryUnknownAttribute, `"allowed_accounts"`}},
		"unknown element": {[]any{"owner", unknown{}}, []string{summaryUnknownAttribute, `"allowed_accounts"`}},
		"null element":    {[]any{"owner", nil}, []string{"contains a null value"}},
	} {
		s := newTwoAccounts(t)
		ds := configure(t, values{"token": ownerToken, "base_url": s.URL, "allowed_accounts": test.allowed}, false)
		if len(ds) != 1 || !ds.errors().has(test.texts...) || ds[0].Attribute == nil || !strings.HasPrefix(ds[0].Attribute.String(), `AttributeName("allowed_accounts")`) {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
		for _, text := range checkTexts(ds, ownerToken) {
			t.Errorf("%s: %s", name, text)
		}
		s.expectSent(t)
	}
}

// TestAccProvider_allowedAccounts plans and applies with the token of another account, which must
// not create anything there.
func TestAccProvider_allowedAccounts(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	c.write("main.tf", `
provider "apify" {
  allowed_accounts = ["owner"]
}
resource "apify_dataset" "test" { name = "safe" }
data "apify_datasets" "all" {}
`)
	right, wrong := c.env, append(slices.Clone(c.env), tokenVariable+"="+otherToken)
	c.env = slices.DeleteFunc(slices.Clone(c.env), func(v string) bool { return strings.HasPrefix(v, tokenVariable) })
	c.mustRun("validate")
	s.expectSent(t)
	c.env = wrong
	for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
		r := c.run(args...)
		r.expect(t, 1, summaryWrongAccount, "belongs to account other (ID "+otherID+")")
		r.expectErrors(t, 1)
		s.expectSent(t, getUser)
		s.Recorder.Reset()
	}
	c.env = right
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)

	// State is as before after a run with the wrong token.
	c.env = wrong
	s.Recorder.Reset()
	c.run("apply", "-auto-approve").expect(t, 1, summaryWrongAccount)
	c.run("destroy", "-auto-approve").expect(t, 1, summaryWrongAccount)
	s.expectWrites(t)
	c.env = right
	c.expectID(testAddress, id)
	c.expectNoChanges()
}

// TestUserDataSource_tokens reads the account of tokens with and without full access.
func TestUserDataSource_tokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user  emulator.Fault
		want  values
		texts []string
	}{
		"full access":    {user: account(map[string]any{"id": ownerID, "username": "owner"}), want: values{"id": ownerID, "username": "owner"}},
		"run token":      {user: runToken, want: values{"id": nil, "username": "owner"}},
		"neither":        {user: account(nil), want: values{"id": nil, "username": nil}},
		"scoped token":   {user: scopedToken, texts: []string{summaryReadAccount, "403 Forbidden", "Tokens with limited permissions cannot read their own account. Use a token of the account without limited permissions", consoleIntegrationsURL}},
		"rejected token": {user: onRequest(getUser, emulator.FaultNamed(emulator.FaultUnauthorized)), texts: []string{summaryReadAccount, "401 Unauthorized", "rejected the API token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			s.Recorder.Inject(test.user)
			w := s.newWalk(t, nil)
			for range 2 {
				got, ds := w.readDataSource(t.Context(), "apify_user", nil)
				if test.texts == nil && (len(ds) > 0 || !maps.Equal(got, test.want)) {
					t.Errorf("got %v, want %v\n%s", got, test.want, ds)
				}
				if test.texts != nil && (len(ds) != 1 || !ds.errors().has(test.texts...)) {
					t.Errorf("got the diagnostics\n%s", ds)
				}
				if ds.has("share the dataset") {
					t.Errorf("the advice is about a dataset:\n%s", ds)
				}
			}
			s.expectSent(t, getUser)
		})
	}
}

// TestAccUserDataSource_output shows the account in outputs. Nothing else of the API's response is
// in the state, in plans or in logs.
func TestAccUserDataSource_output(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	s.Recorder.Inject(account(map[string]any{"id": ownerID, "username": "owner"}))
	c := s.newCLI(t)
	c.env = append(c.env, "TF_LOG=TRACE", "TF_LOG_PATH="+c.dir+"/trace.log")
	c.write("main.tf", `
data "apify_user" "me" {}
output "account" { value = "${data.apify_user.me.username}/${data.apify_user.me.id}" }
`)
	c.mustRun("plan", "-out=plan.bin")
	c.mustRun("apply", "plan.bin")
	if got := strings.TrimSpace(c.rawOutput("output", "-raw", "account")); got != "owner/"+ownerID {
		t.Errorf("the output is %q", got)
	}
	c.expectNoChanges()
	s.Recorder.ClearFaults()
	s.Recorder.Inject(runToken)
	r := c.run("plan")
	r.expect(t, 1, "data.apify_user.me.id is null")
	for name, content := range c.files() {
		expectAbsent(t, content, name, secretPassword, secretHost, "monthlyBasePriceUsd")
	}
}

// TestDataset_limitedTokens runs operations that depend on the token's account with tokens that
// cannot read it. Each walk looks the account up once.
func TestDataset_limitedTokens(t *testing.T) {
	t.Parallel()
	for name, user := range map[string]emulator.Fault{"run token": runToken, "scoped token": scopedToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			const n = 40
			var gone []instance
			w := s.newWalk(t, nil)
			for i := range n {
				gone = append(gone, w.mustImport(s.API.Seed(emulator.Dataset{Name: fmt.Sprintf("gone-%d", i)}).ID))
			}
			kept := w.mustImport(s.API.Seed(emulator.Dataset{Name: "kept"}).ID)
			for _, i := range gone {
				s.API.Delete(w.identityID(i))
			}
			s.Recorder.Reset()
			s.Recorder.Inject(user)

			// 40 deleted datasets, and 40 planned creations.
			w = s.newWalk(t, nil)
			for _, i := range gone {
				after, ds := w.read(t.Context(), i)
				if after.state == nil || len(ds) != 1 || !ds.errors().has(summaryRead, "could not determine the token's account",
					"The state was not changed", "Use a token of the account without limited permissions", "terraform state rm") {
					t.Fatalf("after the refresh there is a state: %t\n%s", after.state != nil, ds)
				}
			}
			for i := range n {
				if _, ds := w.plan(t.Context(), instance{}, values{"name": fmt.Sprintf("new-%d", i)}); len(ds) > 0 {
					t.Fatal(ds)
				}
			}
			w.mustRead(kept)
			if got := s.Recorder.Counts()[getUser]; got != 1 {
				t.Errorf("the account was requested %d times, want once", got)
			}

			// Creating, updating and deleting need no account.
			created := s.mustApply(t, instance{}, values{"name": "created"})
			renamed := s.mustApply(t, created, values{"name": "renamed"})
			if i := s.mustApply(t, renamed, nil); i.state != nil {
				t.Error("the dataset was not deleted")
			}
			s.expectNoChanges(t, kept, values{"name": "kept"})
		})
	}
}

// TestDatasets_ownershipWithLimitedTokens filters by ownership with tokens that cannot read their
// account. The server's own filter is the only one then.
func TestDatasets_ownershipWithLimitedTokens(t *testing.T) {
	t.Parallel()
	for name, user := range map[string]emulator.Fault{"run token": runToken, "scoped token": scopedToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			mine := s.API.Seed(emulator.Dataset{Name: "mine"})
			theirs := s.API.Seed(emulator.Dataset{Name: "theirs", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
			s.Recorder.Inject(user)
			for ownership, want := range map[string]string{"ownedByMe": mine.ID, "sharedWithMe": theirs.ID} {
				w := s.newWalk(t, nil)
				got, ds := w.datasets(t.Context(), values{"ownership": ownership})
				if len(ds) > 0 || len(got) != 1 || got[0]["id"] != want {
					t.Errorf("%s: the data source returns %v, want %s\n%s", ownership, got, want, ds)
				}
				results, ds := w.listAll(t.Context(), values{"ownership": ownership}, 100, false)
				if len(ds) > 0 || len(results) != 1 || results[0].id != want {
					t.Errorf("%s: the list resource returns %v, want %s\n%s", ownership, results, want, ds)
				}
			}
		})
	}
}

// TestDataset_importFromOtherAccount imports a dataset that another account has shared.
func TestDataset_importFromOtherAccount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user emulator.Fault
		text string
	}{
		"account known":   {text: "belongs to account owner (ID " + ownerID + ")"},
		"account unknown": {user: scopedToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			d := s.API.Seed(emulator.Dataset{Name: "shared", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionWrite}})
			mine := s.API.Seed(emulator.Dataset{Name: "mine"})
			if test.user.Pattern != "" {
				s.Recorder.Inject(test.user)
			}
			w := s.newWalk(t, nil)
			i, ds := w.importID(t.Context(), "other~shared")
			if w.identityID(i) != d.ID {
				t.Errorf("dataset %s was imported, want %s", w.identityID(i), d.ID)
			}
			if test.text == "" && len(ds) > 0 || test.text != "" &&
				(len(ds) != 1 || !ds.warnings().has(summaryOtherAccount, `dataset "shared" (ID `+d.ID+`)`, "is account "+otherID, test.text)) {
				t.Errorf("got the diagnostics\n%s", ds)
			}
			w.mustImport(mine.ID)
		})
	}
}

// TestDataset_forbidden has a 403 for a dataset in state. If its owner is another account than the
// token's, the error names both.
func TestDataset_forbidden(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{true, false} {
		t.Run(fmt.Sprintf("own: %t", own), func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			d := emulator.Dataset{Name: "denied"}
			if !own {
				d.UserID, d.SharedWith = otherID, map[string]emulator.Permission{"owner": emulator.PermissionWrite}
			}
			d = s.API.Seed(d)
			before, _ := s.newWalk(t, nil).importID(t.Context(), d.ID)
			s.Recorder.Inject(emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Status: http.StatusForbidden,
				Body: `{"error":{"type":"insufficient-permissions","message":"Insufficient permissions for the dataset."}}`})
			w := s.newWalk(t, nil)
			after, readErrors := w.read(t.Context(), before)
			if after.state == nil {
				t.Error("the dataset was removed from state")
			}
			p := w.mustPlanIgnoringErrors(before, values{"name": "denied", "general_access": "RESTRICTED"})
			_, updateErrors := w.apply(t.Context(), p)
			p = w.mustPlanIgnoringErrors(before, nil)
			_, deleteErrors := w.apply(t.Context(), p)
			both := []string{"403 Forbidden, insufficient-permissions", "owner in state is " + otherID, "belongs to account owner (ID " + ownerID + ")", "The state was not changed"}
			for operation, test := range map[string]struct {
				ds      diagnostics
				summary string // if the owner is another account
				own     []string
			}{
				"read":   {readErrors, summaryLostAccess, []string{summaryRead, "403 Forbidden", "does not have permission"}},
				"update": {updateErrors, summaryUpdate, []string{summaryUpdate, "403 Forbidden", "does not have permission"}},
				"delete": {deleteErrors, summaryLostAccess, []string{summaryDelete, "403 Forbidden", "does not have permission"}},
			} {
				want := test.own
				if !own {
					want = append([]string{test.summary}, both...)
				}
				if len(test.ds) != 1 || !test.ds.errors().has(want...) || own && test.ds.has("owner in state") {
					t.Errorf("%s: got the diagnostics\n%s", operation, test.ds)
				}
			}
		})
	}
}

// mustPlanIgnoringErrors is plan for a server that refuses all lookups.
func (w *walk) mustPlanIgnoringErrors(prior instance, config values) planned {
	w.t.Helper()
	p, ds := w.plan(w.t.Context(), prior, config)
	if len(ds.errors()) > 0 {
		w.t.Fatal(ds)
	}
	return p
}
