package apify

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// TestCurrentUser_limitedToken reads what the API returns to tokens without full access. It is
// final: a retry would return the same.
func TestCurrentUser_limitedToken(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]User{
		`{"data": {}}`: {},
		`{"data": {"id": null, "username": "jane", "email": 17}}`: {Username: "jane"},
		`{"data": {"id": "abc"}}`:                                 {ID: "abc"},
	} {
		requests := 0
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			_, _ = io.WriteString(w, body)
		}))
		if u := must(c.CurrentUser(t.Context()))(t); *u != want || requests != 1 {
			t.Errorf("%s: got %+v after %d requests, want %+v", body, u, requests, want)
		}
	}
}

// TestCurrentUser_bodyIsPrivate checks that no error quotes the response, which contains the
// password of the account's proxy.
func TestCurrentUser_bodyIsPrivate(t *testing.T) {
	t.Parallel()
	const body = `{"data": {"id": "abc", "proxy": {"password": "hunter2"}, "email": "jane@example.com"}`
	for _, status := range []int{http.StatusOK, http.StatusForbidden, http.StatusInternalServerError} {
		var log []string
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}), func(c *Config) { c.Log = func(_ context.Context, a Attempt) { log = append(log, fmt.Sprint(a.Err)) } })
		_, err := c.CurrentUser(t.Context())
		if text := fmt.Sprintf("%v %+v %v", err, asError(t, err), log); strings.Contains(text, "hunter2") || strings.Contains(text, "jane") {
			t.Errorf("status %d: the error contains the body: %s", status, text)
		}
	}
	// The API's own message is no part of an account.
	c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error": {"type": "insufficient-permissions", "message": "Not allowed"}}`)
	}))
	if _, err := c.CurrentUser(t.Context()); err == nil || !strings.Contains(err.Error(), "insufficient-permissions: Not allowed") {
		t.Errorf("got %v, want the API's message", err)
	}
}
