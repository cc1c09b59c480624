package emulator

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRecorder_log(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	long := `{"a": "` + strings.Repeat("x", 2*maxLoggedBody) + `"}`
	send(t, s, call{method: "PUT", path: "/v2/datasets/~d?x=1&x=2", body: `{"name": "e"}`, header: map[string]string{"User-Agent": "test"}})
	send(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: long})
	send(t, s, call{method: "GET", path: "/v2/elsewhere"})

	requests := s.Recorder.Requests()
	equal(t, "requests", len(requests), 3)
	put := requests[0]
	equal(t, "method", put.Method, "PUT")
	equal(t, "path", put.Path, "/v2/datasets/~d")
	equal(t, "pattern", put.Pattern, "/v2/datasets/{datasetId}")
	equal(t, "query", strings.Join(put.Query["x"], ","), "1,2")
	equal(t, "header", put.Header.Get("User-Agent"), "test")
	equal(t, "body", string(put.Body), `{"name": "e"}`)
	equal(t, "status", put.Status, http.StatusOK)
	equal(t, "fault", put.Fault, false)
	if age := time.Since(put.Time); age < 0 || age > time.Minute {
		t.Errorf("the request arrived %v ago", age)
	}
	if !strings.HasPrefix(put.Remote, "127.0.0.1:") {
		t.Errorf("the client's address is %q", put.Remote)
	}
	equal(t, "length of a truncated body", len(requests[1].Body), maxLoggedBody)
	equal(t, "status for a long body", requests[1].Status, http.StatusCreated)
	stored, _ := s.API.Dataset(d.ID)
	equal(t, "length of the stored item", len(stored.Items[0]), len(long)-1)
	equal(t, "pattern of an unknown path", requests[2].Pattern, "/v2/elsewhere")
	equal(t, "status of an unknown path", requests[2].Status, http.StatusNotFound)

	want := map[string]int{"PUT /v2/datasets/{datasetId}": 1, "POST /v2/datasets/{datasetId}/items": 1, "GET /v2/elsewhere": 1}
	if got := s.Recorder.Counts(); !maps.Equal(got, want) {
		t.Errorf("counts: got %v, want %v", got, want)
	}
	s.Recorder.Reset()
	equal(t, "requests after a reset", len(s.Recorder.Requests()), 0)
	equal(t, "counts after a reset", len(s.Recorder.Counts()), 0)
}

func TestRecorder_logLimit(t *testing.T) {
	t.Parallel()
	recorder := NewRecorder(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for range maxLoggedRequests + 1 {
		capture(recorder, request)
	}
	equal(t, "requests in the log", len(recorder.Requests()), maxLoggedRequests/2+1)
	equal(t, "count", recorder.Counts()["GET /"], maxLoggedRequests+1)
}

func TestRecorder_endpoints(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.Inject(Fault{Status: http.StatusTeapot})
	s.Recorder.SetLatency(time.Hour)
	stats := func() string {
		t.Helper()
		return string(send(t, s, call{method: "GET", path: "/_stats", token: noToken}).body)
	}
	equal(t, "statistics without requests", stats(), `{"connections":0,"maxConnections":0,"requests":{}}`)
	s.Recorder.SetLatency(0)
	s.Recorder.ClearFaults()
	send(t, s, call{method: "POST", path: "/v2/datasets?name=a"})
	send(t, s, call{method: "GET", path: "/v2/datasets/~a"})
	send(t, s, call{method: "GET", path: "/v2/datasets/~b"})
	equal(t, "statistics", stats(), `{"connections":3,"maxConnections":3,"requests":{"GET /v2/datasets/{datasetId}":2,"POST /v2/datasets":1}}`)
	equal(t, "status of POST /_stats", send(t, s, call{method: "POST", path: "/_stats"}).status, http.StatusMethodNotAllowed)
	equal(t, "status of GET /_reset", send(t, s, call{method: "GET", path: "/_reset"}).status, http.StatusMethodNotAllowed)
	equal(t, "status of POST /_reset", send(t, s, call{method: "POST", path: "/_reset", token: noToken}).status, http.StatusNoContent)
	equal(t, "statistics after a reset", stats(), `{"connections":0,"maxConnections":0,"requests":{}}`)
}

func TestRecorder_endpointsEncodePaths(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	send(t, s, call{method: "GET", path: `/%22%0A`})
	got := send(t, s, call{method: "GET", path: "/_stats"})
	var stats struct{ Requests map[string]int }
	if err := json.Unmarshal(got.body, &stats); err != nil {
		t.Fatal(err)
	}
	equal(t, "requests", stats.Requests["GET /\"\n"], 1)
}

func TestRecorder_connections(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	get := func(c *http.Client) {
		t.Helper()
		response, err := c.Do(newRequest(t, s, call{method: "GET", path: "/v2/users/me"}))
		if err != nil {
			t.Error(err)
			return
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err != nil {
			t.Error(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	one, two := newClient(t), newClient(t)
	for range 3 {
		get(one)
	}
	equal(t, "connections of one client", s.Recorder.Connections(), 1)
	get(two)
	equal(t, "connections of two clients", s.Recorder.Connections(), 2)
	one.CloseIdleConnections()
	waitFor(t, "the connection is closed", func() bool {
		s.Recorder.mu.Lock()
		defer s.Recorder.mu.Unlock()
		return len(s.Recorder.open) == 1
	})
	get(one)
	equal(t, "connections after a new one", s.Recorder.Connections(), 3)
	equal(t, "maximum of open connections", s.Recorder.MaxConnections(), 2)

	// The next request on an open connection counts it again.
	s.Recorder.Reset()
	equal(t, "connections after a reset", s.Recorder.Connections(), 0)
	get(one)
	equal(t, "connections since the reset", s.Recorder.Connections(), 1)
	equal(t, "maximum since the reset", s.Recorder.MaxConnections(), 1)
}

func TestRecorder_latency(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const latency = 100 * time.Millisecond
	s.Recorder.SetLatency(latency)
	started := time.Now()
	var workers sync.WaitGroup
	for range 20 {
		workers.Go(func() { send(t, s, call{method: "GET", path: "/v2/users/me"}) })
	}
	workers.Wait()
	if duration := time.Since(started); duration < latency || duration > 20*latency {
		t.Errorf("20 concurrent requests took %v with a latency of %v", duration, latency)
	}
}

// TestRecorder_latencyCanceled cancels a request before it reaches the API.
func TestRecorder_latencyCanceled(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.SetLatency(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := roundTrip(t, newRequest(t, s, createCall).WithContext(ctx)); err == nil {
		t.Error("a request got a response before its latency was over")
	}
	s.Close()
	equal(t, "datasets", len(s.API.Datasets()), 0)
}

// failOnce is a body that breaks, and whose error is not repeated.
type failOnce struct{ failed bool }

func (f *failOnce) Read([]byte) (int, error) {
	if f.failed {
		return 0, io.EOF
	}
	f.failed = true
	return 0, io.ErrUnexpectedEOF
}

func TestRecorder_incompleteRequestBody(t *testing.T) {
	t.Parallel()
	var got error
	recorder := NewRecorder(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, got = io.ReadAll(r.Body)
	}))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/",
		io.MultiReader(strings.NewReader("start"), &failOnce{}))
	if err != nil {
		t.Fatal(err)
	}
	capture(recorder, request)
	if got != io.ErrUnexpectedEOF { //nolint:errorlint // The recorder must not wrap the error.
		t.Errorf("the handler got %v, want %v", got, io.ErrUnexpectedEOF)
	}
	equal(t, "logged body", string(recorder.Requests()[0].Body), "start")
}
