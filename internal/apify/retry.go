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

// This file is the whole retry policy: how often a request is sent, how long the client waits
// between two attempts, which failures are retryable, and which failed attempts may have taken
// effect on the server.

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

// retryPolicy holds the parts of the policy that a user can configure.
type retryPolicy struct {
	maxRetries int
	firstDelay time.Duration
}

// next reports whether a failed attempt is followed by another one, and after which delay. If only
// ctx prevents the retry, next returns its error, or [context.DeadlineExceeded] if its deadline is
// before the end of the delay.
func (p retryPolicy) next(ctx context.Context, r *request, a *attempt) (delay time.Duration, retry bool, err error) {
	if !a.retryable() || a.number > p.maxRetries || r.nonIdempotent && a.mayHaveTakenEffect() {
		return 0, false, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	delay = p.delay(a.number, a.header, time.Now())
	if errors.Is(a.failure, syscall.ECONNREFUSED) {
		remaining := refusedTime - time.Since(a.refusedSince)
		if remaining <= 0 {
			return 0, false, nil
		}
		delay = min(delay, remaining) // the last attempt is at the end of refusedTime
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		// Waiting would only replace this failure by "deadline exceeded".
		return 0, false, context.DeadlineExceeded
	}
	return delay, true, nil
}

// retryable reports whether the same request may succeed later.
func (a *attempt) retryable() bool {
	switch {
	case a.status == 0:
		return !isPermanent(a.failure)
	case a.status >= 200 && a.status < 300: // the body is incomplete, or not the API's
		return true
	case a.failure != nil && errors.Is(a.failure.Err, ErrIncompleteBody):
		return true
	default:
		return isRetryableStatus(a.status)
	}
}

// isRetryableStatus reports whether a status is a transient error: 429 and 5xx, as in Apify's own
// clients.
func isRetryableStatus(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
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
		errors.As(err, &proxy) && !isRetryableStatus(proxy.status) ||
		errors.As(err, &record) ||
		errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &dns) && dns.IsNotFound
}

// mayHaveTakenEffect reports whether the server may have acted on a failed attempt: not if no
// connection was made, and not if the server refused the request.
func (a *attempt) mayHaveTakenEffect() bool {
	switch {
	case !a.connected.Load():
		return false
	case a.status == 0:
		return true
	default:
		return a.status < 300 || a.status >= 500
	}
}

// delay returns the delay after the given number of failed attempts: a random time between DELAY
// and 2·DELAY, DELAY doubling with each attempt, as Apify's documentation asks. If the response has
// a Retry-After header, the delay is that time plus up to one first DELAY of jitter, so that
// clients that were throttled together do not retry together.
func (p retryPolicy) delay(attempts int, header http.Header, now time.Time) time.Duration {
	delay := maxRetryDelay
	if shift := attempts - 1; shift < 16 {
		delay = min(p.firstDelay<<shift, maxRetryDelay)
	}
	jitter := delay
	if after, ok := retryAfter(header, now); ok {
		delay, jitter = max(after, p.firstDelay), p.firstDelay
	}
	return delay + rand.N(jitter+1) //nolint:gosec // spreads requests in time, protects no secret
}

// retryAfter parses a Retry-After header, which contains seconds or a date. A date is compared with
// the server's own clock if the response has a Date header. The result is between 0 and
// maxRetryAfter; ok is false if there is no readable header.
func retryAfter(header http.Header, now time.Time) (after time.Duration, ok bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
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
