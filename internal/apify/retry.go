package apify

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// defaultRetryDelay is Apify's: https://docs.apify.com/api/v2#rate-limiting.
	defaultRetryDelay = 500 * time.Millisecond
	// maxRetryDelay bounds the doubling, so that eight retries end within minutes.
	maxRetryDelay = 30 * time.Second
	// maxRetryAfter bounds what a Retry-After header may ask for. The API's limits
	// are per second and per minute; more than that is a mistake or a trap.
	maxRetryAfter = time.Minute
)

// passingStatus tells whether an answer says that the same request may succeed
// later: 429 and 5xx, as Apify's own clients see it.
func passingStatus(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
}

// retryWait is how long to wait after the given number of failed attempts: a
// random time between DELAY and 2·DELAY, DELAY doubling with each attempt, or up to
// the first DELAY more than the last answer asked for.
func retryWait(first time.Duration, attempts int, last *http.Response, now time.Time) time.Duration {
	delay := maxRetryDelay
	if shift := attempts - 1; shift < 16 {
		delay = min(first<<shift, maxRetryDelay)
	}
	spread := delay
	if last != nil {
		if after, ok := retryAfter(last.Header, now); ok {
			// All that were refused together would come back together.
			delay, spread = max(after, first), first
		}
	}
	return delay + rand.N(spread+1) //nolint:gosec // spreads requests in time, keeps no secret
}

// retryAfter reads a Retry-After header, which gives seconds or a date. A date
// is taken against the server's own clock where the answer tells it. The result
// is between 0 and maxRetryAfter; ok is false where there is nothing readable.
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
