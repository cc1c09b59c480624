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

// TestAccDatasetListResource_query lists datasets by a prefix of their names.
func TestAccDatasetListResource_query(t *testing.T) {
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

// TestDatasetListResource_includeResource lists a dataset with its resource, and imports it with
// the configuration that terraform query would generate.
func TestDatasetListResource_includeResource(t *testing.T) {
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
		t.Fatalf("got %v and the diagnostics\n%s", got, ds)
	}
	if got[0].displayName != name || got[0].id != state["id"] {
		t.Errorf("got %v, want dataset %v", got[0], state)
	}
	s.expectWrites(t)

	// terraform query generates a configuration from the attributes that can be configured.
	config := values{}
	for _, attribute := range []string{"name", "general_access", "adopt_existing", "force_destroy", "timeouts"} {
		config[attribute] = got[0].resource[attribute]
	}
	imported, ds := s.newWalk(t, nil).importIdentity(t.Context(), got[0].id)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	s.expectNoChanges(t, imported, config)
	for attribute, v := range state {
		if attribute != "items_public_url" && fmt.Sprint(got[0].resource[attribute]) != fmt.Sprint(v) {
			t.Errorf("%s is %v in the list and %v in the state", attribute, got[0].resource[attribute], v)
		}
	}
}

// TestDatasetListResource_unnamed lists an unnamed dataset, whose display name is its ID.
func TestDatasetListResource_unnamed(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	unnamed := s.API.Seed(emulator.Dataset{Items: items(1)})
	w := s.newWalk(t, nil)
	if got, ds := w.listAll(t.Context(), nil, 100, false); len(got) != 0 || len(ds) != 0 {
		t.Errorf("without unnamed = true: got %v and the diagnostics\n%s", got, ds)
	}
	got, ds := w.listAll(t.Context(), values{"unnamed": true}, 100, false)
	if len(got) != 1 || got[0].displayName != unnamed.ID || got[0].id != unnamed.ID || len(ds) != 0 {
		t.Errorf("got %v and the diagnostics\n%s", got, ds)
	}
}

// TestDatasetListResource_pages streams page by page, and stops at the limit.
func TestDatasetListResource_pages(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 10})
	ids := s.seedMany(35, "many-%02d")
	w := s.newWalk(t, nil)

	// The results of each page arrive before the request for the next one.
	n := 0
	w.list(t.Context(), nil, 100, false, func(l listResult) bool {
		if l.id != ids[n] || len(l.diagnostics) > 0 {
			t.Fatalf("result %d is %v, want dataset %s", n, l, ids[n])
		}
		n++
		if pages := len(s.sent()); pages > 1+n/9 {
			t.Fatalf("the provider requested %d pages for %d results", pages, n)
		}
		return true
	})
	if n != len(ids) {
		t.Errorf("got %d of %d datasets", n, len(ids))
	}

	s.Recorder.Reset()
	got, ds := w.listAll(t.Context(), nil, 10, false)
	if len(got) != 10 || len(ds) > 0 || len(s.sent()) != 1 {
		t.Errorf("with a limit of 10: got %d results from %d pages\n%s", len(got), len(s.sent()), ds)
	}

	// The limit counts the results that match the filter.
	s.Recorder.Reset()
	got, ds = w.listAll(t.Context(), values{"name_prefix": "many-3"}, 2, false)
	if len(got) != 2 || got[0].id != ids[30] || len(ds) > 0 || len(s.sent()) != 4 {
		t.Errorf("with a filter and a limit of 2: got %v from %d pages\n%s", got, len(s.sent()), ds)
	}

	// The list ends when the reader stops.
	s.Recorder.Reset()
	w.list(t.Context(), nil, 100, false, func(listResult) bool { return false })
	if pages := len(s.sent()); pages != 1 {
		t.Errorf("the provider requested %d pages, although the reader stopped at the first", pages)
	}
}

// TestDatasetListResource_readAhead lists resources, which the provider reads concurrently, in
// order, and not beyond the limit.
func TestDatasetListResource_readAhead(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 20})
	ids := s.seedMany(50, "many-%02d")
	// The first of each ten takes longest, so that responses arrive in another order.
	for i := range ids {
		if i%parallelReads == 0 {
			s.Recorder.Inject(emulator.Fault{Match: readOf(ids[i]), Delay: 200 * time.Millisecond, Times: 1})
		}
	}
	w := s.newWalk(t, nil)
	got, ds := w.listAll(t.Context(), nil, 100, true)
	if len(got) != len(ids) || len(ds) > 0 {
		t.Fatalf("got %d results\n%s", len(got), ds)
	}
	for i, l := range got {
		if l.id != ids[i] || l.resource["id"] != ids[i] || l.resource["console_url"] == nil {
			t.Errorf("result %d is %v, want dataset %s", i, l, ids[i])
		}
	}
	if n := s.Recorder.Counts()[getDataset]; n != len(ids) {
		t.Errorf("the provider sent %d reads for %d datasets", n, len(ids))
	}
	if n := s.Recorder.MaxConnections(); n < 2 || n > parallelReads {
		t.Errorf("%d reads ran concurrently, want 2 to %d", n, parallelReads)
	}

	for _, want := range []int{1, 7, 10, 23} {
		s.Recorder.Reset()
		got, ds := w.listAll(t.Context(), nil, int64(want), true)
		if n := s.Recorder.Counts()[getDataset]; len(got) != want || n != want || len(ds) > 0 {
			t.Errorf("with a limit of %d: got %d results from %d reads\n%s", want, len(got), n, ds)
		}
	}

	// A dataset that is deleted during the list does not count.
	s.Recorder.Reset()
	s.Recorder.Inject(emulator.Fault{Match: readOf(ids[1]), Times: 1, Before: func(*http.Request) { s.API.Delete(ids[1]) }})
	got, ds = w.listAll(t.Context(), nil, 3, true)
	if len(got) != 3 || got[1].id != ids[2] || got[2].id != ids[3] || len(ds) > 0 {
		t.Errorf("got %v and the diagnostics\n%s", got, ds)
	}

	// An interrupt ends the list with one error, and a reader that stops without an error.
	for _, stop := range []string{"interrupt", "reader"} {
		s.Recorder.Reset()
		ctx, cancel := context.WithCancel(t.Context())
		var failed, succeeded int
		w.list(ctx, nil, 100, true, func(l listResult) bool {
			if len(l.diagnostics.errors()) > 0 {
				failed++
			} else {
				succeeded++
			}
			if stop == "interrupt" {
				cancel()
			}
			return stop == "interrupt"
		})
		cancel()
		if n := s.Recorder.Counts()[getDataset]; succeeded != 1 || failed > 1 || n > 2*parallelReads {
			t.Errorf("%s: got %d results and %d errors from %d reads", stop, succeeded, failed, n)
		}
	}
}

// TestDatasetListResource_errors has requests of a list fail.
func TestDatasetListResource_errors(t *testing.T) {
	t.Parallel()
	for _, includeResource := range []bool{false, true} {
		t.Run(fmt.Sprint("a page, include_resource: ", includeResource), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{PageLimit: 10})
			s.seedMany(25, "many-%02d")
			fault := onRequest(getDatasets, emulator.FaultNamed(emulator.FaultInternalServerError))
			fault.Skip = 1
			s.Recorder.Inject(fault)
			got, ds := s.newWalk(t, values{"max_retries": 1}).listAll(t.Context(), nil, 100, includeResource)
			if len(got) != 10 || len(ds) != 1 || !ds.errors().has("Listing Apify datasets failed", "500", "tried 2 times") {
				t.Errorf("got %d results\n%s", len(got), ds)
			}
		})
	}
	t.Run("a resource", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		ids := s.seedMany(3, "many-%02d")
		s.Recorder.Inject(emulator.Fault{Match: readOf(ids[1]), Status: http.StatusForbidden,
			Body: `{"error":{"type":"insufficient-permissions","message":"No."}}`})
		var failed, succeeded int
		s.newWalk(t, nil).list(t.Context(), nil, 100, true, func(l listResult) bool {
			if l.diagnostics.errors().has("Reading Apify dataset failed", ids[1], "insufficient-permissions") {
				failed++
			} else if len(l.diagnostics) == 0 && l.resource["id"] == l.id {
				succeeded++
			}
			return true
		})
		if failed != 1 || succeeded != 2 {
			t.Errorf("%d results failed and %d succeeded, want 1 and 2", failed, succeeded)
		}
	})
	t.Run("a deleted dataset", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		ids := s.seedMany(3, "many-%02d")
		s.Recorder.Inject(emulator.Fault{Match: readOf(ids[0]), Before: func(*http.Request) { s.API.Delete(ids[0]) }})
		got, ds := s.newWalk(t, nil).listAll(t.Context(), nil, 100, true)
		if len(got) != 2 || got[0].id != ids[1] || len(ds) > 0 {
			t.Errorf("got %v and the diagnostics\n%s", got, ds)
		}
	})
	t.Run("an invalid configuration", func(t *testing.T) {
		t.Parallel()
		s := newEmulator(t, emulator.Options{})
		if got, ds := s.newWalk(t, nil).listAll(t.Context(), values{"ownership": "all"}, 100, true); len(got) > 0 || !ds.errors().has("ownedByMe") {
			t.Errorf("got %v and the diagnostics\n%s", got, ds)
		}
	})
}

// readOf returns a function that matches reads of one dataset.
func readOf(id string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.URL.Path == "/v2/datasets/"+id }
}
