package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// accounts are an account with the default setting, one that restricts what it owns, and a stranger.
var accounts = []User{
	{ID: "OpenAccount123456", Username: "open", Token: DefaultToken, ReadOnlyTokens: []string{"open-read-only"}},
	{ID: "ClosedAccount1234", Username: "closed", Token: "closed", Restricted: true},
	{ID: "StrangerAccount12", Username: "stranger", Token: "stranger"},
}

// TestGeneralAccess reads datasets of all levels of access by ID and by name, without a token and with
// a stranger's.
func TestGeneralAccess(t *testing.T) {
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
		{"closed", followUserSetting, false, false},
		{"closed", restricted, false, false},
		{"closed", anyoneWithIDCanRead, true, false},
		{"closed", anyoneWithNameCanRead, true, true},
	} {
		owner := accounts[0]
		if test.owner == "closed" {
			owner = accounts[1]
		}
		name := strings.ReplaceAll(test.level, "_", "-")
		d := s.API.Seed(Dataset{Name: name, UserID: owner.ID, GeneralAccess: test.level})
		for ref, readable := range map[string]bool{d.ID: test.byID, test.owner + "~" + name: test.byName} {
			for _, path := range []string{"", "/items", "/statistics"} {
				for token, refusal := range map[string]int{"-": http.StatusForbidden, "stranger": http.StatusNotFound} {
					want := refusal
					if readable {
						want = http.StatusOK
					}
					got := do(t, s, call{method: "GET", path: "/v2/datasets/" + ref + path, token: token})
					equal(t, test.owner+"'s "+test.level+" at "+ref+path+" by "+token, got.status, want)
				}
				got := do(t, s, call{method: "GET", path: "/v2/datasets/" + ref + path, token: owner.Token})
				equal(t, test.owner+"'s "+test.level+" by the owner", got.status, http.StatusOK)
			}
			if readable {
				got := do(t, s, call{method: "GET", path: "/v2/datasets/" + ref, token: "stranger"}).data(t)
				if _, present := got["urlSigningSecretKey"]; present {
					t.Error("a stranger is given the signing key")
				}
				fails(t, do(t, s, call{method: "DELETE", path: "/v2/datasets/" + ref, token: "stranger"}),
					http.StatusForbidden, "insufficient-permissions")
				fails(t, do(t, s, call{method: "DELETE", path: "/v2/datasets/" + ref, token: "-"}),
					http.StatusUnauthorized, "token-not-provided")
			}
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token       string
		shared      Permission
		read, write int
		key         bool
	}{
		"owner":               {DefaultToken, "", 200, 200, true},
		"owner reading only":  {"open-read-only", "", 200, 403, false},
		"stranger":            {"stranger", "", 404, 404, false},
		"reading stranger":    {"stranger", PermissionRead, 200, 403, false},
		"writing stranger":    {"stranger", PermissionWrite, 200, 200, true},
		"nobody":              {"-", PermissionWrite, 403, 401, false},
		"somebody unknown":    {"unknown", PermissionWrite, 401, 401, false},
		"the restricting one": {"closed", PermissionRead, 404, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Users: accounts})
			d := s.API.Seed(Dataset{GeneralAccess: restricted, SharedWith: map[string]Permission{"stranger": test.shared}})
			got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID, token: test.token})
			equal(t, "status of reading", got.status, test.read)
			if got.status == http.StatusOK {
				key, present := got.data(t)["urlSigningSecretKey"]
				equal(t, "presence of the signing key", present, test.key)
				if present {
					equal(t, "signing key", key, any(d.URLSigningSecretKey))
				}
			}
			got = do(t, s, call{method: "PUT", path: "/v2/datasets/" + d.ID, token: test.token, body: `{}`})
			equal(t, "status of updating", got.status, test.write)
			got = do(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", token: test.token, body: `{}`})
			want := test.write
			if want == http.StatusOK {
				want = http.StatusCreated
			}
			equal(t, "status of pushing", got.status, want)
		})
	}
}

func TestItemsPublicURL(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now, Users: accounts})
	d := s.API.Seed(Dataset{UserID: accounts[1].ID, Items: rawItems(`{"a": 1}`)})
	public := func() string {
		t.Helper()
		got, _ := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID, token: "closed"}).data(t)["itemsPublicUrl"].(string)
		return got
	}
	read := func(address string) int {
		t.Helper()
		return do(t, s, call{method: "GET", path: strings.TrimPrefix(address, s.URL), token: "-"}).status
	}
	plain := s.URL + "/v2/datasets/" + d.ID + "/items"

	first := public()
	if !strings.HasPrefix(first, plain+"?signature=") {
		t.Fatalf("the URL of a restricted dataset is %s", first)
	}
	equal(t, "status with a signature", read(first), http.StatusOK)
	equal(t, "status without one", read(plain), http.StatusForbidden)
	equal(t, "status with a signature and a stranger's token",
		do(t, s, call{method: "GET", path: strings.TrimPrefix(first, s.URL), token: "stranger"}).status, http.StatusOK)
	// A signature is for the items only, in reading and in nothing else.
	query := strings.TrimPrefix(first, plain)
	fails(t, do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + query, token: "-"}), http.StatusForbidden, "insufficient-permissions")
	fails(t, do(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items" + query, token: "-", body: `{}`}), http.StatusUnauthorized, "token-not-provided")

	clock.advance(time.Millisecond)
	if public() == first {
		t.Error("the URL is not signed afresh")
	}
	clock.advance(14*24*time.Hour - 2*time.Millisecond)
	equal(t, "status a moment before 14 days are over", read(first), http.StatusOK)
	clock.advance(time.Millisecond)
	equal(t, "status after 14 days", read(first), http.StatusForbidden)

	forged, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	forged.RawQuery = url.Values{"signature": {sign("another key", d.ID, time.Time{})}}.Encode()
	equal(t, "status with another key's signature", read(forged.String()), http.StatusForbidden)
	forged.RawQuery = url.Values{"signature": {sign(d.URLSigningSecretKey, d.ID, time.Time{})}}.Encode()
	equal(t, "status with a permanent signature", read(forged.String()), http.StatusOK)

	s.API.Update(d.ID, func(d *Dataset) { d.GeneralAccess = anyoneWithIDCanRead })
	equal(t, "URL of an open dataset", public(), plain)
	equal(t, "status of an open dataset", read(plain), http.StatusOK)
}

func TestItemsPublicURLFollowsHost(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{})
	request := newRequest(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID})
	request.Host = "api.example.com"
	got := capture(s.API, request)
	want := `"itemsPublicUrl":"http://api.example.com/v2/datasets/` + d.ID + `/items"`
	if !strings.Contains(got.body.String(), want) {
		t.Errorf("no %s in %s", want, got.body.String())
	}
}

func TestSignatureTTL(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now, SignatureTTL: time.Hour})
	d := s.API.Seed(Dataset{GeneralAccess: restricted})
	got, _ := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}).data(t)["itemsPublicUrl"].(string)
	want := s.URL + "/v2/datasets/" + d.ID + "/items?signature=" + sign(d.URLSigningSecretKey, d.ID, clock.Now().Add(time.Hour))
	equal(t, "URL", got, want)
}
