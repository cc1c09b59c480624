package apify

import (
	"net/http"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestCurrentUser(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{Users: []emulator.User{
		{ID: "UserOfTheToken001", Username: "jane", Token: emulator.DefaultToken},
		{ID: "AnotherUser000001", Username: "joe", Token: "another"},
	}})
	for token, want := range map[string]User{
		emulator.DefaultToken: {ID: "UserOfTheToken001", Username: "jane"},
		"another":             {ID: "AnotherUser000001", Username: "joe"},
	} {
		c := newTestClient(t, s.URL, func(c *Config) { c.Token = token })
		if got := must(c.CurrentUser(t.Context()))(t); *got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	_, err := newTestClient(t, s.URL, func(c *Config) { c.Token = "unknown" }).CurrentUser(t.Context())
	if e := asError(t, err); e.Status != http.StatusUnauthorized || e.Attempts != 1 {
		t.Errorf("with an unknown token: got %v", err)
	}
}

// TestCurrentUser_notCached checks that every call sends a request, so that a caller sees a change.
func TestCurrentUser_notCached(t *testing.T) {
	t.Parallel()
	_, recorder := newAPI(emulator.Options{})
	c := newLocalClient(t, recorder, func(c *Config) { c.MaxRetries = 0 })
	recorder.Inject(newFault(emulator.FaultUnavailable, 1))
	if _, err := c.CurrentUser(t.Context()); asError(t, err).Status != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
	for range 3 {
		must(c.CurrentUser(t.Context()))(t)
	}
	if n := recorder.Counts()[userRequest]; n != 4 {
		t.Errorf("4 calls sent %d requests", n)
	}
}

func TestCurrentUser_withoutID(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"data": {}}`, `{"data": {"id": ""}}`, `{"data": {"id": null, "username": "jane"}}`} {
		u, err := newLocalClient(t, respond(body)).CurrentUser(t.Context())
		if e := asError(t, err); u != nil || e.Err == nil || e.Err.Error() != `the account has no "id"` {
			t.Errorf("%s: got %+v, %v", body, u, err)
		}
	}
}
