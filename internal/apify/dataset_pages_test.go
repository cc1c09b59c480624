package apify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const listRequest = "GET /v2/datasets"

// listed are the ids that a listing gives, up to its error.
func listed(ctx context.Context, c *Client, options ListDatasetsOptions) (ids []string, err error) {
	for d, err := range c.ListDatasets(ctx, options) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, d.ID)
	}
	return ids, nil
}

// seed adds datasets, oldest first, and returns their ids.
func seed(api *emulator.API, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = api.Seed(emulator.Dataset{Name: fmt.Sprintf("seeded-%d", i)}).ID
	}
	return ids
}

// local is an emulator without a network.
func local(options emulator.Options) (*emulator.API, *emulator.Recorder) {
	api := emulator.NewAPI(options)
	return api, emulator.NewRecorder(api)
}

func TestDatasetsOverPages(t *testing.T) {
	for _, test := range []struct{ datasets, limit, requests int }{
		{0, 1000, 1},
		{1, 1000, 1},
		{999, 1000, 1},
		{1000, 1000, 1},
		{1001, 1000, 2},
		{1999, 1000, 2}, // each page but the first begins with the last of the one before
		{2000, 1000, 3},
		{2500, 1000, 3},
		{7, 1, 7},
		{7, 2, 6},
		{7, 3, 3},
		{8, 3, 4},
	} {
		for _, total := range []bool{true, false} {
			api, recorder := local(emulator.Options{PageLimit: test.limit})
			want := seed(api, test.datasets)
			if !total {
				recorder.Inject(withoutTotal())
			}
			got, err := listed(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%+v, total %t: got %d datasets, %v", test, total, len(got), err)
			}
			// Without a total, one page more tells that there is nothing more.
			if n := recorder.Counts()[listRequest]; n != test.requests && (total || n != test.requests+1) {
				t.Errorf("%+v, total %t: asked for %d pages", test, total, n)
			}
		}
	}
}

func withoutTotal() emulator.Fault {
	return emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Mutate: func(status int, _ http.Header, body map[string]any) int {
		if data, ok := body["data"].(map[string]any); ok {
			delete(data, "total")
		}
		return status
	}}
}

func TestDatasetsFilters(t *testing.T) {
	api, recorder := local(emulator.Options{Users: []emulator.User{
		{ID: "UserOfTheToken001", Username: "jane", Token: emulator.DefaultToken},
		{ID: "AnotherUser000001", Username: "joe", Token: "another"},
	}})
	named := api.Seed(emulator.Dataset{Name: "named"}).ID
	unnamed := api.Seed(emulator.Dataset{}).ID
	shared := api.Seed(emulator.Dataset{
		UserID: "AnotherUser000001", Name: "shared",
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
		got, err := listed(t.Context(), c, test.options)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %v, %v, want %v", test.options, got, err, test.want)
		}
		if query := recorder.Requests()[0].Query.Encode(); query != test.query {
			t.Errorf("%+v: asked with %q, want %q", test.options, query, test.query)
		}
	}
}

// What the listing tells of a dataset is all there.
func TestDatasetsItems(t *testing.T) {
	api, recorder := local(emulator.Options{})
	there := api.Seed(emulator.Dataset{Name: "there", Title: "Title", Items: []json.RawMessage{[]byte(`{}`)}})
	for d, err := range newLocalClient(t, recorder).ListDatasets(t.Context(), ListDatasetsOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if d.ID != there.ID || *d.Name != "there" || *d.Title != "Title" || *d.UserID != there.UserID || *d.ItemCount != 1 ||
			*d.GeneralAccess != FollowUserSetting || d.ConsoleURL != nil || d.ItemsPublicURL != nil {
			t.Errorf("got %+v", d)
		}
	}
}

func TestUnnamedDatasetsInLists(t *testing.T) {
	c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data": {"total": 4, "items": [{"id": "a", "name": ""}, {"id": "b", "name": "b"}, {"id": "c", "name": null}, {"id": "d"}]}}`))
	}))
	n := 0
	for d, err := range c.ListDatasets(t.Context(), ListDatasetsOptions{Unnamed: true}) {
		if err != nil || d.Name != nil {
			t.Errorf("got %+v, %v", d, err)
		}
		n++
	}
	if n != 4 {
		t.Errorf("got %d datasets", n)
	}
}

func TestDatasetsStopAsking(t *testing.T) {
	api, recorder := local(emulator.Options{PageLimit: 10})
	seed(api, 100)
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

func TestDatasetsFailingPage(t *testing.T) {
	api, recorder := local(emulator.Options{PageLimit: 10})
	want := seed(api, 35)
	c := newLocalClient(t, recorder)
	fault := emulator.Fault{Skip: 2, Status: http.StatusBadGateway, Body: html}

	recorder.Inject(fault)
	got, err := listed(t.Context(), c, ListDatasetsOptions{})
	if e := asError(t, err); e.Status != http.StatusBadGateway || e.Attempts != 1+testRetries || e.Operation != "listing datasets" {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
	if len(got) != 19 || !slices.Equal(got, want[:19]) {
		t.Errorf("got %d datasets before the failure, want the 19 of two pages", len(got))
	}
	if n := recorder.Counts()[listRequest]; n != 2+1+testRetries {
		t.Errorf("%d requests", n)
	}

	recorder.ClearFaults()
	fault.Times = testRetries
	recorder.Inject(fault)
	if got, err := listed(t.Context(), c, ListDatasetsOptions{}); err != nil || !slices.Equal(got, want) {
		t.Errorf("after a failure in passing: got %d datasets, %v", len(got), err)
	}
}

// churn has something happen before each page but the first.
func churn(recorder *emulator.Recorder, change func()) {
	recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Skip: 1, Before: func(*http.Request) { change() }})
}

func TestDatasetsWhileTheyComeAndGo(t *testing.T) {
	api, recorder := local(emulator.Options{})
	old := seed(api, 2500)
	deleted := map[string]bool{}
	n := 0
	churn(recorder, func() {
		n++
		for i := range 3 {
			api.Seed(emulator.Dataset{Name: fmt.Sprintf("new-%d-%d", n, i)})
			// One of the first page, one of its end, one that is not read yet.
			for _, j := range []int{10*n + i, 990 + 10*n + i, 2400 + 10*n + i} {
				api.Delete(old[j%len(old)])
				deleted[old[j%len(old)]] = true
			}
		}
	})
	got, err := listed(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkListing(t, got, old, deleted)
	if pages := recorder.Counts()[listRequest]; pages > 8 {
		t.Errorf("2,500 datasets took %d pages", pages)
	}
}

// checkListing fails the test if a dataset is listed twice, or one is missing
// that was there all the time.
func checkListing(t rapid.TB, got, old []string, deleted map[string]bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, id := range got {
		if seen[id] {
			t.Fatalf("%s is listed twice", id)
		}
		seen[id] = true
	}
	for i, id := range old {
		if !deleted[id] && !seen[id] {
			t.Fatalf("dataset %d of %d is missing, of %d that are listed", i, len(old), len(got))
		}
	}
}

func TestDatasetsProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		api, recorder := local(emulator.Options{PageLimit: rapid.IntRange(2, 12).Draw(r, "limit")})
		old := seed(api, rapid.IntRange(0, 60).Draw(r, "datasets"))
		if rapid.Bool().Draw(r, "without total") {
			recorder.Inject(withoutTotal())
		}
		front := emulator.NewRecorder(recorder)
		deleted := map[string]bool{}
		n, budget := 0, 100 // or else it could go on for ever
		churn(front, func() {
			for range rapid.IntRange(0, 4).Draw(r, "changes") {
				if budget--; budget < 0 {
					return
				}
				if all := api.Datasets(); len(all) > 0 && rapid.Bool().Draw(r, "delete") {
					// Mostly of those that were read already.
					id := all[rapid.IntRange(0, len(all)-1).Draw(r, "which")].ID
					api.Delete(id)
					deleted[id] = true
				} else {
					n++
					api.Seed(emulator.Dataset{Name: fmt.Sprintf("new-%d", n)})
				}
			}
		})
		got, err := listed(t.Context(), newLocalClient(t, front), ListDatasetsOptions{})
		if err != nil {
			r.Fatal(err)
		}
		checkListing(r, got, old, deleted)
	})
}

// While datasets are only created, even a page of one has no gap.
func TestDatasetsOnPagesOfOne(t *testing.T) {
	api, recorder := local(emulator.Options{PageLimit: 1})
	old := seed(api, 10)
	n := 0
	churn(recorder, func() {
		if n++; n < 10 {
			api.Seed(emulator.Dataset{Name: fmt.Sprintf("new-%d", n)})
		}
	})
	got, err := listed(t.Context(), newLocalClient(t, recorder), ListDatasetsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkListing(t, got, old, nil)
}

// Servers that do not page as they should are not asked for ever.
func TestDatasetsEnd(t *testing.T) {
	page := func(total any, ids ...string) string {
		data := map[string]any{"items": []any{}}
		if total != nil {
			data["total"] = total
		}
		for _, id := range ids {
			data["items"] = append(data["items"].([]any), map[string]any{"id": id})
		}
		raw, err := json.Marshal(map[string]any{"data": data})
		if err != nil {
			panic(err)
		}
		return string(raw)
	}
	for _, test := range []struct {
		name     string
		pages    []string // the last is repeated
		want     string
		requests int
		short    bool
	}{
		{"the same page for every offset", []string{page(nil, "a", "b", "c")}, "a b c", 2, false},
		{"the same page, and more in total", []string{page(100, "a", "b", "c")}, "a b c", 2, true},
		{"the same page of one", []string{page(nil, "a")}, "a", 2, false},
		{"the same page of one, and more in total", []string{page(100, "a")}, "a", 2, true},
		{"a total of none", []string{page(0, "a", "b")}, "a b", 1, false},
		{"a total below zero", []string{page(-1, "a", "b")}, "a b", 1, false},
		{"nothing, and more in total", []string{page(5)}, "", 1, true},
		{"the same twice on a page", []string{page(3, "a", "b", "a")}, "a b", 1, false},
		{"more in total than there is", []string{page(9, "a", "b"), page(9, "b", "c"), page(9, "c")}, "a b c", 3, true},
		{"an empty page on the way", []string{page(9, "a", "b"), page(9)}, "a b", 3, true},
		{"all gone but one", []string{page(4, "a", "b", "c"), page(1), page(1, "c")}, "a b c", 3, false},
		{"all gone", []string{page(4, "a", "b", "c"), page(0)}, "a b c", 4, false},
		{"the order changes", []string{page(5, "a", "b", "c"), page(5, "x"), page(5, "b", "a", "d"), page(5, "d", "x")}, "a b c d x", 4, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			requests := 0
			c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				body := test.pages[min(requests, len(test.pages)-1)]
				if requests++; requests > 20 {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				_, _ = w.Write([]byte(body))
			}))
			got, err := listed(t.Context(), c, ListDatasetsOptions{})
			if strings.Join(got, " ") != test.want || requests != test.requests {
				t.Errorf("got %v in %d pages, want %s in %d", got, requests, test.want, test.requests)
			}
			if short := err != nil && strings.Contains(err.Error(), "answered 200 OK, but the list ends after"); short != test.short || !short && err != nil {
				t.Errorf("got the error %v, want one of a short list: %t", err, test.short)
			}
		})
	}
}

func FuzzListAnswer(f *testing.F) {
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
			_, _ = w.Write([]byte(body))
		}), func(c *Config) { c.MaxRetries = 0 })
		got, err := listed(t.Context(), c, ListDatasetsOptions{})
		if requests > 2 {
			t.Errorf("the same page was asked for %d times", requests)
		}
		if err != nil {
			checkErrorText(t, err)
			if len(got) > 0 && !strings.Contains(err.Error(), "the list ends after") {
				t.Errorf("the same page was good and bad: %v", err)
			}
			return
		}
		checkListing(t, got, nil, nil)
		for _, id := range got {
			if !idPattern.MatchString(id) || !strings.Contains(body, id) && !strings.Contains(body, `\u`) {
				t.Errorf("%q is listed, which is no id", id)
			}
		}
	})
}
