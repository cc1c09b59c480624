package apify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestRetryPolicy is the retry policy as a table: which failures are followed by another attempt.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	const (
		yes = true
		no  = false
	)
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	incomplete := fmt.Errorf("%w: %w", ErrIncompleteBody, io.ErrUnexpectedEOF)
	malformed := errors.New("the body is not valid JSON")
	for _, test := range []struct {
		name      string
		connected bool
		status    int   // 0 if there was no response
		err       error // why there was no response, or why it could not be read

		mayHaveTakenEffect bool
		idempotent         bool // whether an idempotent request is retried
		nonIdempotent      bool // whether any other request is retried
	}{
		// No connection. The request cannot have taken effect.
		{"connection refused", no, 0, dial(syscall.ECONNREFUSED), no, yes, yes},
		{"connection reset", no, 0, dial(syscall.ECONNRESET), no, yes, yes},
		{"no route to the host", no, 0, dial(syscall.EHOSTUNREACH), no, yes, yes},
		{"no connection in time", no, 0, errors.New("the request timed out after 30s"), no, yes, yes},
		{"name server fails", no, 0, dial(&net.DNSError{IsTemporary: true}), no, yes, yes},
		{"unknown host", no, 0, dial(&net.DNSError{IsNotFound: true}), no, no, no},
		{"invalid certificate", no, 0, &tls.CertificateVerificationError{Err: errors.New("expired")}, no, no, no},
		{"server without TLS", no, 0, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, no, no, no},
		{"HTTPS to an HTTP server", no, 0, http.ErrSchemeMismatch, no, no, no},
		{"proxy requires a password", no, 0, &proxyError{status: 407}, no, no, no},
		{"proxy forbids", no, 0, &proxyError{status: 403}, no, no, no},
		{"proxy has a limit", no, 0, &proxyError{status: 429}, no, yes, yes},
		{"proxy fails", no, 0, &proxyError{status: 502}, no, yes, yes},

		// No response. The request may have taken effect.
		{"reset", yes, 0, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, yes, yes, no},
		{"closed", yes, 0, io.EOF, yes, yes, no},
		{"no response in time", yes, 0, errors.New("the request timed out after 30s"), yes, yes, no},
		{"malformed response", yes, 0, errors.New("malformed HTTP response"), yes, yes, no},

		// A successful status, but not a response of the API.
		{"200 incomplete", yes, 200, incomplete, yes, yes, no},
		{"200 malformed", yes, 200, malformed, yes, yes, no},
		{"201 malformed", yes, 201, malformed, yes, yes, no},
		{"204 with another one expected", yes, 204, malformed, yes, yes, no},

		// The server refused the request.
		{"301", yes, 301, nil, no, no, no},
		{"302", yes, 302, nil, no, no, no},
		{"304", yes, 304, nil, no, no, no},
		{"308", yes, 308, nil, no, no, no},
		{"400", yes, 400, nil, no, no, no},
		{"401", yes, 401, nil, no, no, no},
		{"402", yes, 402, nil, no, no, no},
		{"403", yes, 403, nil, no, no, no},
		{"404", yes, 404, nil, no, no, no},
		{"405", yes, 405, nil, no, no, no},
		{"407", yes, 407, nil, no, no, no},
		{"408", yes, 408, nil, no, no, no},
		{"409", yes, 409, nil, no, no, no},
		{"410", yes, 410, nil, no, no, no},
		{"413", yes, 413, nil, no, no, no},
		{"415", yes, 415, nil, no, no, no},
		{"425", yes, 425, nil, no, no, no},
		{"451", yes, 451, nil, no, no, no},
		{"499", yes, 499, nil, no, no, no},
		{"429", yes, 429, nil, no, yes, yes},

		// An incomplete response can be that of something other than the API.
		{"302 incomplete", yes, 302, incomplete, no, yes, yes},
		{"404 incomplete", yes, 404, incomplete, no, yes, yes},
		{"429 incomplete", yes, 429, incomplete, no, yes, yes},

		// The server failed. The request may have taken effect.
		{"500", yes, 500, nil, yes, yes, no},
		{"501", yes, 501, nil, yes, yes, no},
		{"502", yes, 502, nil, yes, yes, no},
		{"503", yes, 503, nil, yes, yes, no},
		{"503 incomplete", yes, 503, incomplete, yes, yes, no},
		{"504", yes, 504, nil, yes, yes, no},
		{"505", yes, 505, nil, yes, yes, no},
		{"599", yes, 599, nil, yes, yes, no},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.err
			if err != nil {
				err = &url.Error{Op: "Get", URL: "https://api.test", Err: err}
			}
			a := &attempt{number: 1, refusedSince: time.Now(), status: test.status, failure: &Error{Status: test.status, Err: err}}
			a.connected.Store(test.connected)
			policy := retryPolicy{maxRetries: 1, firstDelay: time.Second}
			if got := a.mayHaveTakenEffect(); got != test.mayHaveTakenEffect {
				t.Errorf("may have taken effect: %t", got)
			}
			for nonIdempotent, want := range map[bool]bool{false: test.idempotent, true: test.nonIdempotent} {
				delay, retry, err := policy.next(t.Context(), &request{nonIdempotent: nonIdempotent}, a)
				if retry != want || err != nil || (delay > 0) != want {
					t.Errorf("not idempotent: %t: retry %t after %s, %v, want %t", nonIdempotent, retry, delay, err, want)
				}
			}
		})
	}
}

// TestRetryPolicy_limits lists what ends the attempts of a request that could be sent again.
func TestRetryPolicy_limits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended, end := context.WithCancel(t.Context())
		end()
		deadline := func(d time.Duration) context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			t.Cleanup(cancel)
			return ctx
		}
		for _, test := range []struct {
			name               string
			ctx                context.Context
			number, maxRetries int
			retry              bool
			stopped            error
		}{
			{"no retries configured", t.Context(), 1, 0, false, nil},
			{"first of one", t.Context(), 1, 1, true, nil},
			{"second of one", t.Context(), 2, 1, false, nil},
			{"eighth of eight", t.Context(), 8, 8, true, nil},
			{"ninth of eight", t.Context(), 9, 8, false, nil},
			{"ended context", ended, 1, 8, false, context.Canceled},
			{"ended context, and no retries left", ended, 9, 8, false, nil},
			{"deadline before the delay ends", deadline(10 * time.Second), 1, 8, false, context.DeadlineExceeded},
			{"deadline after the delay", deadline(11 * time.Second), 1, 8, true, nil},
			{"deadline, and no retries left", deadline(10 * time.Second), 9, 8, false, nil},
		} {
			a := &attempt{
				number: test.number, status: http.StatusServiceUnavailable,
				header: http.Header{"Retry-After": {"10"}}, failure: &Error{},
			}
			policy := retryPolicy{maxRetries: test.maxRetries, firstDelay: 500 * time.Millisecond}
			delay, retry, stopped := policy.next(test.ctx, &request{}, a)
			if retry != test.retry || !errors.Is(stopped, test.stopped) || (delay > 0) != test.retry {
				t.Errorf("%s: retry %t after %s, %v, want %t, %v", test.name, retry, delay, stopped, test.retry, test.stopped)
			}
		}
	})
}

// TestRetryPolicy_delays measures the delays between attempts that meet the faults with a
// Retry-After header, and others.
func TestRetryPolicy_delays(t *testing.T) {
	t.Parallel()
	const half = 500 * time.Millisecond // the first delay, and the longest jitter after a Retry-After
	for _, test := range []struct {
		fault string
		// least and most are the bounds of the first three delays.
		least, most [3]time.Duration
	}{
		{emulator.FaultRateLimited, [3]time.Duration{half, 2 * half, 4 * half}, [3]time.Duration{2 * half, 4 * half, 8 * half}},
		{emulator.FaultReset, [3]time.Duration{half, 2 * half, 4 * half}, [3]time.Duration{2 * half, 4 * half, 8 * half}},
		{emulator.FaultRetryAfterInvalid, [3]time.Duration{half, 2 * half, 4 * half}, [3]time.Duration{2 * half, 4 * half, 8 * half}},
		{emulator.FaultRetryAfterFraction, each(half), each(2 * half)},
		{emulator.FaultRetryAfterSecond, each(time.Second), each(time.Second + half)},
		// The date and the server's own clock have whole seconds.
		{emulator.FaultRetryAfterDate, each(time.Second), each(3*time.Second + half)},
		{emulator.FaultRetryAfterMinute, each(time.Minute), each(time.Minute + half)},
		{emulator.FaultRetryAfterForever, each(time.Minute), each(time.Minute + half)},
		{emulator.FaultMaintenance, each(30 * time.Second), each(30*time.Second + half)},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := startPipeServer(t, emulator.Options{})
				network.server.Recorder.Inject(newFault(test.fault, 3))
				c := network.newClient(t, func(c *Config) { c.RetryDelay = 0 })
				must(c.CurrentUser(t.Context()))(t)
				requests := network.server.Recorder.Requests()
				if len(requests) != 4 {
					t.Fatalf("the server received %d requests, want 4", len(requests))
				}
				for i := range 3 {
					delay := requests[i+1].Time.Sub(requests[i].Time)
					if delay < test.least[i] || delay > test.most[i] {
						t.Errorf("delay %d is %s, want %s to %s", i+1, delay, test.least[i], test.most[i])
					}
				}
			})
		})
	}
}

func each(d time.Duration) [3]time.Duration { return [3]time.Duration{d, d, d} }

func TestRetryPolicy_delayRange(t *testing.T) {
	t.Parallel()
	policy := retryPolicy{firstDelay: defaultRetryDelay}
	for _, test := range []struct {
		name        string
		attempts    int
		retryAfter  string
		least, most time.Duration
	}{
		{name: "first", attempts: 1, least: 500 * time.Millisecond, most: time.Second},
		{name: "second", attempts: 2, least: time.Second, most: 2 * time.Second},
		{name: "third", attempts: 3, least: 2 * time.Second, most: 4 * time.Second},
		{name: "sixth", attempts: 6, least: 16 * time.Second, most: 32 * time.Second},
		{name: "seventh", attempts: 7, least: maxRetryDelay, most: 2 * maxRetryDelay},
		{name: "eighth", attempts: 8, least: maxRetryDelay, most: 2 * maxRetryDelay},
		{name: "21st", attempts: 21, least: maxRetryDelay, most: 2 * maxRetryDelay},
		{name: "1000th", attempts: 1000, least: maxRetryDelay, most: 2 * maxRetryDelay},
		{name: "invalid Retry-After", attempts: 1, retryAfter: "soon", least: 500 * time.Millisecond, most: time.Second},
		{name: "Retry-After", attempts: 1, retryAfter: "3", least: 3 * time.Second, most: 3500 * time.Millisecond},
		{name: "Retry-After at the eighth", attempts: 8, retryAfter: "3", least: 3 * time.Second, most: 3500 * time.Millisecond},
		{name: "long Retry-After", attempts: 1, retryAfter: "9999", least: time.Minute, most: 60500 * time.Millisecond},
		{name: "no Retry-After", attempts: 8, retryAfter: "0", least: 500 * time.Millisecond, most: time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if test.retryAfter != "" {
				header.Set("Retry-After", test.retryAfter)
			}
			// So many delays come close to both ends of the range.
			least, most := time.Duration(math.MaxInt64), time.Duration(0)
			for range 2000 {
				delay := policy.delay(test.attempts, header, time.Now())
				least, most = min(least, delay), max(most, delay)
			}
			if least < test.least || most > test.most {
				t.Errorf("delays of %s to %s, want %s to %s", least, most, test.least, test.most)
			}
			if tenth := (test.most - test.least) / 10; least > test.least+tenth || most < test.most-tenth {
				t.Errorf("delays of %s to %s do not fill the range of %s to %s", least, most, test.least, test.most)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const serverDate = "Wed, 21 Oct 2026 07:28:00 GMT"
	now := time.Date(2026, 10, 21, 9, 0, 0, 0, time.UTC) // more than an hour ahead of the server
	for _, test := range []struct {
		name, value, date string
		want              time.Duration
		invalid           bool
	}{
		{name: "none", invalid: true},
		{name: "blank", value: "  ", invalid: true},
		{name: "seconds", value: "7", want: 7 * time.Second},
		{name: "seconds and spaces", value: " 7 ", want: 7 * time.Second},
		{name: "zero", value: "0"},
		{name: "fraction", value: "0.25", want: 250 * time.Millisecond},
		{name: "maximum", value: "60", want: time.Minute},
		{name: "more than the maximum", value: "61", want: time.Minute},
		{name: "20 digits", value: "99999999999999999999", want: time.Minute},
		{name: "out of range", value: "1e999", invalid: true},
		{name: "infinite", value: "Inf", want: time.Minute},
		{name: "negative", value: "-1", invalid: true},
		{name: "negative infinite", value: "-Inf", invalid: true},
		{name: "NaN", value: "NaN", invalid: true},
		{name: "words", value: "three fortnights", invalid: true},
		{name: "date by the server's clock", value: "Wed, 21 Oct 2026 07:28:09 GMT", date: serverDate, want: 9 * time.Second},
		{name: "date by the client's clock", value: "Wed, 21 Oct 2026 09:00:11 GMT", want: 11 * time.Second},
		{name: "date by the client's clock because the server's is invalid", value: "Wed, 21 Oct 2026 09:00:11 GMT", date: "now", want: 11 * time.Second},
		{name: "date in the past", value: "Wed, 21 Oct 2026 07:27:00 GMT", date: serverDate},
		{name: "date in 2999", value: "Fri, 31 Dec 2999 23:59:59 GMT", date: serverDate, want: time.Minute},
		{name: "date in the format of RFC 850", value: "Wednesday, 21-Oct-26 07:28:03 GMT", date: serverDate, want: 3 * time.Second},
		{name: "incomplete date", value: "Wed, 21 Oct", date: serverDate, invalid: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			for name, value := range map[string]string{"Retry-After": test.value, "Date": test.date} {
				if value != "" {
					header.Set(name, value)
				}
			}
			got, ok := retryAfter(header, now)
			if ok == test.invalid || got != test.want {
				t.Errorf("got %s, %t, want %s, %t", got, ok, test.want, !test.invalid)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []struct{ value, date string }{
		{"7", ""},
		{"0.5", "Wed, 21 Oct 2026 07:28:00 GMT"},
		{"Wed, 21 Oct 2026 07:28:09 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"},
		{"-1", "yesterday"},
		{"NaN", ""},
		{"0x1p-2", ""},
		{"Inf", "Mon, 01 Jan 0001 00:00:00 GMT"},
	} {
		f.Add(seed.value, seed.date)
	}
	now := time.Date(2026, 10, 21, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		header := http.Header{"Retry-After": {value}, "Date": {date}}
		after, ok := retryAfter(header, now)
		if after < 0 || after > maxRetryAfter || !ok && after != 0 {
			t.Errorf("got %s, %t", after, ok)
		}
		const first = 100 * time.Millisecond
		delay := retryPolicy{firstDelay: first}.delay(1, header, now)
		if least := max(after, first); delay < least || delay > least+first {
			t.Errorf("the delay is %s for a Retry-After of %s, %t", delay, after, ok)
		}
	})
}
