package emulator

import (
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
	// token is DefaultToken if it is empty, and none if it is "-".
	token  string
	header map[string]string
	body   string
}

// reply is the API's answer to a call.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// start starts a server that ends with the test.
func start(t testing.TB, options Options) *Server {
	t.Helper()
	s, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// do sends a call and validates the answer against Apify's OpenAPI document.
func do(t testing.TB, s *Server, c call) reply {
	t.Helper()
	request := newRequest(t, s, c)
	response, err := client(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	validate(t, request, response, body)
	return reply{response.StatusCode, response.Header, body}
}

// client makes a client whose connections end with the test.
func client(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
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
	case "-":
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

// validate checks an answer to an operation that the OpenAPI document has.
func validate(t testing.TB, request *http.Request, response *http.Response, body []byte) {
	t.Helper()
	pattern, _ := match(request.URL)
	if _, operation := handlers[pattern][request.Method]; !operation || pattern == patternMe {
		return
	}
	if err := openAPI().violation(request.Method, pattern, response.StatusCode, response.Header, body); err != nil {
		t.Errorf("%s %s: %v\n\tthe answer was %d: %s", request.Method, request.URL, err, response.StatusCode, body)
	}
}

// data decodes the data of a successful answer.
func (r reply) data(t testing.TB) map[string]any {
	t.Helper()
	if r.status/100 != 2 {
		t.Fatalf("%d: %s", r.status, r.body)
	}
	var body struct{ Data map[string]any }
	if err := json.Unmarshal(r.body, &body); err != nil || body.Data == nil {
		t.Fatalf("not data (%v): %s", err, r.body)
	}
	return body.Data
}

// failure decodes the type of a failed answer.
func (r reply) failure(t testing.TB) string {
	t.Helper()
	var body struct {
		Error struct{ Type, Message string }
	}
	if err := json.Unmarshal(r.body, &body); err != nil || body.Error.Type == "" || body.Error.Message == "" {
		t.Fatalf("%d, but not an error (%v): %s", r.status, err, r.body)
	}
	return body.Error.Type
}

// fails checks status and type of a failed answer.
func fails(t testing.TB, got reply, status int, kind string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status %d, want %d: %s", got.status, status, got.body)
		return
	}
	if failure := got.failure(t); failure != kind {
		t.Errorf("type %s, want %s", failure, kind)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// clock is a server's clock that stands still until it is moved.
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
