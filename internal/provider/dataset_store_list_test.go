package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// listServer is a server with the API's lists only. With unnamed datasets, it leaves out all empty
// datasets, as Apify does: https://github.com/apify/apify-docs/pull/2217.
type listServer struct {
	datasets []map[string]any // oldest first
	pageSize int
	// ahead is the number of responses whose total includes a dataset that is not in the list yet.
	ahead atomic.Int64
}

func (l *listServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v2/datasets" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	query := r.URL.Query()
	unnamed := query.Get("unnamed") != ""
	items := slices.DeleteFunc(slices.Clone(l.datasets), func(d map[string]any) bool {
		return unnamed && d["itemCount"] == 0 || !unnamed && d["name"] == nil
	})
	total := len(items)
	if l.ahead.Add(-1) >= 0 {
		total++
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	items = append([]map[string]any{}, items[min(offset, len(items)):]...) // not null if it is empty
	items = items[:min(l.pageSize, len(items))]
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{
		"total": total, "offset": offset, "limit": l.pageSize, "count": len(items), "desc": false, "items": items,
	}})
}

// newListServer starts a server with n datasets, a minute apart. Every third is unnamed, and every
// second is empty. It returns the IDs of all datasets that are in any list, oldest first.
func newListServer(t *testing.T, n int) (s *testServer, lists *listServer, ids []string) {
	t.Helper()
	lists = &listServer{pageSize: 10}
	start := time.Now().Add(-time.Duration(n) * time.Minute)
	for i := range n {
		d := map[string]any{
			"id": fmt.Sprintf("Dataset%010d", i), "userId": "OwnerOwnerOwner00", "itemCount": i % 2,
			"createdAt": start.Add(time.Duration(i) * time.Minute).UTC().Format(time.RFC3339Nano),
		}
		if i%3 != 0 {
			d["name"] = fmt.Sprintf("list-%d", i)
		}
		lists.datasets = append(lists.datasets, d)
		if d["name"] != nil || d["itemCount"] != 0 {
			ids = append(ids, d["id"].(string))
		}
	}
	server, err := emulator.StartHandler(lists)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return &testServer{Server: server, Token: emulator.DefaultToken, Now: time.Now}, lists, ids
}

// TestDatasets_unnamed lists named and unnamed datasets. Only both of the API's lists together
// contain the empty named ones.
func TestDatasets_unnamed(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 9, 60} {
		s, _, want := newListServer(t, n)
		w := s.newWalk(t, nil)
		got, ds := w.datasets(t.Context(), values{"unnamed": true})
		var ids []string
		for _, d := range got {
			ids = append(ids, d["id"].(string))
		}
		if len(ds) > 0 || !slices.Equal(ids, want) {
			t.Errorf("%d datasets: the data source returns\n%v, want\n%v\n%s", n, ids, want, ds)
		}

		ids = nil
		results, ds := w.listAll(t.Context(), values{"unnamed": true}, 1000, false)
		for _, r := range results {
			ids = append(ids, r.id)
		}
		if len(ds) > 0 || !slices.Equal(ids, want) {
			t.Errorf("%d datasets: the list resource returns\n%v, want\n%v\n%s", n, ids, want, ds)
		}
	}

	// A limit ends both lists.
	s, _, want := newListServer(t, 60)
	w := s.newWalk(t, nil)
	results, ds := w.listAll(t.Context(), values{"unnamed": true}, 12, false)
	if len(ds) > 0 || len(results) != 12 || results[11].id != want[11] {
		t.Errorf("with a limit of 12: got %v\n%s", results, ds)
	}
	if pages := len(s.sent()); pages > 4 {
		t.Errorf("the provider requested %d pages, want 4 at most: two of each list", pages)
	}

	// An error in one of the lists is an error of the whole.
	for _, query := range []string{"1", ""} {
		s, _, _ := newListServer(t, 60)
		s.Recorder.Inject(emulator.Fault{
			Match: func(r *http.Request) bool { return r.URL.Query().Get("unnamed") == query },
			Skip:  1, Status: http.StatusBadGateway,
		})
		got, ds := s.newWalk(t, values{"max_retries": 0}).datasets(t.Context(), values{"unnamed": true})
		if got != nil || len(ds) != 1 || !ds.errors().has(summaryList, "502 Bad Gateway") {
			t.Errorf("unnamed=%q: got %v and the diagnostics\n%s", query, got, ds)
		}
	}
}

// TestDatasets_totalAhead lists datasets while the total includes one that the list does not have
// yet.
func TestDatasets_totalAhead(t *testing.T) {
	t.Parallel()
	s, lists, _ := newListServer(t, 60)
	w := s.newWalk(t, nil)
	named := 40
	lists.ahead.Store(5) // four pages, and the last one once more
	got, ds := w.datasets(t.Context(), nil)
	if len(ds) > 0 || len(got) != named {
		t.Errorf("got %d datasets, want %d\n%s", len(got), named, ds)
	}
	if n := len(s.sent()); n != 6 {
		t.Errorf("got %d requests, want 6", n)
	}
	lists.ahead.Store(1 << 30)
	got, ds = w.datasets(t.Context(), nil)
	if got != nil || len(ds) != 1 || !ds.errors().has(summaryList, "40", "41") {
		t.Errorf("got %d datasets and the diagnostics\n%s", len(got), ds)
	}
}
