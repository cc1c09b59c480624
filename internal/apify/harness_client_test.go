package apify

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const (
	// testTimeout limits one attempt in the tests that do not wait for the limit.
	testTimeout = 20 * time.Second
	testRetries = 3
)

// newTestClient returns a client with a short delay between attempts.
func newTestClient(tb testing.TB, baseURL string, changes ...func(*Config)) *Client {
	tb.Helper()
	config := Config{
		BaseURL:        baseURL,
		Token:          emulator.DefaultToken,
		MaxRetries:     testRetries,
		RequestTimeout: testTimeout,
		RetryDelay:     time.Millisecond,
		TotalDelay:     time.Millisecond,
	}
	for _, change := range changes {
		change(&config)
	}
	c, err := NewClient(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.http.CloseIdleConnections)
	return c
}

// newLocalClient returns a client that calls a handler in this process, without a network.
func newLocalClient(tb testing.TB, handler http.Handler, changes ...func(*Config)) *Client {
	tb.Helper()
	return newTestClient(tb, "http://api.test", append([]func(*Config){
		func(c *Config) { c.transport = handlerTransport{handler} },
	}, changes...)...)
}

// respond returns a handler that sends the same body to every request.
func respond(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	})
}

// handlerTransport calls a handler. The handler must neither block nor abort the response.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// withTransport changes the transport that a client has by default.
func withTransport(changes ...func(*http.Transport)) func(*Config) {
	return func(c *Config) {
		transport, ok := newTransport(c.RequestTimeout).(*http.Transport)
		if !ok {
			panic("http.DefaultTransport was replaced")
		}
		for _, change := range changes {
			change(transport)
		}
		c.transport = transport
	}
}

// bodyCounter counts the response bodies that the client has not closed.
type bodyCounter struct {
	http.RoundTripper
	open atomic.Int32
}

// countBodies adds a bodyCounter to the client's transport.
func countBodies(counter *bodyCounter) func(*Config) {
	return func(c *Config) { counter.RoundTripper, c.transport = c.transport, counter }
}

func (b *bodyCounter) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		b.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, counter: b}
	}
	return resp, err
}

// CloseIdleConnections is called by [http.Client.CloseIdleConnections].
func (b *bodyCounter) CloseIdleConnections() {
	if transport, ok := b.RoundTripper.(*http.Transport); ok {
		transport.CloseIdleConnections()
	}
}

type countedBody struct {
	io.ReadCloser
	counter *bodyCounter
	closed  atomic.Bool
}

func (b *countedBody) Close() error {
	if !b.closed.Swap(true) {
		b.counter.open.Add(-1)
	}
	return b.ReadCloser.Close()
}

// must returns a result, and fails the test if there is an error instead.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// asError returns the *Error in an error, and fails the test if there is none.
func asError(tb testing.TB, err error) *Error {
	tb.Helper()
	var e *Error
	if !errors.As(err, &e) {
		tb.Fatalf("got %v (%T), want an *Error", err, err)
	}
	return e
}

// checkErrorText fails the test if the text of an error is not fit for users: if it contains the
// token, control characters, or terms of Go, or if it is very long.
func checkErrorText(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	checkPrintable(t, text)
	for _, part := range []string{emulator.DefaultToken, "panic", "json:", "Go struct", "Go value", "apify.", "url.", "http:", "<nil>", "nil pointer"} {
		if strings.Contains(strings.ReplaceAll(text, "http://", ""), part) {
			t.Errorf("the error contains %q: %s", part, text)
		}
	}
	if len(text) > 1000 {
		t.Errorf("the error has %d bytes", len(text))
	}
}

// checkPrintable fails the test if a text contains characters that a terminal does not print.
func checkPrintable(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q is not valid UTF-8", text)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			t.Errorf("%q contains the character %U", text, r)
		}
	}
}

// ptr returns a pointer to a value.
func ptr[T any](v T) *T { return &v }
