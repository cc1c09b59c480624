package emulator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestStore_concurrent sends all kinds of requests at the same time, for the race detector, and
// then checks the indexes.
func TestStore_concurrent(t *testing.T) {
	t.Parallel()
	s := start(t, Options{CounterLag: time.Millisecond})
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := range 10 {
				name := fmt.Sprintf("n-%d", (worker+i)%5)
				send(t, s, call{method: "POST", path: "/v2/datasets?name=" + name})
				send(t, s, call{method: "GET", path: "/v2/datasets?unnamed=1"})
				send(t, s, call{method: "POST", path: "/v2/datasets/~" + name + "/items", body: `{"a": 1}`})
				send(t, s, call{method: "GET", path: "/v2/datasets/~" + name + "/items"})
				send(t, s, call{method: "PUT", path: "/v2/datasets/~" + name, body: fmt.Sprintf(`{"name": "m-%d"}`, i%7)})
				send(t, s, call{method: "DELETE", path: fmt.Sprintf("/v2/datasets/~m-%d", worker%7)})
				s.API.Seed(Dataset{})
				s.API.Datasets()
			}
		})
	}
	workers.Wait()
	datasets := s.API.Datasets()
	named := map[string]bool{}
	for _, d := range datasets {
		if d.Name == "" {
			continue
		}
		if named[strings.ToLower(d.Name)] {
			t.Errorf("two datasets are named %s", d.Name)
		}
		named[strings.ToLower(d.Name)] = true
		got := send(t, s, call{method: "GET", path: "/v2/datasets/~" + d.Name}).data(t)
		equal(t, "ID of "+d.Name, got["id"], any(d.ID))
	}
	if !slices.IsSortedFunc(datasets, func(a, b Dataset) int { return a.CreatedAt.Compare(b.CreatedAt) }) {
		t.Error("the datasets are not in the order of their creation")
	}
	equal(t, "names in the index", len(s.API.store.byName), len(named))
	equal(t, "IDs in the index", len(s.API.store.byID), len(datasets))
}

// TestStore_duplicateNames renames a dataset to a taken name, as the local platform allows.
func TestStore_duplicateNames(t *testing.T) {
	t.Parallel()
	s := start(t, Options{LocalPlatform: true})
	older, newer := s.API.Seed(Dataset{Name: "older"}), s.API.Seed(Dataset{Name: "newer"})
	got := sendUnchecked(t, s, call{method: "PUT", path: "/v2/datasets/~newer", body: `{"name": "OLDER"}`})
	equal(t, "ID of the renamed dataset", got.data(t)["id"], any(newer.ID))
	for _, id := range []string{older.ID, newer.ID} {
		got := sendUnchecked(t, s, call{method: "GET", path: "/v2/datasets/~older"})
		equal(t, "ID of the name", got.data(t)["id"], any(id))
		s.API.Delete(id)
	}
	equal(t, "names in the index", len(s.API.store.byName), 0)
}

func TestStore_counterLag(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now, CounterLag: 5 * time.Second})
	d := s.API.Seed(Dataset{Name: "d", Items: rawItems(`{"a": 1}`)})
	check := func(when string, items, clean, writes float64, fields string) {
		t.Helper()
		got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}).data(t)
		equal(t, when+": itemCount", got["itemCount"], any(items))
		equal(t, when+": cleanItemCount", got["cleanItemCount"], any(clean))
		equal(t, when+": fields", fmt.Sprint(got["fields"]), fields)
		stats, _ := got["stats"].(map[string]any)
		equal(t, when+": writeCount", stats["writeCount"], any(writes))
		list := send(t, s, call{method: "GET", path: "/v2/datasets"}).data(t)
		listed, _ := list["items"].([]any)
		item, _ := listed[0].(map[string]any)
		equal(t, when+": itemCount in a list", item["itemCount"], any(items))
	}
	check("after seeding", 1, 1, 0, "[a]")
	pushed := send(t, s, call{method: "POST", path: "/v2/datasets/~d/items", body: `[{"b": 1}, {"#c": 2}]`})
	equal(t, "status", pushed.status, 201)
	check("after a push", 1, 1, 0, "[a]")
	items := send(t, s, call{method: "GET", path: "/v2/datasets/~d/items"})
	equal(t, "items after a push", string(items.body), `[{"a":1},{"b":1},{"#c":2}]`)
	equal(t, "total after a push", items.header.Get("X-Apify-Pagination-Total"), "1")
	clock.advance(5*time.Second - time.Millisecond)
	s.API.Push(d.ID, rawItems(`{}`)...)
	check("just before the lag", 1, 1, 0, "[a]")
	clock.advance(time.Millisecond)
	check("after the lag", 3, 2, 2, "[a b #c]")
	clock.advance(5 * time.Second)
	check("after the lag of the second push", 4, 2, 3, "[a b #c]")
}

func BenchmarkListDatasets(b *testing.B) {
	s := start(b, Options{})
	for i := range 5000 {
		s.API.Seed(Dataset{Name: fmt.Sprintf("dataset-%d", i)})
	}
	request := newRequest(b, s, call{method: "GET", path: "/v2/datasets?offset=2000"})
	for b.Loop() {
		capture(s.API, request)
	}
}

func BenchmarkGetDataset_byName(b *testing.B) {
	s := start(b, Options{})
	for i := range 5000 {
		s.API.Seed(Dataset{Name: fmt.Sprintf("dataset-%d", i)})
	}
	request := newRequest(b, s, call{method: "GET", path: "/v2/datasets/~dataset-2500"})
	for b.Loop() {
		capture(s.API, request)
	}
}
