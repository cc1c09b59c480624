package emulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// call is a request to the API.
type call struct {
	method, path string
	// token defaults to DefaultToken. Use noToken for a request without a token.
	token  string
	header map[string]string
	body   string
}

const noToken = "-"

// createCall creates a dataset.
var createCall = call{method: "POST", path: "/v2/datasets?name=d"}

// result is the response to a call.
type result struct {
	status int
	header http.Header
	body   []byte
}

// start starts a server and closes it after the test.
func start(t testing.TB, options Options) *Server {
	t.Helper()
	s, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// send sends a call and validates the response against Apify's OpenAPI document.
func send(t testing.TB, s *Server, c call) result {
	t.Helper()
	got := sendUnchecked(t, s, c)
	validate(t, newRequest(t, s, c), got)
	return got
}

// sendUnchecked sends a call whose response does not conform to the OpenAPI document.
func sendUnchecked(t testing.TB, s *Server, c call) result {
	t.Helper()
	got, err := trySend(t, s, c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// trySend sends a call that may fail. It returns as much of the response as arrived.
func trySend(t testing.TB, s *Server, c call) (result, error) {
	t.Helper()
	return roundTrip(t, newRequest(t, s, c))
}

// roundTrip sends a request on a new connection. On a connection that was used before, an
// [http.Client] would send the request again if the server resets the connection.
func roundTrip(t testing.TB, request *http.Request) (result, error) {
	t.Helper()
	client := newClient(t)
	ctx, cancel := context.WithTimeout(request.Context(), client.Timeout)
	defer cancel()
	// For a redirect to an invalid Location, Client.Do returns an error instead of the response.
	response, err := client.Transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return result{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return result{response.StatusCode, response.Header, body}, err
}

// newClient returns a client that does not follow redirects. Its connections are closed after the
// test.
func newClient(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newRequest(t testing.TB, s *Server, c call) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	switch c.token {
	case "":
		request.Header.Set("Authorization", "Bearer "+DefaultToken)
	case noToken:
	default:
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.header {
		request.Header.Set(name, value)
	}
	return request
}

// data returns the data of a successful response.
func (r result) data(t testing.TB) map[string]any {
	t.Helper()
	if r.status/100 != 2 {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	var body struct{ Data map[string]any }
	if err := json.Unmarshal(r.body, &body); err != nil || body.Data == nil {
		t.Fatalf("the body has no data: %v: %s", err, r.body)
	}
	return body.Data
}

// errorType returns the type of the error in a response.
func (r result) errorType(t testing.TB) string {
	t.Helper()
	var body struct {
		Error struct{ Type, Message string }
	}
	if err := json.Unmarshal(r.body, &body); err != nil || body.Error.Type == "" || body.Error.Message == "" {
		t.Fatalf("status %d, but the body has no error: %v: %s", r.status, err, r.body)
	}
	return body.Error.Type
}

func wantError(t testing.TB, got result, status int, errorType string) {
	t.Helper()
	if got.status != status {
		t.Errorf("got status %d, want %d: %s", got.status, status, got.body)
		return
	}
	equal(t, "error type", got.errorType(t), errorType)
}

func wantPanic(t testing.TB, name string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s did not panic", name)
		}
	}()
	f()
}

func equal[T comparable](t testing.TB, name string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

// waitFor waits until a condition holds.
func waitFor(t testing.TB, name string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Errorf("timed out: %s", name)
}

// rawItems returns items as a dataset has them.
func rawItems(items ...string) []json.RawMessage {
	raw := make([]json.RawMessage, len(items))
	for i, item := range items {
		raw[i] = json.RawMessage(item)
	}
	return raw
}

// clock is a server's clock that only advances if a test advances it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2031, 2, 3, 4, 5, 6, 789_000_000, time.UTC)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
