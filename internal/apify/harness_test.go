package apify

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const (
	// testTimeout is one attempt's in tests that do not wait for it to pass.
	testTimeout = 20 * time.Second
	testRetries = 3
)

// startServer starts an emulator that ends with the test.
func startServer(tb testing.TB, options emulator.Options) *emulator.Server {
	tb.Helper()
	s, err := emulator.Start(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// newTestClient makes a client that retries at once.
func newTestClient(tb testing.TB, baseURL string, changes ...func(*Config)) *Client {
	tb.Helper()
	config := Config{
		BaseURL:        baseURL,
		Token:          emulator.DefaultToken,
		MaxRetries:     testRetries,
		RequestTimeout: testTimeout,
		RetryDelay:     time.Millisecond,
	}
	for _, change := range changes {
		change(&config)
	}
	c, err := NewClient(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		c.http.CloseIdleConnections()
	})
	return c
}

// handlerTransport carries requests to a handler without a network.
type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() {
		switch aborted := recover(); {
		case aborted != nil && aborted != http.ErrAbortHandler: //nolint:errorlint // panics are not wrapped
			panic(aborted)
		case r.Context().Err() != nil: // the answer, if any, has come too late
			resp, err = nil, r.Context().Err()
		case aborted != nil:
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp = w.Result()
	resp.Request = r
	return resp, nil
}

// newLocalClient makes a client of a handler in this process.
func newLocalClient(tb testing.TB, handler http.Handler, changes ...func(*Config)) *Client {
	tb.Helper()
	return newTestClient(tb, "http://api.test", append([]func(*Config){
		func(c *Config) {
			c.transport = handlerTransport{handler}
		},
	}, changes...)...)
}

// asError fails the test unless the error is the client's own.
func asError(tb testing.TB, err error) *Error {
	tb.Helper()
	var e *Error
	if !errors.As(err, &e) {
		tb.Fatalf("got %v (%T), want an *Error", err, err)
	}
	return e
}

// ptr makes a pointer to a value.
func ptr[T any](v T) *T { return &v }
