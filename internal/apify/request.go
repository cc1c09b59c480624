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
	// private prevents that the message of the API's error is quoted.
	private bool
	// nonIdempotent prevents a retry after an attempt that may have taken effect.
	nonIdempotent bool
}

// result describes a successful call.
type result struct {
	status int
	header http.Header
	// afterLostAttempt reports whether an earlier attempt may have taken effect.
	afterLostAttempt bool
}

// attempt is one attempt of a request.
type attempt struct {
	number int // 1 for the first
	began  time.Time
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
func (c *Client) do(ctx context.Context, r *request) (*result, error) {
	req, err := c.newRequest(ctx, r)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, c.newError(r, &attempt{}, err, ctx.Err())
	}
	var refusedSince time.Time
	for number, lost := 1, false; ; number++ {
		a := c.send(ctx, r, req, number)
		if a.failure == nil {
			c.log(ctx, r, a, 0)
			return &result{a.status, a.header, lost}, nil
		}
		switch {
		case !isRefused(a.failure):
			refusedSince = time.Time{}
		case refusedSince.IsZero():
			refusedSince = a.began
		}
		a.refusedSince = refusedSince
		lost = lost || a.mayHaveTakenEffect()
		a.failure.MayHaveTakenEffect = lost
		delay, retry, stopped := c.retryDelay(ctx, r, a)
		c.log(ctx, r, a, delay)
		if retry && sleep(ctx, delay) {
			continue
		}
		a.failure.Stopped = stopped
		if err := ctx.Err(); err != nil {
			a.failure.Stopped = err
		}
		return nil, a.failure
	}
}

// newRequest returns the request of all attempts.
func (c *Client) newRequest(ctx context.Context, r *request) (*http.Request, error) {
	var body io.Reader = http.NoBody
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
	if r.body != nil {
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

// send sends a request once and reads the response. It uses the transport without an
// [http.Client], which would follow redirects, possibly with the token, to another host.
func (c *Client) send(ctx context.Context, r *request, req *http.Request, number int) *attempt {
	a := &attempt{number: number, began: time.Now()}
	limited, cancel := context.WithTimeout(ctx, c.config.RequestTimeout)
	defer cancel()
	req = req.Clone(httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	}))
	req.Body, _ = req.GetBody() // of a bytes.Reader or http.NoBody, which never fails
	resp, err := c.config.Transport.RoundTrip(req)
	if err != nil {
		a.failure = c.newError(r, a, c.cause(ctx, err), nil)
		return a
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	a.status, a.header = resp.StatusCode, resp.Header
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrIncompleteBody, c.cause(ctx, err))
	case a.status < 200 || a.status > 299:
		a.failure = c.newError(r, a, nil, nil)
	default:
		err = r.readBody(a.status, raw)
	}
	if err != nil {
		a.failure = c.newError(r, a, err, nil)
	}
	if a.failure != nil {
		c.describeBody(a.failure, r, raw, resp.Header)
	}
	return a
}

// readBody reads the body of a 2xx response. Its errors are those of a body that the API would not
// send: the page of a proxy must not be taken for a successful deletion.
func (r *request) readBody(status int, raw []byte) error {
	switch {
	case len(raw) > maxBody:
		return fmt.Errorf("the body is longer than %d MiB", maxBody>>20)
	case r.decode == nil && status != http.StatusNoContent:
		return fmt.Errorf("the API returns %s", statusText(http.StatusNoContent))
	case r.decode == nil:
		return nil
	default:
		return r.decode(raw)
	}
}

// cause replaces the request timeout's "context deadline exceeded" with an error that names the
// limit.
func (c *Client) cause(ctx context.Context, err error) error {
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
		Method: r.method, Path: r.path, Number: a.number, Status: a.status, Duration: time.Since(a.began), RetryIn: delay,
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
		if field := mistyped.Field[strings.LastIndex(mistyped.Field, ".")+1:]; field != "" {
			return fmt.Errorf("the body has an unexpected JSON type for %q", field)
		}
		return errors.New("the body has an unexpected JSON type")
	default:
		return fmt.Errorf("the body is not valid JSON: %w", err)
	}
}
