package emulator

import (
	"fmt"
	"strings"
	"testing"
)

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
