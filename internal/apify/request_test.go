package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// operation is one kind of call, for running into faults.
type operation struct {
	name    string
	request string // as [emulator.Recorder.Counts] has it
	// do calls for the dataset with an id, which is named "there".
	do func(ctx context.Context, c *Client, id string) error
	// done tells whether the call has had its effect on the server; nil for reads.
	done func(api *emulator.API, id string) bool
	// once is set where a request that may have taken effect is not repeated.
	once bool
	// again is set where a repeated request finds that there is nothing left to do.
	again func(error) bool
	// bodiless is set where a success has no body.
	bodiless bool
}

func operations() []operation {
	named := func(api *emulator.API, name string) int {
		n := 0
		for _, d := range api.Datasets() {
			if d.Name == name {
				n++
			}
		}
		return n
	}
	return []operation{
		{
			name: "create", request: "POST /v2/datasets",
			do: func(ctx context.Context, c *Client, _ string) error {
				d, err := c.CreateDataset(ctx, "new")
				if err == nil && d.Existed {
					return errors.New("it was there before")
				}
				return err
			},
			done: func(api *emulator.API, _ string) bool { return named(api, "new") == 1 },
		},
		{
			name: "create unnamed", request: "POST /v2/datasets", once: true,
			do: func(ctx context.Context, c *Client, _ string) error {
				_, err := c.CreateDataset(ctx, "")
				return err
			},
			done: func(api *emulator.API, _ string) bool { return named(api, "") == 1 },
		},
		{
			name: "read", request: "GET /v2/datasets/{datasetId}",
			do: func(ctx context.Context, c *Client, id string) error {
				_, err := c.GetDataset(ctx, DatasetIDRef(id))
				return err
			},
		},
		{
			name: "read by name", request: "GET /v2/datasets/{datasetId}",
			do: func(ctx context.Context, c *Client, _ string) error {
				_, err := c.GetDataset(ctx, DatasetNameRef("", "there"))
				return err
			},
		},
		{
			name: "update", request: "PUT /v2/datasets/{datasetId}",
			do: func(ctx context.Context, c *Client, id string) error {
				_, err := c.UpdateDataset(ctx, id, DatasetUpdate{Name: ptr("renamed")})
				return err
			},
			done: func(api *emulator.API, _ string) bool { return named(api, "renamed") == 1 },
		},
		{
			name: "delete", request: "DELETE /v2/datasets/{datasetId}", bodiless: true,
			do: func(ctx context.Context, c *Client, id string) error { return c.DeleteDataset(ctx, id) },
			done: func(api *emulator.API, id string) bool {
				_, there := api.Dataset(id)
				return !there
			},
			again: IsNotFound,
		},
		{
			name: "look for items", request: "GET /v2/datasets/{datasetId}/items",
			do: func(ctx context.Context, c *Client, id string) error {
				_, err := c.DatasetHasItems(ctx, id)
				return err
			},
		},
		{
			name: "list", request: "GET /v2/datasets",
			do: func(ctx context.Context, c *Client, _ string) error {
				n := 0
				for _, err := range c.Datasets(ctx, ListDatasetsOptions{}) {
					if err != nil {
						return err
					}
					n++
				}
				if n != 1 {
					return fmt.Errorf("%d datasets", n)
				}
				return nil
			},
		},
		{
			name: "me", request: "GET /v2/users/me",
			do: func(ctx context.Context, c *Client, _ string) error {
				_, err := c.CurrentUser(ctx)
				return err
			},
		},
	}
}

// requestFault is something that goes wrong, and what the client is to make of it.
type requestFault struct {
	name  string
	fault emulator.Fault
	// retried: another attempt may do better.
	retried bool
	// ambiguous: the request may have taken effect, as far as the client can tell.
	ambiguous bool
	// ofBody: the fault needs an answer with a body to hit.
	ofBody bool
	// status and kind are the error's, in the end.
	status int
	kind   string
	// says is a part of the error's text.
	says string
	// timeout is one attempt's, where it is part of the test.
	timeout time.Duration
}

const html = "<html><head><title>Sign in</title></head><body>\x1b[31mWelcome\x1b[0m</body></html>"

func apiError(kind string) string {
	return fmt.Sprintf(`{"error": {"type": %q, "message": "This is a test."}}`, kind)
}

func requestFaults() []requestFault {
	const short = 150 * time.Millisecond
	return []requestFault{
		{name: "429", fault: emulator.Fault{Status: 429, Body: apiError("rate-limit-exceeded")}, retried: true, status: 429,
			kind: "rate-limit-exceeded", says: "429 Too Many Requests, rate-limit-exceeded: This is a test."},
		{name: "429 with Retry-After", fault: emulator.Fault{Status: 429, Header: http.Header{"Retry-After": {"0.02"}}, Body: apiError("rate-limit-exceeded")},
			retried: true, status: 429, kind: "rate-limit-exceeded"},
		{name: "429 of HTML", fault: emulator.Fault{Status: 429, Body: html}, retried: true, status: 429, says: "[31mWelcome[0m"},
		{name: "500", fault: emulator.Fault{Status: 500, Body: apiError("internal-server-error")}, retried: true, ambiguous: true, status: 500,
			kind: "internal-server-error", says: "500 Internal Server Error, internal-server-error: This is a test."},
		{name: "500 in effect", fault: emulator.Fault{Status: 500, TakesEffect: true}, retried: true, ambiguous: true, status: 500},
		{name: "502", fault: emulator.Fault{Status: 502, Body: html}, retried: true, ambiguous: true, status: 502, says: "the answer begins \"<html>"},
		{name: "503", fault: emulator.Fault{Status: 503}, retried: true, ambiguous: true, status: 503, says: "503 Service Unavailable without an error"},
		{name: "503 cut short", fault: emulator.Fault{Status: 503, Body: html, CutBody: true}, retried: true, ambiguous: true, status: 503, says: "but it broke off"},
		{name: "504", fault: emulator.Fault{Status: 504, Body: apiError("timeout")}, retried: true, ambiguous: true, status: 504, kind: "timeout"},
		{name: "reset", fault: emulator.Fault{Reset: true}, retried: true, ambiguous: true, says: "got no answer"},
		{name: "reset in effect", fault: emulator.Fault{Reset: true, TakesEffect: true}, retried: true, ambiguous: true, says: "got no answer"},
		{name: "hang", fault: emulator.Fault{Delay: time.Minute}, retried: true, ambiguous: true, says: "it did not answer within 150ms", timeout: short},
		{name: "hang in effect", fault: emulator.Fault{Delay: time.Minute, TakesEffect: true}, retried: true, ambiguous: true,
			says: "it did not answer within 150ms", timeout: short},
		{name: "cut short", fault: emulator.Fault{CutBody: true, TakesEffect: true}, retried: true, ambiguous: true, ofBody: true,
			status: 200, says: "but it broke off: unexpected EOF"},
		{name: "trickle", fault: emulator.Fault{Trickle: 20 * time.Millisecond, TakesEffect: true}, retried: true, ambiguous: true, ofBody: true,
			status: 200, says: "but it broke off: it did not answer within 150ms", timeout: short},
		{name: "200 of HTML", fault: emulator.Fault{Status: 200, Body: html}, retried: true, ambiguous: true, status: 200, says: "the answer begins \"<html>"},
		{name: "200 of HTML in effect", fault: emulator.Fault{Status: 200, Body: html, TakesEffect: true}, retried: true, ambiguous: true, status: 200},
		{name: "empty", fault: emulator.Fault{Status: 200}, retried: true, ambiguous: true, status: 200, says: "answered 200 OK, but"},
		{name: "no data", fault: emulator.Fault{Status: 200, Body: `{"date": {}}`}, retried: true, ambiguous: true, status: 200},
		{name: "data of null", fault: emulator.Fault{Status: 200, Body: `{"data": null}`}, retried: true, ambiguous: true, status: 200},
		{name: "data of nothing", fault: emulator.Fault{Status: 200, Body: `{"data": {}}`}, retried: true, ambiguous: true, status: 200},
		{name: "wrong types", fault: emulator.Fault{Status: 200, Body: `{"data": {"id": 17, "itemCount": "many", "items": {"a": 1}}}`}, retried: true,
			ambiguous: true, status: 200},
		{name: "an id that is none", fault: emulator.Fault{Status: 200, Body: `{"data": {"id": "../x", "items": [{"id": "../x"}]}}`, Match: notMe}, retried: true,
			ambiguous: true, status: 200},
		{name: "302", fault: emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/login?token=abc"}}}, status: 302,
			says: "302 Found, a redirect to https://elsewhere.example/login"},
		{name: "400", fault: emulator.Fault{Status: 400, Body: apiError("invalid-input")}, status: 400, kind: "invalid-input"},
		{name: "401", fault: emulator.Fault{Status: 401, Body: apiError("user-or-token-not-found")}, status: 401, kind: "user-or-token-not-found"},
		{name: "402", fault: emulator.Fault{Status: 402, Body: apiError("not-enough-usage-to-run-paid-actor")}, status: 402, kind: "not-enough-usage-to-run-paid-actor"},
		{name: "403", fault: emulator.Fault{Status: 403, Body: apiError("insufficient-permissions")}, status: 403, kind: "insufficient-permissions"},
		{name: "404 of a proxy", fault: emulator.Fault{Status: 404, Body: html}, status: 404, says: "404 Not Found without an error that the API would send"},
		{name: "409", fault: emulator.Fault{Status: 409, Body: apiError("name-not-unique")}, status: 409, kind: "name-not-unique"},
		{name: "413", fault: emulator.Fault{Status: 413, Body: html}, status: 413},
	}
}

// notMe spares the user, whose id may be anything.
func notMe(r *http.Request) bool { return !strings.HasSuffix(r.URL.Path, "/me") }

// checkErrorText fails the test unless an error reads well, whatever caused it.
func checkErrorText(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	checkPrintable(t, text)
	for _, part := range []string{emulator.DefaultToken, "panic", "json:", "Go struct", "Go value", "apify.", "url.", "http:", "nil"} {
		if strings.Contains(strings.ReplaceAll(text, "http://", ""), part) {
			t.Errorf("the error holds %q: %s", part, text)
		}
	}
	if len(text) > 1000 {
		t.Errorf("the error is %d bytes long", len(text))
	}
}

// faultCell is one operation running into one fault.
type faultCell struct {
	operation
	requestFault
	server *emulator.Server
	id     string
}

// seedThere adds the dataset that operations call for, and returns its id.
func seedThere(s *emulator.Server) string {
	item := json.RawMessage(`{"text": "some that takes a while to trickle"}`)
	return s.API.Seed(emulator.Dataset{Name: "there", Items: []json.RawMessage{item}}).ID
}

func newFaultCell(t *testing.T, op operation, fault requestFault, times int) *faultCell {
	t.Helper()
	s := startServer(t, emulator.Options{})
	cell := &faultCell{operation: op, requestFault: fault, server: s, id: seedThere(s)}
	fault.fault.Times = times
	s.Recorder.Inject(fault.fault)
	return cell
}

// retries are fewer where each attempt takes its time.
func (f *faultCell) retries() int {
	if f.timeout > 0 {
		return 1
	}
	return testRetries
}

func (f *faultCell) run(t *testing.T, retries int) error {
	t.Helper()
	c := newTestClient(t, f.server.URL, func(c *Config) {
		c.MaxRetries = retries
		if f.timeout > 0 {
			c.RequestTimeout = f.timeout
		}
	})
	return f.do(t.Context(), c, f.id)
}

// checkRequests fails the test unless there were so many requests, all of the
// operation's kind.
func (f *faultCell) checkRequests(t *testing.T, want int) {
	t.Helper()
	for request, n := range f.server.Recorder.Counts() {
		if request != f.request || n != want {
			t.Errorf("%d requests of %s, want %d of %s", n, request, want, f.request)
		}
	}
}

// checkError fails the test unless the error is the fault's, after so many attempts.
func (f *faultCell) checkError(t *testing.T, err error, attempts int) {
	t.Helper()
	e := asError(t, err)
	checkErrorText(t, err)
	status := f.status
	if f.ofBody && f.bodiless {
		status = 0
	}
	if e.Status != status && (!f.ofBody || e.Status != http.StatusCreated) || e.Type != f.kind || e.Attempts != attempts || e.Stopped != nil {
		t.Errorf("got status %d, type %q, %d attempts, stopped by %v, want %d, %q, %d: %v", e.Status, e.Type, e.Attempts, e.Stopped, f.status, f.kind, attempts, err)
	}
	if !strings.Contains(err.Error(), f.says) && status == f.status {
		t.Errorf("the error does not say %q: %v", f.says, err)
	}
	if e.Operation == "" || e.Method == "" || !strings.HasPrefix(e.URL, f.server.URL+"/v2/") {
		t.Errorf("the error does not tell what was tried: %+v", e)
	}
}

// checkEffect fails the test unless the operation has had its effect, or none, as wanted.
func (f *faultCell) checkEffect(t *testing.T, want bool) {
	t.Helper()
	if f.done == nil {
		return
	}
	// A server that hangs may still be about to act on what it was sent.
	f.server.Close()
	if got := f.done(f.server.API, f.id); got != want {
		t.Errorf("the effect is there: %t, want %t; there are %d datasets", got, want, len(f.server.API.Datasets()))
	}
}

func TestFaults(t *testing.T) {
	cells := 0
	for _, fault := range requestFaults() {
		for _, op := range operations() {
			if fault.fault.Match != nil && op.name == "me" {
				continue // the fault spares it
			}
			if op.bodiless && fault.fault.Trickle > 0 {
				continue // there is nothing to trickle
			}
			cells += 3
			repeated := fault.retried && (!op.once || !fault.ambiguous)
			t.Run("once/"+fault.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				cell := newFaultCell(t, op, fault, 1)
				err := cell.run(t, cell.retries())
				switch {
				case !repeated:
					cell.checkRequests(t, 1)
					cell.checkError(t, err, 1)
					cell.checkEffect(t, fault.fault.TakesEffect)
				case op.again != nil && fault.fault.TakesEffect:
					cell.checkRequests(t, 2)
					if !op.again(err) || asError(t, err).Attempts != 2 {
						t.Errorf("got %v", err)
					}
					cell.checkEffect(t, true)
				default:
					cell.checkRequests(t, 2)
					if err != nil {
						t.Error(err)
					}
					cell.checkEffect(t, true)
				}
			})
			t.Run("lasting/"+fault.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				cell := newFaultCell(t, op, fault, 0)
				attempts := 1
				if repeated {
					attempts += cell.retries()
				}
				err := cell.run(t, cell.retries())
				if op.again != nil && fault.ofBody {
					// Its own lost effect is what the next attempt is told of, if that arrives.
					if err == nil {
						t.Error("got no error")
					}
				} else {
					cell.checkError(t, err, attempts)
				}
				cell.checkRequests(t, attempts)
				cell.checkEffect(t, fault.fault.TakesEffect)
			})
			t.Run("unretried/"+fault.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				cell := newFaultCell(t, op, fault, 0)
				cell.checkError(t, cell.run(t, 0), 1)
				cell.checkRequests(t, 1)
				cell.checkEffect(t, fault.fault.TakesEffect)
			})
		}
	}
	t.Logf("%d cells", cells)
}

// refusing makes the first connections fail.
func refusing(times int, dials *atomic.Int32) func(*Config) {
	return withTransport(func(transport *http.Transport) {
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if n := dials.Add(1); times < 0 || int(n) <= times {
				return nil, &net.OpError{Operation: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	})
}

func TestRefusedConnections(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			s := startServer(t, emulator.Options{})
			there := seedThere(s)
			var dials atomic.Int32
			c := newTestClient(t, s.URL, refusing(2, &dials))
			if err := op.do(t.Context(), c, there); err != nil || dials.Load() != 3 {
				t.Errorf("after two refusals: %v, with %d connections tried", err, dials.Load())
			}
			if n := s.Recorder.Counts()[op.request]; n != 1 {
				t.Errorf("the server got %d requests", n)
			}

			s.Recorder.Reset()
			dials.Store(0)
			err := op.do(t.Context(), newTestClient(t, s.URL, refusing(-1, &dials)), there)
			e := asError(t, err)
			checkErrorText(t, err)
			if e.Attempts != 1+testRetries || int(dials.Load()) != 1+testRetries || e.Status != 0 || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("refused for good: %v after %d attempts and %d connections tried", err, e.Attempts, dials.Load())
			}
			if n := len(s.Recorder.Requests()); n != 0 {
				t.Errorf("the server got %d requests", n)
			}
		})
	}
}

// A server that cannot even be told from none is what a real port without a
// listener is.
func TestNoServer(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = newTestClient(t, "http://"+address).CreateDataset(t.Context(), "")
	if e := asError(t, err); e.Attempts != 1+testRetries || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
}

func TestAnswerTooLong(t *testing.T) {
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{Status: http.StatusOK, Body: `{"data": {"id": "` + strings.Repeat("x", maxBody) + `"}}`, Times: 2})
	c := newTestClient(t, s.URL, func(c *Config) { c.MaxRetries = 1 })
	_, err := c.CurrentUser(t.Context())
	if e := asError(t, err); e.Attempts != 2 || !strings.Contains(err.Error(), "it is longer than 16 MiB") {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
	checkErrorText(t, err)
	must(c.CurrentUser(t.Context()))(t)
}

// A 404 that was cut short may have been anything.
func TestBrokenNotFound(t *testing.T) {
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{CutBody: true, Times: 1})
	_, err := newTestClient(t, s.URL).GetDataset(t.Context(), DatasetIDRef("NoSuchDataset0001"))
	if e := asError(t, err); !IsNotFound(err) || e.Attempts != 2 {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
}

func TestUnnamedDatasetIsNotCreatedTwice(t *testing.T) {
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL)
	// Refused twice, and then lost: what may have arrived is not repeated.
	s.Recorder.Inject(
		emulator.Fault{Status: http.StatusTooManyRequests, Times: 2},
		emulator.Fault{Reset: true, TakesEffect: true, Times: 1},
	)
	_, err := c.CreateDataset(t.Context(), "")
	if e := asError(t, err); e.Attempts != 3 {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
	if n := len(s.API.Datasets()); n != 1 {
		t.Errorf("there are %d datasets", n)
	}
	// The same on a connection that has been in use.
	s.Recorder.ClearFaults()
	must(c.CurrentUser(t.Context()))(t)
	s.Recorder.Inject(emulator.Fault{Reset: true, TakesEffect: true, Times: 1})
	if _, err := c.CreateDataset(t.Context(), ""); asError(t, err).Attempts != 1 {
		t.Errorf("got %v", err)
	}
	if n := len(s.API.Datasets()); n != 2 {
		t.Errorf("there are %d datasets", n)
	}
}

// soon fails the test if what should end at once has taken long. A second is the
// promise; a busy machine under the race detector needs more.
func soon(t *testing.T, began time.Time) {
	t.Helper()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to end", took)
	}
}

func TestInterrupt(t *testing.T) {
	for _, test := range []struct {
		name     string
		fault    emulator.Fault
		status   int
		attempts int
	}{
		{"during a wait", emulator.Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, 429, 1},
		{"during a hang", emulator.Fault{Delay: time.Minute}, 0, 1},
		{"during a trickle", emulator.Fault{Trickle: 20 * time.Millisecond}, 200, 1},
		{"during the trickle of an error", emulator.Fault{Status: 503, Body: html, Trickle: 20 * time.Millisecond}, 503, 1},
	} {
		for _, op := range operations() {
			if op.bodiless && test.status == 200 {
				continue
			}
			t.Run(test.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				s := startServer(t, emulator.Options{})
				there := seedThere(s)
				arrived := make(chan struct{}, 1)
				fault := test.fault
				fault.Before = func(*http.Request) { arrived <- struct{}{} }
				s.Recorder.Inject(fault)
				c := newTestClient(t, s.URL)

				for _, timeout := range []time.Duration{0, 200 * time.Millisecond} { // 0 is an interrupt
					s.Recorder.Reset()
					ctx, cancel := context.WithCancel(t.Context())
					ending := context.Canceled
					if timeout > 0 {
						cancel()
						ctx, cancel = context.WithTimeout(t.Context(), timeout)
						ending = context.DeadlineExceeded
					}
					var running sync.WaitGroup
					var interrupted time.Time
					running.Go(func() {
						<-arrived
						if timeout == 0 {
							time.Sleep(100 * time.Millisecond)
							interrupted = time.Now()
							cancel()
						}
					})
					began := time.Now()
					err := op.do(ctx, c, there)
					cancel()
					running.Wait()
					if !interrupted.IsZero() {
						began = interrupted
					}
					soon(t, began)
					e := asError(t, err)
					checkErrorText(t, err)
					// On a slow machine not even the head of a trickling answer has arrived.
					if !errors.Is(e.Stopped, ending) || e.Attempts != test.attempts || !slices.Contains([]int{test.status, http.StatusCreated, 0}, e.Status) {
						t.Errorf("stopped by %v, status %d, %d attempts: %v", e.Stopped, e.Status, e.Attempts, err)
					}
					if n := s.Recorder.Counts()[op.request]; n != test.attempts {
						t.Errorf("the server got %d requests", n)
					}
				}
			})
		}
	}
}

// A wait that the operation's timeout would not see the end of is not begun.
func TestNoWaitPastTheDeadline(t *testing.T) {
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{Status: 503, Header: http.Header{"Retry-After": {"30"}}, Body: apiError("maintenance")})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	began := time.Now()
	_, err := newTestClient(t, s.URL).CurrentUser(ctx)
	soon(t, began)
	if e := asError(t, err); !errors.Is(err, context.DeadlineExceeded) || e.Type != "maintenance" || e.Attempts != 1 || ctx.Err() != nil {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
}

func TestEndedContext(t *testing.T) {
	s := startServer(t, emulator.Options{})
	there := seedThere(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, op := range operations() {
		err := op.do(ctx, newTestClient(t, s.URL), there)
		if e := asError(t, err); !errors.Is(e.Stopped, context.Canceled) {
			t.Errorf("%s: got %v", op.name, err)
		}
	}
	if n := len(s.Recorder.Requests()); n != 0 {
		t.Errorf("the server got %d requests", n)
	}
}

func TestRetriesWait(t *testing.T) {
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{Status: 500, Times: 3})
	var attempts []Attempt
	const delay = 20 * time.Millisecond
	c := newTestClient(t, s.URL, func(c *Config) {
		c.RetryDelay = delay
		c.Log = func(_ context.Context, a Attempt) { attempts = append(attempts, a) }
	})
	must(c.CurrentUser(t.Context()))(t)
	requests := s.Recorder.Requests()
	if len(requests) != 4 || len(attempts) != 4 {
		t.Fatalf("%d requests, %d attempts", len(requests), len(attempts))
	}
	for i := range 3 {
		low, waited := delay<<i, requests[i+1].Time.Sub(requests[i].Time)
		if in := attempts[i].RetryIn; in < low || in > 2*low || waited < in {
			t.Errorf("attempt %d: waited %s after promising %s, want between %s and %s", i+1, waited, in, low, 2*low)
		}
	}
}

func TestLog(t *testing.T) {
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(
		emulator.Fault{Status: 503, Body: "token " + emulator.DefaultToken, Times: 1},
		emulator.Fault{Reset: true, Times: 1},
	)
	var attempts []Attempt
	c := newTestClient(t, s.URL, func(c *Config) {
		c.Log = func(ctx context.Context, a Attempt) {
			if ctx != t.Context() {
				t.Error("the log got another context")
			}
			attempts = append(attempts, a)
		}
	})
	must(c.CreateDataset(t.Context(), "logged"))(t)
	if len(attempts) != 3 {
		t.Fatalf("%d attempts were logged, want 3: %+v", len(attempts), attempts)
	}
	for i, want := range []struct {
		status int
		failed bool
	}{{503, true}, {0, true}, {201, false}} {
		a := attempts[i]
		if a.Method != http.MethodPost || a.Path != "/v2/datasets" || a.Number != i+1 || a.Status != want.status ||
			(a.Err != nil) != want.failed || (a.RetryIn > 0) != want.failed || a.Duration <= 0 {
			t.Errorf("attempt %d was logged as %+v", i+1, a)
		}
		if a.Err != nil && strings.Contains(a.Err.Error(), emulator.DefaultToken) {
			t.Errorf("the log tells the token: %v", a.Err)
		}
	}
}

func TestUnmarshalErrors(t *testing.T) {
	for body, want := range map[string]string{
		``:                             "it is empty",
		`<html>`:                       "it is not the JSON that the API would send: invalid character '<' looking for beginning of value",
		`{"data": {"id": "x"`:          "it is not the JSON that the API would send: unexpected end of JSON input",
		`[]`:                           "it is not what the API would send, but a JSON array",
		`"text"`:                       "it is not what the API would send, but a JSON string",
		`{"data": 17}`:                 `"data" in it is not what the API would send, but a JSON number`,
		`{"data": {"id": 17.5}}`:       `"data.id" in it is not what the API would send, but a JSON number`,
		`{"data": {"stats": true}}`:    `"data.stats" in it is not what the API would send, but a JSON bool`,
		`{"data": {"itemCount": 1.5}}`: `"data.itemCount" in it is not what the API would send, but a JSON number`,
		`{"data": {"fields": [{}]}}`:   `"data.fields" in it is not what the API would send, but a JSON object`,
		`{}`:                           `it has no "data"`,
		`{"data": {"id": "a/b"}}`:      `it has a dataset without a usable "id"`,
	} {
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(body))
		}), func(c *Config) { c.MaxRetries = 0 })
		_, err := c.GetDataset(t.Context(), DatasetIDRef("abc"))
		if e := asError(t, err); e.Err == nil || e.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", body, e.Err, want)
		}
	}
}
