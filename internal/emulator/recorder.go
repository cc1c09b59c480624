package emulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	// maxLoggedRequests bounds the log, so that a server can run for long; counts are exact beyond.
	maxLoggedRequests = 50_000
	// maxLoggedBody is how much of a request's body the log keeps, in bytes.
	maxLoggedBody = 64 << 10
)

// Paths of the recorder's own endpoints, which are neither logged nor delayed, and never fail.
const (
	statsPath = "/_stats"
	resetPath = "/_reset"
)

// Request is one logged request.
type Request struct {
	Method string
	Path   string
	// Pattern is the path as the OpenAPI document writes it, such as /v2/datasets/{datasetId}, or
	// the path itself where the API has no such endpoint.
	Pattern string
	Query   url.Values
	Header  http.Header
	// Body is as it was sent, compressed or not; a long one is cut.
	Body []byte
	// Status is 0 while there is no answer, and where there never was one.
	Status int
	// Fault tells that an injected fault hit the request.
	Fault bool
	// Time is when the request arrived.
	Time time.Time
	// Remote is the client's address, which tells connections apart.
	Remote string
}

// Recorder is middleware that logs and counts the requests to any handler, and can slow them down
// and make them fail. It serves two endpoints of its own: GET /_stats gives
// {"requests": {"METHOD PATTERN": n}, "connections": n, "maxConnections": n}, the last being how many
// were open at once at most, and POST /_reset is [Recorder.Reset].
// All methods can be used at the same time.
type Recorder struct {
	next http.Handler

	mu             sync.Mutex
	requests       []*Request
	counts         map[string]int
	connections    int
	maxConnections int
	open           map[net.Conn]struct{}
	latency        time.Duration
	faults         []*injection
	random         *rand.Rand
}

// NewRecorder puts a recorder in front of a handler.
func NewRecorder(next http.Handler) *Recorder {
	r := &Recorder{
		next:   next,
		counts: map[string]int{},
		open:   map[net.Conn]struct{}{},
	}
	r.SetRand(1)
	return r
}

// Requests returns the log, in the order in which the requests arrived. Of very many, the oldest are
// missing.
func (r *Recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := make([]Request, len(r.requests))
	for i, request := range r.requests {
		requests[i] = *request
	}
	return requests
}

// Counts returns how many requests there were, by "METHOD PATTERN".
func (r *Recorder) Counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}

// Connections returns how many TCP connections the requests came over. It counts only under a
// [Server].
func (r *Recorder) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

// MaxConnections returns how many of the [Recorder.Connections] were open at once at most.
func (r *Recorder) MaxConnections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.maxConnections
}

// Reset empties the log and zeroes all counts. A connection that stays open counts again with its
// next request. Latency and faults stay.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
	clear(r.counts)
	clear(r.open)
	r.connections, r.maxConnections = 0, 0
}

// SetLatency delays every request from now on by this much.
func (r *Recorder) SetLatency(latency time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latency = latency
}

// SetRand seeds the source that faults with a probability draw from.
func (r *Recorder) SetRand(seed uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	//nolint:gosec // Faults have to be reproducible, not hard to guess.
	r.random = rand.New(rand.NewPCG(seed, 0))
}

// ServeHTTP implements [http.Handler].
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.URL.Path {
	case statsPath:
		r.serveStats(w, request)
		return
	case resetPath:
		r.serveReset(w, request)
		return
	}
	entry, fault, latency := r.arrive(request)
	watched := &statusWriter{ResponseWriter: w, tell: func(status int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		entry.Status = status
	}}
	pause(request.Context(), latency)
	if fault == nil {
		r.next.ServeHTTP(watched, request)
		return
	}
	fault.serve(watched, request, r.next)
}

// arrive logs a request and picks the fault that hits it, if any.
func (r *Recorder) arrive(request *http.Request) (*Request, *Fault, time.Duration) {
	entry := &Request{
		Method:  request.Method,
		Path:    request.URL.Path,
		Pattern: pathPattern(request.URL),
		Query:   request.URL.Query(),
		Header:  request.Header.Clone(),
		Body:    peekBody(request),
		Time:    time.Now(),
		Remote:  request.RemoteAddr,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.requests) == maxLoggedRequests {
		r.requests = slices.Delete(r.requests, 0, maxLoggedRequests/2)
	}
	r.requests = append(r.requests, entry)
	r.counts[entry.Method+" "+entry.Pattern]++
	if conn, ok := request.Context().Value(connectionKey{}).(net.Conn); ok {
		if _, known := r.open[conn]; !known {
			r.open[conn] = struct{}{}
			r.connections++
			r.maxConnections = max(r.maxConnections, len(r.open))
		}
	}
	fault := r.pick(request, entry.Pattern)
	entry.Fault = fault != nil
	return entry, fault, r.latency
}

// connectionKey is the context key under which a Server keeps a request's net.Conn.
type connectionKey struct{}

// closed tells that a connection is no longer open.
func (r *Recorder) closed(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, conn)
}

func pathPattern(u *url.URL) string {
	if pattern, _ := match(u); pattern != "" {
		return pattern
	}
	return u.Path
}

// peekBody reads the beginning of the body and leaves the request with the whole of it. Reading a
// body to its end also is what lets the server notice that a client goes away.
func peekBody(request *http.Request) []byte {
	var head bytes.Buffer
	// A broken body fails again where it is read on.
	n, err := io.CopyN(&head, request.Body, maxLoggedBody)
	rest := io.Reader(request.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		rest = failingReader{err}
	}
	request.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head.Bytes()), rest), request.Body}
	return slices.Clip(head.Bytes()[:n])
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func (r *Recorder) serveStats(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodGet {
		writeError(w, errMethodNotAllowed([]string{http.MethodGet}))
		return
	}
	r.mu.Lock()
	stats := map[string]any{"requests": maps.Clone(r.counts), "connections": r.connections, "maxConnections": r.maxConnections}
	r.mu.Unlock()
	// Numbers can always be encoded.
	_ = writeJSON(w, http.StatusOK, stats)
}

func (r *Recorder) serveReset(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost {
		writeError(w, errMethodNotAllowed([]string{http.MethodPost}))
		return
	}
	r.Reset()
	w.WriteHeader(http.StatusNoContent)
}

// pause waits. Where the client goes away meanwhile, or the server closes, it ends the handling of the
// request without an answer.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// statusWriter tells the status before it is sent, so that who has an answer finds it in the log.
type statusWriter struct {
	http.ResponseWriter
	tell func(status int)
	told bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if !w.told {
		w.told = true
		w.tell(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *statusWriter) Write(data []byte) (int, error) {
	if !w.told {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets [http.ResponseController] flush and hijack.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
