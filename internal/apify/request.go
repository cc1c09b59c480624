package apify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// maxBody limits how many bytes of a response are read: about thirty times the largest page of
// datasets.
const maxBody = 16 << 20

// Attempt describes one attempt of a request, for [Config].Log. It contains neither the token nor a
// query.
type Attempt struct {
	Method   string
	Path     string
	Number   int           // 1 for the first attempt
	Status   int           // 0 if there was no response
	Duration time.Duration // until the response was read, or until the failure
	Err      error         // reason of the failure; nil on success
	RetryIn  time.Duration // delay before the next attempt; 0 if there is none
}

// request describes one call of the API.
type request struct {
	operation string // for errors, such as `read dataset "abc"`
	method    string
	path      string // escaped, from /v2 on
	query     url.Values
	body      any                // encoded as JSON unless nil
	decode    func([]byte) error // reads the body of a 2xx response; nil if success is a 204
	// private prevents that the response's body is quoted, except for the API's error.
	private bool
	// awaited makes an attempt in progress go on for awaitTime after the context has ended.
	awaited bool
	// nonIdempotent prevents a retry after an attempt that may have taken effect.
	nonIdempotent bool
}

// outcome is the result of all attempts of a request.
type outcome struct {
	status     int         // of the last response; 0 if the last attempt had none
	header     http.Header // of the last response
	started    time.Time   // start of the first attempt
	mayHaveRun bool        // some failed attempt may have taken effect on the server
}

// attempt is one attempt of a request.
type attempt struct {
	number int       // 1 for the first
	began  time.Time // start of this attempt
	// refusedSince is the start of the first of the attempts up to this one that found the
	// connection refused; zero if this one did not.
	refusedSince time.Time
	connected    atomic.Bool // whether there was a connection to write the request to
	status       int         // 0 if there was no response
	header       http.Header
	failure      *Error // nil on success
}

// do sends a request, sends it again while the retry policy allows that, and passes the body of a
// successful response to r.decode. An error is always an [*Error].
func (c *Client) do(ctx context.Context, r *request) (outcome, error) {
	var result outcome
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return result, c.newError(r, &attempt{}, err)
	}
	var refusedSince time.Time
	for number := 1; ; number++ {
		a := c.send(ctx, r, req, number)
		if number == 1 {
			result.started = a.began
		}
		switch {
		case a.failure == nil || !errors.Is(a.failure, syscall.ECONNREFUSED):
			refusedSince = time.Time{}
		case refusedSince.IsZero():
			refusedSince = a.began
		}
		a.refusedSince = refusedSince
		result.status, result.header = a.status, a.header
		if a.failure == nil {
			c.log(ctx, r, a, 0)
			return result, nil
		}
		result.mayHaveRun = result.mayHaveRun || a.mayHaveTakenEffect()
		delay, retry, stopped := c.retry.next(ctx, r, a)
		c.log(ctx, r, a, delay)
		if retry && sleep(ctx, delay) {
			continue
		}
		a.failure.Stopped = stopped
		if err := ctx.Err(); err != nil {
			a.failure.Stopped = err
		}
		a.failure.MayHaveTakenEffect = result.mayHaveRun
		return result, a.failure
	}
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

func (c *Client) newRequest(ctx context.Context, r *request) (*http.Request, error) {
	var body io.Reader // nil without a body, so that neither a Content-Type nor a length is sent
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.url(r.path, r.query), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.config.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.config.Platform != "" {
		req.Header.Set("X-Apify-Integration-Platform", c.config.Platform)
	}
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	return req, nil
}

// send sends a request once and reads the response.
func (c *Client) send(ctx context.Context, r *request, req *http.Request, number int) *attempt {
	a := &attempt{number: number, began: time.Now()}
	own := ctx
	if r.awaited && ctx.Err() == nil {
		var cancel context.CancelFunc
		own, cancel = awaitedContext(ctx)
		defer cancel()
	}
	own, cancel := context.WithTimeout(own, c.config.RequestTimeout)
	defer cancel()
	req = req.Clone(httptrace.WithClientTrace(own, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	}))
	if req.GetBody != nil {
		req.Body, _ = req.GetBody() // of a bytes.Reader, which never fails
	}
	resp, err := c.http.Do(req)
	if err != nil {
		a.failure = c.newError(r, a, c.cause(ctx, err))
		return a
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	a.status, a.header = resp.StatusCode, resp.Header
	c.clock.observe(resp.Header, time.Now())
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrIncompleteBody, c.cause(ctx, err))
	case a.status < 200 || a.status > 299:
		a.failure = c.newError(r, a, nil)
	default:
		err = r.readBody(a.status, raw)
	}
	if err != nil {
		a.failure = c.newError(r, a, err)
	}
	if a.failure != nil {
		a.failure.setBody(raw, resp.Header)
		if r.private {
			a.failure.Body = ""
		}
	}
	return a
}

// awaitTime limits the time for which the response to an awaited request is awaited after the
// context has ended.
const awaitTime = 30 * time.Second

// awaitedContext returns a context that ends awaitTime after another one.
func awaitedContext(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if sleep(own, awaitTime) {
			cancel()
		}
	})
	return own, func() { stop(); cancel() }
}

// readBody reads the body of a 2xx response. Its errors are those of a body that the API would not
// send: the page of a proxy must not be taken for a successful deletion.
func (r *request) readBody(status int, raw []byte) error {
	switch {
	case len(raw) > maxBody:
		return fmt.Errorf("the body is longer than %d MiB", maxBody>>20)
	case r.decode == nil && status != http.StatusNoContent:
		return fmt.Errorf("the API returns %d %s", http.StatusNoContent, http.StatusText(http.StatusNoContent))
	case r.decode == nil:
		return nil
	default:
		return r.decode(raw)
	}
}

// newError returns the error of an attempt.
func (c *Client) newError(r *request, a *attempt, err error) *Error {
	return &Error{
		Operation: r.operation,
		Method:    r.method,
		URL:       c.url(r.path, nil),
		Attempts:  a.number,
		Status:    a.status,
		Err:       err,
		secrets:   c.secrets.all(),
	}
}

// cause removes from an error of net/http the repetition of the request, and replaces the request
// timeout's "context deadline exceeded" with a text that names the limit.
func (c *Client) cause(ctx context.Context, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return &timeoutError{c.config.RequestTimeout}
	}
	return err
}

// timeoutError is the error of an attempt that took longer than the request timeout.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("the request timed out after %s", e.limit) }
func (e *timeoutError) Timeout() bool { return true }

func (c *Client) log(ctx context.Context, r *request, a *attempt, delay time.Duration) {
	if c.config.Log == nil {
		return
	}
	entry := Attempt{
		Method:   r.method,
		Path:     r.path,
		Number:   a.number,
		Status:   a.status,
		Duration: time.Since(a.began),
		RetryIn:  delay,
	}
	if a.failure != nil {
		entry.Err = a.failure
	}
	c.config.Log(ctx, entry)
}

// decodeData returns a function that decodes the {"data": …} that the API wraps its responses in,
// and validates the result.
func decodeData[T any](into *T, validate func() error) func([]byte) error {
	return func(raw []byte) error {
		var envelope struct {
			Data *T `json:"data"`
		}
		if err := unmarshal(raw, &envelope); err != nil {
			return err
		}
		if envelope.Data == nil {
			return errors.New(`the body has no "data"`)
		}
		*into = *envelope.Data
		return validate()
	}
}

// unmarshal is [json.Unmarshal] with errors that contain no Go types.
func unmarshal(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case len(raw) == 0:
		return errors.New("the body is empty")
	case errors.As(err, &mistyped):
		kind, _, _ := strings.Cut(mistyped.Value, " ") // the rest is the digits of a number
		if mistyped.Field == "" {
			return fmt.Errorf("the body has an unexpected JSON type: %s", kind)
		}
		return fmt.Errorf("the body has an unexpected JSON type for %q: %s", mistyped.Field, kind)
	default:
		return fmt.Errorf("the body is not valid JSON: %w", err)
	}
}
