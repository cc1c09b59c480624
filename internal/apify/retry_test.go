package apify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var errRefused = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}

// failure is a way in which an attempt can fail.
type failure struct {
	name        string
	reply       reply
	retryable   bool
	effect      bool // whether the attempt may have taken effect
	unreachable bool // whether the call then shows that the API is unreachable
}

func failures() []failure {
	all := []failure{
		{name: "408", reply: apiError(408, "operation-timed-out", "x"), retryable: true, effect: true},
		{name: "429", reply: apiError(429, "rate-limit-exceeded", "x"), retryable: true},
		{name: "429 of a proxy", reply: reply{status: 429, body: "<html>"}, retryable: true},
		{name: "200 with HTML", reply: reply{status: 200, body: "<html>"}, retryable: true, effect: true},
		{name: "200 with other JSON", reply: reply{status: 200, body: `{"data": 5}`}, retryable: true, effect: true},
		{name: "200 with an error", reply: apiError(200, "x", "y"), retryable: true, effect: true},
		{name: "200 without a body", reply: reply{status: 200}, retryable: true, effect: true},
		{name: "202 without a body", reply: reply{status: 202}, retryable: true, effect: true},
		{name: "200, incomplete", reply: reply{status: 200, body: `{"da`, cut: true}, retryable: true, effect: true},
		{name: "404, incomplete", reply: reply{status: 404, body: `{"error": {"type": "record-not-found"}}`, cut: true}, retryable: true},
		{name: "503, incomplete", reply: reply{status: 503, cut: true}, retryable: true, effect: true},
		{name: "connection lost", reply: reply{}, retryable: true, effect: true},
		{name: "no response", reply: reply{delay: time.Hour}, retryable: true, effect: true, unreachable: true},
		{name: "refused", reply: reply{dial: errRefused}, retryable: true, unreachable: true},
		{name: "dial timeout", reply: reply{dial: &net.OpError{Op: "dial", Err: syscall.ETIMEDOUT}}, retryable: true, unreachable: true},
		{name: "unknown host", reply: reply{dial: &net.DNSError{IsNotFound: true}}, unreachable: true},
		{name: "DNS fails", reply: reply{dial: &net.DNSError{IsTemporary: true}}, retryable: true, unreachable: true},
		{name: "invalid certificate", reply: reply{dial: &tls.CertificateVerificationError{Err: errors.New("x")}}, unreachable: true},
		{name: "no TLS", reply: reply{dial: tls.RecordHeaderError{Msg: "x"}}, unreachable: true},
		{name: "proxy needs a password", reply: reply{dial: &proxyError{"p", 407}}, unreachable: true},
		{name: "proxy fails", reply: reply{dial: &proxyError{"p", 502}}, retryable: true, unreachable: true},
	}
	for _, status := range []int{101, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 409, 413, 415, 422} {
		f := failure{name: fmt.Sprint(status), reply: apiError(status, "some-type", "x")}
		f.reply.header = http.Header{"Location": {"https://login.test/"}} // a redirect could send the token there
		all = append(all, f)
	}
	for _, status := range []int{500, 501, 502, 503, 504, 520, 599} {
		all = append(all, failure{name: fmt.Sprint(status), reply: apiError(status, "some-type", "x"), retryable: true, effect: true})
	}
	return all
}

// TestRetry_table makes every call with every failure: once with the failure only, and once with
// two failures before the success.
func TestRetry_table(t *testing.T) {
	t.Parallel()
	for _, f := range failures() {
		for _, call := range calls() {
			t.Run(f.name+"/"+call.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					again := f.retryable && (!call.once || !f.effect)
					attempts := 1
					if again {
						attempts += testRetries
					}
					s := newServer(f.reply)
					err := call.do(t.Context(), newTestClient(t, s))
					e := asError(t, err)
					if e.Attempts != attempts || s.attempts != attempts || e.Status != f.reply.status || e.MayHaveTakenEffect != f.effect || e.Stopped != nil {
						t.Errorf("want %d attempts and effect %t, got %d and %+v", attempts, f.effect, s.attempts, e)
					}
					if isUnreachable(e) != f.unreachable || IsNotFound(err) {
						t.Errorf("unreachable: %t, not found: %t", isUnreachable(e), IsNotFound(err))
					}
					if e.Operation == "" || e.Method == "" || e.URL[:20] != "https://api.test/v2/" {
						t.Errorf("the error does not name the request: %+v", e)
					}

					s = newServer(f.reply, f.reply, call.success)
					err = call.do(t.Context(), newTestClient(t, s))
					if (err == nil) != again || again && s.attempts != 3 {
						t.Errorf("before a success: %d attempts, %v", s.attempts, err)
					}
					for _, r := range s.requests {
						if r.body != s.requests[0].body {
							t.Errorf("got the bodies %q and %q", s.requests[0].body, r.body)
						}
					}
				})
			})
		}
	}
}

// TestRetry_unreachable checks that calls make one attempt each after the API was found
// unreachable, until there is a response.
func TestRetry_unreachable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused, unavailable := reply{dial: errRefused}, apiError(503, "x", "")
		all := 1 + testRetries
		replies := slices.Repeat([]reply{refused}, all+1+all)
		replies = append(replies, slices.Repeat([]reply{unavailable}, 1+all)...)
		c := newTestClient(t, newServer(replies...))
		for i, want := range []int{all, 1, all, all} { // a response ends it
			ctx := t.Context()
			if i == 2 {
				ctx = WithAllRetries(ctx)
			}
			_, err := c.GetDataset(ctx, testID)
			if e := asError(t, err); e.Attempts != want {
				t.Errorf("call %d made %d attempts, want %d", i, e.Attempts, want)
			}
		}
	})
}

// TestRetry_lostThenRefused checks that a lost response counts, even if later attempts had no
// effect.
func TestRetry_lostThenRefused(t *testing.T) {
	t.Parallel()
	_, err := newTestClient(t, newServer(reply{}, reply{dial: errRefused})).GetDataset(t.Context(), testID)
	if e := asError(t, err); !e.MayHaveTakenEffect || e.Status != 0 || isUnreachable(e) {
		t.Errorf("got %+v", e)
	}
}

// TestRetry_refused checks that refused connections are retried for refusedTime, counted from the
// first of them.
func TestRetry_refused(t *testing.T) {
	t.Parallel()
	many := func(c *Config) { c.MaxRetries, c.RetryDelay = 20, 500*time.Millisecond }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := newTestClient(t, newServer(reply{dial: errRefused}), many).GetDataset(t.Context(), testID)
		if took := time.Since(began); took != refusedTime || !errors.Is(err, syscall.ECONNREFUSED) || asError(t, err).Attempts < 4 {
			t.Errorf("got %v after %s", err, took)
		}
		// A slow network makes it longer by one attempt at most.
		began = time.Now()
		_, err = newTestClient(t, newServer(reply{dial: errRefused, delay: 3 * time.Second}), many).GetDataset(t.Context(), testID)
		if took := time.Since(began); took > refusedTime+3*time.Second || err == nil {
			t.Errorf("got %v after %s", err, took)
		}
		maintenance := reply{status: 503, header: http.Header{"Retry-After": {"30"}}}
		s := newServer(maintenance, reply{dial: errRefused}, reply{dial: errRefused}, maintenance, reply{dial: errRefused}, datasetReply(200, ""))
		must(newTestClient(t, s, many).GetDataset(t.Context(), testID))(t)
	})
}

// TestRetry_stopped ends the context of a call at every stage.
func TestRetry_stopped(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		reply reply
		// expired is the time until the call returns with a deadline after two seconds. A delay that
		// would end after the deadline does not begin.
		expired time.Duration
	}{
		{"in the delay before a retry", reply{status: 503, header: http.Header{"Retry-After": {"60"}}}, 0},
		{"before the connection", reply{dial: errRefused, delay: time.Hour}, 2 * time.Second},
		{"before the response", reply{delay: time.Hour}, 2 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, call := range calls()[2:] {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Second, cancel)
					began := time.Now()
					err := call.do(ctx, newTestClient(t, newServer(test.reply)))
					e := asError(t, err)
					if took := time.Since(began); took != time.Second || !errors.Is(err, context.Canceled) || e.Stopped == nil || e.Attempts != 1 || isUnreachable(e) {
						t.Errorf("%s interrupted after %s: %+v", call.name, took, e)
					}

					ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
					began = time.Now()
					err = call.do(ctx, newTestClient(t, newServer(test.reply)))
					cancel()
					e = asError(t, err)
					if took := time.Since(began); took != test.expired || !errors.Is(e.Stopped, context.DeadlineExceeded) || e.Attempts != 1 || e.Status != test.reply.status {
						t.Errorf("%s timed out after %s: %+v", call.name, took, e)
					}
				}
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newServer(datasetReply(200, ""))
	_, err := newTestClient(t, s).GetDataset(ctx, testID)
	if e := asError(t, err); e.Attempts != 0 || s.attempts != 0 || !errors.Is(err, context.Canceled) || e.Stopped == nil || e.MayHaveTakenEffect || isUnreachable(e) {
		t.Errorf("canceled before: got %+v", e)
	}
}

func TestRetry_log(t *testing.T) {
	t.Parallel()
	var log []Attempt
	c := newTestClient(t, newServer(reply{}, apiError(503, "x", ""), datasetReply(201, "")), func(c *Config) {
		c.Log = func(_ context.Context, a Attempt) { log = append(log, a) }
	})
	must(c.CreateDataset(t.Context(), "secret-name", nil))(t)
	if len(log) != 3 {
		t.Fatalf("got %+v", log)
	}
	for i, status := range []int{0, 503, 201} {
		a := log[i]
		if a.Number != i+1 || a.Status != status || a.Method != http.MethodPost || a.Path != "/v2/datasets" || (a.Err == nil) != (i == 2) || (a.RetryIn == 0) != (i == 2) {
			t.Errorf("attempt %d is %+v", i+1, a)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 7, 12, 0, 0, 0, time.UTC)
	const ms, s = time.Millisecond, time.Second
	for _, test := range []struct {
		attempts int
		after    string // the header
		min, max time.Duration
	}{
		{1, "", 500 * ms, s},
		{2, "", s, 2 * s},
		{6, "", 16 * s, 32 * s},
		{7, "", 30 * s, 60 * s},
		{1, "7", 7 * s, 7*s + 500*ms},
		{6, "7", 16 * s, 32 * s},
		{1, "0", 500 * ms, s},
		{1, "-5", 500 * ms, s},
		{1, "3600", 60 * s, 60*s + 500*ms},
		{1, "99999999999999999999", 500 * ms, s},
		{1, "soon", 500 * ms, s},
		{1, now.Add(20 * s).Format(http.TimeFormat), 20 * s, 20*s + 500*ms},
		{1, now.Add(-time.Hour).Format(http.TimeFormat), 500 * ms, s},
		{1, now.Add(time.Hour).Format(http.TimeFormat), 60 * s, 60*s + 500*ms},
	} {
		var delays []time.Duration
		for range 50 {
			delays = append(delays, backoff(500*ms, test.attempts, http.Header{"Retry-After": {test.after}}, now))
		}
		if least, most := slices.Min(delays), slices.Max(delays); least < test.min || most > test.max || least == most {
			t.Errorf("%+v: the delays are from %s to %s", test, least, most)
		}
	}
}
