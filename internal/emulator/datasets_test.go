package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})

	created := do(t, s, call{method: "POST", path: "/v2/datasets?name=Case-Test"})
	equal(t, "status", created.status, http.StatusCreated)
	equal(t, "Date", created.header.Get("Date"), "Mon, 03 Feb 2031 04:05:06 GMT")
	dataset := created.data(t)
	id, _ := dataset["id"].(string)
	equal(t, "Location", created.header.Get("Location"), s.URL+"/v2/datasets/"+id)
	equal(t, "length of the ID", len(id), 17)
	for field, want := range map[string]any{
		"name":          "Case-Test",
		"userId":        DefaultUserID,
		"username":      DefaultUsername,
		"createdAt":     "2031-02-03T04:05:06.789Z",
		"modifiedAt":    "2031-02-03T04:05:06.789Z",
		"accessedAt":    "2031-02-03T04:05:06.789Z",
		"itemCount":     0.0,
		"generalAccess": "FOLLOW_USER_SETTING",
		"consoleUrl":    "https://console.apify.com/storage/datasets/" + id,
		"actId":         nil,
		"schema":        nil,
	} {
		equal(t, field, dataset[field], want)
	}

	clock.advance(time.Minute)
	existing := do(t, s, call{method: "POST", path: "/v2/datasets?name=case-test"})
	equal(t, "status for an existing name", existing.status, http.StatusOK)
	equal(t, "Location for an existing name", existing.header.Get("Location"), "")
	dataset = existing.data(t)
	equal(t, "ID for an existing name", dataset["id"], any(id))
	equal(t, "spelling", dataset["name"], any("Case-Test"))
	equal(t, "createdAt", dataset["createdAt"], any("2031-02-03T04:05:06.789Z"))

	first := do(t, s, call{method: "POST", path: "/v2/datasets"}).data(t)
	second := do(t, s, call{method: "POST", path: "/v2/datasets"}).data(t)
	equal(t, "name of an unnamed dataset", first["name"], nil)
	if first["id"] == second["id"] {
		t.Error("two unnamed datasets are one")
	}
	equal(t, "datasets", len(s.API.Datasets()), 3)
}

func TestNames(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for name, valid := range map[string]bool{
		"a":                     true,
		"7":                     true,
		"a-b--C9":               true,
		strings.Repeat("a", 63): true,
		strings.Repeat("a", 64): false,
		"-a":                    false,
		"a-":                    false,
		"a_b":                   false,
		"a.b":                   false,
		"a%20b":                 false,
		"%C3%A9":                false,
		"a~b":                   false,
		"a%0A":                  false,
	} {
		want := http.StatusBadRequest
		if valid {
			want = http.StatusCreated
		}
		got := do(t, s, call{method: "POST", path: "/v2/datasets?name=" + name})
		equal(t, "status of "+name, got.status, want)
	}
}

func TestExistingStatus(t *testing.T) {
	t.Parallel()
	s := start(t, Options{ExistingStatus: http.StatusCreated})
	s.API.Seed(Dataset{Name: "there"})
	got := do(t, s, call{method: "POST", path: "/v2/datasets?name=there"})
	equal(t, "status", got.status, http.StatusCreated)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})
	d := s.API.Seed(Dataset{Name: "old", Title: "Kept"})
	taken := s.API.Seed(Dataset{Name: "taken"})
	put := func(body string) reply {
		return do(t, s, call{method: "PUT", path: "/v2/datasets/" + d.ID, body: body})
	}
	get := func(ref string) int {
		return do(t, s, call{method: "GET", path: "/v2/datasets/" + ref}).status
	}

	got := put(`{"name": "new", "generalAccess": "RESTRICTED", "unknown": 1}`).data(t)
	equal(t, "name", got["name"], any("new"))
	equal(t, "generalAccess", got["generalAccess"], any("RESTRICTED"))
	equal(t, "title", got["title"], any("Kept"))
	equal(t, "modifiedAt", got["modifiedAt"], any("2031-02-03T04:05:06.789Z"))
	equal(t, "look-up by the new name", get("~new"), http.StatusOK)
	equal(t, "look-up by the old name", get("~old"), http.StatusNotFound)

	fails(t, put(`{"name": "TAKEN"}`), http.StatusBadRequest, "name-not-unique")
	fails(t, put(`{"name": "taken", "generalAccess": "ANYONE_WITH_ID_CAN_READ"}`), http.StatusBadRequest, "name-not-unique")
	kept, _ := s.API.Dataset(d.ID)
	equal(t, "access after a failed update", kept.GeneralAccess, "RESTRICTED")

	equal(t, "name in another case", put(`{"name": "NEW"}`).data(t)["name"], any("NEW"))
	equal(t, "name of none", put(`{"name": null}`).data(t)["name"], nil)
	equal(t, "look-up by a name that was given up", get("~new"), http.StatusNotFound)
	s.API.Delete(taken.ID)
	equal(t, "name that a deletion freed", put(`{"name": "taken"}`).data(t)["name"], any("taken"))
	equal(t, "title", put(`{"title": "Other"}`).data(t)["title"], any("Other"))
	equal(t, "name after no change", put(`{}`).data(t)["name"], any("taken"))
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "gone", Items: rawItems(`{"a": 1}`)})
	got := do(t, s, call{method: "DELETE", path: "/v2/datasets/~GONE"})
	equal(t, "status", got.status, http.StatusNoContent)
	equal(t, "length of the body", len(got.body), 0)
	fails(t, do(t, s, call{method: "DELETE", path: "/v2/datasets/" + d.ID}), http.StatusNotFound, "record-not-found")
	fails(t, do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}), http.StatusNotFound, "record-not-found")
	again := do(t, s, call{method: "POST", path: "/v2/datasets?name=gone"})
	equal(t, "status of creating it again", again.status, http.StatusCreated)
	if again.data(t)["id"] == d.ID {
		t.Error("a new dataset has the ID of a deleted one")
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{
		{ID: "MyAccount78901234", Username: "Me", Token: DefaultToken},
		{ID: "OtherUser78901234", Username: "other", Token: "other"},
	}})
	mine := s.API.Seed(Dataset{Name: "Same"})
	theirs := s.API.Seed(Dataset{Name: "same", UserID: "OtherUser78901234", GeneralAccess: anyoneWithNameCanRead})
	for ref, want := range map[string]string{
		mine.ID:                    mine.ID,
		"~same":                    mine.ID,
		"~SAME":                    mine.ID,
		"me~same":                  mine.ID,
		"ME~same":                  mine.ID,
		"me%7Esame":                mine.ID,
		"me%2Fsame":                mine.ID,
		"MyAccount78901234~same":   mine.ID,
		"other~same":               theirs.ID,
		"OtherUser78901234~same":   theirs.ID,
		"same":                     "",
		"~other":                   "",
		"nobody~same":              "",
		strings.ToLower(mine.ID):   "",
		"Nobody78901234567~same":   "",
		"me~same~same":             "",
		"%2Fsame":                  mine.ID,
		mine.ID + "~" + mine.Name:  "",
		"~" + mine.ID:              "",
		"~same%20":                 "",
		"myaccount78901234~same":   "",
		"OtherUser78901234%2Fsame": theirs.ID,
	} {
		got := do(t, s, call{method: "GET", path: "/v2/datasets/" + ref})
		if want == "" {
			fails(t, got, http.StatusNotFound, "record-not-found")
			continue
		}
		equal(t, ref, got.data(t)["id"], any(want))
	}
}

// names are those of a listing, in its order.
func names(t testing.TB, list map[string]any) string {
	t.Helper()
	var all []string
	items, _ := list["items"].([]any)
	for _, item := range items {
		d, _ := item.(map[string]any)
		all = append(all, fmt.Sprint(d["name"]))
	}
	return strings.Join(all, " ")
}

func TestList(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{PageLimit: 4, Now: clock.Now, Users: []User{
		{ID: "MyAccount78901234", Username: "me", Token: DefaultToken},
		{ID: "OtherUser78901234", Username: "other", Token: "other"},
	}})
	// Most of them are as old as each other.
	for _, name := range []string{"a", "b", "", "c", "d"} {
		s.API.Seed(Dataset{Name: name})
	}
	s.API.Seed(Dataset{Name: "oldest", CreatedAt: clock.Now().AddDate(-1, 0, 0)})
	s.API.Seed(Dataset{Name: "theirs", UserID: "OtherUser78901234"})
	s.API.Seed(Dataset{Name: "shared", UserID: "OtherUser78901234", SharedWith: map[string]Permission{"me": PermissionRead}})

	for _, test := range []struct {
		query, names                string
		total, count, offset, limit int
		desc                        bool
	}{
		{"", "oldest a b c", 6, 4, 0, 4, false},
		{"offset=4", "d shared", 6, 2, 4, 4, false},
		{"offset=6", "", 6, 0, 6, 4, false},
		{"offset=600", "", 6, 0, 600, 4, false},
		{"limit=2&offset=1", "a b", 6, 2, 1, 2, false},
		{"limit=0", "oldest a b c", 6, 4, 0, 4, false},
		{"limit=1000", "oldest a b c", 6, 4, 0, 4, false},
		{"desc=1&limit=3", "shared d c", 6, 3, 0, 3, true},
		{"desc=true&offset=5", "oldest", 6, 1, 5, 4, true},
		{"desc=false&limit=1", "oldest", 6, 1, 0, 1, false},
		{"unnamed=1&offset=1", "a b  c", 7, 4, 1, 4, false},
		{"unnamed=0&offset=5", "shared", 6, 1, 5, 4, false},
		{"ownership=sharedWithMe", "shared", 1, 1, 0, 4, false},
		{"ownership=ownedByMe&offset=1", "a b c d", 5, 4, 1, 4, false},
	} {
		list := do(t, s, call{method: "GET", path: "/v2/datasets?" + test.query}).data(t)
		equal(t, test.query+": names", names(t, list), test.names)
		equal(t, test.query+": total", list["total"], any(float64(test.total)))
		equal(t, test.query+": count", list["count"], any(float64(test.count)))
		equal(t, test.query+": offset", list["offset"], any(float64(test.offset)))
		equal(t, test.query+": limit", list["limit"], any(float64(test.limit)))
		equal(t, test.query+": desc", list["desc"], any(test.desc))
	}
	equal(t, "the other's", names(t, do(t, s, call{method: "GET", path: "/v2/datasets", token: "other"}).data(t)), "theirs shared")
}

func TestListItemFields(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.API.Seed(Dataset{Name: "all", Title: "All", GeneralAccess: restricted, Items: rawItems(`{"a": 1}`), Schema: []byte(`{}`)})
	list := do(t, s, call{method: "GET", path: "/v2/datasets"}).data(t)
	items, _ := list["items"].([]any)
	item, _ := items[0].(map[string]any)
	for _, absent := range []string{"consoleUrl", "itemsPublicUrl", "urlSigningSecretKey", "schema", "fields"} {
		if _, present := item[absent]; present {
			t.Errorf("a listing has %s", absent)
		}
	}
	equal(t, "title", item["title"], any("All"))
	equal(t, "generalAccess", item["generalAccess"], any(restricted))
	equal(t, "username", item["username"], any(DefaultUsername))
	equal(t, "itemCount", item["itemCount"], any(1.0))
}

func TestCountersLag(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now, CounterLag: 5 * time.Second})
	d := s.API.Seed(Dataset{Name: "d", Items: rawItems(`{"a": 1}`)})
	check := func(when string, items, clean, writes float64, fields string) {
		t.Helper()
		got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}).data(t)
		equal(t, when+": itemCount", got["itemCount"], any(items))
		equal(t, when+": cleanItemCount", got["cleanItemCount"], any(clean))
		equal(t, when+": fields", fmt.Sprint(got["fields"]), fields)
		stats, _ := got["stats"].(map[string]any)
		equal(t, when+": writeCount", stats["writeCount"], any(writes))
		list := do(t, s, call{method: "GET", path: "/v2/datasets"}).data(t)
		listed, _ := list["items"].([]any)
		item, _ := listed[0].(map[string]any)
		equal(t, when+": itemCount in a listing", item["itemCount"], any(items))
	}
	check("seeded", 1, 1, 0, "[a]")
	equal(t, "status", do(t, s, call{method: "POST", path: "/v2/datasets/~d/items", body: `[{"b": 1}, {"#c": 2}]`}).status, http.StatusCreated)
	check("pushed", 1, 1, 0, "[a]")
	items := do(t, s, call{method: "GET", path: "/v2/datasets/~d/items"})
	equal(t, "items read at once", string(items.body), `[{"a":1},{"b":1},{"#c":2}]`)
	equal(t, "total read at once", items.header.Get("X-Apify-Pagination-Total"), "1")
	clock.advance(5*time.Second - time.Millisecond)
	s.API.Push(d.ID, rawItems(`{}`)...)
	check("a moment before", 1, 1, 0, "[a]")
	clock.advance(time.Millisecond)
	check("after the lag", 3, 2, 2, "[a b #c]")
	clock.advance(5 * time.Second)
	check("in the end", 4, 2, 3, "[a b #c]")
}

func TestReadsShow(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})
	d := s.API.Seed(Dataset{})
	equal(t, "status", do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items"}).status, http.StatusOK)
	equal(t, "status", do(t, s, call{method: "HEAD", path: "/v2/datasets/" + d.ID + "/items"}).status, http.StatusOK)
	clock.advance(time.Hour)
	got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}).data(t)
	equal(t, "accessedAt", got["accessedAt"], any("2031-02-03T05:05:06.789Z"))
	equal(t, "modifiedAt", got["modifiedAt"], any("2031-02-03T03:05:06.789Z"))
	stats, _ := got["stats"].(map[string]any)
	equal(t, "readCount", stats["readCount"], any(1.0))
}

func TestUsersMe(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{{Username: "me", Token: "one"}, {Username: "me", Token: "two", ReadOnlyTokens: []string{"three"}}}})
	one := do(t, s, call{method: "GET", path: "/v2/users/me", token: "one"}).data(t)
	equal(t, "username", one["username"], any("me"))
	id, _ := one["id"].(string)
	equal(t, "length of the ID", len(id), 17)
	for _, token := range []string{"two", "three"} {
		equal(t, "ID by "+token, do(t, s, call{method: "GET", path: "/v2/users/me", token: token}).data(t)["id"], any(id))
	}
	equal(t, "by the query", do(t, s, call{method: "GET", path: "/v2/users/me?token=one", token: "-"}).data(t)["id"], any(id))
	fails(t, do(t, s, call{method: "GET", path: "/v2/users/me", token: "-"}), http.StatusUnauthorized, "token-not-provided")
	fails(t, do(t, s, call{method: "POST", path: "/v2/users/me"}), http.StatusMethodNotAllowed, "method-not-allowed")
}

func TestLocalPlatform(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{LocalPlatform: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	created := do(t, s, call{method: "POST", path: "/v2/datasets?name=here"})
	again := do(t, s, call{method: "POST", path: "/v2/datasets?name=HERE"})
	equal(t, "status for an existing name", again.status, http.StatusCreated)
	equal(t, "ID", again.data(t)["id"], created.data(t)["id"])
	for _, absent := range []string{"generalAccess", "itemsPublicUrl", "urlSigningSecretKey", "actId", "schema", "fields"} {
		if _, present := created.data(t)[absent]; present {
			t.Errorf("the local platform tells of %s", absent)
		}
	}
	got := do(t, s, call{method: "PUT", path: "/v2/datasets/~here", body: `{"name": null, "generalAccess": "RESTRICTED"}`}).data(t)
	equal(t, "name after null", got["name"], any("here"))
	equal(t, "access after an update", s.API.Datasets()[0].GeneralAccess, followUserSetting)
	equal(t, "name", do(t, s, call{method: "PUT", path: "/v2/datasets/~here", body: `{"name": "there"}`}).data(t)["name"], any("there"))
	s.API.Seed(Dataset{})
	request := newRequest(t, s, call{method: "GET", path: "/v2/datasets?ownership=sharedWithMe"})
	response, err := client(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var list struct {
		Data struct{ Items []map[string]any }
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	equal(t, "datasets in any listing", len(list.Data.Items), 2)
}

func TestSeed(t *testing.T) {
	t.Parallel()
	api := NewAPI(Options{Now: newClock().Now})
	d := api.Seed(Dataset{Name: "d", SharedWith: map[string]Permission{"x": PermissionRead}, Items: rawItems(` { "a" : 1 } `)})
	equal(t, "owner", d.UserID, DefaultUserID)
	equal(t, "age", newClock().Now().Sub(d.CreatedAt), time.Hour)
	equal(t, "item", string(d.Items[0]), `{"a":1}`)
	for name, bad := range map[string]Dataset{
		"ID that is taken":     {ID: d.ID},
		"ID that is too short": {ID: "short"},
		"name that is taken":   {Name: "D"},
		"bad name":             {Name: "_"},
		"unknown owner":        {UserID: "Nobody78901234567"},
		"bad access":           {GeneralAccess: "PUBLIC"},
		"item that is a list":  {Items: rawItems(`[]`)},
		"item that is nothing": {Items: rawItems(``)},
	} {
		if _, err := api.Add(bad); err == nil {
			t.Errorf("added a dataset with an %s", name)
		}
		panics(t, "Seed with an "+name, func() { api.Seed(bad) })
	}
	equal(t, "datasets", len(api.Datasets()), 1)

	// What tests get and give is theirs.
	d.SharedWith["y"], d.Items[0] = PermissionWrite, nil
	kept, found := api.Dataset(d.ID)
	equal(t, "found", found, true)
	equal(t, "shares", len(kept.SharedWith), 1)
	equal(t, "item", string(kept.Items[0]), `{"a":1}`)
}

func TestChangesBehindTheBack(t *testing.T) {
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
	equal(t, "name that was freed", api.Seed(Dataset{Name: "before"}).Name, "before")
	panics(t, "Update to a name that is taken", func() { api.Update(other.ID, func(d *Dataset) { d.Name = "AFTER" }) })
	panics(t, "Update of nothing", func() { api.Update("nothing", func(*Dataset) {}) })
	panics(t, "Push to nothing", func() { api.Push("nothing") })
	panics(t, "Push of a list", func() { api.Push(d.ID, rawItems(`[]`)...) })
	api.Delete(d.ID)
	api.Delete(d.ID)
	if _, found := api.Dataset(d.ID); found {
		t.Error("a deleted dataset is found")
	}
	equal(t, "changes", changes, 7)
}

func panics(t testing.TB, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s does not panic", what)
		}
	}()
	f()
}

// TestConcurrency has everything happen at once, for the race detector, and then checks the indexes.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	s := start(t, Options{CounterLag: time.Millisecond})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 10 {
				name := fmt.Sprintf("n-%d", (worker+i)%5)
				do(t, s, call{method: "POST", path: "/v2/datasets?name=" + name})
				do(t, s, call{method: "GET", path: "/v2/datasets?unnamed=1"})
				do(t, s, call{method: "POST", path: "/v2/datasets/~" + name + "/items", body: `{"a": 1}`})
				do(t, s, call{method: "GET", path: "/v2/datasets/~" + name + "/items"})
				do(t, s, call{method: "PUT", path: "/v2/datasets/~" + name, body: fmt.Sprintf(`{"name": "m-%d"}`, i%7)})
				do(t, s, call{method: "DELETE", path: fmt.Sprintf("/v2/datasets/~m-%d", worker%7)})
				s.API.Seed(Dataset{})
				s.API.Datasets()
			}
		})
	}
	all.Wait()
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
		got := do(t, s, call{method: "GET", path: "/v2/datasets/~" + d.Name}).data(t)
		equal(t, "ID by name", got["id"], any(d.ID))
	}
	if !slices.IsSortedFunc(datasets, func(a, b Dataset) int { return a.CreatedAt.Compare(b.CreatedAt) }) {
		t.Error("the datasets are not in the order of their creation")
	}
	equal(t, "names in the index", len(s.API.byName), len(named))
	equal(t, "IDs in the index", len(s.API.byID), len(datasets))
}

func BenchmarkList(b *testing.B) {
	s := start(b, Options{})
	for i := range 5000 {
		s.API.Seed(Dataset{Name: fmt.Sprintf("dataset-%d", i)})
	}
	request := newRequest(b, s, call{method: "GET", path: "/v2/datasets?offset=2000"})
	for b.Loop() {
		capture(s.API, request)
	}
}

func BenchmarkGetByName(b *testing.B) {
	s := start(b, Options{})
	for i := range 5000 {
		s.API.Seed(Dataset{Name: fmt.Sprintf("dataset-%d", i)})
	}
	request := newRequest(b, s, call{method: "GET", path: "/v2/datasets/~dataset-2500"})
	for b.Loop() {
		capture(s.API, request)
	}
}
