package apify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestListDatasets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ datasets, limit, requests int }{
		{0, 1000, 1},
		{1, 1000, 1},
		{999, 1000, 1},
		{1000, 1000, 1},
		{1001, 1000, 2},
		{1999, 1000, 2}, // each page but the first begins with the last dataset of the page before
		{2000, 1000, 3},
		{2500, 1000, 3},
		{7, 1, 7},
		{7, 2, 6},
		{7, 3, 3},
		{8, 3, 4},
	} {
		for _, total := range []bool{true, false} {
			api, recorder := newAPI(emulator.Options{PageLimit: test.limit})
			want := seedDatasets(api, test.datasets)
			if !total {
				recorder.Inject(newFault(emulator.FaultListWithoutTotal, 0))
			}
			got, err := listIDs(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%+v, total %t: got %d datasets, %v", test, total, len(got), err)
			}
			// Without a total, only another page can show that there are no more datasets.
			if n := recorder.Counts()[listRequest]; n != test.requests && (total || n != test.requests+1) {
				t.Errorf("%+v, total %t: the client read %d pages", test, total, n)
			}
		}
	}
}

func TestListDatasets_options(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{Users: []emulator.User{
		{ID: "UserOfTheToken001", Username: "jane", Token: emulator.DefaultToken},
		{ID: "AnotherUser000001", Username: "joe", Token: "another"},
	}})
	items := []json.RawMessage{[]byte(`{"a": 1}`)} // with unnamed datasets, lists leave out empty ones
	named := api.Seed(emulator.Dataset{Name: "named", Items: items}).ID
	unnamed := api.Seed(emulator.Dataset{Items: items}).ID
	shared := api.Seed(emulator.Dataset{
		UserID: "AnotherUser000001", Name: "shared", Items: items,
		SharedWith: map[string]emulator.Permission{"jane": emulator.PermissionRead},
	}).ID
	c := newLocalClient(t, recorder)
	for _, test := range []struct {
		options ListDatasetsOptions
		query   string
		want    []string
	}{
		{ListDatasetsOptions{}, "", []string{named, shared}},
		{ListDatasetsOptions{Unnamed: true}, "unnamed=1", []string{named, unnamed, shared}},
		{ListDatasetsOptions{Ownership: OwnedByMe}, "ownership=ownedByMe", []string{named}},
		{ListDatasetsOptions{Ownership: SharedWithMe}, "ownership=sharedWithMe", []string{shared}},
		{ListDatasetsOptions{Unnamed: true, Ownership: OwnedByMe}, "ownership=ownedByMe&unnamed=1", []string{named, unnamed}},
	} {
		recorder.Reset()
		got, err := listIDs(t.Context(), c, test.options)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %v, %v, want %v", test.options, got, err, test.want)
		}
		if query := recorder.Requests()[0].Query.Encode(); query != test.query {
			t.Errorf("%+v: the query is %q, want %q", test.options, query, test.query)
		}
	}
}

func TestListDatasets_fields(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{})
	seeded := api.Seed(emulator.Dataset{Name: "my-data", Title: "My data", Items: []json.RawMessage{[]byte(`{}`)}})
	for d, err := range newLocalClient(t, recorder).ListDatasets(t.Context(), ListDatasetsOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if d.ID != seeded.ID || *d.Name != "my-data" || *d.Title != "My data" || *d.UserID != seeded.UserID || *d.ItemCount != 1 ||
			*d.GeneralAccess != FollowUserSetting || d.ConsoleURL != nil || d.ItemsPublicURL != nil || d.NameOmitted {
			t.Errorf("got %+v", d)
		}
	}
}

// TestListDatasets_names lists unnamed datasets in all forms that servers are known to use.
func TestListDatasets_names(t *testing.T) {
	t.Parallel()
	c := newLocalClient(t, respond(`{"data": {"total": 5, "items": [
		{"id": "a", "name": "named"},
		{"id": "b", "name": ""},
		{"id": "c", "name": "c"},
		{"id": "d", "name": null},
		{"id": "e"}
	]}}`))
	var got []string
	for d, err := range c.ListDatasets(t.Context(), ListDatasetsOptions{Unnamed: true}) {
		if err != nil {
			t.Fatal(err)
		}
		name := "unnamed"
		if d.Name != nil {
			name = *d.Name
		}
		got = append(got, fmt.Sprintf("%s: %s, omitted %t", d.ID, name, d.NameOmitted))
	}
	want := []string{
		"a: named, omitted false",
		"b: unnamed, omitted false",
		"c: unnamed, omitted false",
		"d: unnamed, omitted true",
		"e: unnamed, omitted true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestListDatasets_readsPagesOnDemand checks that a caller that stops early does not read the rest.
func TestListDatasets_readsPagesOnDemand(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{PageLimit: 10})
	seedDatasets(api, 100)
	c := newLocalClient(t, recorder)
	for n, pages := range map[int]int{1: 1, 10: 1, 11: 2, 19: 2, 20: 3} {
		recorder.Reset()
		read := 0
		for _, err := range c.ListDatasets(t.Context(), ListDatasetsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read == n {
				break
			}
		}
		if got := recorder.Counts()[listRequest]; got != pages {
			t.Errorf("%d datasets took %d pages, want %d", n, got, pages)
		}
	}
}

func TestListDatasets_failedPage(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{PageLimit: 10})
	want := seedDatasets(api, 35)
	c := newLocalClient(t, recorder)

	always := newFault(emulator.FaultBadGateway, 0)
	always.Skip = 2
	recorder.Inject(always)
	got, err := listIDs(t.Context(), c, ListDatasetsOptions{})
	if e := asError(t, err); e.Status != http.StatusBadGateway || e.Attempts != 1+testRetries || e.Operation != "list datasets" {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(got, want[:19]) {
		t.Errorf("got %d datasets before the error, want the 19 of two pages", len(got))
	}
	if n := recorder.Counts()[listRequest]; n != 2+1+testRetries {
		t.Errorf("the server received %d requests", n)
	}

	recorder.ClearFaults()
	once := newFault(emulator.FaultBadGateway, testRetries)
	once.Skip = 2
	recorder.Inject(once)
	if got, err := listIDs(t.Context(), c, ListDatasetsOptions{}); err != nil || !slices.Equal(got, want) {
		t.Errorf("after retries: got %d datasets, %v", len(got), err)
	}
}

// listFaultTests lists the results of reading a list of 20 datasets, 15 in a page, with the faults
// of the catalogue that hit lists alone.
var listFaultTests = []struct {
	fault    string
	datasets int
	attempts int    // of the request that fails; 0 if none fails
	message  string // part of the error's text
}{
	{emulator.FaultListWithoutAccess, 20, 0, ""},
	{emulator.FaultListWithoutNames, 20, 0, ""},
	{emulator.FaultListWithoutTotal, 20, 0, ""},
	{emulator.FaultListWithOtherTimeFormat, 20, 0, ""},
	{emulator.FaultListLags, 10, 0, ""}, // nothing shows that the newest are missing
	{emulator.FaultListTotalAhead, 20, maxTotalRetries + 1, "the list is incomplete: it ends after 20 of 23 datasets"},
	{emulator.FaultListWithHalfTheItems, 18, maxTotalRetries + 1, "the list is incomplete: it ends after 18 of 20 datasets"},
	{emulator.FaultListWithNumbersAsNames, 0, 4, `the body has an unexpected JSON type for "data.items.name": number`},
}

func TestListDatasets_faults(t *testing.T) {
	t.Parallel()
	for _, test := range listFaultTests {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			api, recorder := newAPI(emulator.Options{PageLimit: 15})
			want := seedDatasets(api, 20)[:test.datasets]
			recorder.Inject(newFault(test.fault, 0))
			got, err := listIDs(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
			if !slices.Equal(got, want) {
				t.Errorf("got %d datasets, want %d", len(got), len(want))
			}
			if test.attempts == 0 {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			checkErrorText(t, err)
			if e := asError(t, err); e.Attempts != test.attempts || e.Status != http.StatusOK || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, want %q after %d attempts", err, test.message, test.attempts)
			}
		})
	}
}

// TestDatasetPages_continuesAfterError checks that the pages after an error continue without a gap
// and without a dataset twice.
func TestDatasetPages_continuesAfterError(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{PageLimit: 10})
	want := seedDatasets(api, 35)
	c := newLocalClient(t, recorder)
	pages := c.DatasetPages(ListDatasetsOptions{})
	deleted := map[string]bool{}
	failed := 0
	var got []string
	for next := 0; !pages.Done(); next++ {
		if next > 20 {
			t.Fatal("the list does not end")
		}
		if next%2 == 1 { // every second call fails, and then some datasets of earlier pages are deleted
			recorder.Inject(newFault(emulator.FaultForbidden, 1))
			if datasets, err := pages.Next(t.Context()); datasets != nil || asError(t, err).Status != http.StatusForbidden {
				t.Errorf("got %d datasets, %v", len(datasets), err)
			}
			recorder.ClearFaults()
			for _, id := range want[2*failed : 2*failed+2] {
				api.Delete(id)
				deleted[id] = true
			}
			failed++
			continue
		}
		for _, d := range must(pages.Next(t.Context()))(t) {
			got = append(got, d.ID)
		}
	}
	if failed < 3 {
		t.Errorf("only %d calls failed", failed)
	}
	checkList(t, got, want, deleted)
}

// TestDatasetPages_endsOnlyWithoutError checks that a list that ends before its total has not ended
// for the caller: a later call can still find the rest.
func TestDatasetPages_endsOnlyWithoutError(t *testing.T) {
	t.Parallel()
	requests := 0
	c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		_, _ = io.WriteString(w, map[bool]string{
			true:  `{"data": {"total": 2, "items": []}}`,
			false: `{"data": {"total": 2, "items": [{"id": "a"}, {"id": "b"}]}}`,
		}[requests <= 1+maxTotalRetries])
	}))
	pages := c.DatasetPages(ListDatasetsOptions{})
	if _, err := pages.Next(t.Context()); err == nil || pages.Done() {
		t.Errorf("an incomplete list: done %t, %v", pages.Done(), err)
	}
	if datasets, err := pages.Next(t.Context()); err != nil || len(datasets) != 2 || !pages.Done() {
		t.Errorf("a complete list: %d datasets, done %t, %v", len(datasets), pages.Done(), err)
	}
}

// changeBetweenPages calls a function before each page but the first.
func changeBetweenPages(recorder *emulator.Recorder, change func()) {
	recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Skip: 1, Before: func(*http.Request) { change() }})
}

// checkList fails the test if a list has a dataset twice, or lacks one that was not deleted.
func checkList(t rapid.TB, got, seeded []string, deleted map[string]bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, id := range got {
		if seen[id] {
			t.Fatalf("%s is in the list twice", id)
		}
		seen[id] = true
	}
	for i, id := range seeded {
		if !deleted[id] && !seen[id] {
			t.Fatalf("dataset %d of %d is not among the %d in the list", i, len(seeded), len(got))
		}
	}
}

// TestListDatasets_concurrentChanges creates and deletes datasets between the pages.
func TestListDatasets_concurrentChanges(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{})
	seeded := seedDatasets(api, 2500)
	deleted := map[string]bool{}
	n := 0
	changeBetweenPages(recorder, func() {
		n++
		for i := range 3 {
			api.Seed(emulator.Dataset{Name: fmt.Sprintf("new-%d-%d", n, i)})
			// One at the beginning of the first page, one at its end, and one that is not read yet.
			for _, j := range []int{10*n + i, 990 + 10*n + i, 2400 + 10*n + i} {
				api.Delete(seeded[j%len(seeded)])
				deleted[seeded[j%len(seeded)]] = true
			}
		}
	})
	got, err := listIDs(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkList(t, got, seeded, deleted)
	if pages := recorder.Counts()[listRequest]; pages > 8 {
		t.Errorf("2500 datasets took %d pages, want 8 at most", pages)
	}
}

func TestListDatasets_property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		api, recorder := newAPI(emulator.Options{PageLimit: rapid.IntRange(2, 12).Draw(r, "limit")})
		seeded := seedDatasets(api, rapid.IntRange(0, 60).Draw(r, "datasets"))
		if rapid.Bool().Draw(r, "without total") {
			recorder.Inject(newFault(emulator.FaultListWithoutTotal, 0))
		}
		front := emulator.NewRecorder(recorder)
		deleted := map[string]bool{}
		n, budget := 0, 100 // of changes, so that the list ends
		changeBetweenPages(front, func() {
			for range rapid.IntRange(0, 4).Draw(r, "changes") {
				if budget--; budget < 0 {
					return
				}
				if all := api.Datasets(); len(all) > 0 && rapid.Bool().Draw(r, "delete") {
					// IntRange prefers small numbers, which are datasets that were read already.
					id := all[rapid.IntRange(0, len(all)-1).Draw(r, "dataset")].ID
					api.Delete(id)
					deleted[id] = true
				} else {
					n++
					api.Seed(emulator.Dataset{Name: fmt.Sprintf("new-%d", n)})
				}
			}
		})
		got, err := listIDs(t.Context(), newLocalClient(t, front), ListDatasetsOptions{})
		if err != nil {
			r.Fatal(err)
		}
		checkList(r, got, seeded, deleted)
	})
}

// TestListDatasets_pagesOfOne creates datasets between pages that leave no room for an overlap.
func TestListDatasets_pagesOfOne(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{PageLimit: 1})
	seeded := seedDatasets(api, 10)
	n := 0
	changeBetweenPages(recorder, func() {
		if n++; n < 10 {
			api.Seed(emulator.Dataset{Name: fmt.Sprintf("new-%d", n)})
		}
	})
	got, err := listIDs(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkList(t, got, seeded, nil)
}

// TestListDatasets_ends lists datasets of servers with faulty pages. The number of requests must be
// finite, and a list that ends before its total an error.
func TestListDatasets_ends(t *testing.T) {
	t.Parallel()
	page := func(total any, ids ...string) string {
		items := []map[string]any{}
		for _, id := range ids {
			items = append(items, map[string]any{"id": id})
		}
		data := map[string]any{"items": items}
		if total != nil {
			data["total"] = total
		}
		return string(must(json.Marshal(map[string]any{"data": data}))(t))
	}
	for _, test := range []struct {
		name       string
		pages      []string // the last is repeated
		want       string
		requests   int
		incomplete bool
	}{
		{"same page for every offset", []string{page(nil, "a", "b", "c")}, "a b c", 2, false},
		{"same page, and more in total", []string{page(100, "a", "b", "c")}, "a b c", 5, true},
		{"same page of one", []string{page(nil, "a")}, "a", 2, false},
		{"same page of one, and more in total", []string{page(100, "a")}, "a", 5, true},
		{"total of 0", []string{page(0, "a", "b")}, "a b", 1, false},
		{"total below 0", []string{page(-1, "a", "b")}, "a b", 1, false},
		{"no datasets, and more in total", []string{page(5)}, "", 4, true},
		{"one dataset twice in a page", []string{page(3, "a", "b", "a")}, "a b", 1, false},
		{"more in total than there are", []string{page(9, "a", "b"), page(9, "b", "c"), page(9, "c")}, "a b c", 6, true},
		{"empty page before the end", []string{page(9, "a", "b"), page(9)}, "a b", 6, true},
		{"a total ahead of the items", []string{page(3, "a", "b"), page(3, "b"), page(3, "b", "c")}, "a b c", 3, false},
		{"a total ahead of the items of one page", []string{page(1), page(1), page(1, "a")}, "a", 3, false},
		{"all but one deleted", []string{page(4, "a", "b", "c"), page(1), page(1, "c")}, "a b c", 3, false},
		{"all deleted", []string{page(4, "a", "b", "c"), page(0)}, "a b c", 4, false},
		{"changed order", []string{page(5, "a", "b", "c"), page(5, "x"), page(5, "b", "a", "d"), page(5, "d", "x")}, "a b c d x", 4, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				body := test.pages[min(requests, len(test.pages)-1)]
				if requests++; requests > 20 {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				_, _ = io.WriteString(w, body)
			}))
			got, err := listIDs(t.Context(), c, ListDatasetsOptions{})
			if strings.Join(got, " ") != test.want || requests != test.requests {
				t.Errorf("got %v in %d pages, want %s in %d", got, requests, test.want, test.requests)
			}
			incomplete := err != nil && strings.Contains(err.Error(), "returned 200 OK, but the list is incomplete: it ends after")
			if incomplete != test.incomplete || !incomplete && err != nil {
				t.Errorf("got the error %v, want that of an incomplete list: %t", err, test.incomplete)
			}
		})
	}
}

func FuzzListDatasets(f *testing.F) {
	for _, body := range []string{
		`{"data": {"total": 2, "offset": 0, "limit": 1000, "count": 2, "items": [{"id": "a", "name": "x"}, {"id": "b"}]}}`,
		`{"data": {"items": [{"id": "a"}, {"id": "a"}]}}`,
		`{"data": {"total": -1, "items": []}}`,
		`{"data": {"total": 1e3, "items": [null]}}`,
		`{"data": {"items": [{"id": ""}]}}`,
		`{"data": {"items": {}}}`,
		`{"data": {}}`, `{"data": []}`, `[]`, ``, `<html>`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		requests := 0
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			_, _ = io.WriteString(w, body)
		}), func(c *Config) { c.MaxRetries = 0 })
		got, err := listIDs(t.Context(), c, ListDatasetsOptions{})
		if requests > 2+maxTotalRetries {
			t.Errorf("the client requested the same page %d times", requests)
		}
		if err != nil {
			checkErrorText(t, err)
			if len(got) > 0 && !strings.Contains(err.Error(), "the list is incomplete: it ends after") {
				t.Errorf("the same page was valid and then invalid: %v", err)
			}
			return
		}
		checkList(t, got, nil, nil)
		for _, id := range got {
			if !datasetIDPattern.MatchString(id) || !strings.Contains(body, id) && !strings.Contains(body, `\u`) {
				t.Errorf("the list has the ID %q", id)
			}
		}
	})
}

func BenchmarkListDatasets(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		api, recorder := newAPI(emulator.Options{})
		seedDatasets(api, n)
		c := newLocalClient(b, recorder)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ids, err := listIDs(b.Context(), c, ListDatasetsOptions{}); err != nil || len(ids) != n {
					b.Fatalf("got %d datasets, %v", len(ids), err)
				}
			}
		})
	}
}
