package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// threeWaysOn is what the refusal to lose items says.
var threeWaysOn = []string{"Apify dataset holds items", "It was not deleted", "set force_destroy = true, apply, and then destroy",
	"export them", "removed { from = apify_dataset.NAME lifecycle { destroy = false } }", "terraform state rm apify_dataset.NAME"}

func items(n int) []json.RawMessage {
	return slices.Repeat([]json.RawMessage{[]byte(`{"a":1}`)}, n)
}

// TestAccDataset_forceDestroy refuses to lose items until it is told to, in the
// state: a configuration that was not applied does not count.
func TestAccDataset_forceDestroy(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	const config = "resource \"apify_dataset\" \"test\" {\n  name = %q\n  force_destroy = %t\n}\n"
	c.write("main.tf", fmt.Sprintf(config, name, false))
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)
	s.API.Push(id, items(1234)...)

	s.Recorder.Reset()
	c.run("destroy", "-auto-approve").expect(t, 1, append(threeWaysOn, "Dataset "+id+" holds 1234 items",
		"https://console.apify.com/storage/datasets/"+id)...)
	if c.attributes(testAddress) == nil {
		t.Error("the dataset is not in the state any more")
	}
	c.write("main.tf", fmt.Sprintf(config, name, true))
	c.run("destroy", "-auto-approve").expect(t, 1, threeWaysOn...)
	c.run("apply", "-auto-approve", "-replace="+testAddress).expect(t, 1, threeWaysOn...)
	s.expectWrites(t)
	if d, _ := s.API.Dataset(id); len(d.Items) != 1234 {
		t.Errorf("the dataset has %d items", len(d.Items))
	}

	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 1 changed, 0 destroyed")
	s.expectWrites(t)
	c.run("destroy", "-auto-approve").expect(t, 0, "1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
	if _, ok := s.API.Dataset(id); ok {
		t.Error("the dataset is still there")
	}
}

// TestAccDataset_laggingCounter finds items that the counters do not tell of yet.
func TestAccDataset_laggingCounter(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{CounterLag: time.Hour})
	c := s.newCLI(t)
	c.write("main.tf", fmt.Sprintf(plainResource, s.name(t)))
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)
	s.API.Push(id, items(1)...)

	s.Recorder.Reset()
	c.run("destroy", "-auto-approve").expect(t, 1, append(threeWaysOn, "Dataset "+id+" holds items (its counter, which lags")...)
	s.expectWrites(t)
	if d, _ := s.API.Dataset(id); len(d.Items) != 1 {
		t.Errorf("the dataset has %d items", len(d.Items))
	}
}

// TestDataset_delete goes through what a deletion finds, and says what it sends.
func TestDataset_delete(t *testing.T) {
	t.Parallel()
	const (
		get      = "GET /v2/datasets/{datasetId}"
		getItems = "GET /v2/datasets/{datasetId}/items"
		remove   = "DELETE /v2/datasets/{datasetId}"
		me       = "GET /v2/users/me"
	)
	broken := func(method, pattern string, status int, body string) func(*testServer, string) {
		return func(s *testServer, _ string) {
			s.Recorder.Inject(emulator.Fault{Method: method, Pattern: pattern, Status: status, Body: body})
		}
	}
	for _, test := range []struct {
		name   string
		force  bool
		change func(s *testServer, id string)
		sent   []string
		text   string // of the error, if there is to be one
	}{
		{"empty", false, func(*testServer, string) {}, []string{get, getItems, remove}, ""},
		{"empty, forced", true, func(*testServer, string) {}, []string{remove}, ""},
		{"one item", false, func(s *testServer, id string) { s.API.Push(id, items(1)...) }, []string{get}, "holds 1 item,"},
		{"items", false, func(s *testServer, id string) { s.API.Push(id, items(2)...) }, []string{get}, "holds 2 items,"},
		{"hidden items", false, func(s *testServer, id string) { s.API.Push(id, []byte(`{"#a":1}`)) }, []string{get}, "holds 1 item,"},
		{"items, forced", true, func(s *testServer, id string) { s.API.Push(id, items(2)...) }, []string{remove}, ""},
		{"items, without counters", false, func(s *testServer, id string) {
			s.API.Push(id, items(2)...)
			s.Recorder.Inject(emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Method: http.MethodGet, Mutate: onlyIDAndName})
		}, []string{get, getItems}, "holds items"},
		{"gone", false, func(s *testServer, id string) { s.API.Delete(id) }, []string{get, me}, ""},
		{"gone, forced", true, func(s *testServer, id string) { s.API.Delete(id) }, []string{remove, me}, ""},
		{"not even readable", false, broken(http.MethodGet, "/v2/datasets/{datasetId}", 403, ""), []string{get}, "could not be found out, so it was not deleted"},
		{"items not readable", false, broken(http.MethodGet, "/v2/datasets/{datasetId}/items", 403, ""), []string{get, getItems}, "could not be found out, so it was not deleted"},
		{"items no list", false, broken(http.MethodGet, "/v2/datasets/{datasetId}/items", 200, "{}"), []string{get, getItems}, "a JSON object"},
		{"forbidden", true, broken(http.MethodDelete, "", 403, `{"error":{"type":"insufficient-permissions","message":"No."}}`), []string{remove}, "insufficient-permissions"},
		{"404 of something else", true, broken(http.MethodDelete, "", 404, "<html>"), []string{remove}, "404 Not Found"},
		{"404 of another kind", true, broken(http.MethodDelete, "", 404, `{"error":{"type":"page-not-found","message":"?"}}`), []string{remove}, "page-not-found"},
		{"gone, but whose is not known", true, func(s *testServer, id string) {
			s.API.Delete(id)
			broken(http.MethodGet, "/v2/users/me", 403, "")(s, id)
		}, []string{remove, me}, "could not be found out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			dataset := s.mustApply(t, instance{}, values{"name": s.name(t), "force_destroy": test.force})
			w := s.newWalk(t, values{"max_retries": 0})
			id := w.identityID(dataset)
			p, ds := w.plan(t.Context(), dataset, nil)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			test.change(s, id)
			s.Recorder.Reset()
			after, ds := w.apply(t.Context(), p)
			if sent := s.sent(); !slices.Equal(sent, test.sent) {
				t.Errorf("the requests were %q, and should have been %q", sent, test.sent)
			}
			if test.text == "" {
				if len(ds) > 0 || after.state != nil {
					t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
				}
				if _, ok := s.API.Dataset(id); ok {
					t.Error("the dataset is still there")
				}
				return
			}
			if !ds.errors().has(id, test.text) {
				t.Errorf("no error says %q:\n%s", test.text, ds)
			}
			if after.state == nil || w.identityID(after) != id {
				t.Error("the dataset is not in the state any more")
			}
		})
	}
}

// TestAccDataset_deleteOfAnotherAccount has a token that cannot see the dataset.
func TestAccDataset_deleteOfAnotherAccount(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	c.write("main.tf", "resource \"apify_dataset\" \"test\" {\n  general_access = \"RESTRICTED\"\n}\n")
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)

	s.Recorder.Reset()
	c.env = append(c.env, tokenVariable+"="+otherToken)
	c.run("destroy", "-auto-approve", "-refresh=false").expect(t, 1, "No access to Apify dataset", id)
	if c.attributes(testAddress) == nil {
		t.Error("the dataset is not in the state any more")
	}
	if _, ok := s.API.Dataset(id); !ok {
		t.Error("the dataset is gone")
	}
}
