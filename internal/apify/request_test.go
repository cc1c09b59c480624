package apify

import (
	"context"
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestRequest_headers(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL+"/v2/", func(c *Config) {
		c.UserAgent, c.Platform = "Terraform/1.2.3 terraform-provider-apify/4.5.6", "terraform"
	})
	d := must(c.CreateDataset(t.Context(), "headers", nil))(t)
	must(c.UpdateDataset(t.Context(), d.ID, DatasetUpdate{Name: ptr("")}))(t)
	for _, r := range s.Recorder.Requests() {
		contentType := ""
		if r.Method == http.MethodPut {
			contentType = "application/json"
		}
		for name, want := range map[string]string{
			"Authorization": "Bearer " + emulator.DefaultToken,
			"User-Agent":    "Terraform/1.2.3 terraform-provider-apify/4.5.6",

			"X-Apify-Integration-Platform": "terraform",
			"Accept":                       "application/json",
			"Content-Type":                 contentType,
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", r.Method, r.Path, name, got, want)
			}
		}
		if strings.Contains(r.Query.Encode(), emulator.DefaultToken) {
			t.Errorf("%s %s: the token is in the query", r.Method, r.Path)
		}
	}
}

// TestRequest_cannotBeBuilt checks that the client neither sends nor retries a request that it
// cannot build.
func TestRequest_cannotBeBuilt(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*request{
		"method": {method: "GET /", path: "/v2/users/me"},
		"path":   {method: http.MethodGet, path: "/v2/users/me\n"},
		"body":   {method: http.MethodPut, path: "/v2/datasets/abc", body: func() {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, recorder := newAPI(emulator.Options{})
			c := newLocalClient(t, recorder, func(c *Config) {
				c.Log = func(_ context.Context, a Attempt) { t.Errorf("the attempt %+v is in the log", a) }
			})
			r.operation = "build a request"
			_, err := c.do(t.Context(), r)
			if e := asError(t, err); e.Attempts != 0 || e.Status != 0 || e.MayHaveTakenEffect || e.Err == nil ||
				!strings.HasPrefix(err.Error(), "could not build a request: ") {
				t.Errorf("got %+v", e)
			}
			if n := len(recorder.Requests()); n != 0 {
				t.Errorf("the server received %d requests", n)
			}
		})
	}
}

// TestRequest_sendsBodyAgain checks that each attempt of an update has the whole body, whatever
// ended the attempt before.
func TestRequest_sendsBodyAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := startPipeServer(t, emulator.Options{})
		id := seedExisting(network.server.API)
		network.server.Recorder.Inject(
			newFault(emulator.FaultReset, 1),
			newFault(emulator.FaultUnavailable, 1),
			newFault(emulator.FaultHang, 1),
			newFault(emulator.FaultBodyCut, 1),
		)
		c := network.newClient(t, func(c *Config) { c.MaxRetries = 4 })
		must(c.UpdateDataset(t.Context(), id, DatasetUpdate{Name: ptr("renamed"), GeneralAccess: ptr(Restricted)}))(t)
		requests := network.server.Recorder.Requests()
		if len(requests) != 5 {
			t.Fatalf("the server received %d requests, want 5", len(requests))
		}
		for i, r := range requests {
			if want := `{"generalAccess":"RESTRICTED","name":"renamed"}`; string(r.Body) != want {
				t.Errorf("attempt %d has the body %q, want %s", i+1, r.Body, want)
			}
		}
	})
}

// TestRequest_incompleteNotFound checks that an incomplete 404 is not a dataset that does not
// exist: it can be the response of something else.
func TestRequest_incompleteNotFound(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(newFault(emulator.FaultBodyCut, 0))
	c := newTestClient(t, s.URL)
	_, err := c.GetDataset(t.Context(), DatasetIDRef("NoSuchDataset0001"))
	if e := asError(t, err); IsNotFound(err) || e.Status != http.StatusNotFound || e.Attempts != 1+testRetries || !errors.Is(err, ErrIncompleteBody) {
		t.Errorf("got %v", err)
	}
	s.Recorder.ClearFaults()
	s.Recorder.Inject(newFault(emulator.FaultBodyCut, 1))
	_, err = c.GetDataset(t.Context(), DatasetIDRef("NoSuchDataset0001"))
	if e := asError(t, err); !IsNotFound(err) || e.Attempts != 2 {
		t.Errorf("got %v", err)
	}
}

func TestRequest_withoutRetries(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		s := startServer(t, emulator.Options{})
		id := seedExisting(s.API)
		s.Recorder.Inject(newFault(emulator.FaultRateLimited, 0))
		err := op.call(t.Context(), newTestClient(t, s.URL, func(c *Config) { c.MaxRetries = 0 }), id)
		if e := asError(t, err); e.Attempts != 1 || e.Status != http.StatusTooManyRequests || len(s.Recorder.Requests()) != 1 {
			t.Errorf("%s: %d requests, %v", op.name, len(s.Recorder.Requests()), err)
		}
	}
}

func TestRequest_connectionRefused(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := startPipeServer(t, emulator.Options{})
				id := seedExisting(network.server.API)
				network.refusals = 2
				if err := op.call(t.Context(), network.newClient(t), id); err != nil {
					t.Errorf("after two refused connections: %v", err)
				}
				if n := network.server.Recorder.Counts()[op.request]; n != 1 || network.dials.Load() != 3 {
					t.Errorf("%d connections and %d requests, want 3 and 1", network.dials.Load(), n)
				}

				network.server.Recorder.Reset()
				network.dials.Store(0)
				network.refusals = -1
				err := op.call(t.Context(), network.newClient(t), id)
				e := asError(t, err)
				checkErrorText(t, err)
				if e.Attempts != 1+testRetries || e.Status != 0 || e.MayHaveTakenEffect || !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("all connections are refused: %+v", e)
				}
				if n := len(network.server.Recorder.Requests()); n != 0 || network.dials.Load() != 1+testRetries {
					t.Errorf("%d connections and %d requests, want %d and 0", network.dials.Load(), n, 1+testRetries)
				}
			})
		})
	}
}

// TestRequest_noServer calls a TCP port that no process listens on.
func TestRequest_noServer(t *testing.T) {
	t.Parallel()
	listener := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := newTestClient(t, "http://"+address).CreateDataset(t.Context(), "", nil)
	if e := asError(t, err); e.Attempts != 1+testRetries || e.MayHaveTakenEffect || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

// TestRequest_interrupted ends the context of every call at every stage, by an interrupt and by a
// timeout. The call must return at that moment.
func TestRequest_interrupted(t *testing.T) {
	t.Parallel()
	const (
		interrupt = 100 * time.Millisecond
		timeout   = 200 * time.Millisecond
	)
	for _, test := range []struct {
		name, fault string
		status      int // 0 if there is no response yet
		// took is the time until the call returns if the context has a deadline.
		took time.Duration
	}{
		// The delay would end after the deadline, so it does not begin.
		{"in the delay before a retry", emulator.FaultRetryAfterMinute, http.StatusTooManyRequests, 0},
		{"before the response", emulator.FaultHang, 0, timeout},
		{"in the response", emulator.FaultTrickle, http.StatusOK, timeout},
		{"in the response of an error", emulator.FaultUnavailableHTMLTrickle, http.StatusServiceUnavailable, timeout},
	} {
		for _, op := range operations() {
			if test.fault == emulator.FaultTrickle && op.status == http.StatusNoContent {
				continue // There is no body.
			}
			status := test.status
			if status == http.StatusOK {
				status = op.status
			}
			awaited := op.name == "create unnamed" && test.took > 0 // until the timeout of the request
			run := func(name string, want error, took time.Duration, newContext func(context.Context) (context.Context, context.CancelFunc)) {
				t.Run(test.name+"/"+op.name+"/"+name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						network := startPipeServer(t, emulator.Options{})
						id := seedExisting(network.server.API)
						network.server.Recorder.Inject(newFault(test.fault, 0))
						c := network.newClient(t)
						ctx, cancel := newContext(t.Context())
						defer cancel()
						began := time.Now()
						err := op.call(ctx, c, id)
						if awaited {
							took = testTimeout
						}
						if elapsed := time.Since(began); elapsed != took {
							t.Errorf("the call returned after %s, want %s", elapsed, took)
						}
						checkErrorText(t, err)
						if e := asError(t, err); !errors.Is(e.Stopped, want) || e.Attempts != 1 || e.Status != status {
							t.Errorf("stopped by %v, status %d, %d attempts, want %v, %d, 1: %v", e.Stopped, e.Status, e.Attempts, want, status, err)
						}
						if n := network.server.Recorder.Counts()[op.request]; n != 1 {
							t.Errorf("the server received %d requests, want 1", n)
						}
						network.checkNoConnections(t, c)
					})
				})
			}
			run("interrupt", context.Canceled, interrupt, func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(interrupt, cancel)
				return ctx, cancel
			})
			run("timeout", context.DeadlineExceeded, test.took, func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, timeout)
			})
		}
	}
}

// TestCreateDataset_awaited ends the context while the creation of an unnamed dataset is in
// progress. The client awaits the response for a limited time, so that the caller can delete the
// dataset.
func TestCreateDataset_awaited(t *testing.T) {
	t.Parallel()
	const interrupt = time.Second
	for _, test := range []struct {
		name    string
		dataset string
		delay   time.Duration // of the response
		took    time.Duration
		created bool // whether the error has the dataset's ID
	}{
		{"response after the interrupt", "", 20 * time.Second, 20 * time.Second, true},
		{"response in the last second", "", interrupt + awaitTime - time.Second, interrupt + awaitTime - time.Second, true},
		{"no response in time", "", time.Hour, interrupt + awaitTime, false},
		{"a named dataset", "orders", 20 * time.Second, interrupt, false},
	} {
		for name, newContext := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"timeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, interrupt)
			},
			"interrupt": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(interrupt, cancel)
				return ctx, cancel
			},
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					network := startPipeServer(t, emulator.Options{})
					network.server.Recorder.Inject(emulator.Fault{Method: http.MethodPost, TakesEffect: true, Delay: test.delay})
					c := network.newClient(t, func(c *Config) { c.RequestTimeout = 2 * time.Hour })
					ctx, cancel := newContext(t.Context())
					defer cancel()
					began := time.Now()
					_, err := c.CreateDataset(ctx, test.dataset, nil)
					if took := time.Since(began); took != test.took {
						t.Errorf("the call returned after %s, want %s", took, test.took)
					}
					e := asError(t, err)
					checkErrorText(t, err)
					want := ""
					if test.created {
						want = network.server.API.Datasets()[0].ID
					}
					if e.CreatedID != want || !e.MayHaveTakenEffect || !errors.Is(e.Stopped, ctx.Err()) {
						t.Errorf("got %+v, want the ID %q", e, want)
					}
					if n := len(network.server.Recorder.Requests()); n != 1 {
						t.Errorf("the server received %d requests, want 1", n)
					}
				})
			})
		}
	}
}

// TestRequest_refusedForLong calls a server that refuses connections for longer than a restart
// takes.
func TestRequest_refusedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := startPipeServer(t, emulator.Options{})
		network.refusals = -1
		c := network.newClient(t, func(c *Config) { c.RetryDelay, c.MaxRetries = 0, 20 })
		began := time.Now()
		_, err := c.CreateDataset(t.Context(), "orders", nil)
		if took := time.Since(began); took != refusedTime {
			t.Errorf("the call returned after %s, want %s", took, refusedTime)
		}
		if e := asError(t, err); e.MayHaveTakenEffect || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %+v", e)
		}

		// An outage of two seconds goes unnoticed.
		network.dials.Store(0)
		network.refusals = 2
		if _, err := c.CreateDataset(t.Context(), "orders", nil); err != nil {
			t.Errorf("after two refused connections: %v", err)
		}

		// Neither does the time before it count.
		maintenance := newFault(emulator.FaultMaintenance, 1) // with a Retry-After of 30 seconds
		maintenance.Header = maintenance.Header.Clone()
		maintenance.Header.Set("Connection", "close")
		maintenance.Before = func(*http.Request) {
			network.dials.Store(0)
			network.refusals = 2
		}
		network.server.Recorder.Inject(maintenance)
		if _, err := c.CreateDataset(t.Context(), "orders", nil); err != nil {
			t.Errorf("after maintenance and two refused connections: %v", err)
		}
	})
}

// TestRequest_masksByValue checks that the errors of a client contain no signing key and no
// signature that it has received, in whatever form a later response contains them.
func TestRequest_masksByValue(t *testing.T) {
	t.Parallel()
	const key, signature = "k3y/with+signs&more", "MC4xODkzNDU2MDAwMDAwLnRqY0xl"
	responses := []string{
		`{"data": {"id": "abc", "urlSigningSecretKey": "` + key + `", "itemsPublicUrl": "https://x.test/items?signature=` + signature + `"}}`,
		"<p>k: " + key + "; s: " + signature + "; once: " + url.QueryEscape(key) + "; twice: " + url.QueryEscape(url.QueryEscape(key)) +
			"; html: " + html.EscapeString(key) + "; t: " + emulator.DefaultToken + "</p>",
	}
	c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, responses[0])
		responses = responses[1:]
	}), func(c *Config) { c.MaxRetries = 0 })
	must(c.GetDataset(t.Context(), DatasetIDRef("abc")))(t)
	_, err := c.GetDataset(t.Context(), DatasetIDRef("abc"))
	const r = "(redacted)"
	want := "<p>k: " + r + "; s: " + r + "; once: " + r + "; twice: " + r + "; html: " + r + "; t: " + r + "</p>"
	if e := asError(t, err); e.Body != want {
		t.Errorf("got  %q\nwant %q", e.Body, want)
	}
}

// TestRequest_deadlineBeforeRetry checks that the error of a call without time for another attempt
// is the server's, and that the call returns at once.
func TestRequest_deadlineBeforeRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := startPipeServer(t, emulator.Options{})
		network.server.Recorder.Inject(newFault(emulator.FaultMaintenance, 0)) // Retry-After: 30
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		_, err := network.newClient(t).CurrentUser(ctx)
		if took := time.Since(began); took != 0 {
			t.Errorf("the call returned after %s", took)
		}
		if e := asError(t, err); !errors.Is(err, context.DeadlineExceeded) || e.Type != "maintenance" || e.Attempts != 1 || ctx.Err() != nil {
			t.Errorf("got %+v", e)
		}
	})
}

func TestRequest_endedContext(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{})
	id := seedExisting(s.API)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, op := range operations() {
		err := op.call(ctx, newTestClient(t, s.URL), id)
		if e := asError(t, err); !errors.Is(e.Stopped, context.Canceled) || e.MayHaveTakenEffect {
			t.Errorf("%s: got %+v", op.name, e)
		}
	}
	if n := len(s.Recorder.Requests()); n != 0 {
		t.Errorf("the server received %d requests", n)
	}
}

// TestRequest_log checks that the log has one entry for each attempt, with its duration and the
// delay that follows.
func TestRequest_log(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := startPipeServer(t, emulator.Options{})
		slow := newFault(emulator.FaultUnavailable, 1)
		slow.Delay = 7 * time.Second
		network.server.Recorder.Inject(slow, newFault(emulator.FaultReset, 1), newFault(emulator.FaultRetryAfterMinute, 1))
		var log []Attempt
		var logged []time.Time
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "of the call")
		c := network.newClient(t, func(c *Config) {
			c.RetryDelay = 0 // the default
			c.Log = func(ctx context.Context, a Attempt) {
				if ctx.Value(key{}) == nil {
					t.Error("the context of the log is not that of the call")
				}
				log, logged = append(log, a), append(logged, time.Now())
			}
		})
		must(c.CreateDataset(ctx, "logged", nil))(t)
		requests := network.server.Recorder.Requests()
		want := []struct {
			status         int
			duration       time.Duration
			least, longest time.Duration // of the delay
		}{
			{503, 7 * time.Second, 500 * time.Millisecond, time.Second},
			{0, 0, time.Second, 2 * time.Second},
			{429, 0, time.Minute, time.Minute + 500*time.Millisecond},
			{201, 0, 0, 0},
		}
		if len(log) != len(want) || len(requests) != len(want) {
			t.Fatalf("%d requests and %d entries in the log, want %d: %+v", len(requests), len(log), len(want), log)
		}
		for i, a := range log {
			w := want[i]
			if a.Method != http.MethodPost || a.Path != "/v2/datasets" || a.Number != i+1 || a.Status != w.status ||
				a.Duration != w.duration || (a.Err != nil) != (i < 3) || a.RetryIn < w.least || a.RetryIn > w.longest {
				t.Errorf("attempt %d is %+v in the log, want %+v", i+1, a, w)
			}
			if i+1 < len(requests) && requests[i+1].Time.Sub(logged[i]) != a.RetryIn {
				t.Errorf("attempt %d began %s after the one before, want %s", i+2, requests[i+1].Time.Sub(logged[i]), a.RetryIn)
			}
		}
	})
}

// TestRequest_logOfFailure checks that the last entry in the log has no delay if no attempt
// follows.
func TestRequest_logOfFailure(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string][]bool{ // whether a retry follows the attempt
		emulator.FaultForbidden:   {false},
		emulator.FaultUnavailable: {true, true, true, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := startPipeServer(t, emulator.Options{})
			network.server.Recorder.Inject(newFault(fault, 0))
			var retries []bool
			c := network.newClient(t, func(c *Config) {
				c.Log = func(_ context.Context, a Attempt) {
					retries = append(retries, a.RetryIn > 0)
					if a.Err == nil {
						t.Errorf("%s: an attempt that failed has no error in the log", fault)
					}
				}
			})
			if _, err := c.CurrentUser(t.Context()); err == nil || !slices.Equal(retries, want) {
				t.Errorf("%s: retries %t, want %t: %v", fault, retries, want, err)
			}
		})
	}
}

func TestRequest_logWithoutToken(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "the token is "+emulator.DefaultToken)
	})
	entries := 0
	c := newLocalClient(t, handler, func(c *Config) {
		c.Log = func(_ context.Context, a Attempt) {
			entries++
			if text := a.Err.Error(); strings.Contains(text, emulator.DefaultToken) || !strings.Contains(text, "the token is") {
				t.Errorf("the log has the error %s", text)
			}
		}
	})
	if _, err := c.GetDataset(t.Context(), DatasetIDRef("abc")); err == nil || entries != 1+testRetries {
		t.Errorf("%d entries in the log, %v", entries, err)
	}
}

func TestRequest_invalidBody(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                             "the body is empty",
		`<html>`:                       "the body is not valid JSON: invalid character '<' looking for beginning of value",
		`{"data": {"id": "x"`:          "the body is not valid JSON: unexpected end of JSON input",
		`[]`:                           "the body has an unexpected JSON type: array",
		`"text"`:                       "the body has an unexpected JSON type: string",
		`{"data": 17}`:                 `the body has an unexpected JSON type for "data": number`,
		`{"data": {"id": 17.5}}`:       `the body has an unexpected JSON type for "data.id": number`,
		`{"data": {"itemCount": 1.5}}`: `the body has an unexpected JSON type for "data.itemCount": number`,
		`{}`:                           `the body has no "data"`,
		`{"data": {"id": "a/b"}}`:      `the body has a dataset without a valid "id"`,
	} {
		c := newLocalClient(t, respond(body), func(c *Config) { c.MaxRetries = 0 })
		_, err := c.GetDataset(t.Context(), DatasetIDRef("abc"))
		if e := asError(t, err); e.Err == nil || e.Err.Error() != want {
			t.Errorf("%s: got %v, want %s", body, e.Err, want)
		}
	}
}

// BenchmarkRequest measures the client alone.
func BenchmarkRequest(b *testing.B) {
	api := emulator.NewAPI(emulator.Options{})
	id := seedDatasets(api, 1)[0]
	c := newLocalClient(b, api)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.GetDataset(b.Context(), DatasetIDRef(id)); err != nil {
			b.Fatal(err)
		}
	}
}
