package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// maxLoggedRequests limits the memory of a server that runs for a long time. Counts have no limit.
const maxLoggedRequests = 50_000

// Request is a logged request.
type Request struct {
	Method string
	Path   string
	// Pattern is the path with the OpenAPI document's names of parameters, such as
	// /v2/datasets/{datasetId}.
	Pattern string
	Query   url.Values
	Header  http.Header
	// Body is the body as it was sent, which may be compressed.
	Body []byte
	// Status is the status of the response, or 0 before the response and if there is none.
	Status int
	// Fault reports whether an injected fault hit the request.
	Fault bool
	Time  time.Time // of the arrival
}

// Recorder is middleware that logs, counts, delays and breaks the requests to any handler. It is
// safe for concurrent use, and has two endpoints of its own, which it neither logs nor delays. GET
// /_stats returns the results of [Recorder.Counts], [Recorder.Connections] and
// [Recorder.MaxConnections] as {"requests", "connections", "maxConnections"}. POST /_reset calls
// [Recorder.Reset].
type Recorder struct {
	next http.Handler

	mutex
	requests       []*Request
	counts         map[string]int
	connections    int
	maxConnections int
	open           map[net.Conn]bool
	latency        time.Duration
	faults         []*injectedFault
}

// NewRecorder returns a recorder in front of a handler.
func NewRecorder(next http.Handler) *Recorder {
	return &Recorder{next: next, counts: map[string]int{}, open: map[net.Conn]bool{}}
}

// Requests returns the log in the order in which the requests arrived. The log of a very long run
// lacks the oldest requests.
func (r *Recorder) Requests() []Request {
	defer r.lock()()
	var requests []Request
	for _, request := range r.requests {
		requests = append(requests, *request)
	}
	return requests
}

// Counts returns the number of requests by "METHOD PATTERN".
func (r *Recorder) Counts() map[string]int {
	defer r.lock()()
	return maps.Clone(r.counts)
}

// Connections returns the number of TCP connections on which requests arrived. Only a recorder in a
// [Server] counts connections.
func (r *Recorder) Connections() int {
	defer r.lock()()
	return r.connections
}

// MaxConnections returns the maximum number of connections that were open at the same time.
func (r *Recorder) MaxConnections() int {
	defer r.lock()()
	return r.maxConnections
}

// Reset clears the log and all counts. The next request on an open connection counts the connection
// again. Latency and faults are not changed.
func (r *Recorder) Reset() {
	defer r.lock()()
	r.requests = nil
	clear(r.counts)
	clear(r.open)
	r.connections, r.maxConnections = 0, 0
}

// SetLatency delays every request that arrives from now on.
func (r *Recorder) SetLatency(latency time.Duration) {
	defer r.lock()()
	r.latency = latency
}

// ServeHTTP implements [http.Handler].
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.Method + " " + request.URL.Path {
	case "GET /_stats":
		stats := map[string]any{"requests": r.Counts(), "connections": r.Connections(), "maxConnections": r.MaxConnections()}
		jsonResponse(http.StatusOK, stats).send(w)
		return
	case "POST /_reset":
		r.Reset()
		newResponse(http.StatusNoContent).send(w)
		return
	}
	// net/http notices that a client closes the connection only after the body was read.
	body, err := io.ReadAll(request.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	entry, fault, latency := r.record(request, body)
	sleep(request.Context(), latency)
	resp := fault.respond(w, request, r.next)
	// A client that has a response finds its status in the log.
	unlock := r.lock()
	entry.Status = resp.status
	unlock()
	if fault.CutBody {
		resp.cut(w)
	}
	resp.send(w)
}

// record logs a request and selects the fault that hits it.
func (r *Recorder) record(request *http.Request, body []byte) (*Request, *Fault, time.Duration) {
	pattern, _ := match(request.URL)
	entry := &Request{
		Method: request.Method, Path: request.URL.Path, Pattern: pattern, Query: request.URL.Query(), Header: request.Header.Clone(),
		Body: body, Time: time.Now(),
	}
	defer r.lock()()
	if len(r.requests) == maxLoggedRequests {
		r.requests = slices.Delete(r.requests, 0, maxLoggedRequests/2)
	}
	r.requests = append(r.requests, entry)
	r.counts[entry.Method+" "+entry.Pattern]++
	if conn, ok := request.Context().Value(connectionKey{}).(net.Conn); ok && !r.open[conn] {
		r.open[conn] = true
		r.connections++
		r.maxConnections = max(r.maxConnections, len(r.open))
	}
	var fault *Fault
	fault, entry.Fault = r.selectFault(request, entry.Pattern)
	return entry, fault, r.latency
}

// connectionKey is the context key of a request's net.Conn in a Server.
type connectionKey struct{}

func (r *Recorder) connectionClosed(conn net.Conn) {
	defer r.lock()()
	delete(r.open, conn)
}

// sleep waits. If the client closes the connection or the server closes, it ends the request
// without a response.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// Fault is a failure of the requests that meet all conditions of the first group of fields. The
// other fields define the failure. A fault without any of them can be used for its hooks.
type Fault struct {
	// Method and Pattern are those of [Request].
	Method, Pattern string
	// Match must not read the body.
	Match func(*http.Request) bool
	// Skip lets this many matching requests pass first.
	Skip int
	// Times is the maximum number of requests to hit. Defaults to no limit.
	Times int

	// TakesEffect lets the server carry out the request before the fault hits the response. A fault
	// with neither a Status nor a Reset always does, but without TakesEffect only after the Delay.
	TakesEffect bool
	// Before is called when a request arrives. After is called before the response, and after the
	// server has carried out the request, if it does. The request waits for both.
	Before, After func(*http.Request)
	// Delay passes before the response. If the client closes the connection during the Delay, and
	// TakesEffect is false, the server does not carry out the request.
	Delay time.Duration

	// Status, Header and Body replace the server's response if Status is set. The default of
	// Content-Type is detected from the body.
	Status int
	Header http.Header
	Body   string
	// Mutate returns a new status, and can change the header and the body in place. The body is nil
	// if it is not a JSON object.
	Mutate func(status int, header http.Header, body map[string]any) int
	// Reset closes the connection with a TCP reset instead of a response.
	Reset bool
	// CutBody closes the connection in the middle of the response's body. If the response has no
	// body, it closes the connection before the response.
	CutBody bool
}

// injectedFault counts the requests that match a fault.
type injectedFault struct {
	Fault
	matched int
}

// Inject adds faults. If several match a request, the one that was injected first hits it.
func (r *Recorder) Inject(faults ...Fault) {
	defer r.lock()()
	for _, fault := range faults {
		r.faults = append(r.faults, &injectedFault{Fault: fault})
	}
}

// ClearFaults removes all faults. It does not change requests that a fault has already hit.
func (r *Recorder) ClearFaults() {
	defer r.lock()()
	r.faults = nil
}

// selectFault returns the fault that hits a request. The recorder must be locked.
func (r *Recorder) selectFault(request *http.Request, pattern string) (fault *Fault, hit bool) {
	for _, f := range r.faults {
		if f.Method != "" && f.Method != request.Method ||
			f.Pattern != "" && f.Pattern != pattern ||
			f.Match != nil && !f.Match(request) {
			continue
		}
		f.matched++
		if f.matched > f.Skip && (f.Times == 0 || f.matched <= f.Skip+f.Times) {
			return &f.Fault, true
		}
	}
	return &Fault{}, false
}

// respond returns the response to a request that the fault hits. The zero Fault returns the
// server's response.
func (f *Fault) respond(w http.ResponseWriter, r *http.Request, next http.Handler) *response {
	if f.Before != nil {
		f.Before(r)
	}
	if !f.TakesEffect {
		sleep(r.Context(), f.Delay)
	}
	resp := &response{header: http.Header{}, client: w}
	if f.TakesEffect || f.Status == 0 && !f.Reset {
		if f.Mutate != nil {
			// A compressed body cannot be changed.
			r = r.Clone(r.Context())
			r.Header.Del("Accept-Encoding")
		}
		next.ServeHTTP(resp, r)
		resp.WriteHeader(http.StatusOK)
		resp.header.Del("Content-Length") // the fault can change the body
	}
	if f.After != nil {
		f.After(r)
	}
	if f.TakesEffect {
		sleep(r.Context(), f.Delay)
	}
	if f.Reset {
		// HTTP/2 does not support Hijack. Aborting the handler resets the stream.
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				// An error means that the connection is already closed.
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
		panic(http.ErrAbortHandler)
	}
	if f.Status != 0 {
		resp = newResponse(f.Status)
		resp.body.WriteString(f.Body)
		// net/http detects other types, but not JSON.
		if json.Valid([]byte(f.Body)) {
			resp.header.Set("Content-Type", jsonContentType)
		}
		maps.Copy(resp.header, f.Header)
	}
	if f.Mutate != nil {
		decoder := json.NewDecoder(bytes.NewReader(resp.body.Bytes()))
		decoder.UseNumber()
		var body map[string]any
		isObject := decoder.Decode(&body) == nil
		resp.status = f.Mutate(resp.status, resp.header, body)
		if isObject {
			resp.encode(body)
		}
	}
	return resp
}
