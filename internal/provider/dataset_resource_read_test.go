package provider

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The accounts of newTwoAccounts.
const (
	ownerID    = "OwnerOwnerOwner00"
	ownerToken = "apify_api_owner"
	otherID    = "OtherOtherOther00"
	otherToken = "apify_api_other"
)

// newTwoAccounts starts an emulator with two users; the provider's token is the
// first one's.
func newTwoAccounts(t *testing.T) *testServer {
	t.Helper()
	return newEmulator(t, emulator.Options{Users: []emulator.User{
		{ID: ownerID, Username: "owner", Token: ownerToken, ReadOnlyTokens: []string{"apify_api_read_only"}},
		{ID: otherID, Username: "other", Token: otherToken},
	}})
}

// TestAccDataset_deletedOutside plans a new dataset for one that its owner's
// token does not find any more.
func TestAccDataset_deletedOutside(t *testing.T) {
	s := newTestServer(t)
	name := s.name(t)
	var first string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: []statecheck.StateCheck{capture("id", &first)},
			},
			{
				PreConfig: func() {
					if err := s.client(t).DeleteDataset(t.Context(), first); err != nil {
						t.Error(err)
					}
					s.Recorder.Reset()
				},
				Config:           s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks: preApply(created),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote("POST /v2/datasets?name=" + name),
					expectValue("id", knownvalue.StringFunc(func(id string) error {
						if id == first {
							return fmt.Errorf("it is the old one")
						}
						return nil
					})),
				},
			},
		},
	})
}

// TestAccDataset_lostAccess keeps the state of a dataset that the token cannot
// see because it is another account's.
func TestAccDataset_lostAccess(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	c.write("main.tf", "resource \"apify_dataset\" \"test\" {\n  name = \""+s.name(t)+"\"\n  general_access = \"RESTRICTED\"\n}\n")
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)

	s.Recorder.Reset()
	env := c.env
	c.env = append(slices.Clone(env), tokenVariable+"="+otherToken)
	for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}, {"apply", "-auto-approve", "-refresh-only"}} {
		c.run(command...).expect(t, 1, "No access to Apify dataset", id, "owner is "+ownerID, "that of "+otherID+" (other)", "record-not-found")
	}
	s.expectWrites(t)

	c.env = env
	if got := c.id(testAddress); got != id {
		t.Errorf("the state has dataset %s", got)
	}
	c.expectNoChanges()
}

// TestAccDataset_sharedReadOnly manages somebody else's dataset as far as it is
// shared.
func TestAccDataset_sharedReadOnly(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	name := s.name(t)
	d := s.API.Seed(emulator.Dataset{Name: name, UserID: otherID, GeneralAccess: "RESTRICTED",
		SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
	c.write("main.tf", fmt.Sprintf(plainResource, name))
	c.mustRun("import", testAddress, "other~"+name)
	c.expectNoChanges()
	if got := c.attributes(testAddress); got["id"] != d.ID || got["user_id"] != otherID {
		t.Errorf("the state has %v", got)
	}

	c.write("main.tf", fmt.Sprintf(plainResource, name+"-2"))
	c.run("apply", "-auto-approve").expect(t, 1, "Updating Apify dataset failed", d.ID, "403 Forbidden, insufficient-permissions", "share it with write access")
	c.run("destroy", "-auto-approve").expect(t, 1, "Deleting Apify dataset failed", d.ID, "403 Forbidden, insufficient-permissions", "stays in the state")
	c.write("main.tf", fmt.Sprintf(plainResource, name))
	c.expectNoChanges()

	// No longer shared: nobody knows whether it was deleted.
	s.Recorder.Reset()
	s.API.Update(d.ID, func(d *emulator.Dataset) { d.SharedWith = nil })
	c.run("plan").expect(t, 1, "No access to Apify dataset", d.ID, "owner is "+otherID, "that of "+ownerID)
	s.API.Delete(d.ID)
	c.run("plan").expect(t, 1, "No access to Apify dataset", d.ID)
	s.expectWrites(t)
}

// TestDataset_readKeepsState gives every answer to a refresh that does not mean
// that the dataset is gone.
func TestDataset_readKeepsState(t *testing.T) {
	t.Parallel()
	const id = "ReadKeepsState123"
	apiError := func(kind string) string { return `{"error":{"type":"` + kind + `","message":"M."}}` }
	for _, test := range []struct {
		name   string
		status int
		body   string
		texts  []string
	}{
		{"404 of another type", 404, apiError("page-not-found"), []string{"404 Not Found, page-not-found: M."}},
		{"404 of another service", 404, `{"message":"no route"}`, []string{"404 Not Found", "no route", "base_url"}},
		{"404 of a proxy", 404, "<html>Not here</html>", []string{"404 Not Found", "<html>Not here</html>", "base_url"}},
		{"404 without a body", 404, "", []string{"404 Not Found", "base_url"}},
		{"410", 410, apiError("record-not-found"), []string{"410 Gone"}},
		{"400", 400, apiError("record-not-found"), []string{"400 Bad Request"}},
		{"401", 401, apiError("user-or-token-not-found"), []string{"401 Unauthorized, user-or-token-not-found", "APIFY_TOKEN"}},
		{"402", 402, apiError("plan-limits"), []string{"402 Payment Required", "Billing"}},
		{"403", 403, apiError("insufficient-permissions"), []string{"403 Forbidden, insufficient-permissions"}},
		{"500", 500, apiError("internal-server-error"), []string{"500 Internal Server Error", "tried 2 times"}},
		{"503 page", 503, "<html>Maintenance</html>", []string{"503 Service Unavailable", "<html>Maintenance</html>", "tried 2 times"}},
		{"a page", 200, "<html>Welcome</html>", []string{"200 OK", "<html>Welcome</html>", "base_url"}},
		{"nothing", 200, "", []string{"200 OK"}},
		{"null", 200, "null", []string{"200 OK"}},
		{"no data", 200, "{}", []string{`it has no "data"`}},
		{"no dataset", 200, `{"data":{}}`, []string{`dataset without a`}},
		{"another dataset", 200, `{"data":{"id":"AnotherDataset123"}}`, []string{"AnotherDataset123"}},
		{"a bad time", 200, `{"data":{"id":"` + id + `","createdAt":"soon"}}`, []string{"time that cannot be read"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			s.API.Seed(emulator.Dataset{ID: id, Name: "reads"})
			before, ds := s.newWalk(t, nil).importID(t.Context(), id)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			s.Recorder.Inject(emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Status: test.status, Body: test.body})
			w := s.newWalk(t, values{"max_retries": 1})
			after, ds := w.read(t.Context(), before)
			if !reflect.DeepEqual(w.values(after.state), w.values(before.state)) || w.identityID(after) != id {
				t.Errorf("the state is now %v", w.values(after.state))
			}
			for _, text := range test.texts {
				if !ds.errors().has(text) {
					t.Errorf("no error says %q:\n%s", text, ds)
				}
			}
			if slices.Contains(s.sent(), "GET /v2/users/me") {
				t.Error("the owner was looked up")
			}
		})
	}
}

// TestDataset_gone drops a dataset from the state for either type of the API's
// 404, if its owner is who asks.
func TestDataset_gone(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"record-not-found", "record-or-token-not-found"} {
		for _, test := range []struct {
			name   string
			user   emulator.Fault
			text   string
			change func(d map[string]any)
		}{
			{name: "owner"},
			{name: "another account", user: emulator.Fault{Mutate: mutateData("id", otherID)}, text: "No access to Apify dataset"},
			{name: "nobody known", user: emulator.Fault{Status: http.StatusForbidden}, text: "could not be found out"},
			{name: "nobody", user: emulator.Fault{Status: http.StatusOK, Body: `{"data":{}}`}, text: `it has no "id"`},
			{name: "owner unknown to the state", text: "unknown to the state", change: func(d map[string]any) { d["userId"] = nil }},
		} {
			t.Run(kind+", "+test.name, func(t *testing.T) {
				t.Parallel()
				s := newEmulator(t, emulator.Options{})
				d := s.API.Seed(emulator.Dataset{Name: "gone"})
				if test.change != nil {
					s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Mutate: func(status int, _ http.Header, body map[string]any) int {
						test.change(body["data"].(map[string]any))
						return status
					}, Pattern: "/v2/datasets/{datasetId}"})
				}
				before, ds := s.newWalk(t, nil).importID(t.Context(), d.ID)
				if len(ds) > 0 {
					t.Fatal(ds)
				}
				s.Recorder.ClearFaults()
				user := test.user
				user.Pattern = "/v2/users/me"
				s.Recorder.Inject(user, emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Status: http.StatusNotFound,
					Body: `{"error":{"type":"` + kind + `","message":"Not found."}}`})
				w := s.newWalk(t, values{"max_retries": 0})
				after, ds := w.read(t.Context(), before)
				if test.text == "" {
					if after.state != nil || len(ds) > 0 {
						t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
					}
					return
				}
				if after.state == nil || !ds.errors().has(test.text) || !ds.errors().has(d.ID) {
					t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
				}
			})
		}
	}
}
