package emulator

import (
	"net/http"
	"testing"
)

// TestGetMe checks that all tokens of a user, and of users with the same name, are one account.
func TestGetMe(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{
		{Username: "me", Token: "one", ProxyPassword: "secret"},
		{Username: "me", Token: "two", ReadOnlyTokens: []string{"three"}},
	}})
	get := func(token string) result { return send(t, s, call{method: "GET", path: "/v2/users/me", token: token}) }
	first := get("one").data(t)
	equal(t, "username", first["username"], any("me"))
	id, _ := first["id"].(string)
	equal(t, "length of the ID", len(id), 17)
	for _, token := range []string{"two", "three"} {
		equal(t, "ID with the token "+token, get(token).data(t)["id"], any(id))
	}
	proxy, _ := first["proxy"].(map[string]any)
	equal(t, "proxy password", proxy["password"], any("secret"))
}

// TestRunTokens uses the datasets of other runs.
func TestRunTokens(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{{Username: "me", Token: DefaultToken, RunTokens: []string{"run"}}}})
	s.API.Seed(Dataset{Name: "mine"})
	other := s.API.Seed(Dataset{Name: "of-another-run", ActRunID: "AnotherRun0000001"})
	created := send(t, s, call{method: "POST", path: "/v2/datasets?name=of-this-run", token: "run"}).data(t)
	equal(t, "run of a new dataset", created["actRunId"], any(runActRunID))
	got := send(t, s, call{method: "PUT", path: "/v2/datasets/" + other.ID, token: "run", body: `{}`})
	equal(t, "status for a dataset of another run", got.status, http.StatusOK)
	list := send(t, s, call{method: "GET", path: "/v2/datasets", token: "run"}).data(t)
	equal(t, "names in a list", listedNames(list), "of-another-run of-this-run")
}
