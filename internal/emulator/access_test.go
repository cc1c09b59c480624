package emulator

import (
	"net/http"
	"strings"
	"testing"
)

// accounts are one account for each value of the account setting, and another account.
var accounts = []User{
	{ID: "OpenAccount123456", Username: "open", Token: DefaultToken, ReadOnlyTokens: []string{"open-read-only"}, AnyoneWithIDCanRead: true},
	{ID: "RestrictedAccount", Username: "restricted", Token: "restricted"},
	{ID: "OtherAccount12345", Username: "other", Token: "other"},
}

// TestAccess_generalAccess reads datasets with all levels of general access by ID and by name,
// without a token and with the token of another account.
func TestAccess_generalAccess(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: accounts})
	for _, test := range []struct {
		owner, level string
		byID, byName bool
	}{
		{"open", followUserSetting, true, false},
		{"open", restricted, false, false},
		{"open", anyoneWithIDCanRead, true, false},
		{"open", anyoneWithNameCanRead, true, true},
		{"restricted", followUserSetting, false, false},
		{"restricted", restricted, false, false},
		{"restricted", anyoneWithIDCanRead, true, false},
		{"restricted", anyoneWithNameCanRead, true, true},
	} {
		owner := accounts[0]
		if test.owner == "restricted" {
			owner = accounts[1]
		}
		name := strings.ReplaceAll(test.level, "_", "-")
		d := s.API.Seed(Dataset{Name: name, UserID: owner.ID, GeneralAccess: test.level})
		for ref, readable := range map[string]bool{d.ID: test.byID, test.owner + "~" + name: test.byName} {
			for _, path := range []string{"", "/items", "/statistics"} {
				for _, token := range []string{noToken, "other"} {
					want := http.StatusForbidden
					if readable {
						want = http.StatusOK
					}
					got := send(t, s, call{method: "GET", path: "/v2/datasets/" + ref + path, token: token})
					equal(t, test.owner+" "+test.level+": status of "+ref+path+" with token "+token, got.status, want)
				}
				got := send(t, s, call{method: "GET", path: "/v2/datasets/" + ref + path, token: owner.Token})
				equal(t, test.owner+" "+test.level+": status with the owner's token", got.status, http.StatusOK)
			}
			if readable {
				got := send(t, s, call{method: "GET", path: "/v2/datasets/" + ref, token: "other"}).data(t)
				if _, present := got["urlSigningSecretKey"]; present {
					t.Error("a dataset of another account has its signing key")
				}
				wantError(t, send(t, s, call{method: "DELETE", path: "/v2/datasets/" + ref, token: "other"}),
					http.StatusForbidden, "insufficient-permissions")
				wantError(t, send(t, s, call{method: "DELETE", path: "/v2/datasets/" + ref, token: noToken}),
					http.StatusUnauthorized, "token-not-provided")
			}
		}
	}
}

func TestAccess_permissions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token       string
		shared      Permission
		read, write int
		key         bool
	}{
		"owner":                       {DefaultToken, "", 200, 200, true},
		"read-only token of owner":    {"open-read-only", "", 200, 403, false},
		"other account":               {"other", "", 403, 403, false},
		"other with read permission":  {"other", PermissionRead, 200, 403, false},
		"other with write permission": {"other", PermissionWrite, 200, 200, true},
		"no token":                    {noToken, PermissionWrite, 403, 401, false},
		"unknown token":               {"unknown", PermissionWrite, 401, 401, false},
		"account without permission":  {"restricted", PermissionRead, 403, 403, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Users: accounts})
			d := s.API.Seed(Dataset{GeneralAccess: restricted, SharedWith: map[string]Permission{"other": test.shared}})
			got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID, token: test.token})
			equal(t, "status of a read", got.status, test.read)
			if got.status == http.StatusOK {
				key, present := got.data(t)["urlSigningSecretKey"]
				equal(t, "signing key present", present, test.key)
				if present {
					equal(t, "signing key", key, any(d.URLSigningSecretKey))
				}
			}
			got = send(t, s, call{method: "PUT", path: "/v2/datasets/" + d.ID, token: test.token, body: `{}`})
			equal(t, "status of an update", got.status, test.write)
			got = send(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", token: test.token, body: `{}`})
			want := test.write
			if want == http.StatusOK {
				want = http.StatusCreated
			}
			equal(t, "status of a push", got.status, want)
		})
	}
}

func TestItemsPublicURL_host(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{})
	request := newRequest(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID})
	request.Host = "api.example.com"
	got := capture(s.API, request)
	want := `"itemsPublicUrl":"http://api.example.com/v2/datasets/` + d.ID + `/items?signature=`
	if !strings.Contains(got.body.String(), want) {
		t.Errorf("%s is not in the response: %s", want, got.body.String())
	}
}
