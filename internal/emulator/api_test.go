package emulator

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	api := NewAPI(Options{Now: newClock().Now})
	d := api.Seed(Dataset{Name: "d", SharedWith: map[string]Permission{"x": PermissionRead}, Items: rawItems(` { "a" : 1 } `)})
	equal(t, "owner", d.UserID, DefaultUserID)
	equal(t, "age", newClock().Now().Sub(d.CreatedAt), time.Hour)
	equal(t, "item", string(d.Items[0]), `{"a":1}`)

	// Changes of a copy do not change the dataset.
	d.SharedWith["y"], d.Items[0] = PermissionWrite, nil
	stored, found := api.Dataset(d.ID)
	equal(t, "found", found, true)
	equal(t, "users that it is shared with", len(stored.SharedWith), 1)
	equal(t, "item", string(stored.Items[0]), `{"a":1}`)
}

func TestSeed_invalid(t *testing.T) {
	t.Parallel()
	api := NewAPI(Options{})
	d := api.Seed(Dataset{Name: "d"})
	for name, invalid := range map[string]Dataset{
		"taken ID":                 {ID: d.ID},
		"short ID":                 {ID: "short"},
		"taken name":               {Name: "D"},
		"invalid name":             {Name: "_"},
		"unknown owner":            {UserID: "Nobody78901234567"},
		"unknown level of access":  {GeneralAccess: "PUBLIC"},
		"item that is an array":    {Items: rawItems(`[]`)},
		"item that is no JSON":     {Items: rawItems(``)},
		"item that is a JSON null": {Items: rawItems(`null`)},
	} {
		if _, err := api.Add(invalid); err == nil {
			t.Errorf("Add accepted a dataset with: %s", name)
		}
		wantPanic(t, "Seed with: "+name, func() { api.Seed(invalid) })
	}
	equal(t, "datasets", len(api.Datasets()), 1)
}

func TestAPI_changesWithoutRequests(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	changes := 0
	api := NewAPI(Options{OnChange: func() {
		mu.Lock()
		defer mu.Unlock()
		changes++
	}})
	d := api.Seed(Dataset{Name: "before"})
	other := api.Seed(Dataset{Name: "other"})
	api.Update(d.ID, func(d *Dataset) {
		d.Name = "after"
		d.CreatedAt = d.CreatedAt.Add(-time.Hour)
		d.Items = rawItems(`{"a": 1}`)
	})
	api.Push(d.ID, rawItems(`{"b": 2}`)...)
	got, _ := api.Dataset(d.ID)
	equal(t, "name", got.Name, "after")
	equal(t, "items", len(got.Items), 2)
	equal(t, "reused name", api.Seed(Dataset{Name: "before"}).Name, "before")
	wantPanic(t, "Update to a taken name", func() { api.Update(other.ID, func(d *Dataset) { d.Name = "AFTER" }) })
	invalid := api.Seed(Dataset{Name: "invalid"})
	wantPanic(t, "Update to an invalid name", func() { api.Update(invalid.ID, func(d *Dataset) { d.Name = "_" }) })
	wantPanic(t, "Update of an unknown dataset", func() { api.Update("unknown", func(*Dataset) {}) })
	wantPanic(t, "Push to an unknown dataset", func() { api.Push("unknown") })
	wantPanic(t, "Push of an array", func() { api.Push(d.ID, rawItems(`[]`)...) })
	api.Delete(d.ID)
	api.Delete(d.ID)
	if _, found := api.Dataset(d.ID); found {
		t.Error("a deleted dataset still exists")
	}
	equal(t, "calls of OnChange", changes, 8)
}

func TestAPI_onChange(t *testing.T) {
	t.Parallel()
	var api *API
	var changes atomic.Int32
	api = NewAPI(Options{OnChange: func() {
		api.Datasets() // It would wait forever if a lock were held.
		changes.Add(1)
	}})
	s, err := StartHandler(api)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, test := range []struct {
		call
		changes int32
	}{
		{call{method: "POST", path: "/v2/datasets?name=d"}, 1},
		{call{method: "PUT", path: "/v2/datasets/~d", body: `{"title": "Title"}`}, 1},
		{call{method: "POST", path: "/v2/datasets/~d/items", body: `{}`}, 1},
		{call{method: "GET", path: "/v2/datasets/~d"}, 0},
		{call{method: "PUT", path: "/v2/datasets/~d", body: `{"name": "_"}`}, 0},
		{call{method: "DELETE", path: "/v2/datasets/~d"}, 1},
	} {
		before := changes.Load()
		send(t, s, test.call)
		equal(t, "calls of OnChange for "+test.method+" "+test.path, changes.Load()-before, test.changes)
	}
}
