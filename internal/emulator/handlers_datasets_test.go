package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCreateDataset(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})

	created := send(t, s, call{method: "POST", path: "/v2/datasets?name=Case-Test"})
	equal(t, "status", created.status, http.StatusCreated)
	equal(t, "Date", created.header.Get("Date"), "Mon, 03 Feb 2031 04:05:06 GMT")
	dataset := created.data(t)
	id, _ := dataset["id"].(string)
	equal(t, "Location", created.header.Get("Location"), s.URL+"/v2/datasets/"+id)
	equal(t, "length of the ID", len(id), 17)
	for property, want := range map[string]any{
		"name":          "Case-Test",
		"userId":        DefaultUserID,
		"createdAt":     "2031-02-03T04:05:06.789Z",
		"modifiedAt":    "2031-02-03T04:05:06.789Z",
		"accessedAt":    "2031-02-03T04:05:06.789Z",
		"itemCount":     0.0,
		"generalAccess": "FOLLOW_USER_SETTING",
		"consoleUrl":    "https://console.apify.com/storage/datasets/" + id,
		"actId":         nil,
		"schema":        nil,
	} {
		equal(t, property, dataset[property], want)
	}

	clock.advance(time.Minute)
	existing := send(t, s, call{method: "POST", path: "/v2/datasets?name=case-test"})
	equal(t, "status for an existing name", existing.status, http.StatusOK)
	equal(t, "Location for an existing name", existing.header.Get("Location"), "")
	dataset = existing.data(t)
	equal(t, "ID for an existing name", dataset["id"], any(id))
	equal(t, "name for an existing name", dataset["name"], any("Case-Test"))
	equal(t, "createdAt for an existing name", dataset["createdAt"], any("2031-02-03T04:05:06.789Z"))

	first := send(t, s, call{method: "POST", path: "/v2/datasets"}).data(t)
	second := send(t, s, call{method: "POST", path: "/v2/datasets"}).data(t)
	equal(t, "name of an unnamed dataset", first["name"], nil)
	if first["id"] == second["id"] {
		t.Error("two unnamed datasets have the same ID")
	}
	equal(t, "datasets", len(s.API.Datasets()), 3)
}

func TestCreateDataset_names(t *testing.T) {
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
		got := send(t, s, call{method: "POST", path: "/v2/datasets?name=" + name})
		equal(t, "status for "+name, got.status, want)
	}
}

func TestCreateDataset_existingStatus(t *testing.T) {
	t.Parallel()
	s := start(t, Options{ExistingStatus: http.StatusCreated})
	s.API.Seed(Dataset{Name: "existing"})
	got := send(t, s, call{method: "POST", path: "/v2/datasets?name=existing"})
	equal(t, "status", got.status, http.StatusCreated)
}

func TestUpdateDataset(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})
	d := s.API.Seed(Dataset{Name: "old", Title: "Title"})
	taken := s.API.Seed(Dataset{Name: "taken"})
	put := func(body string) result {
		return send(t, s, call{method: "PUT", path: "/v2/datasets/" + d.ID, body: body})
	}
	get := func(ref string) int {
		return send(t, s, call{method: "GET", path: "/v2/datasets/" + ref}).status
	}

	got := put(`{"name": "new", "generalAccess": "RESTRICTED", "unknown": 1}`).data(t)
	equal(t, "name", got["name"], any("new"))
	equal(t, "generalAccess", got["generalAccess"], any("RESTRICTED"))
	equal(t, "modifiedAt", got["modifiedAt"], any("2031-02-03T04:05:06.789Z"))
	equal(t, "status for the new name", get("~new"), http.StatusOK)
	equal(t, "status for the old name", get("~old"), http.StatusNotFound)

	wantError(t, put(`{"name": "TAKEN"}`), http.StatusBadRequest, "name-not-unique")
	wantError(t, put(`{"name": "taken", "generalAccess": "ANYONE_WITH_ID_CAN_READ"}`), http.StatusBadRequest, "name-not-unique")
	unchanged, _ := s.API.Dataset(d.ID)
	equal(t, "generalAccess after a failed update", unchanged.GeneralAccess, "RESTRICTED")

	equal(t, "name in another case", put(`{"name": "NEW"}`).data(t)["name"], any("NEW"))
	equal(t, "name after null", put(`{"name": null}`).data(t)["name"], nil)
	equal(t, "status for a removed name", get("~new"), http.StatusNotFound)
	s.API.Delete(taken.ID)
	equal(t, "name of a deleted dataset", put(`{"name": "taken"}`).data(t)["name"], any("taken"))
	equal(t, "name after an empty update", put(`{}`).data(t)["name"], any("taken"))
	equal(t, "status of a new title", put(`{"title": "Other"}`).status, http.StatusOK)
	unchanged, _ = s.API.Dataset(d.ID)
	equal(t, "title", unchanged.Title, "Other")
}

func TestDeleteDataset(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "deleted", Items: rawItems(`{"a": 1}`)})
	got := send(t, s, call{method: "DELETE", path: "/v2/datasets/~DELETED"})
	equal(t, "status", got.status, http.StatusNoContent)
	equal(t, "length of the body", len(got.body), 0)
	wantError(t, send(t, s, call{method: "DELETE", path: "/v2/datasets/" + d.ID}), http.StatusNotFound, "record-not-found")
	wantError(t, send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}), http.StatusNotFound, "record-not-found")
	again := send(t, s, call{method: "POST", path: "/v2/datasets?name=deleted"})
	equal(t, "status of a second creation", again.status, http.StatusCreated)
	if again.data(t)["id"] == d.ID {
		t.Error("a new dataset has the ID of a deleted one")
	}
}

// listedNames returns the names in a list, in its order.
func listedNames(list map[string]any) string {
	var all []string
	items, _ := list["items"].([]any)
	for _, item := range items {
		d, _ := item.(map[string]any)
		all = append(all, fmt.Sprint(d["name"]))
	}
	return strings.Join(all, " ")
}

func TestListDatasets(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{PageLimit: 4, Now: clock.Now, Users: []User{
		{ID: "MyAccount78901234", Username: "me", Token: DefaultToken},
		{ID: "OtherUser78901234", Username: "other", Token: "other"},
	}})
	// Most of them are created at the same time.
	items := rawItems(`{"a": 1}`)
	for _, name := range []string{"a", "b", "", "c", "d"} {
		d := Dataset{Name: name, Items: items}
		if name == "a" {
			d.Items = nil // With unnamed datasets, lists leave it out.
		}
		s.API.Seed(d)
	}
	s.API.Seed(Dataset{}) // No list contains it.
	s.API.Seed(Dataset{Name: "oldest", CreatedAt: clock.Now().AddDate(-1, 0, 0), Items: items})
	s.API.Seed(Dataset{Name: "theirs", UserID: "OtherUser78901234", Items: items})
	s.API.Seed(Dataset{Name: "shared", UserID: "OtherUser78901234", SharedWith: map[string]Permission{"me": PermissionRead}, Items: items})

	for _, test := range []struct {
		query, names                string
		total, count, offset, limit int64
		desc                        bool
	}{
		{"", "oldest a b c", 6, 4, 0, 4, false},
		{"offset=4", "d shared", 6, 2, 4, 4, false},
		{"offset=6", "", 6, 0, 6, 4, false},
		{"offset=600", "", 6, 0, 600, 4, false},
		{"offset=999999999999", "", 6, 0, 999_999_999_999, 4, false},
		{"limit=2&offset=1", "a b", 6, 2, 1, 2, false},
		{"limit=0", "oldest a b c", 6, 4, 0, 4, false},
		{"limit=1000", "oldest a b c", 6, 4, 0, 4, false},
		{"desc=1&limit=3", "shared d c", 6, 3, 0, 3, true},
		{"desc=true&offset=5", "oldest", 6, 1, 5, 4, true},
		{"desc=false&limit=1", "oldest", 6, 1, 0, 1, false},
		{"unnamed=1&offset=1", "b  c d", 6, 4, 1, 4, false},
		{"unnamed=0&offset=5", "shared", 6, 1, 5, 4, false},
		{"ownership=sharedWithMe", "shared", 1, 1, 0, 4, false},
		{"ownership=ownedByMe&offset=1", "a b c d", 5, 4, 1, 4, false},
	} {
		list := send(t, s, call{method: "GET", path: "/v2/datasets?" + test.query}).data(t)
		equal(t, test.query+": names", listedNames(list), test.names)
		equal(t, test.query+": total", list["total"], any(float64(test.total)))
		equal(t, test.query+": count", list["count"], any(float64(test.count)))
		equal(t, test.query+": offset", list["offset"], any(float64(test.offset)))
		equal(t, test.query+": limit", list["limit"], any(float64(test.limit)))
		equal(t, test.query+": desc", list["desc"], any(test.desc))
	}
	others := send(t, s, call{method: "GET", path: "/v2/datasets", token: "other"}).data(t)
	equal(t, "names with the other token", listedNames(others), "theirs shared")
}

func TestListDatasets_properties(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.API.Seed(Dataset{Name: "all", Title: "All", GeneralAccess: restricted, Items: rawItems(`{"a": 1}`), Schema: []byte(`{}`)})
	list := send(t, s, call{method: "GET", path: "/v2/datasets"}).data(t)
	items, _ := list["items"].([]any)
	item, _ := items[0].(map[string]any)
	for _, absent := range []string{"consoleUrl", "itemsPublicUrl", "urlSigningSecretKey", "schema", "fields"} {
		if _, present := item[absent]; present {
			t.Errorf("a list has the property %s", absent)
		}
	}
	equal(t, "title", item["title"], any("All"))
	equal(t, "generalAccess", item["generalAccess"], any(restricted))
	equal(t, "username", item["username"], any(DefaultUsername))
	equal(t, "itemCount", item["itemCount"], any(1.0))
}

func TestLocalPlatform(t *testing.T) {
	t.Parallel()
	s := start(t, Options{LocalPlatform: true})
	created := send(t, s, call{method: "POST", path: "/v2/datasets?name=here"})
	again := send(t, s, call{method: "POST", path: "/v2/datasets?name=HERE"})
	equal(t, "status for an existing name", again.status, http.StatusCreated)
	equal(t, "ID", again.data(t)["id"], created.data(t)["id"])
	for _, absent := range []string{"generalAccess", "itemsPublicUrl", "urlSigningSecretKey", "actId", "schema", "fields"} {
		if _, present := created.data(t)[absent]; present {
			t.Errorf("a dataset of the local platform has the property %s", absent)
		}
	}
	got := send(t, s, call{method: "PUT", path: "/v2/datasets/~here", body: `{"name": null, "generalAccess": "RESTRICTED"}`}).data(t)
	equal(t, "name after null", got["name"], any("here"))
	equal(t, "generalAccess after an update", s.API.Datasets()[0].GeneralAccess, followUserSetting)
	got = send(t, s, call{method: "PUT", path: "/v2/datasets/~here", body: `{"name": "there"}`}).data(t)
	equal(t, "name after an update", got["name"], any("there"))

	s.API.Seed(Dataset{})
	// The list items of the local platform lack required properties.
	listed := sendUnchecked(t, s, call{method: "GET", path: "/v2/datasets?ownership=sharedWithMe"})
	var list struct {
		Data struct{ Items []map[string]any }
	}
	if err := json.Unmarshal(listed.body, &list); err != nil {
		t.Fatal(err)
	}
	equal(t, "datasets in a list", len(list.Data.Items), 2)
}
