package provider

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_deletedOutside plans a new dataset after somebody has deleted the old one.
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
				PreConfig:        func() { s.delete(t, first) },
				Config:           s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks: preApply(expectCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets?name=" + name),
					expectValue("id", differentFrom(&first)),
				},
			},
		},
	})
}

// TestAccDataset_lostAccess keeps the state of a dataset that is inaccessible to the token, which
// belongs to another account. Nobody has published the status of Apify's response.
func TestAccDataset_lostAccess(t *testing.T) {
	t.Parallel()
	for status, text := range map[int]string{http.StatusForbidden: "insufficient-permissions", http.StatusNotFound: "record-not-found"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			testLostAccess(t, status, text)
		})
	}
}

func testLostAccess(t *testing.T, status int, text string) {
	s := newTwoAccountsWith(t, emulator.Options{InaccessibleStatus: status})
	c := s.newCLI(t)
	id := c.mustApply("resource \"apify_dataset\" \"test\" {\n  name = %q\n  general_access = \"RESTRICTED\"\n}\n", s.name(t))

	s.Recorder.Reset()
	env := c.env
	c.env = append(slices.Clone(env), tokenVariable+"="+otherToken)
	for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}, {"apply", "-auto-approve", "-refresh-only"}} {
		c.run(command...).expect(t, 1, "No access to Apify dataset", id, "owner in state is "+ownerID, "account other (ID "+otherID+")", text)
	}
	s.expectWrites(t)

	c.env = env
	c.expectID(testAddress, id)
	c.expectNoChanges()
}

// TestAccDataset_sharedReadOnly manages a dataset of another account, which shares it read-only.
func TestAccDataset_sharedReadOnly(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	name := s.name(t)
	d := s.API.Seed(emulator.Dataset{Name: name, UserID: otherID, GeneralAccess: "RESTRICTED",
		SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
	c.write("main.tf", fmt.Sprintf(nameOnly, name))
	c.mustRun("import", testAddress, "other~"+name)
	c.expectNoChanges()
	if got := c.attributes(testAddress); got["id"] != d.ID || got["user_id"] != otherID {
		t.Errorf("the state is %v", got)
	}

	c.write("main.tf", fmt.Sprintf(nameOnly, name+"-2"))
	c.run("apply", "-auto-approve").expect(t, 1, "Updating Apify dataset failed", d.ID, "403 Forbidden, insufficient-permissions", "share the dataset with write access", "owner in state is "+otherID, "account owner (ID "+ownerID+")")
	c.run("destroy", "-auto-approve").expect(t, 1, "Deleting Apify dataset failed", d.ID, "403 Forbidden, insufficient-permissions", "owner in state is "+otherID, "The state was not changed")
	c.write("main.tf", fmt.Sprintf(nameOnly, name))
	c.expectNoChanges()

	// If it is no longer shared, the provider cannot know whether it was deleted.
	s.Recorder.Reset()
	s.API.Update(d.ID, func(d *emulator.Dataset) { d.SharedWith = nil })
	c.run("plan").expect(t, 1, "No access to Apify dataset", d.ID, "owner in state is "+otherID, "account owner (ID "+ownerID+")")
	env := c.env
	c.env = append(slices.Clone(env), tokenVariable+"="+otherToken) // the owner's
	c.expectNoChanges()
	c.env = env
	s.API.Delete(d.ID)
	c.run("plan").expect(t, 1, "No access to Apify dataset", d.ID, "terraform state rm apify_dataset.NAME")
	s.expectWrites(t)
	c.mustRun("state", "rm", testAddress)
	c.run("plan", "-detailed-exitcode").expect(t, 2, "1 to add")
}

// TestDataset_readErrors has responses that do not mean that the dataset was deleted. The refresh
// fails, and the state stays.
func TestDataset_readErrors(t *testing.T) {
	t.Parallel()
	const id = "ReadKeepsState123"
	apiError := func(kind string) string { return `{"error":{"type":"` + kind + `","message":"M."}}` }
	for _, test := range []struct {
		name   string
		status int
		body   string
		texts  []string
	}{
		{"404 with another type", 404, apiError("page-not-found"), []string{"404 Not Found, page-not-found: M"}},
		{"404 by another service", 404, `{"message":"no route"}`, []string{"404 Not Found", "no route", "base_url"}},
		{"404 by a proxy", 404, "<html>Not here</html>", []string{"404 Not Found", "<html>Not here</html>", "base_url"}},
		{"404 with an empty body", 404, "", []string{"404 Not Found", "base_url"}},
		{"410", 410, apiError("record-not-found"), []string{"410 Gone"}},
		{"400", 400, apiError("record-not-found"), []string{"400 Bad Request"}},
		{"401", 401, apiError("user-or-token-not-found"), []string{"401 Unauthorized, user-or-token-not-found", "APIFY_TOKEN"}},
		{"402", 402, apiError("plan-limits"), []string{"402 Payment Required", "Billing"}},
		{"403", 403, apiError("insufficient-permissions"), []string{"403 Forbidden, insufficient-permissions"}},
		{"500", 500, apiError("internal-server-error"), []string{"500 Internal Server Error", "tried 2 times"}},
		{"503 with an HTML page", 503, "<html>Maintenance</html>", []string{"503 Service Unavailable", "<html>Maintenance</html>", "tried 2 times"}},
		{"200 with an HTML page", 200, "<html>Welcome</html>", []string{"200 OK", "<html>Welcome</html>", "base_url"}},
		{"200 with an empty body", 200, "", []string{"200 OK"}},
		{"200 with null", 200, "null", []string{"200 OK"}},
		{"200 without data", 200, "{}", []string{`the body has no "data"`}},
		{"200 with empty data", 200, `{"data":{}}`, []string{`dataset without a`}},
		{"200 with another dataset", 200, `{"data":{"id":"AnotherDataset123"}}`, []string{"AnotherDataset123"}},
		{"200 with an invalid time", 200, `{"data":{"id":"` + id + `","createdAt":"soon"}}`, []string{"not in RFC 3339 form"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			s.API.Seed(emulator.Dataset{ID: id, Name: "reads"})
			before := s.newWalk(t, nil).mustImport(id)
			s.Recorder.Inject(emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Status: test.status, Body: test.body})
			s.Recorder.Reset()
			w := s.newWalk(t, values{"max_retries": 1})
			after, ds := w.read(t.Context(), before)
			if !reflect.DeepEqual(w.values(after.state), w.values(before.state)) || w.identityID(after) != id {
				t.Errorf("the state is %v, want it unchanged", w.values(after.state))
			}
			for _, text := range test.texts {
				if !ds.errors().has(text) {
					t.Errorf("no error contains %q:\n%s", text, ds)
				}
			}
			if asked := slices.Contains(s.sent(), getUser); asked != (test.name == "403") { // which can mean another account
				t.Errorf("the account was looked up: %t", asked)
			}
		})
	}
}

// TestDataset_readNotFound removes a dataset from the state after a 404 of the API, but only if the
// token's account is the owner.
func TestDataset_readNotFound(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"record-not-found", "record-or-token-not-found"} {
		for _, test := range []struct {
			name string
			user emulator.Fault
			text string
			// change changes the dataset that is imported.
			change func(d map[string]any)
		}{
			{name: "owner"},
			{name: "another account", user: emulator.Fault{Mutate: setField("id", otherID)}, text: "No access to Apify dataset"},
			{name: "account unknown", user: emulator.Fault{Status: http.StatusForbidden}, text: "could not determine the token's account"},
			{name: "account without an ID", user: emulator.Fault{Status: http.StatusOK, Body: `{"data":{}}`}, text: "Tokens of Actor runs without full access do not get it"},
			{name: "no owner in the state", text: "State contains no owner", change: func(d map[string]any) { d["userId"] = nil }},
		} {
			t.Run(kind+", "+test.name, func(t *testing.T) {
				t.Parallel()
				s := newEmulator(t, emulator.Options{})
				d := s.API.Seed(emulator.Dataset{Name: "gone"})
				if test.change != nil {
					s.Recorder.Inject(onRequest(getDataset, emulator.Fault{Mutate: changeObject(test.change)}))
				}
				before := s.newWalk(t, nil).mustImport(d.ID)
				s.Recorder.ClearFaults()
				s.Recorder.Inject(onRequest(getUser, test.user), emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Status: http.StatusNotFound,
					Body: `{"error":{"type":"` + kind + `","message":"Not found."}}`})
				w := s.newWalk(t, values{"max_retries": 0})
				after, ds := w.read(t.Context(), before)
				if test.text == "" {
					if after.state != nil || len(ds) > 0 {
						t.Errorf("after the refresh there is a state: %t\n%s", after.state != nil, ds)
					}
					return
				}
				if after.state == nil || !ds.errors().has(test.text) || !ds.errors().has(d.ID) {
					t.Errorf("after the refresh there is a state: %t\n%s", after.state != nil, ds)
				}
			})
		}
	}
}

// TestDataset_unusedFields reads datasets whose fields have types that the API does not document.
// The resource uses none of them, and the data sources return null for them.
func TestDataset_unusedFields(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"text", 1.5, true, []any{map[string]any{}}, map[string]any{"a": []any{1}}} {
		for _, field := range []string{"stats", "fields", "modifiedAt", "accessedAt", "cleanItemCount", "title", "username", "actId", "actRunId", "new"} {
			s := newEmulator(t, emulator.Options{})
			d := s.API.Seed(emulator.Dataset{Name: "odd"})
			i := s.newWalk(t, nil).mustImport(d.ID)
			set := func(object map[string]any) {
				if _, isText := object[field].(string); isText {
					if _, sameType := value.(string); sameType {
						return // which is no other type
					}
				}
				object[field] = value
			}
			s.Recorder.Inject(
				onRequest(getDataset, emulator.Fault{Mutate: changeObject(set)}),
				onRequest(getDatasets, emulator.Fault{Mutate: changeObject(func(list map[string]any) {
					for _, item := range list["items"].([]any) {
						set(item.(map[string]any))
					}
				})}),
			)
			w := s.newWalk(t, values{"max_retries": 0})
			w.mustRead(i)
			if _, ds := s.newWalk(t, nil).importID(t.Context(), d.ID); len(ds) > 0 {
				t.Errorf("%s = %v: the import has the diagnostics\n%s", field, value, ds)
			}
			if field == "modifiedAt" || field == "accessedAt" { // as a text, a time must be valid
				if _, isText := value.(string); isText {
					continue
				}
			}
			if got, ds := w.readDataSource(t.Context(), "apify_dataset", values{"id": d.ID}); len(ds) > 0 || got["name"] != "odd" {
				t.Errorf("%s = %v: the data source is %v\n%s", field, value, got, ds)
			}
			if got, ds := w.datasets(t.Context(), nil); len(ds) > 0 || len(got) != 1 || got[0]["name"] != "odd" {
				t.Errorf("%s = %v: the list is %v\n%s", field, value, got, ds)
			}
		}
	}
}
