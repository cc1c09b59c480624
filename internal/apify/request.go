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
	"strings"
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
	decode func([]byte) error // takes a 2xx answer's body; nil where the API answers 204, without one
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
	answered  time.Time      // when its header arrived

	// The attempt under way.
	began     time.Time
	connected atomic.Bool // whether it got a connection to write to
	failure   *Error      // why it failed; nil where it succeeded
	wait      time.Duration
}

// do sends a request, repeats it while [call.check] says so, and hands the
// answer to call.decode. An error is always an [*Error].
func (c *Client) do(ctx context.Context, k *call) error {
	k.client, k.stopped = c, ctx.Err
	req, err := k.request(ctx)
	if err != nil {
		return k.fail(err)
	}
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
		_ = resp.Body.Close() // it has been read
	}
	switch {
	case err == nil && k.failure == nil:
		return nil
	case k.failure == nil: // the request could not even be attempted
		k.failure = k.fail(err)
	}
	if err := ctx.Err(); err != nil {
		k.failure.Stopped = err
	}
	k.failure.Ambiguous = k.ambiguous
	return k.failure
}

func (k *call) request(ctx context.Context) (*retryablehttp.Request, error) {
	var body any
	if k.body != nil {
		raw, err := json.Marshal(k.body)
		if err != nil {
			return nil, err
		}
		body = raw
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { k.connected.Store(true) },
	})
	req, err := retryablehttp.NewRequestWithContext(ctx, k.method, k.client.url(k.path, k.query), body)
	if err != nil {
		return nil, err
	}
	config := k.client.config
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+config.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if config.UserAgent != "" {
		req.Header.Set("User-Agent", config.UserAgent)
	}
	return req, nil
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
}

// check is called after each attempt with what came of it. It reads the answer,
// decides whether there is another attempt, and sets k.wait.
func (k *call) check(ctx context.Context, resp *http.Response, err error, retries int) bool {
	var passing bool
	if err != nil {
		passing = !permanent(err)
		k.failure = k.fail(k.cause(err))
	} else {
		passing = k.read(resp)
	}
	again := false
	if k.failure != nil {
		effect := k.mayHaveTakenEffect()
		k.ambiguous = k.ambiguous || effect
		again = passing && ctx.Err() == nil && k.attempts <= retries && (!k.once || !effect)
	}
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

// read reads an answer: a success goes to k.decode, anything else becomes
// k.failure, and passing tells whether another attempt may do better.
func (k *call) read(resp *http.Response) (passing bool) {
	k.response, k.answered = resp, time.Now()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrBrokenOff, k.cause(err))
		passing = true
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		k.failure = k.fail(nil)
		passing = passingStatus(resp.StatusCode)
	default:
		err = k.accept(resp.StatusCode, raw)
		passing = true
	}
	if err != nil {
		k.failure = k.fail(err)
	}
	if k.failure != nil {
		k.failure.setBody(raw, resp.Header)
	}
	return passing
}

// accept takes the whole body of a 2xx answer, unless it is not what the API
// would send. A proxy's page, say, must not pass for a deletion.
func (k *call) accept(status int, raw []byte) error {
	switch {
	case len(raw) > maxBody:
		return fmt.Errorf("it is longer than %d MiB", maxBody>>20)
	case k.decode == nil && status != http.StatusNoContent:
		return fmt.Errorf("the API would answer %d %s", http.StatusNoContent, http.StatusText(http.StatusNoContent))
	case k.decode == nil:
		return nil
	default:
		return k.decode(raw)
	}
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
		Err:      err,
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
		if err := unmarshal(raw, &envelope); err != nil {
			return err
		}
		if envelope.Data == nil {
			return errors.New(`it has no "data"`)
		}
		*into = *envelope.Data
		return valid()
	}
}

// unmarshal is [json.Unmarshal] with errors that name no Go types.
func unmarshal(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case len(raw) == 0:
		return errors.New("it is empty")
	case errors.As(err, &mistyped):
		kind, _, _ := strings.Cut(mistyped.Value, " ") // what follows is a number's digits
		if mistyped.Field == "" {
			return fmt.Errorf("it is not what the API would send, but a JSON %s", kind)
		}
		return fmt.Errorf("%q in it is not what the API would send, but a JSON %s", mistyped.Field, kind)
	default:
		return fmt.Errorf("it is not the JSON that the API would send: %w", err)
	}
}
