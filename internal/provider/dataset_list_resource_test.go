package provider

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

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

// A query for whole resources reads some at once, in order, and none beyond the
// limit.
func TestListResourceReadsAhead(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 20})
	ids := s.seedMany(50, "many-%02d")
	// The first of each ten takes longest, so that answers come out of turn.
	for i := range ids {
		if i%parallelReads == 0 {
			s.Recorder.Inject(emulator.Fault{Match: readOf(ids[i]), Delay: 200 * time.Millisecond, Times: 1})
		}
	}
	w := s.newWalk(t, nil)
	got, ds := w.listAll(t.Context(), nil, 100, true)
	if len(got) != len(ids) || len(ds) > 0 {
		t.Fatalf("%d results\n%s", len(got), ds)
	}
	for i, l := range got {
		if l.identity["id"] != ids[i] || l.resource["id"] != ids[i] || l.resource["console_url"] == nil {
			t.Errorf("result %d is %v, want %s", i, l, ids[i])
		}
	}
	if n := s.Recorder.Counts()[getDataset]; n != len(ids) {
		t.Errorf("%d datasets took %d reads", len(ids), n)
	}
	if n := s.Recorder.MaxConnections(); n < 2 || n > parallelReads {
		t.Errorf("%d reads were under way at once", n)
	}

	for _, want := range []int{1, 7, 10, 23} {
		s.Recorder.Reset()
		got, ds := w.listAll(t.Context(), nil, int64(want), true)
		if n := s.Recorder.Counts()[getDataset]; len(got) != want || n != want || len(ds) > 0 {
			t.Errorf("the limit is %d: %d results after %d reads\n%s", want, len(got), n, ds)
		}
	}

	// What was deleted meanwhile makes room for another one.
	s.Recorder.Reset()
	s.Recorder.Inject(emulator.Fault{Match: readOf(ids[1]), Times: 1, Before: func(*http.Request) { s.API.Delete(ids[1]) }})
	got, ds = w.listAll(t.Context(), nil, 3, true)
	if len(got) != 3 || got[1].identity["id"] != ids[2] || got[2].identity["id"] != ids[3] || len(ds) > 0 {
		t.Errorf("%v\n%s", got, ds)
	}

	// An interrupt ends it with one error, and whoever stops listening without any.
	for _, stop := range []string{"interrupt", "enough"} {
		s.Recorder.Reset()
		ctx, cancel := context.WithCancel(t.Context())
		var failed, fine int
		w.list(ctx, nil, 100, true, func(l listed) bool {
			if len(l.diagnostics.errors()) > 0 {
				failed++
			} else {
				fine++
			}
			if stop == "interrupt" {
				cancel()
			}
			return stop == "interrupt"
		})
		cancel()
		if n := s.Recorder.Counts()[getDataset]; fine != 1 || failed > 1 || n > 2*parallelReads {
			t.Errorf("%s: %d results, %d errors, after %d reads", stop, fine, failed, n)
		}
	}
}

func TestListResourceFailures(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{false, true} {
		t.Run(fmt.Sprint("a page, whole resources: ", whole), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{PageLimit: 10})
			s.seedMany(25, "many-%02d")
			s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Skip: 1, Status: http.StatusInternalServerError})
			got, ds := s.newWalk(t, values{"max_retries": 1}).listAll(t.Context(), nil, 100, whole)
			if len(got) != 10 || len(ds) != 1 || !ds.errors().has("Listing Apify datasets failed", "500", "tried 2 times") {
				t.Errorf("%d results\n%s", len(got), ds)
			}
		})
	}
	t.Run("a resource", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		ids := s.seedMany(3, "many-%02d")
		s.Recorder.Inject(emulator.Fault{Match: readOf(ids[1]), Status: http.StatusForbidden,
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
		s.Recorder.Inject(emulator.Fault{Match: readOf(ids[0]), Before: func(*http.Request) { s.API.Delete(ids[0]) }})
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

// readOf matches the single reads of a dataset.
func readOf(id string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.URL.Path == "/v2/datasets/"+id }
}
