package apify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// responseError returns the error of a response.
func responseError(status int, body string, location ...string) *Error {
	e := &Error{
		Operation: `read dataset "abc"`,
		Method:    http.MethodGet,
		URL:       "https://api.test/v2/datasets/abc",
		Attempts:  1,
		Status:    status,
		secrets:   []string{"apify_api_SECRET"},
	}
	e.setBody([]byte(body), http.Header{"Location": location})
	return e
}

func TestError_text(t *testing.T) {
	t.Parallel()
	with := func(e *Error, change func(*Error)) *Error {
		change(e)
		return e
	}
	const request = `could not read dataset "abc": GET https://api.test/v2/datasets/abc `
	for _, test := range []struct {
		name string
		err  *Error
		want string
	}{
		{"error of the API", responseError(404, `{"error": {"type": "record-not-found", "message": "Dataset was not found"}}`),
			request + "returned 404 Not Found, record-not-found: Dataset was not found (tried once)"},
		{"error of the API after 9 attempts", with(responseError(500, `{"error": {"type": "internal-error", "message": "Oops"}}`), func(e *Error) { e.Attempts = 9 }),
			request + "returned 500 Internal Server Error, internal-error: Oops (tried 9 times)"},
		{"type without a message", responseError(400, `{"error": {"type": "invalid-input"}}`),
			request + "returned 400 Bad Request, invalid-input (tried once)"},
		{"message without a type", responseError(400, `{"error": {"message": "No"}}`),
			request + "returned 400 Bad Request, No (tried once)"},
		{"empty error", responseError(400, `{"error": {}}`),
			request + `returned 400 Bad Request without an Apify error body; the body starts with "{\"error\": {}}" (tried once)`},
		{"error of another form", responseError(400, `{"error": "no"}`),
			request + `returned 400 Bad Request without an Apify error body; the body starts with "{\"error\": \"no\"}" (tried once)`},
		{"type that is a number", responseError(400, `{"error": {"type": 17}}`),
			request + `returned 400 Bad Request without an Apify error body; the body starts with "{\"error\": {\"type\": 17}}" (tried once)`},
		{"HTML", responseError(502, "<html>\n<title>Bad gateway</title>"),
			request + `returned 502 Bad Gateway without an Apify error body; the body starts with "<html> <title>Bad gateway</title>" (tried once)`},
		{"empty body", responseError(503, ""),
			request + "returned 503 Service Unavailable without an Apify error body (tried once)"},
		{"unknown status", responseError(599, ""),
			request + "returned 599 without an Apify error body (tried once)"},
		{"redirect", responseError(302, "moved", "/login?next=%2Fv2#top"),
			request + `returned 302 Found, a redirect to /login; the body starts with "moved" (tried once)`},
		{"redirect without a location", responseError(302, ""),
			request + "returned 302 Found without an Apify error body (tried once)"},
		{"location without a redirect", responseError(404, "", "/login"),
			request + "returned 404 Not Found without an Apify error body (tried once)"},
		{"malformed body", with(responseError(200, "<html>"), func(e *Error) { e.Err = errors.New("it is not JSON") }),
			request + `returned 200 OK, but it is not JSON; the body starts with "<html>" (tried once)`},
		{"error with a successful status", with(responseError(200, `{"error": {"type": "x"}}`), func(e *Error) { e.Err = errors.New(`the body has no "data"`) }),
			request + `returned 200 OK, but the body has no "data"; the body starts with "{\"error\": {\"type\": \"x\"}}" (tried once)`},
		{"no response", &Error{Operation: `read dataset "abc"`, Method: "GET", URL: "https://api.test/v2/datasets/abc", Attempts: 2, Err: errors.New("connection refused")},
			request + "got no response: connection refused (tried 2 times)"},
		{"request that was not sent", &Error{Operation: `read dataset "abc"`, Err: context.Canceled},
			`could not read dataset "abc": got no response: context canceled`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.err.Error(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestIsNotFound_shortToken uses a token that is part of the API's own type.
func TestIsNotFound_shortToken(t *testing.T) {
	t.Parallel()
	e := &Error{Status: http.StatusNotFound, secrets: []string{"r"}}
	e.setBody([]byte(`{"error": {"type": "record-not-found", "message": "Nothing here"}}`), nil)
	if !IsNotFound(e) {
		t.Errorf("IsNotFound(%v) = false", e)
	}
}

func TestError_unwrap(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	e := fmt.Errorf("wrapped: %w", &Error{Err: cause, Stopped: context.Canceled})
	if !errors.Is(e, cause) || !errors.Is(e, context.Canceled) || errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("%v does not unwrap to its two causes", e)
	}
	if errs := (&Error{}).Unwrap(); len(errs) != 0 {
		t.Errorf("an error without causes unwraps to %v", errs)
	}
}

func TestError_printable(t *testing.T) {
	t.Parallel()
	const token = "apify_api_SECRET"
	for _, test := range []struct{ name, in, want string }{
		{"plain", "Dataset was not found.", "Dataset was not found."},
		{"white space", "\n a\tb\r\nc\u00a0d\u2028e ", "a b  c d e"},
		{"control characters", "a\x00b\x07c\x7fd\u0085e", "abcd e"},
		{"ANSI escapes", "\x1b[31mred\x1b[0m \x1b]0;title\x07", "[31mred[0m ]0;title"},
		{"direction marks", "abc\u202edef\u200b\ufeff", "abcdef"},
		{"invalid UTF-8", "a\xffb\xc3", "ab"},
		{"other scripts", "žluťoučký 馬 🐎", "žluťoučký 馬 🐎"},
		{"200 characters", strings.Repeat("ž", 200), strings.Repeat("ž", 200)},
		{"201 characters", strings.Repeat("ž", 201), strings.Repeat("ž", 200) + "…"},
		{"2 million characters", strings.Repeat("ab", 1<<20), strings.Repeat("ab", 100) + "…"},
		{"the token", "no " + token + ", no", "no (redacted), no"},
		{"the token, twice", token + token, "(redacted)(redacted)"},
		{"the token with control characters", "apify_api\x00_SEC\u200bRET", "(redacted)"},
		{"the token with invalid UTF-8", "apify_api_\xffSECRET", "(redacted)"},
		{"the token at the limit", strings.Repeat("a", 195) + token, strings.Repeat("a", 195) + "(reda…"},
		{"a signature", "https://x/items?signature=MC4wLjE&format=csv", "https://x/items?signature=(redacted)&format=csv"},
		{"a signature at the end", `{"url": "https://x/items?signature=MC4wLjE"}`, `{"url": "https://x/items?signature=(redacted)"}`},
		{"a signature in escaped JSON", `{"m": "\"https://x?signature=MC4wLjE\""}`, `{"m": "\"https://x?signature=(redacted)\""}`},
		{"a signature before a JSON escape", `"https://x?signature=MC4wLjE\u0026format=csv"`, `"https://x?signature=(redacted)\u0026format=csv"`},
		{"a signature within a URL", "next=https%3A%2F%2Fx%3Fsignature%3DMC4wLjE", "next=https%3A%2F%2Fx%3Fsignature%3D(redacted)"},
		{"a signature after a control character", "?signa\x1bture=MC4wLjE", "?signature=(redacted)"},
		{"a signature as a field", `{"signature" : "MC4wLjE"}`, `{"signature" : "(redacted)"}`},
		{"a signing key", `{"urlSigningSecretKey":"k3y","id":"x"}`, `{"urlSigningSecretKey":"(redacted)","id":"x"}`},
		{"a signing key in escaped JSON", `{"m":"{\"urlSigningSecretKey\": \"k3y\"}"}`, `{"m":"{\"urlSigningSecretKey\": \"(redacted)\"}"}`},
		{"a signing key without an end", `{"urlSigningSecretKey": "k3y`, `{"urlSigningSecretKey": "(redacted)`},
		{"another token in a query", "/v2?token=abc&a=b", "/v2?token=(redacted)&a=b"},
		{"another token as a field", `{"token":"abc"}`, `{"token":"(redacted)"}`},
		{"another token in a header", "Authorization: Bearer abc.def", "Authorization: Bearer (redacted)"},
		{"a signature, percent-encoded twice", "next=https%253A%252F%252Fx%253Fsignature%253DMC4wLjE", "next=https%253A%252F%252Fx%253Fsignature%253D(redacted)"},
		{"a password as a field", `{"proxy":{"password":"hunter2"}}`, `{"proxy":{"password":"(redacted)"}}`},
		{"a password in YAML", "user: jane\npassword: hunter2\nid: 1", "user: jane password: (redacted) id: 1"},
		{"a password in a form", "user=jane&password=hunter2&x=1", "user=jane&password=(redacted)&x=1"},
		{"a password in single quotes", "{'password': 'hunter2', 'id': 1}", "{'password': '(redacted)', 'id': 1}"},
		{"a password in HTML", "{&quot;password&quot;:&quot;hunter2&quot;}", "{&quot;password&quot;:&quot;(redacted)&quot;}"},
		{"a password in HTML, by numbers", "{&#34;password&#34;: &#34;hunter2&#34;}", "{&#34;password&#34;: &#34;(redacted)&#34;}"},
		{"a password in percent-encoded JSON", "%7B%22password%22%3A%22hunter2%22%7D", "%7B%22password%22%3A%22(redacted)%22%7D"},
		{"a token with spaces around the sign", "token = abc, id = 1", "token = (redacted), id = 1"},
		{"a signing key in snake case", "url_signing_secret_key: k3y", "url_signing_secret_key: (redacted)"},
		{"a token in a percent-encoded header", "Authorization%3A%20Bearer%20abc.def", "Authorization%3A%20Bearer%20(redacted)"},
		{"a password with delimiters", `{"password":"p;w,d'x&y z","id":1}`, `{"password":"(redacted)","id":1}`},
		{"a password with an escaped quote", `{"password": "p\"w", "id": 1}`, `{"password": "(redacted)", "id": 1}`},
		{"a password in single quotes with double quotes", `'password': 'hun"ter2'`, `'password': '(redacted)'`},
		{"a password with delimiters in escaped JSON", `{"m":"{\"password\":\"p;w d\"}"}`, `{"m":"{\"password\":\"(redacted)\"}"}`},
		{"a password in escaped Unicode", `{\u0022password\u0022:\u0022p;w\u0022}`, `{\u0022password\u0022:\u0022(redacted)\u0022}`},
		{"a password in HTML with an entity", "password&quot;:&quot;ab&amp;cdef&quot;", "password&quot;:&quot;(redacted)&quot;"},
		{"a password in HTML, escaped twice", "password&amp;quot;:&amp;quot;p w&amp;quot;", "password&amp;quot;:&amp;quot;(redacted)&amp;quot;"},
		{"a password in HTML with hexadecimal entities", "&#x27;password&#x27;&#x3a; &#x27;p w&#x27;", "&#x27;password&#x27;&#x3a; &#x27;(redacted)&#x27;"},
		{"a password in HTML with named entities", "&apos;password&apos;&colon;&apos;p w&apos;", "&apos;password&apos;&colon;&apos;(redacted)&apos;"},
		{"a password in percent-encoded single quotes", "%27password%27%3A%27p;w%27", "%27password%27%3A%27(redacted)%27"},
		{"a password in single quotes, percent-encoded twice", "%2527password%2527%253A%2527p;w%2527", "%2527password%2527%253A%2527(redacted)%2527"},
		{"a password with encoded spaces around the sign", "password%20=%20hunter2&x=1", "password%20=%20(redacted)&x=1"},
		{"passwords in an array", `{"password":["p w", "q"],"id":1}`, `{"password":[(redacted)],"id":1}`},
		{"a password in an object", `{"password":{"value":"p w"},"id":1}`, `{"password":{(redacted)},"id":1}`},
		{"an API key", "apiKey=k3y&api_key: k3y, x", "apiKey=(redacted)&api_key: (redacted), x"},
		{"a signing key without its prefix", `{"signingKey": "k3y"}`, `{"signingKey": "(redacted)"}`},
		{"a password in a URL", "proxy http://jane:p;w@proxy.example:8080/x refused", "proxy http://(redacted)@proxy.example:8080/x refused"},
		{"a password in a header", "Authorization: Basic amFuZTpwdw==", "Authorization: Basic (redacted)"},
		{"the word basic", "A basic subscription is required.", "A basic subscription is required."},
		{"the words token and signature", "The token is not valid: see Signature.", "The token is not valid: see Signature."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := (&Error{secrets: []string{token}}).printable(test.in); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	if got := (&Error{}).printable("without a token"); got != "without a token" {
		t.Errorf("without a token, got %q", got)
	}
}

// TestError_printableCause checks an error of net/http, which can quote the server.
func TestError_printableCause(t *testing.T) {
	t.Parallel()
	e := &Error{Operation: "reading", Err: errors.New("malformed HTTP response \"\x1b[1mapify_api_SECRET " + strings.Repeat("x", 5000)), secrets: []string{"apify_api_SECRET"}}
	got := e.Error()
	if strings.Contains(got, "SECRET") || strings.Contains(got, "\x1b") || len(got) > 300 {
		t.Errorf("got %q", got)
	}
}

func TestIsNotFound_IsForbidden(t *testing.T) {
	t.Parallel()
	const apiError = `{"error": {"type": %q, "message": "m"}}`
	for _, test := range []struct {
		name                string
		err                 error
		notFound, forbidden bool
	}{
		{"record-not-found", responseError(404, fmt.Sprintf(apiError, "record-not-found")), true, false},
		{"record-or-token-not-found", responseError(404, fmt.Sprintf(apiError, "record-or-token-not-found")), true, false},
		{"wrapped", fmt.Errorf("wrapped: %w", responseError(404, fmt.Sprintf(apiError, "record-not-found"))), true, false},
		{"another 404 of the API", responseError(404, fmt.Sprintf(apiError, "page-not-found")), false, false},
		{"a proxy's 404", responseError(404, "not found"), false, false},
		{"record-not-found with another status", responseError(400, fmt.Sprintf(apiError, "record-not-found")), false, false},
		{"insufficient-permissions", responseError(403, fmt.Sprintf(apiError, "insufficient-permissions")), false, true},
		{"wrapped insufficient-permissions", fmt.Errorf("wrapped: %w", responseError(403, fmt.Sprintf(apiError, "insufficient-permissions"))), false, true},
		{"a proxy's 403", responseError(403, "forbidden"), false, false},
		{"insufficient-permissions with another status", responseError(401, fmt.Sprintf(apiError, "insufficient-permissions")), false, false},
		{"500", responseError(500, fmt.Sprintf(apiError, "record-not-found")), false, false},
		{"200", responseError(200, fmt.Sprintf(apiError, "record-not-found")), false, false},
		{"no response", &Error{Err: errors.New("refused")}, false, false},
		{"another error", errors.New("record-not-found"), false, false},
		{"nil", nil, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := IsNotFound(test.err); got != test.notFound {
				t.Errorf("IsNotFound = %t", got)
			}
			if got := IsForbidden(test.err); got != test.forbidden {
				t.Errorf("IsForbidden = %t", got)
			}
		})
	}
}

func FuzzError(f *testing.F) {
	for _, seed := range []struct {
		status         int
		body, location string
	}{
		{404, `{"error": {"type": "record-not-found", "message": "Dataset was not found"}}`, ""},
		{500, "<html>\x1b[31m", ""},
		{302, "", "https://jane:pw@host/a?b#c"},
		{200, `{"data": {"urlSigningSecretKey": "k3y"}}`, "x"},
		{400, `{"error": {"type": null, "message": "\u0000\u202e\ud800"}}`, ""},
		{599, "\xff\xfe", "\x7f"},
		{429, strings.Repeat("é", 300), ""},
	} {
		f.Add(seed.status, seed.body, seed.location)
	}
	const secret = "S3CR3T_0f_ours"
	f.Fuzz(func(t *testing.T, status int, body, location string) {
		if strings.Contains(body+location, "S3CR") {
			return // The secret comes from the input.
		}
		for _, leak := range []string{"", secret, "&signature=" + secret, `"urlSigningSecretKey": "` + secret, "Bearer " + secret} {
			e := &Error{Operation: "reading", Method: "GET", URL: "https://api.test", Attempts: 1, Status: status, secrets: []string{secret}}
			e.setBody([]byte(body+leak+body), http.Header{"Location": {location + leak}})
			text := e.Error()
			checkPrintable(t, text)
			if strings.Contains(text, secret) {
				t.Errorf("%q contains the secret", text)
			}
			for _, part := range []string{e.Type, e.Message, e.Body, e.Location} {
				if n := utf8.RuneCountInString(part); n > maxQuote+1 {
					t.Errorf("%q has %d characters", part, n)
				}
				if again := e.printable(part); again != part && !strings.HasSuffix(part, "…") {
					t.Errorf("printable(%q) = %q, want the same", part, again)
				}
			}
			if IsNotFound(e) && (status != http.StatusNotFound || !strings.HasPrefix(e.Type, "record-")) {
				t.Errorf("the response %d %q: a record is not found", status, body)
			}
		}
	})
}
