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
	queries  []string // of the requests
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
	s.queries = append(s.queries, r.URL.RawQuery)
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

// TestListDatasets_pages also replaces the oldest datasets of a large account between the pages, as
// the expiry of unnamed datasets does.
func TestListDatasets_pages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ datasets, limit, expired, requests int }{
		{0, 1000, 0, 1}, {1, 1000, 0, 1}, {999, 1000, 0, 1}, {1000, 1000, 0, 1}, {1001, 1000, 0, 2}, {1899, 1000, 0, 2}, {2500, 1000, 0, 3},
		{10_000, 1000, 0, 12}, {35, 10, 0, 5}, {5, 1, 0, 5}, {5, 2, 0, 4}, {10_000, 1000, 50, 12},
	} {
		s := newListServer(test.limit, test.datasets)
		all := slices.Clone(s.ids)
		s.before = func() {
			s.ids = s.ids[test.expired:]
			s.create(test.expired)
		}
		got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{})
		if err != nil || !slices.Equal(got[:len(all)], all) || s.requests != test.requests {
			t.Errorf("%+v: got %d datasets with %d requests, %v", test, len(got), s.requests, err)
		}
	}
}

func TestListDatasets_options(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]ListDatasetsOptions{
		"|offset=1": {},
		"ownership=sharedWithMe|offset=1&ownership=sharedWithMe":               {Ownership: SharedWithMe},
		"ownership=ownedByMe&unnamed=1|offset=1&ownership=ownedByMe&unnamed=1": {Ownership: OwnedByMe, Unnamed: true},
	} {
		s := newListServer(2, 3)
		_, err := listIDs(t.Context(), newTestClient(t, s), options)
		if got := strings.Join(s.queries, "|"); err != nil || got != want {
			t.Errorf("%+v: got %s, %v, want %s", options, got, err, want)
		}
	}
}

// TestListDatasets_stops checks that the client requests no page that the caller does not need.
func TestListDatasets_stops(t *testing.T) {
	t.Parallel()
	s := newListServer(10, 35)
	for _, err := range newTestClient(t, s).ListDatasets(t.Context(), ListDatasetsOptions{}) {
		if err != nil || s.requests != 1 {
			t.Errorf("sent %d requests, %v", s.requests, err)
		}
		break
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
			synctest.Test(t, func(t *testing.T) {
				s := newListServer(10, 0)
				s.page = func(offset int) (any, []string) { return test.page(s.requests, offset) }
				began := time.Now()
				got, err := listIDs(t.Context(), newTestClient(t, s, func(c *Config) { c.TotalDelay = 0 }), ListDatasetsOptions{})
				if strings.Join(got, "") != test.want || s.requests != test.requests || (err == nil) != (test.err == "") {
					t.Errorf("got %q with %d requests, %v", got, s.requests, err)
				}
				if test.err == "" {
					return
				}
				incomplete := strings.Contains(test.err, "it has")
				if e := asError(t, err); !strings.Contains(err.Error(), test.err) || e.Status != 200 || errors.Is(err, ErrIncompleteList) != incomplete || isUnreachable(e) {
					t.Errorf("got %v, want %q", err, test.err)
				}
				if took := time.Since(began); incomplete && took != maxRereads*2*time.Second {
					t.Errorf("waited for %s", took)
				}
			})
		})
	}
	// With unnamed datasets, the total proves nothing.
	s := newListServer(10, 0)
	s.page = func(offset int) (any, []string) { return 9, []string{"a", "b"}[min(offset, 2):] }
	if got, err := listIDs(t.Context(), newTestClient(t, s), ListDatasetsOptions{Unnamed: true}); err != nil || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
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
