package apify

import (
	"bytes"
	"cmp"
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
	// private prevents that the message of the API's error is quoted.
	private bool
	// nonIdempotent prevents a retry after an attempt that may have taken effect.
	nonIdempotent bool
}

// attempt is one attempt of a request.
type attempt struct {
	Attempt
	// refusedSince is the start of the first of the attempts up to this one that found the
	// connection refused; zero if this one did not.
	refusedSince time.Time
	connected    atomic.Bool // whether there was a connection to write the request to
	header       http.Header
	failure      *Error // nil on success
	// lost reports whether this attempt or an earlier one has failed and may have taken effect.
	lost bool
}

// do sends a request, sends it again while the retry policy allows that, and passes the body of a
// successful response to r.decode. It returns the last attempt. An error is always an [*Error].
func (c *Client) do(ctx context.Context, r *request) (*attempt, error) {
	req, err := c.newRequest(ctx, r)
	if err == nil {
		err = ctx.Err()
	}
	a := &attempt{Attempt: Attempt{Method: r.method, Path: r.path}}
	if err != nil {
		a.failure = c.newError(r, a, err)
		a.failure.Stopped = ctx.Err()
		return nil, a.failure
	}
	for {
		a = c.send(ctx, r, req, a)
		if a.Status != 0 {
			c.unreachable.Store(false)
		}
		stopped := c.planRetry(ctx, r, a)
		if c.config.Log != nil {
			c.config.Log(ctx, a.Attempt)
		}
		if a.failure == nil {
			return a, nil
		}
		if a.RetryIn == 0 || !sleep(ctx, a.RetryIn) {
			a.failure.Stopped = cmp.Or(ctx.Err(), stopped)
			if isUnreachable(a.failure) {
				c.unreachable.Store(true)
			}
			return nil, a.failure
		}
	}
}

// newRequest returns the request of all attempts.
func (c *Client) newRequest(ctx context.Context, r *request) (*http.Request, error) {
	var body []byte
	contentType := ""
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, err
		}
		contentType = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.url(r.path, r.query), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Accept":                       "application/json",
		"Authorization":                "Bearer " + c.config.Token,
		"Content-Type":                 contentType,
		"User-Agent":                   c.config.UserAgent,
		"X-Apify-Integration-Platform": c.config.Platform,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return req, nil
}

// send sends a request once and reads the response. It uses the transport without an
// [http.Client], which would follow redirects, possibly with the token, to another host.
func (c *Client) send(ctx context.Context, r *request, req *http.Request, last *attempt) *attempt {
	began := time.Now()
	a := &attempt{Attempt: Attempt{Method: r.method, Path: r.path, Number: last.Number + 1}, lost: last.lost}
	limited, cancel := context.WithTimeout(ctx, c.config.RequestTimeout)
	defer cancel()
	req = req.Clone(httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	}))
	req.Body, _ = req.GetBody() // of a bytes.Reader, which never fails
	resp, err := c.config.Transport.RoundTrip(req)
	var raw []byte
	if err == nil {
		defer resp.Body.Close() //nolint:errcheck // it has been read
		a.Status, a.header = resp.StatusCode, resp.Header
		raw, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = &timeoutError{c.config.RequestTimeout}
	}
	isSuccess := a.Status >= 200 && a.Status <= 299
	switch {
	case a.Status != 0 && err != nil:
		err = fmt.Errorf("%w: %w", ErrIncompleteBody, err)
	case isSuccess:
		err = r.readBody(a.Status, raw)
	}
	a.Duration = time.Since(began)
	if isSuccess && err == nil {
		return a
	}
	a.failure = c.newError(r, a, err)
	c.describeBody(a.failure, r, raw, a.header)
	a.lost = a.lost || a.mayHaveTakenEffect()
	a.failure.MayHaveTakenEffect = a.lost
	if errors.Is(err, syscall.ECONNREFUSED) {
		if a.refusedSince = last.refusedSince; a.refusedSince.IsZero() {
			a.refusedSince = began
		}
	}
	a.Err = a.failure
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

// timeoutError is the error of an attempt that took longer than the request timeout.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("the request timed out after %s", e.limit) }

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
