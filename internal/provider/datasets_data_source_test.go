package provider

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestAccDatasetsDataSource(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{{
			Config: s.config(`
resource "apify_dataset" "a" {
  count = 2
  name  = "` + name + `-${count.index}"
}
data "apify_datasets" "all" {
  name_prefix = upper("` + name + `")
  ownership   = "ownedByMe"
  depends_on  = [apify_dataset.a]
}`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.apify_datasets.all", tfjsonpath.New("datasets"), knownvalue.ListSizeExact(2)),
			},
		}},
	})
}

func (w *walk) datasets(config values) ([]values, diagnostics) {
	w.t.Helper()
	got, ds := w.data(w.t.Context(), "apify_datasets", config)
	var all []values
	list, _ := got["datasets"].([]any)
	for _, d := range list {
		all = append(all, d.(values))
	}
	return all, ds
}

// seedMany seeds datasets of increasing age, and returns their ids, oldest
// first.
func (s *testServer) seedMany(n int, format string) []string {
	ids := make([]string, n)
	start := time.Now().Add(-time.Duration(n+1) * time.Minute)
	for i := range ids {
		d := emulator.Dataset{CreatedAt: start.Add(time.Duration(i) * time.Minute)}
		if format != "" {
			d.Name = fmt.Sprintf(format, i)
		}
		ids[i] = s.API.Seed(d).ID
	}
	return ids
}

func TestDatasetsDataSourceListsThemAllWhileSomeAreCreated(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	ids := s.seedMany(2500, "many-%04d")
	created := 0
	s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Before: func(*http.Request) {
		s.API.Seed(emulator.Dataset{Name: fmt.Sprintf("late-%d", created), CreatedAt: time.Now()})
		created++
	}})
	got, ds := s.newWalk(t, nil).datasets(nil)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	seen := map[any]bool{}
	for i, d := range got {
		if seen[d["id"]] {
			t.Errorf("%v is there twice", d["name"])
		}
		seen[d["id"]] = true
		if i < len(ids) && d["id"] != ids[i] {
			t.Fatalf("at %d there is %v instead of many-%04d", i, d["name"], i)
		}
	}
	if len(got) < len(ids) || created < 3 {
		t.Errorf("there are %d of %d datasets, after %d pages", len(got), len(ids), created)
	}
	for _, missing := range []string{"console_url", "items_public_url"} {
		if _, there := got[0][missing]; there {
			t.Errorf("the list's items have no %s", missing)
		}
	}
	if stats, _ := got[0]["stats"].(values); stats["inflated_bytes"] == nil || stats["storage_bytes"] != nil {
		t.Errorf("the list's stats are %v", got[0]["stats"])
	}
}

func TestDatasetsDataSourceFilters(t *testing.T) {
	t.Parallel()
	for _, filtering := range []bool{true, false} {
		t.Run(fmt.Sprintf("server filters %t", filtering), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{Users: []emulator.User{
				{ID: "MyOwnAccount00001", Username: "me", Token: "token-of-me"},
				{ID: "OtherAccount00001", Username: "jane", Token: "token-of-jane"},
			}})
			mine := s.API.Seed(emulator.Dataset{Name: "Prod-mine"})
			s.API.Seed(emulator.Dataset{Name: "test-mine"})
			unnamed := s.API.Seed(emulator.Dataset{})
			theirs := s.API.Seed(emulator.Dataset{Name: "prod-theirs", UserID: "OtherAccount00001", SharedWith: map[string]emulator.Permission{"me": "read"}})
			if !filtering {
				// A server that knows no filter gives everything there is.
				s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Before: func(r *http.Request) {
					r.URL.RawQuery = "unnamed=1"
				}})
			}
			w := s.newWalk(t, nil)
			for what, test := range map[string]struct {
				config values
				want   []string
			}{
				"by prefix":           {values{"name_prefix": "PROD-"}, []string{mine.ID, theirs.ID}},
				"own ones":            {values{"name_prefix": "prod-", "ownership": "ownedByMe"}, []string{mine.ID}},
				"others' ones":        {values{"ownership": "sharedWithMe"}, []string{theirs.ID}},
				"unnamed own ones":    {values{"unnamed": true, "ownership": "ownedByMe"}, []string{mine.ID, "*", unnamed.ID}},
				"none":                {values{"name_prefix": "nothing"}, nil},
				"unnamed with prefix": {values{"unnamed": true, "name_prefix": "prod-"}, []string{mine.ID, theirs.ID}},
			} {
				got, ds := w.datasets(test.config)
				ok := len(ds) == 0 && len(got) == len(test.want)
				for i := 0; ok && i < len(got); i++ {
					ok = test.want[i] == "*" || got[i]["id"] == test.want[i]
				}
				if !ok {
					t.Errorf("%s: %v instead of %v\n%s", what, got, test.want, ds)
				}
			}
			if _, ds := w.datasets(values{"ownership": "mine"}); !ds.errors().has("ownedByMe", "sharedWithMe") {
				t.Errorf("a wrong ownership: %s", ds)
			}
		})
	}
}

func TestDatasetsDataSourceNeverGivesAShortList(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 10})
	s.seedMany(25, "many-%02d")
	s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Skip: 1, Status: http.StatusBadGateway, Body: "<html>down</html>"})
	got, ds := s.newWalk(t, values{"max_retries": 2}).datasets(nil)
	if got != nil || !ds.errors().has("Listing Apify datasets failed", "502", "tried 3 times") {
		t.Errorf("%v\n%s", got, ds)
	}
	if sent := s.sent(); len(sent) != 4 {
		t.Errorf("there were %d requests: one page, and three times the next, should be", len(sent))
	}
}
