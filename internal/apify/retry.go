package apify

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// This file is the whole retry policy: which failures are retryable, which failed attempts may have
// taken effect on the server, how often a request is sent, and how long the client waits between
// two attempts.

// DefaultMaxRetries is the maximum number of retries of Apify's own clients.
const DefaultMaxRetries = 8

const (
	// defaultRetryDelay is the first delay by https://docs.apify.com/api/v2#rate-limiting.
	defaultRetryDelay = 500 * time.Millisecond
	// maxRetryDelay limits the doubling, so that eight retries end within minutes.
	maxRetryDelay = 30 * time.Second
	// refusedTime limits the time for which refused connections are retried: a server that restarts
	// is back by then, and one that does not run would cost minutes.
	refusedTime = 10 * time.Second
	// maxRetryAfter limits the delay that a Retry-After header can ask for. The API's rate limits
	// are per second and per minute, so a longer delay is a mistake of the server or a proxy.
	maxRetryAfter = time.Minute
)

// statusRule says how the client treats responses with a status.
type statusRule struct {
	from, to  int
	retryable bool
	// effect reports whether the server may have acted on the request.
	effect bool
}

// statusRules are those of Apify's own clients, which retry 429 and 5xx, and unreadable bodies of
// 2xx. In addition, 408 is retried: RFC 9110 allows that, and the API's only error with this
// status, operation-timed-out, is a matter of the server's load. All other statuses are final, and
// mean that the server has refused the request.
var statusRules = []statusRule{
	{from: 200, to: 299, retryable: true, effect: true},
	{from: 408, to: 408, retryable: true, effect: true},
	{from: 429, to: 429, retryable: true, effect: false},
	{from: 500, to: 999, retryable: true, effect: true},
}

// ruleFor returns the rule for a status.
func ruleFor(status int) statusRule {
	for _, rule := range statusRules {
		if rule.from <= status && status <= rule.to {
			return rule
		}
	}
	return statusRule{}
}

// retryable reports whether the same request may succeed after a failed attempt.
func (a *attempt) retryable() bool {
	if a.status == 0 {
		return !isPermanent(a.failure)
	}
	return ruleFor(a.status).retryable || errors.Is(a.failure, ErrIncompleteBody)
}

// mayHaveTakenEffect reports whether the server may have acted on a failed attempt. Without a
// connection it has not.
func (a *attempt) mayHaveTakenEffect() bool {
	if a.status == 0 {
		return a.connected.Load()
	}
	return ruleFor(a.status).effect
}

// isPermanent reports whether retrying cannot help after an attempt without a response: the address
// or a certificate is wrong, or a proxy refuses the connection.
func isPermanent(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		proxy       *proxyError
	)
	return errors.As(err, &certificate) ||
		errors.As(err, &record) ||
		errors.As(err, &proxy) && !ruleFor(proxy.status).retryable ||
		errors.As(err, &dns) && dns.IsNotFound
}

type withoutRetriesKey struct{}

// WithoutRetries returns a context with which each call makes one attempt only. It is for the calls
// after one has failed because the API is unreachable: see [IsUnreachable].
func WithoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutRetriesKey{}, true)
}

// retryDelay reports whether a failed attempt is followed by another one, and after which delay. If
// only ctx prevents the retry, it returns the context's error, or [context.DeadlineExceeded] if the
// deadline is before the end of the delay.
func (c *Client) retryDelay(ctx context.Context, r *request, a *attempt) (delay time.Duration, retry bool, err error) {
	if !a.retryable() || a.number > c.config.MaxRetries || ctx.Value(withoutRetriesKey{}) != nil ||
		r.nonIdempotent && a.mayHaveTakenEffect() {
		return 0, false, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	delay = backoff(c.config.RetryDelay, a.number, a.header, time.Now())
	if !a.refusedSince.IsZero() {
		remaining := refusedTime - time.Since(a.refusedSince)
		if remaining <= 0 {
			return 0, false, nil
		}
		delay = min(delay, remaining) // the last attempt is at the end of refusedTime
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		// Waiting would only replace this failure with "deadline exceeded".
		return 0, false, context.DeadlineExceeded
	}
	return delay, true, nil
}

// isRefused reports whether nothing listens at the server's address.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// backoff returns the delay after the given number of failed attempts: a random time between DELAY
// and 2·DELAY, DELAY doubling with each attempt, as Apify's documentation asks. If the response has
// a Retry-After header, the delay is that time plus up to one first DELAY of jitter, so that
// clients that were throttled together do not retry together.
func backoff(first time.Duration, attempts int, header http.Header, now time.Time) time.Duration {
	delay := maxRetryDelay
	if shift := attempts - 1; shift < 16 {
		delay = min(first<<shift, maxRetryDelay)
	}
	jitter := delay
	if after, ok := retryAfter(header, now); ok {
		delay, jitter = max(after, first), first
	}
	return delay + rand.N(jitter+1) //nolint:gosec // spreads requests in time, protects no secret
}

// retryAfter parses a Retry-After header, which contains seconds or a date. A date is compared with
// the server's own clock if the response has a Date header. The result is between 0 and
// maxRetryAfter; ok is false if there is no readable header.
func retryAfter(header http.Header, now time.Time) (after time.Duration, ok bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if math.IsNaN(seconds) || seconds < 0 {
			return 0, false
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(at.Sub(now), maxRetryAfter)), true
}

// sleep waits, and reports whether the context lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
