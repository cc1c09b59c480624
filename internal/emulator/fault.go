package emulator

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"time"
)

// Fault is a failure of some requests. The first group of fields selects the requests: all
// conditions that are set must hold. The other fields define the failure. A fault without any of
// them changes nothing; it can be used for its hooks.
type Fault struct {
	// Method and Pattern are those of [Request].
	Method, Pattern string
	// Match must not read the body.
	Match func(*http.Request) bool
	// Skip lets this many matching requests pass first.
	Skip int
	// Times is the maximum number of requests to hit. Defaults to no limit.
	Times int
	// Probability is the probability for each request to be hit. The random numbers are those of
	// [Recorder.SetRand]. Defaults to 1.
	Probability float64

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
	// Mutate changes the response. It gets the status, the header and the body and returns the new
	// status. It can change the header and the body in place. The body is nil if it is not a JSON
	// object.
	Mutate func(status int, header http.Header, body map[string]any) int
	// Reset closes the connection with a TCP reset instead of a response.
	Reset bool
	// CutBody closes the connection in the middle of the response's body. If the response has no
	// body, it closes the connection before the response.
	CutBody bool
	// Trickle is the time before each byte of the response's body.
	Trickle time.Duration
}

// injectedFault counts the requests that match a fault and those that it hits. The recorder must be
// locked.
type injectedFault struct {
	Fault
	matched, hits int
}

// Inject adds faults. If several match a request, the one that was injected first hits it.
func (r *Recorder) Inject(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fault := range faults {
		r.faults = append(r.faults, &injectedFault{Fault: fault})
	}
}

// ClearFaults removes all faults. It does not change requests that a fault has already hit.
func (r *Recorder) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = nil
}

// selectFault returns the fault that hits a request, or nil. The recorder must be locked.
func (r *Recorder) selectFault(request *http.Request, pattern string) *Fault {
	for _, f := range r.faults {
		if f.Method != "" && f.Method != request.Method ||
			f.Pattern != "" && f.Pattern != pattern ||
			f.Match != nil && !f.Match(request) {
			continue
		}
		f.matched++
		if f.matched <= f.Skip ||
			f.Times > 0 && f.hits >= f.Times ||
			f.Probability > 0 && r.random.Float64() >= f.Probability {
			continue
		}
		f.hits++
		return &f.Fault
	}
	return nil
}

// serve responds to a request that the fault hits.
func (f *Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	callHook(f.Before, r)
	if !f.TakesEffect {
		sleep(r.Context(), f.Delay)
	}
	var resp *response
	if f.TakesEffect || f.Status == 0 && !f.Reset {
		resp = capture(next, r)
	}
	callHook(f.After, r)
	if f.TakesEffect {
		sleep(r.Context(), f.Delay)
	}
	if f.Reset {
		resetConnection(w)
		return
	}
	if f.Status != 0 {
		resp = f.response()
	}
	if f.Mutate != nil {
		resp.mutate(f.Mutate)
	}
	f.send(w, r, resp)
}

func callHook(hook func(*http.Request), r *http.Request) {
	if hook != nil {
		hook(r)
	}
}

func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// HTTP/2 does not support Hijack. Aborting the handler resets the stream.
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// An error means that the connection is already closed.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// response returns the response that replaces the server's.
func (f *Fault) response() *response {
	resp := newResponse(f.Status)
	if f.Header != nil {
		resp.header = f.Header.Clone()
	}
	resp.body.WriteString(f.Body)
	// net/http detects other types, but not JSON.
	if resp.header.Get("Content-Type") == "" && json.Valid(resp.body.Bytes()) {
		resp.header.Set("Content-Type", jsonContentType)
	}
	return resp
}

func (resp *response) mutate(change func(int, http.Header, map[string]any) int) {
	decoder := json.NewDecoder(bytes.NewReader(resp.body.Bytes()))
	decoder.UseNumber()
	var body map[string]any
	if decoder.Decode(&body) != nil {
		body = nil
	}
	resp.status = change(resp.status, resp.header, body)
	if body == nil {
		return
	}
	encoded, err := encodeJSON(body)
	if err != nil {
		// The test has put a value into the body that JSON cannot represent.
		panic(err)
	}
	resp.body.Reset()
	resp.body.Write(encoded)
}

// send sends the response, or a part of it, at once or slowly.
func (f *Fault) send(w http.ResponseWriter, r *http.Request, resp *response) {
	body := resp.body.Bytes()
	hasBody := resp.bodyAllowed(r.Method) && len(body) > 0
	if f.CutBody && !hasBody {
		panic(http.ErrAbortHandler)
	}
	resp.sendHeader(w, r.Method)
	if !hasBody {
		return
	}
	if f.CutBody {
		body = body[:len(body)/2]
	}
	controller := http.NewResponseController(w)
	chunk := max(1, len(body))
	if f.Trickle > 0 {
		chunk = 1
		// The client gets the header at once, however slow the body is.
		if err := controller.Flush(); err != nil {
			return
		}
	}
	for part := range slices.Chunk(body, chunk) {
		sleep(r.Context(), f.Trickle)
		if _, err := w.Write(part); err != nil {
			return
		}
		if err := controller.Flush(); err != nil {
			return
		}
	}
	if f.CutBody {
		panic(http.ErrAbortHandler)
	}
}
