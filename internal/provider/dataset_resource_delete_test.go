package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// refusal is the text of the error for a dataset that contains items.
var refusal = []string{"Apify dataset contains items", "set force_destroy = true, apply, and then destroy",
	"export them", "removed { from = apify_dataset.NAME lifecycle { destroy = false } }", "terraform state rm apify_dataset.NAME"}

// TestAccDataset_forceDestroy keeps items until force_destroy = true has been applied. A
// configuration that was not applied does not count.
func TestAccDataset_forceDestroy(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	const config = "resource \"apify_dataset\" \"test\" {\n  name = %q\n  force_destroy = %t\n}\n"
	id := c.mustApply(config, name, false)
	s.API.Push(id, items(1234)...)

	s.Recorder.Reset()
	c.run("destroy", "-auto-approve").expect(t, 1, append(refusal, name, id, "contains 1234 items", "The apply would refuse to delete it",
		"https://console.apify.com/storage/datasets/"+id)...)
	if c.attributes(testAddress) == nil {
		t.Error("the dataset is not in the state")
	}
	c.write("main.tf", fmt.Sprintf(config, name, true))
	c.run("destroy", "-auto-approve").expect(t, 1, refusal...)
	c.write("main.tf", fmt.Sprintf(config, name, false))
	c.run("apply", "-auto-approve", "-replace="+testAddress).expect(t, 1, "Apify dataset contains items",
		"neither state nor configuration has force_destroy = true")
	c.write("main.tf", fmt.Sprintf(config, name, true))
	s.expectWrites(t)
	if d, _ := s.API.Dataset(id); len(d.Items) != 1234 {
		t.Errorf("the dataset has %d items after the refusal", len(d.Items))
	}

	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 1 changed, 0 destroyed")
	s.expectWrites(t)
	c.run("destroy", "-auto-approve").expect(t, 0, "1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
	if _, ok := s.API.Dataset(id); ok {
		t.Error("the dataset still exists")
	}
}

// TestAccDataset_laggingCounter finds items that the counters do not include yet.
func TestAccDataset_laggingCounter(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{CounterLag: time.Hour})
	c := s.newCLI(t)
	id := c.mustApply(nameOnly, s.name(t))
	s.API.Push(id, items(1)...)

	s.Recorder.Reset()
	c.run("destroy", "-auto-approve").expect(t, 1, append(refusal, id, "contains items (exact count not yet available)", "It was not deleted")...)
	s.expectWrites(t)
	if d, _ := s.API.Dataset(id); len(d.Items) != 1 {
		t.Errorf("the dataset has %d items after the refusal", len(d.Items))
	}
}

// TestDataset_delete lists the requests of a deletion by what the provider finds on the server.
func TestDataset_delete(t *testing.T) {
	t.Parallel()
	unchanged := func(*testServer, string) {}
	withItems := func(items ...json.RawMessage) func(*testServer, string) {
		return func(s *testServer, id string) { s.API.Push(id, items...) }
	}
	deleted := func(s *testServer, id string) { s.API.Delete(id) }
	response := func(request string, status int, body string) func(*testServer, string) {
		return func(s *testServer, _ string) {
			s.Recorder.Inject(onRequest(request, emulator.Fault{Status: status, Body: body}))
		}
	}
	for _, test := range []struct {
		name   string
		force  bool
		change func(s *testServer, id string)
		sent   []string
		// text is a text of the error. If it is empty, the deletion succeeds.
		text string
	}{
		{"empty", false, unchanged, []string{getDataset, getItems, deleteDataset}, ""},
		{"empty, forced", true, unchanged, []string{deleteDataset}, ""},
		{"one item", false, withItems(items(1)...), []string{getDataset}, "contains 1 item,"},
		{"items", false, withItems(items(2)...), []string{getDataset}, "contains 2 items,"},
		{"hidden items", false, withItems([]byte(`{"#a":1}`)), []string{getDataset}, "contains 1 item,"},
		{"items, forced", true, withItems(items(2)...), []string{deleteDataset}, ""},
		{"items, without counters", false, func(s *testServer, id string) {
			s.API.Push(id, items(2)...)
			s.Recorder.Inject(onRequest(getDataset, emulator.Fault{Mutate: keepFields("id", "name")}))
		}, []string{getDataset, getItems}, "contains items"},
		{"deleted already", false, deleted, []string{getDataset, getUser}, ""},
		{"deleted already, forced", true, deleted, []string{deleteDataset, getUser}, ""},
		{"dataset not readable", false, response(getDataset, 403, ""), []string{getDataset}, "could not check whether"},
		{"items not readable", false, response(getItems, 403, ""), []string{getDataset, getItems}, "could not check whether"},
		{"items not a list", false, response(getItems, 200, "{}"), []string{getDataset, getItems}, "unexpected JSON type: object"},
		{"forbidden", true, response(deleteDataset, 403, `{"error":{"type":"insufficient-permissions","message":"No."}}`), []string{deleteDataset, getUser}, "insufficient-permissions"},
		{"404 by a proxy", true, response(deleteDataset, 404, "<html>"), []string{deleteDataset}, "404 Not Found"},
		{"404 of another type", true, response(deleteDataset, 404, `{"error":{"type":"page-not-found","message":"?"}}`), []string{deleteDataset}, "page-not-found"},
		{"deleted already, account unknown", true, func(s *testServer, id string) {
			deleted(s, id)
			response(getUser, 403, "")(s, id)
		}, []string{deleteDataset, getUser}, "could not determine the token's account"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			dataset := s.mustApply(t, instance{}, values{"name": s.name(t), "force_destroy": test.force})
			w := s.newWalk(t, values{"max_retries": 0})
			id := w.identityID(dataset)
			p := w.mustPlan(dataset, nil)
			test.change(s, id)
			s.Recorder.Reset()
			after, ds := w.apply(t.Context(), p)
			s.expectSent(t, test.sent...)
			if test.text == "" {
				if len(ds) > 0 || after.state != nil {
					t.Errorf("after the deletion there is a state: %t\n%s", after.state != nil, ds)
				}
				if _, ok := s.API.Dataset(id); ok {
					t.Error("the dataset still exists")
				}
				return
			}
			if !ds.errors().has(id, test.text) {
				t.Errorf("no error contains %q:\n%s", test.text, ds)
			}
			if after.state == nil || w.identityID(after) != id {
				t.Error("the dataset is not in the state")
			}
		})
	}
}

// TestAccDataset_deleteOtherAccount deletes with the token of an account that cannot see the
// dataset.
func TestAccDataset_deleteOtherAccount(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			testDeleteOtherAccount(t, status)
		})
	}
}

func testDeleteOtherAccount(t *testing.T, status int) {
	s := newTwoAccountsWith(t, emulator.Options{InaccessibleStatus: status})
	c := s.newCLI(t)
	id := c.mustApply("resource \"apify_dataset\" \"test\" {\n  general_access = \"RESTRICTED\"\n}\n")

	s.Recorder.Reset()
	c.env = append(c.env, tokenVariable+"="+otherToken)
	c.run("destroy", "-auto-approve", "-refresh=false").expect(t, 1, "No access to Apify dataset", id)
	if c.attributes(testAddress) == nil {
		t.Error("the dataset is not in the state")
	}
	if _, ok := s.API.Dataset(id); !ok {
		t.Error("the dataset was deleted")
	}
}

// TestDataset_deleteFailedReplacement has the deletion of a replacement fail, which the configured
// force_destroy allows to lose items. A later deletion, without it, does not lose them.
func TestDataset_deleteFailedReplacement(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	old := s.mustApply(t, instance{}, values{"name": name})
	id := s.API.Datasets()[0].ID
	s.API.Push(id, items(1)...)

	forced := values{"name": name, "force_destroy": true}
	w := s.newWalk(t, values{"max_retries": 0})
	update := w.mustPlan(old, forced)
	creation, ds := w.plan(t.Context(), instance{private: update.private}, forced)
	if len(ds.errors()) > 0 {
		t.Fatal(ds)
	}
	deletion := planned{prior: old, config: w.null(w.dataset()), state: w.null(w.dataset()), private: creation.private}
	s.Recorder.Inject(onRequest(deleteDataset, emulator.FaultNamed(emulator.FaultForbidden)))
	after, ds := w.apply(t.Context(), deletion)
	if after.state == nil || !ds.errors().has("403 Forbidden") {
		t.Fatalf("after the failed deletion there is a state: %t\n%s", after.state != nil, ds)
	}

	s.Recorder.ClearFaults()
	s.Recorder.Reset()
	deletion.prior, deletion.private = after, after.private
	if kept, ds := s.newWalk(t, nil).apply(t.Context(), deletion); kept.state == nil || !ds.errors().has("contains 1 item", id) {
		t.Errorf("after the second deletion there is a state: %t\n%s", kept.state != nil, ds)
	}
	s.expectSent(t, getDataset)
}
