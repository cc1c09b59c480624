package provider

import (
	"context"
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

// TestAccDatasetsDataSource_basic lists datasets by a prefix of their names.
func TestAccDatasetsDataSource_basic(t *testing.T) {
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

// datasets reads the data source.
func (w *walk) datasets(ctx context.Context, config values) ([]values, diagnostics) {
	w.t.Helper()
	got, ds := w.readDataSource(ctx, "apify_datasets", config)
	var all []values
	list, _ := got["datasets"].([]any)
	for _, d := range list {
		all = append(all, d.(values))
	}
	return all, ds
}

// TestDatasetsDataSource_createdWhileListing lists more datasets than one page has, while others
// are created.
func TestDatasetsDataSource_createdWhileListing(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	ids := s.seedMany(2500, "many-%04d")
	created := 0
	s.Recorder.Inject(onRequest(getDatasets, emulator.Fault{Before: func(*http.Request) {
		s.API.Seed(emulator.Dataset{Name: fmt.Sprintf("late-%d", created), CreatedAt: time.Now()})
		created++
	}}))
	got, ds := s.newWalk(t, nil).datasets(t.Context(), nil)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	seen := map[any]bool{}
	for i, d := range got {
		if seen[d["id"]] {
			t.Errorf("%v is in the list twice", d["name"])
		}
		seen[d["id"]] = true
		if i < len(ids) && d["id"] != ids[i] {
			t.Fatalf("dataset %d is %v, want many-%04d", i, d["name"], i)
		}
	}
	if len(got) < len(ids) || created < 3 {
		t.Errorf("got %d of %d datasets in %d pages, want all in at least 3 pages", len(got), len(ids), created)
	}
	for _, missing := range []string{"console_url", "items_public_url"} {
		if _, there := got[0][missing]; there {
			t.Errorf("the datasets have the attribute %s", missing)
		}
	}
	if stats, _ := got[0]["stats"].(values); stats["inflated_bytes"] == nil || stats["storage_bytes"] != nil {
		t.Errorf("stats are %v", got[0]["stats"])
	}
}

// TestDatasetsDataSource_filters filters on servers that know the query parameters, and on others.
func TestDatasetsDataSource_filters(t *testing.T) {
	t.Parallel()
	for _, filtering := range []bool{true, false} {
		t.Run(fmt.Sprintf("server filters: %t", filtering), func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			// A list with unnamed datasets has no empty ones.
			mine := s.API.Seed(emulator.Dataset{Name: "Prod-mine", Items: items(1)})
			s.API.Seed(emulator.Dataset{Name: "test-mine", Items: items(1)})
			unnamed := s.API.Seed(emulator.Dataset{Items: items(1)})
			theirs := s.API.Seed(emulator.Dataset{Name: "prod-theirs", UserID: otherID, Items: items(1),
				SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
			if !filtering {
				// A server without filters returns all datasets.
				s.Recorder.Inject(onRequest(getDatasets, emulator.Fault{Before: func(r *http.Request) {
					r.URL.RawQuery = "unnamed=1"
				}}))
			}
			w := s.newWalk(t, nil)
			for name, test := range map[string]struct {
				config values
				want   []string
			}{
				"prefix":             {values{"name_prefix": "PROD-"}, []string{mine.ID, theirs.ID}},
				"owned":              {values{"name_prefix": "prod-", "ownership": "ownedByMe"}, []string{mine.ID}},
				"shared":             {values{"ownership": "sharedWithMe"}, []string{theirs.ID}},
				"unnamed and owned":  {values{"unnamed": true, "ownership": "ownedByMe"}, []string{mine.ID, "*", unnamed.ID}},
				"none":               {values{"name_prefix": "nothing"}, nil},
				"unnamed and prefix": {values{"unnamed": true, "name_prefix": "prod-"}, []string{mine.ID, theirs.ID}},
			} {
				got, ds := w.datasets(t.Context(), test.config)
				ok := len(ds) == 0 && len(got) == len(test.want)
				for i := 0; ok && i < len(got); i++ {
					ok = test.want[i] == "*" || got[i]["id"] == test.want[i]
				}
				if !ok {
					t.Errorf("%s: got %v, want %v\n%s", name, got, test.want, ds)
				}
			}
			if _, ds := w.datasets(t.Context(), values{"ownership": "mine"}); !ds.errors().has("ownedByMe", "sharedWithMe") {
				t.Errorf("an invalid ownership has the diagnostics\n%s", ds)
			}
		})
	}
}

// TestDatasetsDataSource_incompleteList has the second page of the list fail.
func TestDatasetsDataSource_incompleteList(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 10})
	s.seedMany(25, "many-%02d")
	fault := onRequest(getDatasets, emulator.FaultNamed(emulator.FaultBadGateway))
	fault.Skip = 1
	s.Recorder.Inject(fault)
	got, ds := s.newWalk(t, values{"max_retries": 2}).datasets(t.Context(), nil)
	if got != nil || !ds.errors().has("Listing Apify datasets failed", "502", "tried 3 times") {
		t.Errorf("got the datasets %v and the diagnostics\n%s", got, ds)
	}
	s.expectSent(t, getDatasets, getDatasets, getDatasets, getDatasets) // the first page, and the second three times
}
