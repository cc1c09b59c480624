package apify

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseBaseURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want, err string }{
		{in: "https://api.apify.com", want: "https://api.apify.com"},
		{in: " https://api.apify.com/v2/\n", want: "https://api.apify.com"},
		{in: "https://api.apify.com//v2//", want: "https://api.apify.com"},
		{in: "https://api.apify.com/v2/v2", want: "https://api.apify.com"},
		{in: "HTTP://localhost:3333", want: "http://localhost:3333"},
		{in: "http://[::1]:3333/v2", want: "http://[::1]:3333"},
		{in: "https://gateway.example/apify/v2/", want: "https://gateway.example/apify"},
		{in: "https://gateway.example/apiv2", want: "https://gateway.example/apiv2"},
		{in: "", err: "has no scheme"},
		{in: "localhost:3333", err: `"localhost:3333" has no scheme: start it with https://`},
		{in: "https:api.apify.com", err: "has no scheme"},
		{in: "http://::1:8080", err: "cannot be parsed"},
		{in: "ftp://api.apify.com", err: "does not start with http"},
		{in: "https:///v2", err: "has no host"},
		{in: "https://:443", err: "has no host"},
		{in: "https://api.apify.com:99999", err: "99999 is not a valid port"},
		{in: "https://api.apify.com/%zz", err: "cannot be parsed"},
		{in: "https://api.apify.com/?token=abc", err: "a query or a fragment"},
		{in: "https://api.apify.com/?", err: "a query or a fragment"},
		{in: "https://api.apify.com/#v2", err: "a query or a fragment"},
		{in: "http://[::%25\xe3]", err: "cannot be parsed"},
		{in: "https://jane:hunter2@api.apify.com", err: "a username or password"},
		{in: "jane:hunter2@api.apify.com", err: "the URL has no scheme"},
		{in: "ftp://jane:hunter2@[::1", err: "cannot be parsed"},
	} {
		u, err := ParseBaseURL(test.in)
		if test.err == "" {
			if err != nil || u.String() != test.want {
				t.Fatalf("%q: got %v, %v, want %s", test.in, u, err, test.want)
			}
			c := newTestClient(t, nil, func(c *Config) { c.BaseURL = test.in })
			if got := c.url("/v2/datasets", url.Values{"name": {"a&b"}}); got != test.want+"/v2/datasets?name=a%26b" {
				t.Errorf("%q: got the URL %s of a request", test.in, got)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, %v, want an error that contains %q", test.in, u, err, test.err)
		}
	}
	c := must(NewClient(Config{}))(t)
	if c.base.String() != DefaultBaseURL || c.config.RequestTimeout != DefaultRequestTimeout || c.config.RetryDelay != defaultRetryDelay {
		t.Errorf("the defaults are %s and %+v", c.base, c.config)
	}
}

func TestCurrentUser(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]User{
		`{"data": {"id": "abc", "username": "jane", "email": 17}}`: {ID: "abc", Username: "jane"},
		`{"data": {"id": null, "username": "jane"}}`:               {Username: "jane"},
		`{"data": {}}`: {},
	} {
		if got := must(newTestClient(t, newServer(reply{status: 200, body: body})).CurrentUser(t.Context()))(t); *got != want {
			t.Errorf("%s: got %+v", body, got)
		}
	}
}
