package emulator

import (
	"bytes"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is something that goes wrong with some requests. Which ones, the first group of fields tells:
// all conditions that are set must hold. What goes wrong, the others tell: without any, nothing does,
// and the request is answered as ever, which is of use with the hooks.
type Fault struct {
	// Method and Pattern are as in [Request].
	Method, Pattern string
	// Match must not read the body.
	Match func(*http.Request) bool
	// Skip lets this many matching requests pass first.
	Skip int
	// Times is how many requests are hit at most; 0 is no limit.
	Times int
	// Probability of each request to be hit, drawn from the source of [Recorder.SetRand]; 0 is
	// always.
	Probability float64

	// TakesEffect lets the request reach the server before the fault hits its answer. Requests that
	// are neither answered with a Status nor Reset reach it anyway, but only after the Delay.
	TakesEffect bool
	// Before is called when the request arrives, and After when it has had its effect, if any, and
	// is not answered yet. They run in the request's own goroutine.
	Before, After func(*http.Request)
	// Delay passes without an answer, or until the client goes away. A client that went away
	// before a request reached the server leaves it without effect.
	Delay time.Duration

	// Status, Header and Body are answered instead of the server's answer if Status is set. Without
	// a Content-Type the body is declared as what it looks like.
	Status int
	Header http.Header
	Body   string
	// Mutate edits the answer: it gets the status, the header to change in place, and the body to
	// change in place if it is a JSON object, else nil. It returns the status to send.
	Mutate func(status int, header http.Header, body map[string]any) int
	// Reset ends the connection with a TCP reset in place of an answer.
	Reset bool
	// CutBody ends the connection in the middle of the answer's body, or where it has none before
	// the answer.
	CutBody bool
	// Trickle is the time before each single byte of the answer's body.
	Trickle time.Duration
}

// injection is a fault and how often it has been met. The recorder's lock guards it.
type injection struct {
	Fault
	met, hit int
}

// Inject adds faults. A request is hit by the first one that applies, in the order of their
// injection.
func (r *Recorder) Inject(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fault := range faults {
		r.faults = append(r.faults, &injection{Fault: fault})
	}
}

// ClearFaults removes all faults. Requests that are hit already stay so.
func (r *Recorder) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = nil
}

// pick finds the fault that hits a request. It wants the lock to be held.
func (r *Recorder) pick(request *http.Request, pattern string) *Fault {
	for _, i := range r.faults {
		if i.Method != "" && i.Method != request.Method ||
			i.Pattern != "" && i.Pattern != pattern ||
			i.Match != nil && !i.Match(request) {
			continue
		}
		i.met++
		if i.met <= i.Skip ||
			i.Times > 0 && i.hit >= i.Times ||
			i.Probability > 0 && r.random.Float64() >= i.Probability {
			continue
		}
		i.hit++
		return &i.Fault
	}
	return nil
}

// serve answers a request that the fault hits.
func (f *Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	run(f.Before, r)
	if !f.TakesEffect {
		pause(r.Context(), f.Delay)
	}
	var a *answer
	if f.TakesEffect || f.Status == 0 && !f.Reset {
		a = capture(next, r)
	}
	run(f.After, r)
	if f.TakesEffect {
		pause(r.Context(), f.Delay)
	}
	if f.Reset {
		reset(w)
		return
	}
	if f.Status != 0 {
		a = f.answer()
	}
	if f.Mutate != nil {
		a.mutate(f.Mutate)
	}
	f.send(w, r, a)
}

func run(hook func(*http.Request), r *http.Request) {
	if hook != nil {
		hook(r)
	}
}

// reset closes the connection such that the client gets a reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// HTTP/2 has streams instead of connections.
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// It only fails on a connection that is closed already.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// answer is an HTTP response that can be changed before it is sent.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// capture has a handler answer a request without sending it.
func capture(next http.Handler, r *http.Request) *answer {
	a := &answer{header: http.Header{}}
	next.ServeHTTP(a, r)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(data)
}

// answer is what the fault has in place of the server's answer.
func (f *Fault) answer() *answer {
	a := &answer{status: f.Status, header: f.Header.Clone()}
	if a.header == nil {
		a.header = http.Header{}
	}
	a.body.WriteString(f.Body)
	if a.header.Get("Content-Type") == "" && json.Valid(a.body.Bytes()) {
		a.header.Set("Content-Type", jsonContentType)
	}
	return a
}

func (a *answer) mutate(change func(int, http.Header, map[string]any) int) {
	decoder := json.NewDecoder(bytes.NewReader(a.body.Bytes()))
	decoder.UseNumber()
	var body map[string]any
	if decoder.Decode(&body) != nil {
		body = nil
	}
	a.status = change(a.status, a.header, body)
	if body == nil {
		return
	}
	a.body.Reset()
	encoder := json.NewEncoder(&a.body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		// Only a test that puts something into the body that JSON can't hold gets here.
		panic(err)
	}
}

// send sends the answer, whole or cut, at once or in drops.
func (f *Fault) send(w http.ResponseWriter, r *http.Request, a *answer) {
	maps.Copy(w.Header(), a.header)
	bodiless := r.Method == http.MethodHead || a.status == http.StatusNoContent || a.status == http.StatusNotModified
	if f.CutBody && (bodiless || a.body.Len() == 0) {
		panic(http.ErrAbortHandler)
	}
	body := a.body.Bytes()
	if !bodiless {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if bodiless {
		return
	}
	if f.CutBody {
		body = body[:len(body)/2]
	}
	controller := http.NewResponseController(w)
	drop := max(1, len(body))
	if f.Trickle > 0 {
		drop = 1
		// The client gets the header at once, however slow the body is.
		if err := controller.Flush(); err != nil {
			return
		}
	}
	for part := range slices.Chunk(body, drop) {
		pause(r.Context(), f.Trickle)
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
