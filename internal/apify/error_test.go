package apify

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestError_text(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/HTML; charset=utf-8"}}
	for _, test := range []struct {
		name  string
		reply reply
		want  string
	}{
		{"error of the API", apiError(403, "insufficient-permissions", "Insufficient permissions."), "returned 403 Forbidden, insufficient-permissions: Insufficient permissions"},
		{"type without a message", apiError(400, "invalid-input", ""), "returned 400 Bad Request, invalid-input"},
		{"message without a type", apiError(400, "", "No"), "returned 400 Bad Request with no content type (40 bytes)"},
		{"type of another server", apiError(403, "Access Denied", "No"), "returned 403 Forbidden with no content type (53 bytes)"},
		{"HTML with 200", reply{status: 200, body: "<html>secret", header: html},
			"returned 200 OK with text/html (12 bytes): the body is not valid JSON: invalid character '<' looking for beginning of value"},
		{"invalid content type", reply{status: 599, header: http.Header{"Content-Type": {"\x1b[1m;;"}}}, "returned 599 with no content type (0 bytes)"},
		{"no body", reply{status: 200}, "returned 200 OK with no content type (0 bytes): the body is empty"},
		{"incomplete", reply{status: 404, body: `{"error": {"type": "record-not-found"}}`, cut: true},
			"returned 404 Not Found with no content type (39 bytes): the body is incomplete: unexpected EOF"},
		{"no data", reply{status: 200, body: `{"error": {"type": "x"}}`}, `returned 200 OK with no content type (24 bytes): the body has no "data"`},
		{"mistyped", datasetReply(200, `, "itemCount": "x"`), `returned 200 OK with no content type (55 bytes): the body has an unexpected JSON type for "itemCount"`},
		{"no object", reply{status: 200, body: "5"}, `returned 200 OK with no content type (1 bytes): the body has an unexpected JSON type`},
		{"secret as a type", apiError(400, "no-lower-case-secret", ""), "returned 400 Bad Request, no-(redacted)"},
		{"secret as a content type", reply{status: 400, header: http.Header{"Content-Type": {"text/lower-case-secret"}}}, "returned 400 Bad Request with no content type (0 bytes)"},
		{"too long", reply{status: 200, body: strings.Repeat(" ", maxBody+100)}, "returned 200 OK with no content type (16777217 bytes): the body is longer than 16 MiB"},
		{"timeout", reply{delay: 31 * time.Second}, "got no response: the request timed out after 30s"},
		{"no response", reply{err: errors.New("malformed HTTP response \"\x1b[1m" + testToken + "\"")}, `got no response: malformed HTTP response "[1m(redacted)"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, newServer(test.reply), withoutRetries)
				c.secrets.add("lower-case-secret")
				_, err := c.GetDataset(t.Context(), "~abc")
				_ = asError(t, err)
				if want := `could not read dataset "~abc": GET https://api.test/v2/datasets/~abc ` + test.want + " (tried once)"; err.Error() != want {
					t.Errorf("got  %s\nwant %s", err, want)
				}
			})
		})
	}
	_, err := newTestClient(t, newServer(apiError(500, "x", "y"))).GetDataset(t.Context(), "abc")
	if !strings.HasSuffix(err.Error(), "x: y (tried 4 times)") || asError(t, err).StatusText() != "500 Internal Server Error" || (&Error{}).StatusText() != "" {
		t.Errorf("got %v", err)
	}
}

func TestError_kinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status              int
		kind                string
		notFound, forbidden bool
	}{
		{404, "record-not-found", true, false},
		{404, "record-or-token-not-found", true, false},
		{404, "page-not-found", false, false},
		{404, "", false, false},
		{400, "record-not-found", false, false},
		{403, "record-not-found", false, true},
		{403, "insufficient-permissions", false, true},
		{403, "", false, false},
		{401, "insufficient-permissions", false, false},
	} {
		_, err := newTestClient(t, newServer(apiError(test.status, test.kind, "x"))).GetDataset(t.Context(), "abc")
		err = fmt.Errorf("wrapped: %w", err)
		if IsNotFound(err) != test.notFound || IsForbidden(err) != test.forbidden {
			t.Errorf("%+v: not found %t, forbidden %t", test, IsNotFound(err), IsForbidden(err))
		}
	}
	// A token that is part of the API's own type.
	_, err := newTestClient(t, newServer(apiError(404, "record-not-found", "x")), func(c *Config) { c.Token = "r" }).GetDataset(t.Context(), "abc")
	if !IsNotFound(err) {
		t.Errorf("with a short token: %v", err)
	}
}

// TestError_privateMessage checks that no error of /v2/users/me quotes the response.
func TestError_privateMessage(t *testing.T) {
	t.Parallel()
	for _, r := range []reply{
		apiError(403, "insufficient-permissions", "jane@example.com may not"),
		{status: 403, body: "jane@example.com"},
		{status: 200, body: `{"data": "jane@example.com"}`},
		{status: 200, body: `{"data": {"id": {"email": "jane@example.com"}}}`},
		{status: 401, body: `{"error": {"type": "jane@example.com", "message": "x"}}`},
	} {
		_, err := newTestClient(t, newServer(r), withoutRetries).CurrentUser(t.Context())
		e := asError(t, err)
		if strings.Contains(fmt.Sprintf("%+v %v", *e, err), "jane") || e.Message != "" || (e.Type != "") != strings.Contains(r.body, "insufficient") {
			t.Errorf("got %+v", e)
		}
	}
}

func TestError_message(t *testing.T) {
	t.Parallel()
	const r = "(redacted)"
	const key, signature = "k3y/with+signs&more", "MC4xODkzNDU2MDAwMDAwLnRqY0xl"
	for _, test := range []struct{ name, in, want string }{
		{"plain", "Dataset was not found. žluť 馬 🐎", "Dataset was not found. žluť 馬 🐎"},
		{"white space", "\n a\tb\r\nc\u00a0d\u2028e ", "a b  c d e"},
		{"control characters", "a\x00b\x1b[31m\u0085\u202ec\u200b\ufeff", "ab[31m c"},
		{"300 characters", strings.Repeat("ž", 300), strings.Repeat("ž", 300)},
		{"301 characters", strings.Repeat("ž", 301), strings.Repeat("ž", 299) + "…"},
		{"2 million characters", strings.Repeat("ab", 1<<20), strings.Repeat("ab", 149) + "a…"},
		{"token", "no " + testToken + ", no " + testToken, "no " + r + ", no " + r},
		{"token with a control character", testToken[:9] + "\x00" + testToken[9:], r},
		{"token at the limit", strings.Repeat("a", 290) + testToken, strings.Repeat("a", 290) + "(redacted)"},
		{"signing key", key + " " + url.QueryEscape(key) + " " + url.PathEscape(key), r + " " + r + " " + r},
		{"signature", "https://x.test/items?signature=" + signature + "&a=b", "https://x.test/items?signature=" + r + "&a=b"},
		{"signature of an update", "new-signature", r},
		{"keys that are parts of a longer one", strings.Repeat("x", 39), r},
		{"short key and signature", "k3y s", "k3y s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			message := strings.ReplaceAll(fmt.Sprintf("%q", test.in), `\x`, `\u00`)
			s := newServer(
				datasetReply(200, `, "urlSigningSecretKey": "`+key+`", "itemsPublicUrl": "https://x.test/items?signature=`+signature+`"`),
				datasetReply(200, `, "itemsPublicUrl": "https://x.test/items?signature=new-signature"`),
				datasetReply(200, `, "urlSigningSecretKey": "k3y", "itemsPublicUrl": "https://x.test/items?signature=s"`),
				reply{status: 400, body: `{"error": {"type": "some-type", "message": ` + strings.ReplaceAll(message, `\U0001f40e`, "🐎") + `}}`},
			)
			c := newTestClient(t, s)
			for n := 6; n < 40; n++ {
				c.secrets.add(strings.Repeat("x", n))
			}
			must(c.GetDataset(t.Context(), testID))(t)
			must(c.UpdateDataset(t.Context(), testID, DatasetUpdate{}))(t)
			must(c.CreateDataset(t.Context(), "a", nil))(t)
			_, err := c.GetDataset(t.Context(), testID)
			if e := asError(t, err); e.Message != test.want {
				t.Errorf("got  %q\nwant %q\n%v", e.Message, test.want, err)
			}
		})
	}
}
