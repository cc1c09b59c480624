package emulator

import (
	"net/http"
	"testing"
)

func TestGetMe(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{
		{Username: "me", Token: "one"},
		{Username: "me", Token: "two", ReadOnlyTokens: []string{"three"}},
	}})
	first := send(t, s, call{method: "GET", path: "/v2/users/me", token: "one"}).data(t)
	equal(t, "username", first["username"], any("me"))
	id, _ := first["id"].(string)
	equal(t, "length of the ID", len(id), 17)
	for _, token := range []string{"two", "three"} {
		got := send(t, s, call{method: "GET", path: "/v2/users/me", token: token}).data(t)
		equal(t, "ID with the token "+token, got["id"], any(id))
	}
	got := send(t, s, call{method: "GET", path: "/v2/users/me?token=one", token: noToken}).data(t)
	equal(t, "ID with the token in the query", got["id"], any(id))
	wantError(t, send(t, s, call{method: "GET", path: "/v2/users/me", token: noToken}), http.StatusUnauthorized, "token-not-provided")
	wantError(t, send(t, s, call{method: "POST", path: "/v2/users/me"}), http.StatusMethodNotAllowed, "method-not-allowed")
}
