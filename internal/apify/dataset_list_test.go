package apify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// listServer is a transport to a server with a list of datasets.
type listServer struct {
	ids      []string
	limit    int // of a page
	created  int
	requests int
	// before is called before each request but the first.
	before func()
	// page returns what the server sends instead of its datasets, unless it is nil.
	page func(offset int) (total any, ids []string)
}

func newListServer(limit, datasets int) *listServer {
	s := &listServer{limit: limit}
	s.create(datasets)
	return s
}

func (s *listServer) create(n int) {
	for range n {
		s.created++
		s.ids = append(s.ids, fmt.Sprintf("id%06d", s.created))
	}
}

// delete deletes a dataset and returns its ID.
func (s *listServer) delete(i int) string {
	id := s.ids[i]
	s.ids = slices.Delete(s.ids, i, i+1)
	return id
}

func (s *listServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.requests++; s.requests > 1 && s.before != nil {
		s.before()
	}
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	var total any = len(s.ids)
	begin := min(offset, len(s.ids))
	ids := s.ids[begin:min(begin+s.limit, len(s.ids))]
	if s.page != nil {
		total, ids = s.page(offset)
	}
	items := []map[string]any{}
	for _, id := range ids {
		items = append(items, map[string]any{"id": id, "name": "name-of-" + id})
	}
	body, err := json.Marshal(map[string]any{"data": map[string]any{"total": total, "items": items}})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(body)))}, err
}

func TestListDatasets_pages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ datasets, limit, requests int }{
		{0, 1000, 1}, {1, 1000, 1}, {999, 1000, 1}, {1000, 1000, 1}, {1001, 1000, 2}, {1899, 1000, 2}, {2500, 1000, 3}, {10_000, 1000, 12},
		{35, 10, 5}, {5, 1, 5}, {5, 2, 4},
	} {
		s := newListServer(test.limit, test.datasets)
		got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{})
		if err != nil || !slices.Equal(got, s.ids) || s.requests != test.requests {
			t.Errorf("%+v: got %d datasets with %d requests, %v", test, len(got), s.requests, err)
		}
	}
}

func TestListDatasets_options(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]ListDatasetsOptions{
		"":                               {},
		"unnamed=1":                      {Unnamed: true},
		"ownership=sharedWithMe":         {Ownership: SharedWithMe},
		"ownership=ownedByMe&unnamed=1":  {Ownership: OwnedByMe, Unnamed: true},
		"offset=1&ownership=ownedByMe#2": {Ownership: OwnedByMe},
	} {
		want, second := strings.CutSuffix(want, "#2")
		queries := []string{}
		s := newListServer(2, 3)
		_, err := listIDs(t.Context(), newTestClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			queries = append(queries, r.URL.RawQuery)
			return s.RoundTrip(r)
		})), options)
		if got := queries[map[bool]int{true: 1}[second]]; err != nil || got != want || len(queries) != 2 {
			t.Errorf("%+v: got %v, %v, want %q", options, queries, err, want)
		}
	}
}

// TestListDatasets_stops checks that the client requests no page that the caller does not need.
func TestListDatasets_stops(t *testing.T) {
	t.Parallel()
	s := newListServer(10, 35)
	for _, err := range newTestClient(t, s).ListDatasets(t.Context(), ListDatasetsOptions{}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	pages := newTestClient(t, s).DatasetPages(ListDatasetsOptions{})
	if s.requests != 1 || pages.Done() {
		t.Errorf("sent %d requests", s.requests)
	}
	if got := must(pages.Next(t.Context()))(t); len(got) != 10 || pages.Done() || s.requests != 2 {
		t.Errorf("got %d datasets with %d requests, done %t", len(got), s.requests, pages.Done())
	}
}

// TestListDatasets_changes deletes and creates datasets between the pages, as pseudo-random numbers
// with fixed seeds decide. No dataset may be missing or be there twice.
func TestListDatasets_changes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 20191212))
		s := newListServer(2+r.IntN(30), r.IntN(120))
		seeded := slices.Clone(s.ids)
		deleted := map[string]bool{}
		changes := 60 // at most, so that the list ends
		s.before = func() {
			for range r.IntN(6) {
				if changes--; changes < 0 {
					return
				}
				if len(s.ids) > 0 && r.IntN(3) > 0 {
					deleted[s.delete(r.IntN(1+r.IntN(len(s.ids))))] = true // more often at the beginning
				} else {
					s.create(1)
				}
			}
		}
		got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{Unnamed: seed%2 == 0})
		if err != nil || s.requests > 200 {
			t.Fatalf("seed %d: %d requests, %v", seed, s.requests, err)
		}
		seen := map[string]bool{}
		for _, id := range got {
			if seen[id] {
				t.Fatalf("seed %d: %s is in the list twice", seed, id)
			}
			seen[id] = true
		}
		for _, id := range seeded {
			if !seen[id] && !deleted[id] {
				t.Fatalf("seed %d: %s is missing", seed, id)
			}
		}
	}
}

// TestListDatasets_expiry deletes the oldest datasets of a large account between the pages, as the
// expiry of unnamed datasets does. It must not cost further requests.
func TestListDatasets_expiry(t *testing.T) {
	t.Parallel()
	s := newListServer(1000, 10_000)
	rest := slices.Clone(s.ids[9000:])
	s.before = func() {
		for range 50 {
			s.delete(0)
		}
		s.create(50)
	}
	got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{})
	if err != nil || s.requests > 13 {
		t.Errorf("%d requests, %v", s.requests, err)
	}
	for _, id := range rest {
		if !slices.Contains(got, id) {
			t.Fatalf("%s is missing", id)
		}
	}
}

// TestListDatasets_incomplete reads lists whose total is ahead of the items.
func TestListDatasets_incomplete(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		page     func(request, offset int) (total any, ids []string)
		want     string
		requests int
		err      string // empty without an error
	}{
		{"total ahead for a moment", func(n, _ int) (any, []string) {
			return 3, []string{"a", "b", "c"}[:min(n, 3)]
		}, "abc", 3, ""},
		{"total ahead", func(_, offset int) (any, []string) {
			return 3, []string{"a", "b"}[min(offset, 2):]
		}, "ab", 8, "it has 2 of 3 datasets"},
		{"empty, but for the total", func(int, int) (any, []string) { return 1, nil }, "", 4, "it has 0 of 1 datasets"},
		{"offset ignored", func(int, int) (any, []string) { return 5, []string{"a", "b", "c"} }, "abc", 8, "it has 3 of 5 datasets"},
		{"a dataset appears in the middle", func(n, offset int) (any, []string) {
			if n == 1 {
				return 4, []string{"a", "c"}
			}
			return 5, []string{"a", "b", "c", "d", "e"}[min(offset, 5):]
		}, "acbde", 3, ""},
		{"total below the items", func(int, int) (any, []string) { return -1, []string{"a", "b"} }, "ab", 1, ""},
		{"no total", func(int, int) (any, []string) { return nil, []string{"a"} }, "", 4, `the body has no "items" or no "total"`},
		{"a dataset without an ID", func(int, int) (any, []string) { return 1, []string{""} }, "", 4, `without a valid "id"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newListServer(10, 0)
			s.page = func(offset int) (any, []string) { return test.page(s.requests, offset) }
			got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{})
			if strings.Join(got, "") != test.want || s.requests != test.requests || (err == nil) != (test.err == "") {
				t.Errorf("got %q with %d requests, %v", got, s.requests, err)
			}
			if test.err != "" {
				e := asError(t, err)
				if !strings.Contains(err.Error(), test.err) || e.Status != 200 || errors.Is(err, ErrIncompleteList) != strings.Contains(test.err, "it has") || isUnreachable(e) {
					t.Errorf("got %v, want %q", err, test.err)
				}
			}
		})
	}
	// With unnamed datasets, the total proves nothing.
	s := newListServer(10, 0)
	s.page = func(offset int) (any, []string) { return 9, []string{"a", "b"}[min(offset, 2):] }
	if got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{Unnamed: true}); err != nil || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestListDatasets_totalDelay checks the time for which the client waits for the rest of a list.
func TestListDatasets_totalDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newListServer(10, 0)
		s.page = func(int) (any, []string) { return 2, nil }
		began := time.Now()
		_, err := listIDs(t.Context(), newTestClient(t, s, func(c *Config) { c.TotalDelay = 0 }), ListDatasetsOptions{})
		if took := time.Since(began); took != maxRereads*2*time.Second || !errors.Is(err, ErrIncompleteList) {
			t.Errorf("got %v after %s", err, took)
		}
	})
}

func TestListDatasets_failedPage(t *testing.T) {
	t.Parallel()
	page := reply{status: 200, body: `{"data": {"total": 2, "items": [{"id": "a"}]}}`}
	failing := newServer(page, apiError(403, "insufficient-permissions", "No"))
	got, err := listIDs(t.Context(), newTestClient(t, failing), ListDatasetsOptions{})
	if e := asError(t, err); e.Operation != "list datasets" || e.Status != 403 || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}
