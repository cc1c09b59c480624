package emulator

import (
	"net/http"
	"testing"
)

// TestGetMe checks that all tokens of a user, and of users with the same name, are one account.
func TestGetMe(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{
		{Username: "me", Token: "one", RunTokens: []string{"run"}, ScopedTokens: []string{"scoped"}, ProxyPassword: "secret"},
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

	run := get("run").data(t)
	equal(t, "username with the token of a run", run["username"], any("me"))
	for _, property := range []string{"id", "email", "profile", "createdAt"} {
		if _, present := first[property]; !present {
			t.Errorf("the account has no %s", property)
		}
		if _, present := run[property]; present {
			t.Errorf("with the token of a run, the account has the property %s", property)
		}
	}
	wantError(t, get("scoped"), http.StatusForbidden, "insufficient-permissions")
}

// TestRunTokens uses the token of an Actor run with limited permissions.
func TestRunTokens(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{{Username: "me", Token: DefaultToken, RunTokens: []string{"run"}}}})
	mine := s.API.Seed(Dataset{Name: "mine"})
	other := s.API.Seed(Dataset{Name: "of-another-run", ActRunID: "AnotherRun0000001"})
	for _, c := range []call{
		{method: "GET", path: "/v2/datasets/" + mine.ID},
		{method: "PUT", path: "/v2/datasets/~mine", body: `{"name": "yours"}`},
		{method: "DELETE", path: "/v2/datasets/" + mine.ID},
		{method: "POST", path: "/v2/datasets?name=mine"},
	} {
		c.token = "run"
		got := send(t, s, c)
		wantError(t, got, http.StatusForbidden, "insufficient-permissions")
		equal(t, "body of "+c.method+" "+c.path, string(got.body), `{"error":{"message":"Insufficient permissions for the dataset. `+
			`Make sure you're passing a correct API token and that it has the required permissions.","type":"insufficient-permissions"}}`)
	}
	created := send(t, s, call{method: "POST", path: "/v2/datasets?name=of-this-run", token: "run"}).data(t)
	equal(t, "run of a new dataset", created["actRunId"], any(runActRunID))
	for _, ref := range []string{other.ID, "~of-this-run"} {
		got := send(t, s, call{method: "PUT", path: "/v2/datasets/" + ref, token: "run", body: `{}`})
		equal(t, "status of "+ref, got.status, http.StatusOK)
	}
	list := send(t, s, call{method: "GET", path: "/v2/datasets", token: "run"}).data(t)
	equal(t, "names in a list", listedNames(list), "of-another-run of-this-run")
}
