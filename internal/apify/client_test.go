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
		{in: "https://jane:hunter2@api.apify.com", err: "a username or password"},
		{in: "jane:hunter2@api.apify.com", err: "the URL has no scheme"},
		{in: "ftp://jane:hunter2@[::1", err: "cannot be parsed"},
	} {
		u, err := ParseBaseURL(test.in)
		if test.err == "" {
			if err != nil || u.String() != test.want {
				t.Errorf("%q: got %v, %v, want %s", test.in, u, err, test.want)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, %v, want an error that contains %q", test.in, u, err, test.err)
		}
	}
	if c, err := NewClient(Config{BaseURL: "ftp://x"}); c != nil || err == nil {
		t.Errorf("got %v, %v", c, err)
	}
	c := must(NewClient(Config{}))(t)
	if got := c.url("/v2/users/me", nil); got != "https://api.apify.com/v2/users/me" || c.config.RequestTimeout != DefaultRequestTimeout || c.config.RetryDelay != defaultRetryDelay {
		t.Errorf("the defaults are %s and %+v", got, c.config)
	}
}

func FuzzParseBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://api.apify.com/v2/", "http://localhost:3333", "http://[::1%25lo]:1/a/v2/v2//", "https://a/b%2Fv2", "ftp://a", "//a", "https:///",
		"https://u:p@a", "a:b@c", "", "https://a/../v2", "https://a/v2/.", "https://ä/é", "http://v2", "http://[::%25\xe3]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := ParseBaseURL(address)
		if err != nil {
			if _, secret, found := strings.Cut(address, "@"); found && len(secret) > 20 && strings.Contains(err.Error(), secret) {
				t.Errorf("the error %q quotes an address with an @", err)
			}
			return
		}
		s := u.String()
		again, err := ParseBaseURL(s)
		if err != nil || again.String() != s || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.HasSuffix(u.Path, "/v2") {
			t.Errorf("ParseBaseURL(%q) = %q, and of that %v, %v", address, s, again, err)
		}
		request, err := url.Parse(newTestClient(t, nil, func(c *Config) { c.BaseURL = s }).url("/v2/datasets", url.Values{"name": {"a&b"}}))
		if err != nil || request.Host != u.Host || request.Path != u.Path+"/v2/datasets" || request.RawQuery != "name=a%26b" {
			t.Errorf("the URL of a request with the base URL %q is %v, %v", address, request, err)
		}
	})
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
