package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxBody bounds what is read of an answer: some thirty times the largest page
// of datasets.
const maxBody = 16 << 20

// Attempt is what [Config].Log learns of one attempt of a request. It holds no
// secret: neither the token nor a query.
type Attempt struct {
	Method   string
	Path     string
	Number   int           // 1 for the first
	Status   int           // 0 where no answer arrived
	Duration time.Duration // until the answer was read, or the failure
	Err      error         // why the attempt failed; nil where it succeeded
	RetryIn  time.Duration // the wait before the next attempt; 0 where there is none
}

// call is one request to the API with all its attempts.
type call struct {
	// What to do.
	op     string // for errors, such as `reading dataset "abc"`
	method string
	path   string // escaped, from /v2 on
	query  url.Values
	body   any                // marshalled to JSON unless nil
	decode func([]byte) error // takes a 2xx answer's body; its error is an unreadable body
	// once keeps a request from being repeated that may have taken effect.
	once bool
	// maxRetries lowers [Config].MaxRetries where it is not nil.
	maxRetries *int

	// How it went.
	client   *Client
	stopped  func() error // the context's Err
	started  time.Time    // when the first attempt began
	attempts int
	// ambiguous is whether an attempt that failed may have taken effect.
	ambiguous bool
	response  *http.Response // the last attempt's, its body read; nil where none arrived
	answered  time.Time      // when it arrived

	// The attempt under way.
	began     time.Time
	connected atomic.Bool // whether it got a connection to write to
	failure   *Error      // why it failed
	wait      time.Duration
	settled   bool // whether check has decided
}

// do sends a request, repeating it as [Client.repeatable] says, and hands the
// answer to call.decode. An error is always an [*Error].
func (c *Client) do(ctx context.Context, k *call) error {
	k.client, k.stopped = c, ctx.Err
	var body any
	if k.body != nil {
		raw, err := json.Marshal(k.body)
		if err != nil {
			return &Error{Op: k.op, Err: err}
		}
		body = raw
	}
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { k.connected.Store(true) },
	})
	req, err := retryablehttp.NewRequestWithContext(traced, k.method, c.url(k.path, k.query), body)
	if err != nil {
		return &Error{Op: k.op, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.config.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	req.SetResponseHandler(k.read)

	retries := c.config.MaxRetries
	if k.maxRetries != nil {
		retries = min(retries, *k.maxRetries)
	}
	// A client for each call costs next to nothing (the connections are c.http's)
	// and lets its hooks know the call that they are about.
	retryable := &retryablehttp.Client{
		HTTPClient:     c.http,
		RetryMax:       retries,
		RequestLogHook: func(retryablehttp.Logger, *http.Request, int) { k.begin() },
		CheckRetry: func(_ context.Context, resp *http.Response, err error) (bool, error) {
			return k.check(ctx, resp, err, retries), nil
		},
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return k.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := retryable.Do(req)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err == nil && k.failure == nil {
		return nil
	}
	if k.failure == nil { // the request could not even be attempted
		k.failure = k.fail(err)
	}
	if err := ctx.Err(); err != nil {
		k.failure.Stopped = err
	}
	return k.failure
}

// begin is called before each attempt.
func (k *call) begin() {
	k.began = time.Now()
	if k.attempts == 0 {
		k.started = k.began
	}
	k.attempts++
	k.connected.Store(false)
	k.response = nil
	k.failure = nil
	k.wait = 0
	k.settled = false
}

// read reads an answer: a success into k.decode, the API's error into
// k.failure. The error that it returns is one of reading: the answer was cut
// short, or is not what the API would say.
func (k *call) read(resp *http.Response) error {
	if k.response != nil {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	k.response, k.answered = resp, time.Now()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		k.failure = k.fail(nil)
		k.failure.setBody(raw, resp.Header)
		return nil
	}
	switch {
	case err != nil:
		err = fmt.Errorf("it broke off: %w", err)
	case len(raw) > maxBody:
		err = fmt.Errorf("it is longer than %d MiB", maxBody>>20)
	case k.decode != nil:
		err = k.decode(raw)
	}
	if err != nil {
		k.failure = k.fail(err)
		k.failure.setBody(raw, resp.Header)
		return err
	}
	return nil
}

// check decides after each attempt whether there is another, and sets k.wait.
// It is called with an answer that has not been read yet and, unless it asks
// for another attempt, once more with what reading came to.
func (k *call) check(ctx context.Context, resp *http.Response, err error, retries int) bool {
	if k.settled {
		return false
	}
	passing := err != nil && !permanent(err)
	if resp != nil && err == nil {
		passing = passingStatus(resp.StatusCode)
		if k.response == nil && !passing {
			return false // it is read next, and asked about again
		}
		_ = k.read(resp) // only the last answer of a repeated request would be read
	}
	k.settled = true
	if err != nil && k.failure == nil {
		k.failure = k.fail(err)
	}
	if k.failure == nil {
		k.log(ctx)
		return false
	}

	effect := k.mayHaveTakenEffect()
	k.ambiguous = k.ambiguous || effect
	again := passing && ctx.Err() == nil && k.attempts <= retries && !(k.once && effect)
	if again {
		k.wait = retryWait(k.client.config.RetryDelay, k.attempts, k.response, time.Now())
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= k.wait {
			// Waiting would only trade this failure for "deadline exceeded".
			k.wait, again = 0, false
			k.failure.Stopped = context.DeadlineExceeded
		}
	}
	k.log(ctx)
	return again
}

// mayHaveTakenEffect tells of a failed attempt whether the server may have
// acted on it: not if no connection was made, and not if the server refused.
func (k *call) mayHaveTakenEffect() bool {
	if !k.connected.Load() {
		return false
	}
	if k.response == nil {
		return true
	}
	status := k.response.StatusCode
	return status < 300 || status >= 500
}

// fail describes the last attempt's failure.
func (k *call) fail(err error) *Error {
	e := &Error{
		Op:       k.op,
		Method:   k.method,
		URL:      k.client.url(k.path, nil),
		Attempts: k.attempts,
		Err:      k.cause(err),
		token:    k.client.config.Token,
	}
	if k.response != nil {
		e.Status = k.response.StatusCode
	}
	return e
}

// cause takes from an error of net/http what it repeats of the request, and
// names the timeout that it calls a context's deadline.
func (k *call) cause(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) && k.stopped() == nil {
		return fmt.Errorf("it did not answer within %s", k.client.config.RequestTimeout)
	}
	return err
}

func (k *call) log(ctx context.Context) {
	if k.client.config.Log == nil {
		return
	}
	a := Attempt{
		Method:   k.method,
		Path:     k.path,
		Number:   k.attempts,
		Duration: time.Since(k.began),
		RetryIn:  k.wait,
	}
	if k.response != nil {
		a.Status = k.response.StatusCode
	}
	if k.failure != nil {
		a.Err = k.failure
	}
	k.client.config.Log(ctx, a)
}

// data decodes the {"data": …} that the API wraps its answers in, and has valid
// check the result.
func data[T any](into *T, valid func() error) func([]byte) error {
	return func(raw []byte) error {
		var envelope struct {
			Data *T `json:"data"`
		}
		if err := json.Unmarshal(raw, &envelope); err != nil {
			return fmt.Errorf("it is not the JSON that the API would send: %w", err)
		}
		if envelope.Data == nil {
			return errors.New(`it has no "data"`)
		}
		*into = *envelope.Data
		return valid()
	}
}
