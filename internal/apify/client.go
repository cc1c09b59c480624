// Package apify is a plain client for the dataset endpoints of the Apify API
// (https://docs.apify.com/api/v2): typed calls, one error type, one retry policy.
//
// It caches nothing and does not depend on Terraform. Every call sends at least one request, and
// what a call returns depends on the server's response alone. [Client] is safe for concurrent use.
package apify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// DefaultBaseURL is the address of the Apify API.
const DefaultBaseURL = "https://api.apify.com"

// DefaultRequestTimeout limits one attempt of a request unless [Config] sets another limit.
const DefaultRequestTimeout = 30 * time.Second

// Config configures a [Client].
type Config struct {
	// BaseURL is the server's address, in any form that [ParseBaseURL] reads. Defaults to
	// [DefaultBaseURL].
	BaseURL string
	// Token authenticates every request. It is sent in the Authorization header only.
	Token string
	// UserAgent is sent with every request.
	UserAgent string
	// Platform identifies the integration, in the X-Apify-Integration-Platform header:
	// https://docs.apify.com/integrations/integrate-with-apify. Empty means no header.
	Platform string
	// MaxRetries is the maximum number of retries of one request; 0 disables retries.
	MaxRetries int
	// RequestTimeout limits one attempt, reading the response included. Defaults to
	// [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// RetryDelay is the first delay of the exponential backoff. Defaults to 500 ms.
	RetryDelay time.Duration
	// TotalDelay is the delay before the end of a list is read again because the list has fewer
	// items than its total. Defaults to 2 s.
	TotalDelay time.Duration
	// Log is called after every attempt; nil disables it.
	Log func(context.Context, Attempt)
	// Transport sends the requests. Defaults to Go's transport with changes, see newTransport.
	Transport http.RoundTripper
}

// Client calls the Apify API with one token.
type Client struct {
	base    *url.URL
	config  Config
	secrets secrets
	// unreachable reports whether the last call found the API unreachable; see [WithAllRetries].
	unreachable atomic.Bool
}

// NewClient returns a client. It sends nothing. The error is that of [ParseBaseURL].
func NewClient(config Config) (*Client, error) {
	config.BaseURL = cmp.Or(config.BaseURL, DefaultBaseURL)
	config.RequestTimeout = cmp.Or(config.RequestTimeout, DefaultRequestTimeout)
	config.RetryDelay = cmp.Or(config.RetryDelay, defaultRetryDelay)
	config.TotalDelay = cmp.Or(config.TotalDelay, 2*time.Second)
	if config.Transport == nil {
		config.Transport = newTransport(config.RequestTimeout)
	}
	base, err := ParseBaseURL(config.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, config: config}
	c.secrets.add(config.Token)
	return c, nil
}

// ParseBaseURL validates the address of an Apify API and returns it without a trailing slash and
// without the /v2 that all paths begin with. Its errors never quote a password in the address.
func ParseBaseURL(address string) (*url.URL, error) {
	address = strings.TrimSpace(address)
	quoted := strconv.Quote(address)
	if strings.Contains(address, "@") { // a password, even if the rest is malformed
		quoted = "the URL"
	}
	u, err := url.Parse(address)
	switch {
	case !strings.Contains(address, "://"):
		return nil, fmt.Errorf("%s has no scheme: start it with https://, or with http:// for a server on this machine", quoted)
	case err != nil:
		return nil, errors.New("the URL cannot be parsed")
	case u.User != nil:
		return nil, errors.New("the URL contains a username or password, which would appear in logs")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s does not start with http:// or https://", quoted)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%s has no host", quoted)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("the URL contains a query or a fragment")
	}
	if _, err := strconv.ParseUint(cmp.Or(u.Port(), "443"), 10, 16); err != nil {
		return nil, fmt.Errorf("%s is not a valid port", u.Port())
	}
	path := strings.TrimRight(u.Path, "/")
	for strings.HasSuffix(path, "/v2") {
		path = strings.TrimRight(strings.TrimSuffix(path, "/v2"), "/")
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}
	// url.Parse reads some hosts that it cannot read again in the form in which String writes them.
	if _, err := url.Parse(base.String()); err != nil {
		return nil, errors.New("the URL cannot be parsed")
	}
	return base, nil
}

// url returns the address of an API path, which must be escaped already.
func (c *Client) url(path string, query url.Values) string {
	s := c.base.String() + path
	if len(query) > 0 {
		s += "?" + query.Encode()
	}
	return s
}
