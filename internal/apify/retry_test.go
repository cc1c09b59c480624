package apify

import (
	"math"
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	const serverDate = "Wed, 21 Oct 2026 07:28:00 GMT"
	now := time.Date(2026, 10, 21, 9, 0, 0, 0, time.UTC) // more than an hour ahead of the server
	for _, test := range []struct {
		name, value, date string
		want              time.Duration
		unreadable        bool
	}{
		{name: "none", unreadable: true},
		{name: "blank", value: "  ", unreadable: true},
		{name: "seconds", value: "7", want: 7 * time.Second},
		{name: "padded seconds", value: " 7 ", want: 7 * time.Second},
		{name: "zero", value: "0"},
		{name: "a fraction", value: "0.25", want: 250 * time.Millisecond},
		{name: "the maximum", value: "60", want: time.Minute},
		{name: "more than the maximum", value: "61", want: time.Minute},
		{name: "absurd", value: "99999999999999999999", want: time.Minute},
		{name: "out of range", value: "1e999", unreadable: true},
		{name: "infinite", value: "Inf", want: time.Minute},
		{name: "negative", value: "-1", unreadable: true},
		{name: "negative infinite", value: "-Inf", unreadable: true},
		{name: "not a number", value: "NaN", unreadable: true},
		{name: "garbage", value: "three fortnights", unreadable: true},
		{name: "a date by the server's clock", value: "Wed, 21 Oct 2026 07:28:09 GMT", date: serverDate, want: 9 * time.Second},
		{name: "a date by our clock", value: "Wed, 21 Oct 2026 09:00:11 GMT", want: 11 * time.Second},
		{name: "a date by our clock, the server's being garbage", value: "Wed, 21 Oct 2026 09:00:11 GMT", date: "now", want: 11 * time.Second},
		{name: "a date past", value: "Wed, 21 Oct 2026 07:27:00 GMT", date: serverDate},
		{name: "a date far away", value: "Fri, 31 Dec 2999 23:59:59 GMT", date: serverDate, want: time.Minute},
		{name: "an old form of date", value: "Wednesday, 21-Oct-26 07:28:03 GMT", date: serverDate, want: 3 * time.Second},
		{name: "half a date", value: "Wed, 21 Oct", date: serverDate, unreadable: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{}
			for name, value := range map[string]string{"Retry-After": test.value, "Date": test.date} {
				if value != "" {
					header.Set(name, value)
				}
			}
			got, ok := retryAfter(header, now)
			if ok == test.unreadable || got != test.want {
				t.Errorf("got %s, %t, want %s, %t", got, ok, test.want, !test.unreadable)
			}
		})
	}
}

func TestRetryWait(t *testing.T) {
	// Enough draws to come near both ends.
	between := func(t *testing.T, low, high time.Duration, wait func() time.Duration) {
		t.Helper()
		least, most := time.Duration(math.MaxInt64), time.Duration(0)
		for range 2000 {
			w := wait()
			least, most = min(least, w), max(most, w)
		}
		if least < low || most > high {
			t.Errorf("waits from %s to %s, want them between %s and %s", least, most, low, high)
		}
		if tenth := (high - low) / 10; least > low+tenth || most < high-tenth {
			t.Errorf("waits from %s to %s are not spread between %s and %s", least, most, low, high)
		}
	}
	none := func(attempts int) func() time.Duration {
		return func() time.Duration { return (retryPolicy{firstDelay: defaultRetryDelay}).delay(attempts, nil, time.Now()) }
	}
	asked := func(value string, attempts int) func() time.Duration {
		last := http.Header{"Retry-After": {value}}
		return func() time.Duration { return (retryPolicy{firstDelay: defaultRetryDelay}).delay(attempts, last, time.Now()) }
	}

	for attempts, delay := range map[int]time.Duration{
		1: 500 * time.Millisecond,
		2: time.Second,
		3: 2 * time.Second,
		6: 16 * time.Second,
		7: maxRetryDelay,
		8: maxRetryDelay,
		// Any number of retries that one may configure.
		21:   maxRetryDelay,
		1000: maxRetryDelay,
	} {
		between(t, delay, 2*delay, none(attempts))
	}
	between(t, 500*time.Millisecond, time.Second, asked("garbage", 1))
	between(t, 3*time.Second, 3500*time.Millisecond, asked("3", 1))
	between(t, 3*time.Second, 3500*time.Millisecond, asked("3", 8))
	between(t, time.Minute, 60500*time.Millisecond, asked("9999", 1))
	// Not even a server that asks for it is hammered.
	between(t, 500*time.Millisecond, time.Second, asked("0", 8))
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
		wait := retryPolicy{firstDelay: first}.delay(1, header, now)
		if low := max(after, first); wait < low || wait > low+first {
			t.Errorf("waits %s after %s, %t", wait, after, ok)
		}
	})
}
