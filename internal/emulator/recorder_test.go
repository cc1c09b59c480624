package emulator

import (
	"bytes"
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

func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	long := `{"a": "` + strings.Repeat("x", 2*maxLoggedBody) + `"}`
	do(t, s, call{method: "PUT", path: "/v2/datasets/~d?x=1&x=2", body: `{"name": "e"}`, header: map[string]string{"User-Agent": "test"}})
	do(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: long})
	do(t, s, call{method: "GET", path: "/v2/elsewhere"})

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
	equal(t, "length of a cut body", len(requests[1].Body), maxLoggedBody)
	equal(t, "status of a long body", requests[1].Status, http.StatusCreated)
	stored, _ := s.API.Dataset(d.ID)
	equal(t, "length of the item that arrived", len(stored.Items[0]), len(long)-1)
	equal(t, "pattern of no endpoint", requests[2].Pattern, "/v2/elsewhere")
	equal(t, "status of no endpoint", requests[2].Status, http.StatusNotFound)

	want := map[string]int{"PUT /v2/datasets/{datasetId}": 1, "POST /v2/datasets/{datasetId}/items": 1, "GET /v2/elsewhere": 1}
	if got := s.Recorder.Counts(); !maps.Equal(got, want) {
		t.Errorf("counts: %v, want %v", got, want)
	}
	s.Recorder.Reset()
	equal(t, "requests after a reset", len(s.Recorder.Requests()), 0)
	equal(t, "counts after a reset", len(s.Recorder.Counts()), 0)
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	recorder := NewRecorder(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for range maxLoggedRequests + 1 {
		recorder.ServeHTTP(&answer{header: http.Header{}}, request)
	}
	equal(t, "requests in the log", len(recorder.Requests()), maxLoggedRequests/2+1)
	equal(t, "count", recorder.Counts()["GET /"], maxLoggedRequests+1)
}

func TestControlEndpoints(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.Inject(Fault{Status: http.StatusTeapot})
	s.Recorder.SetLatency(time.Hour)
	stats := func() string {
		t.Helper()
		return string(do(t, s, call{method: "GET", path: "/_stats", token: "-"}).body)
	}
	equal(t, "statistics of nothing", stats(), `{"connections":0,"maxConnections":0,"requests":{}}`)
	s.Recorder.SetLatency(0)
	s.Recorder.ClearFaults()
	do(t, s, call{method: "POST", path: "/v2/datasets?name=a"})
	do(t, s, call{method: "GET", path: "/v2/datasets/~a"})
	do(t, s, call{method: "GET", path: "/v2/datasets/~b"})
	equal(t, "statistics", stats(), `{"connections":3,"maxConnections":3,"requests":{"GET /v2/datasets/{datasetId}":2,"POST /v2/datasets":1}}`)
	equal(t, "status of a wrong method", do(t, s, call{method: "POST", path: "/_stats"}).status, http.StatusMethodNotAllowed)
	equal(t, "status of a wrong method", do(t, s, call{method: "GET", path: "/_reset"}).status, http.StatusMethodNotAllowed)
	equal(t, "status of a reset", do(t, s, call{method: "POST", path: "/_reset", token: "-"}).status, http.StatusNoContent)
	equal(t, "statistics after a reset", stats(), `{"connections":0,"maxConnections":0,"requests":{}}`)
}

func TestConnections(t *testing.T) {
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
	one, two := client(t), client(t)
	for range 3 {
		get(one)
	}
	equal(t, "connections of one client", s.Recorder.Connections(), 1)
	get(two)
	equal(t, "connections of two clients", s.Recorder.Connections(), 2)
	one.CloseIdleConnections()
	eventually(t, "the connection is closed", func() bool {
		s.Recorder.mu.Lock()
		defer s.Recorder.mu.Unlock()
		return len(s.Recorder.open) == 1
	})
	get(one)
	equal(t, "connections with a new one", s.Recorder.Connections(), 3)
	equal(t, "connections at once", s.Recorder.MaxConnections(), 2)

	// A connection that stays open counts again with its next request.
	s.Recorder.Reset()
	equal(t, "connections after a reset", s.Recorder.Connections(), 0)
	get(one)
	equal(t, "connections used since", s.Recorder.Connections(), 1)
	equal(t, "connections at once since", s.Recorder.MaxConnections(), 1)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const latency = 100 * time.Millisecond
	s.Recorder.SetLatency(latency)
	begun := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { do(t, s, call{method: "GET", path: "/v2/users/me"}) })
	}
	all.Wait()
	took := time.Since(begun)
	if took < latency || took > 20*latency {
		t.Errorf("20 requests at once took %v with a latency of %v", took, latency)
	}

	// A client that goes away while its request is on its way leaves no trace.
	s.Recorder.SetLatency(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(latency, cancel)
	request := newRequest(t, s, call{method: "POST", path: "/v2/datasets?name=late"}).WithContext(ctx)
	response, err := client(t).Do(request)
	if err == nil {
		_ = response.Body.Close()
		t.Error("a request was answered before its latency was over")
	}
	s.Recorder.SetLatency(0)
	equal(t, "datasets", len(s.API.Datasets()), 0)
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if so() {
			return
		}
	}
	t.Errorf("not in time: %s", what)
}

func TestFailingBodyReachesTheHandler(t *testing.T) {
	t.Parallel()
	var got error
	recorder := NewRecorder(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, got = io.ReadAll(r.Body)
	}))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/",
		io.MultiReader(bytes.NewReader([]byte("begun")), failingReader{io.ErrUnexpectedEOF}))
	if err != nil {
		t.Fatal(err)
	}
	recorder.ServeHTTP(&answer{header: http.Header{}}, request)
	if got != io.ErrUnexpectedEOF { //nolint:errorlint // It is handed on as it is.
		t.Errorf("the handler reads %v", got)
	}
	equal(t, "logged body", string(recorder.Requests()[0].Body), "begun")
}

func TestStatsAreJSON(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	do(t, s, call{method: "GET", path: `/%22%0A`})
	got := do(t, s, call{method: "GET", path: "/_stats"})
	var stats struct{ Requests map[string]int }
	if err := json.Unmarshal(got.body, &stats); err != nil {
		t.Fatal(err)
	}
	equal(t, "requests for a strange path", stats.Requests["GET /\"\n"], 1)
}
