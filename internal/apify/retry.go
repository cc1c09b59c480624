package apify

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
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

// statusRule is the policy for failed attempts with one of a range of statuses.
type statusRule struct {
	from, to  int
	retryable bool
	// effect reports whether the server may have acted on the request.
	effect bool
}

// statusRules are those of Apify's own clients, which retry 429 and 5xx, and unreadable bodies of
// 2xx. In addition, 408 is retried: RFC 9110, section 15.5.9, allows that, and the API's only error
// with this status, operation-timed-out, says that the server had too little time. All other
// statuses are final, and mean that the server has refused the request.
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
	if a.Status == 0 {
		return !isPermanent(a.failure)
	}
	return ruleFor(a.Status).retryable || errors.Is(a.failure, ErrIncompleteBody)
}

// mayHaveTakenEffect reports whether the server may have acted on a failed attempt. Without a
// connection it has not.
func (a *attempt) mayHaveTakenEffect() bool {
	if a.Status == 0 {
		return a.connected.Load()
	}
	return ruleFor(a.Status).effect
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

type allRetriesKey struct{}

// WithAllRetries returns a context with which a call is retried even after the API was found
// unreachable, for deletions that clean up. All other calls then make one attempt each, until there
// is a response: a thousand calls do not wait a thousand times.
func WithAllRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, allRetriesKey{}, true)
}

// planRetry sets the delay before the attempt after a failed one. The delay stays 0 if there must
// be no further attempt. If only ctx prevents it, planRetry returns the context's error, or
// [context.DeadlineExceeded] if the deadline is before the end of the delay.
func (c *Client) planRetry(ctx context.Context, r *request, a *attempt) error {
	if a.failure == nil || !a.retryable() || a.Number > c.config.MaxRetries || r.nonIdempotent && a.lost ||
		c.unreachable.Load() && ctx.Value(allRetriesKey{}) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	delay := backoff(c.config.RetryDelay, a.Number, a.header, time.Now())
	if !a.refusedSince.IsZero() {
		// The last attempt is at the end of refusedTime.
		if delay = min(delay, refusedTime-time.Since(a.refusedSince)); delay <= 0 {
			return nil
		}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		// Waiting would only replace this failure with "deadline exceeded".
		return context.DeadlineExceeded
	}
	a.RetryIn = delay
	return nil
}

// backoff returns the delay after the given number of failed attempts: a random time between DELAY
// and 2·DELAY, DELAY doubling with each attempt, as Apify's documentation asks. If a Retry-After
// header asks for more, the delay is that time plus up to one first DELAY of jitter, so that
// clients that were throttled together do not retry together.
func backoff(first time.Duration, attempts int, header http.Header, now time.Time) time.Duration {
	delay := min(first<<min(attempts-1, 16), maxRetryDelay)
	after := min(retryAfter(header, now), maxRetryAfter)
	return max(delay+rand.N(delay+1), after+rand.N(first+1)) //nolint:gosec // spreads requests in time, protects no secret
}

// retryAfter parses a Retry-After header, which contains seconds or a date. Without a readable
// header it returns 0.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(seconds, int(maxRetryAfter.Seconds()))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now)
	}
	return 0
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
