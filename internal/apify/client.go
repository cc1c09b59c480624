package apify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultBaseURL is where Apify serves its API.
const DefaultBaseURL = "https://api.apify.com"

// DefaultMaxRetries is how often a request that failed in passing is usually
// repeated: as often as Apify's own clients do it.
const DefaultMaxRetries = 8

// DefaultRequestTimeout bounds one attempt of a request unless [Config] says
// otherwise.
const DefaultRequestTimeout = 30 * time.Second

// Config says how a [Client] reaches the API.
type Config struct {
	// BaseURL is the server's address, in any form that [ParseBaseURL] takes;
	// empty means [DefaultBaseURL].
	BaseURL string
	// Token authenticates every request. It is sent in the Authorization header
	// only.
	Token string
	// UserAgent is sent with every request.
	UserAgent string
	// MaxRetries is how often a request that failed in passing is repeated; 0
	// means never.
	MaxRetries int
	// RequestTimeout bounds one attempt, the reading of its answer included; 0
	// means [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// RetryDelay is the first delay of the exponential back-off; 0 means the
	// 500 ms of Apify's documentation.
	RetryDelay time.Duration
	// Log is told of every attempt once it is over; nil means nobody is.
	Log func(context.Context, Attempt)

	// newTransport makes the transports that carry the requests; nil means the
	// function newTransport.
	newTransport func(requestTimeout time.Duration) http.RoundTripper
}

// Client calls the Apify API on behalf of the owner of one token. It is safe
// for concurrent use, and meant to live for one walk of Terraform's graph.
type Client struct {
	base    *url.URL
	config  Config
	http    *http.Client
	listing *listing

	me struct {
		turn turn
		user *User
	}
}

// NewClient returns a client, and sends nothing. The error is that of
// [ParseBaseURL].
func NewClient(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	if config.RequestTimeout <= 0 {
		config.RequestTimeout = DefaultRequestTimeout
	}
	if config.RetryDelay <= 0 {
		config.RetryDelay = defaultRetryDelay
	}
	if config.newTransport == nil {
		config.newTransport = newTransport
	}
	base, err := ParseBaseURL(config.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:   base,
		config: config,
		http: &http.Client{
			Transport: &transports{make: func() http.RoundTripper { return config.newTransport(config.RequestTimeout) }},
			// This timeout is one attempt's, and includes reading the answer.
			Timeout: config.RequestTimeout,
			// A redirect would carry the token to wherever the answer says.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.me.turn = newTurn()
	c.listing = newListing(c)
	return c, nil
}

// ParseBaseURL checks the address of an Apify API and brings it to one form:
// without a trailing slash and without the /v2 that all paths begin with. Its
// errors quote no password that the address may hold.
func ParseBaseURL(address string) (*url.URL, error) {
	quoted := strconv.Quote(address)
	if strings.Contains(address, "@") { // a password, even where the rest is not as it should be
		quoted = "it"
	}
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read as a URL")
	case u.User != nil:
		return nil, errors.New("it holds a user name or password, which would end up in logs")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s does not begin with http:// or https://", quoted)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%s names no host", quoted)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("it has a query or a fragment")
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, fmt.Errorf("%s is not a port", port)
		}
	}
	path := strings.TrimRight(u.Path, "/")
	for strings.HasSuffix(path, "/v2") {
		path = strings.TrimRight(strings.TrimSuffix(path, "/v2"), "/")
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}
	// Not every host that url.Parse takes can be written so that it takes it again.
	if _, err := url.Parse(base.String()); err != nil {
		return nil, errors.New("it cannot be read as a URL")
	}
	return base, nil
}

// url is the address of an API path, which must be escaped already.
func (c *Client) url(path string, query url.Values) string {
	s := c.base.String() + path
	if len(query) > 0 {
		s += "?" + query.Encode()
	}
	return s
}

// turn is a lock that is waited for no longer than a context lasts.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn; the error is the context's.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }
