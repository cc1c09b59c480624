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
	// maxLoggedRequests limits the memory of a server that runs for a long time. Counts have no
	// limit.
	maxLoggedRequests = 50_000
	// maxLoggedBody is the maximum number of bytes of a request's body in the log.
	maxLoggedBody = 64 << 10
)

// The paths of the recorder's own endpoints. Requests to them are neither logged nor delayed, and
// faults do not hit them.
const (
	statsPath = "/_stats"
	resetPath = "/_reset"
)

// Request is a logged request.
type Request struct {
	Method string
	Path   string
	// Pattern is the path as the OpenAPI document writes it, such as /v2/datasets/{datasetId}. If
	// the API has no such endpoint, it is the path itself.
	Pattern string
	Query   url.Values
	Header  http.Header
	// Body is the body as it was sent, which may be compressed. A long body is truncated.
	Body []byte
	// Status is the status of the response, or 0 before the response and if there is none.
	Status int
	// Fault reports whether an injected fault hit the request.
	Fault bool
	// Time is the arrival of the request.
	Time time.Time
	// Remote is the client's address, which differs between connections.
	Remote string
}

// Recorder is middleware that logs, counts, delays and breaks the requests to any handler. It has
// two endpoints of its own. GET /_stats returns {"requests": {"METHOD PATTERN": n}, "connections":
// n, "maxConnections": n}, where maxConnections is the maximum number of connections that were open
// at the same time. POST /_reset calls [Recorder.Reset]. A Recorder is safe for concurrent use.
type Recorder struct {
	next http.Handler

	mu             sync.Mutex
	requests       []*Request
	counts         map[string]int
	connections    int
	maxConnections int
	open           map[net.Conn]struct{}
	latency        time.Duration
	faults         []*injectedFault
	random         *rand.Rand
}

// NewRecorder returns a recorder in front of a handler.
func NewRecorder(next http.Handler) *Recorder {
	r := &Recorder{
		next:   next,
		counts: map[string]int{},
		open:   map[net.Conn]struct{}{},
	}
	r.SetRand(1)
	return r
}

// Requests returns the log in the order in which the requests arrived. The log of a very long run
// lacks the oldest requests.
func (r *Recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := make([]Request, len(r.requests))
	for i, request := range r.requests {
		requests[i] = *request
	}
	return requests
}

// Counts returns the number of requests by "METHOD PATTERN".
func (r *Recorder) Counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}

// Connections returns the number of TCP connections on which requests arrived. Only a recorder in a
// [Server] counts connections.
func (r *Recorder) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

// MaxConnections returns the maximum number of connections that were open at the same time.
func (r *Recorder) MaxConnections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.maxConnections
}

// Reset clears the log and all counts. The next request on an open connection counts the connection
// again. Latency and faults are not changed.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
	clear(r.counts)
	clear(r.open)
	r.connections, r.maxConnections = 0, 0
}

// SetLatency delays every request that arrives from now on.
func (r *Recorder) SetLatency(latency time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latency = latency
}

// SetRand seeds the random numbers for the probability of faults.
func (r *Recorder) SetRand(seed uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	//nolint:gosec // Faults must be reproducible; they need not be unpredictable.
	r.random = rand.New(rand.NewPCG(seed, 0))
}

// ServeHTTP implements [http.Handler].
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.URL.Path {
	case statsPath:
		r.serveStats(request).send(w, request.Method)
		return
	case resetPath:
		r.serveReset(request).send(w, request.Method)
		return
	}
	entry, fault, latency := r.record(request)
	logging := &statusLogger{ResponseWriter: w, log: func(status int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		entry.Status = status
	}}
	sleep(request.Context(), latency)
	if fault == nil {
		r.next.ServeHTTP(logging, request)
		return
	}
	fault.serve(logging, request, r.next)
}

// record logs a request and selects the fault that hits it, which is nil if none does.
func (r *Recorder) record(request *http.Request) (*Request, *Fault, time.Duration) {
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
		if _, counted := r.open[conn]; !counted {
			r.open[conn] = struct{}{}
			r.connections++
			r.maxConnections = max(r.maxConnections, len(r.open))
		}
	}
	fault := r.selectFault(request, entry.Pattern)
	entry.Fault = fault != nil
	return entry, fault, r.latency
}

// connectionKey is the context key of a request's net.Conn in a Server.
type connectionKey struct{}

func (r *Recorder) connectionClosed(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, conn)
}

func pathPattern(u *url.URL) string {
	if route, _ := match(u); route != nil {
		return route.pattern
	}
	return u.Path
}

// peekBody returns the beginning of the body. The handler can still read the whole body. net/http
// notices that a client closes the connection only after the body was read.
func peekBody(request *http.Request) []byte {
	var head bytes.Buffer
	n, err := io.CopyN(&head, request.Body, maxLoggedBody)
	rest := io.Reader(request.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		// The handler gets the same error.
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

func (r *Recorder) serveStats(request *http.Request) *response {
	if request.Method != http.MethodGet {
		return errorResponse(errMethodNotAllowed([]string{http.MethodGet}))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// Numbers can always be encoded.
	resp, _ := jsonResponse(http.StatusOK, map[string]any{
		"requests": r.counts, "connections": r.connections, "maxConnections": r.maxConnections,
	})
	return resp
}

func (r *Recorder) serveReset(request *http.Request) *response {
	if request.Method != http.MethodPost {
		return errorResponse(errMethodNotAllowed([]string{http.MethodPost}))
	}
	r.Reset()
	return newResponse(http.StatusNoContent)
}

// sleep waits. If the client closes the connection or the server closes, it ends the request
// without a response.
func sleep(ctx context.Context, d time.Duration) {
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

// statusLogger logs the status before it is sent, so that a client that has a response finds its
// status in the log.
type statusLogger struct {
	http.ResponseWriter
	log    func(status int)
	logged bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusLogger) WriteHeader(status int) {
	if !w.logged {
		w.logged = true
		w.log(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *statusLogger) Write(data []byte) (int, error) {
	if !w.logged {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets an [http.ResponseController] flush and hijack.
func (w *statusLogger) Unwrap() http.ResponseWriter { return w.ResponseWriter }
