package provider

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestAccDatasetListResource(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{Config: s.config(`
resource "apify_dataset" "a" {
  count = 3
  name  = "` + name + `-${count.index}"
}`)},
			{
				Query: true,
				Config: s.config(`
list "apify_dataset" "all" {
  provider         = apify
  include_resource = true
  config {
    name_prefix = "` + name + `"
  }
}`),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength("apify_dataset.all", 3),
					querycheck.ExpectIdentity("apify_dataset.all", map[string]knownvalue.Check{"id": knownvalue.NotNull()}),
				},
			},
			{
				Query: true,
				Config: s.config(`
list "apify_dataset" "two" {
  provider = apify
  limit    = 2
  config {
    name_prefix = "` + name + `"
  }
}`),
				QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength("apify_dataset.two", 2)},
			},
		},
	})
}

func TestListResourceGivesIdentityNameAndResource(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)
	named := s.mustApply(t, instance{}, values{"name": name, "general_access": "RESTRICTED"})
	defer s.mustApply(t, named, nil)
	w := s.newWalk(t, nil)
	state := w.values(named.state)
	s.Recorder.Reset()

	got, ds := w.listAll(t.Context(), values{"name_prefix": name}, 100, true)
	if len(ds) > 0 || len(got) != 1 {
		t.Fatalf("%v\n%s", got, ds)
	}
	if got[0].name != name || got[0].identity["id"] != state["id"] {
		t.Errorf("the result is %v, of %v", got[0], state)
	}
	s.expectWrites(t)

	// What a query writes as configuration applies without a change: the
	// attributes that can be configured, as the resource has them.
	config := values{}
	for _, attribute := range []string{"name", "general_access", "adopt_existing", "force_destroy", "timeouts"} {
		config[attribute] = got[0].resource[attribute]
	}
	imported, ds := s.newWalk(t, nil).importIdentity(t.Context(), got[0].identity["id"].(string))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w = s.newWalk(t, nil)
	refreshed, ds := w.read(t.Context(), imported)
	p, more := w.plan(t.Context(), refreshed, config)
	if len(ds) > 0 || len(more) > 0 || w.changes(p) {
		t.Errorf("the configuration %v changes something: %v\n%s%s", config, w.values(p.state), ds, more)
	}
	for attribute, v := range state {
		if attribute != "items_public_url" && fmt.Sprint(got[0].resource[attribute]) != fmt.Sprint(v) {
			t.Errorf("%s is %v in the list, and %v in state", attribute, got[0].resource[attribute], v)
		}
	}
}

func TestListResourceShowsTheIDOfUnnamedDatasets(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	unnamed := s.API.Seed(emulator.Dataset{})
	w := s.newWalk(t, nil)
	if got, ds := w.listAll(t.Context(), nil, 100, false); len(got) != 0 || len(ds) != 0 {
		t.Errorf("unnamed ones were not asked for: %v\n%s", got, ds)
	}
	got, ds := w.listAll(t.Context(), values{"unnamed": true}, 100, false)
	if len(got) != 1 || got[0].name != unnamed.ID || got[0].identity["id"] != unnamed.ID || len(ds) != 0 {
		t.Errorf("%v\n%s", got, ds)
	}
}

func TestListResourceStreamsPagesAndStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 10})
	ids := s.seedMany(35, "many-%02d")
	w := s.newWalk(t, nil)

	// Each page is there before the next one is asked for.
	n := 0
	w.list(t.Context(), nil, 100, false, func(l listed) bool {
		if l.identity["id"] != ids[n] || len(l.diagnostics) > 0 {
			t.Fatalf("result %d is %v", n, l)
		}
		n++
		if pages := len(s.sent()); pages > 1+n/9 {
			t.Fatalf("%d pages were asked for after %d results", pages, n)
		}
		return true
	})
	if n != len(ids) {
		t.Errorf("%d of %d datasets were listed", n, len(ids))
	}

	s.Recorder.Reset()
	got, ds := w.listAll(t.Context(), nil, 10, false)
	if len(got) != 10 || len(ds) > 0 || len(s.sent()) != 1 {
		t.Errorf("the limit is 10: %d results after %d pages\n%s", len(got), len(s.sent()), ds)
	}

	// The limit counts what passes the filter.
	s.Recorder.Reset()
	got, ds = w.listAll(t.Context(), values{"name_prefix": "many-3"}, 2, false)
	if len(got) != 2 || got[0].identity["id"] != ids[30] || len(ds) > 0 || len(s.sent()) != 4 {
		t.Errorf("%v after %d pages\n%s", got, len(s.sent()), ds)
	}

	// Whoever stops listening ends it.
	s.Recorder.Reset()
	w.list(t.Context(), nil, 100, false, func(listed) bool { return false })
	if pages := len(s.sent()); pages != 1 {
		t.Errorf("%d pages were asked for after the reader had stopped", pages)
	}
}

func TestListResourceFailures(t *testing.T) {
	t.Parallel()
	t.Run("a page", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{PageLimit: 10})
		s.seedMany(25, "many-%02d")
		s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Skip: 1, Status: http.StatusInternalServerError})
		got, ds := s.newWalk(t, values{"max_retries": 1}).listAll(t.Context(), nil, 100, false)
		if len(got) != 10 || len(ds) != 1 || !ds.errors().has("Listing Apify datasets failed", "500", "tried 2 times") {
			t.Errorf("%d results\n%s", len(got), ds)
		}
	})
	t.Run("a resource", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		ids := s.seedMany(3, "many-%02d")
		s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets/{datasetId}", Skip: 1, Times: 1, Status: http.StatusForbidden,
			Body: `{"error":{"type":"insufficient-permissions","message":"No."}}`})
		var failed, fine int
		s.newWalk(t, nil).list(t.Context(), nil, 100, true, func(l listed) bool {
			if l.diagnostics.errors().has("Reading Apify dataset failed", ids[1], "insufficient-permissions") {
				failed++
			} else if len(l.diagnostics) == 0 && l.resource["id"] == l.identity["id"] {
				fine++
			}
			return true
		})
		if failed != 1 || fine != 2 {
			t.Errorf("%d failed, and %d were fine", failed, fine)
		}
	})
	t.Run("a deleted one", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		ids := s.seedMany(3, "many-%02d")
		s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets/{datasetId}", Times: 1, Before: func(*http.Request) { s.API.Delete(ids[0]) }})
		got, ds := s.newWalk(t, nil).listAll(t.Context(), nil, 100, true)
		if len(got) != 2 || got[0].identity["id"] != ids[1] || len(ds) > 0 {
			t.Errorf("%v\n%s", got, ds)
		}
	})
	t.Run("bad input", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		if got, ds := s.newWalk(t, nil).listAll(t.Context(), values{"ownership": "all"}, 100, true); len(got) > 0 || !ds.errors().has("ownedByMe") {
			t.Errorf("%v\n%s", got, ds)
		}
	})
}
