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
		{in: "https://api.apify.com/", want: "https://api.apify.com"},
		{in: "https://api.apify.com/v2", want: "https://api.apify.com"},
		{in: " https://api.apify.com/v2/\n", want: "https://api.apify.com"},
		{in: "https://api.apify.com//v2//", want: "https://api.apify.com"},
		{in: "https://api.apify.com/v2/v2", want: "https://api.apify.com"},
		{in: "HTTP://localhost:3333", want: "http://localhost:3333"},
		{in: "http://[::1]:3333/v2", want: "http://[::1]:3333"},
		{in: "https://gateway.example/apify", want: "https://gateway.example/apify"},
		{in: "https://gateway.example/apify/v2/", want: "https://gateway.example/apify"},
		{in: "https://gateway.example/apiv2", want: "https://gateway.example/apiv2"},
		{in: "https://gateway.example/V2", want: "https://gateway.example/V2"},
		{in: "", err: "does not start with http"},
		{in: "api.apify.com", err: `"api.apify.com" has no scheme`},
		{in: "localhost:3333", err: `"localhost:3333" has no scheme: start it with https://`},
		{in: "127.0.0.1:8080", err: `"127.0.0.1:8080" has no scheme`},
		{in: "[::1]:8080", err: `"[::1]:8080" has no scheme`},
		{in: "http://::1:8080", err: `"http://::1:8080" has an IPv6 address without brackets: write it as in http://[::1]:8080`},
		{in: "http://fe80::1:2:8080/v2", err: "IPv6 address without brackets"},
		{in: "ftp://api.apify.com", err: "does not start with http"},
		{in: "http", err: `"http" has no scheme`},
		{in: "https://", err: "has no host"},
		{in: "https:///v2", err: "has no host"},
		{in: "https://:443", err: "has no host"},
		{in: "https:api.apify.com", err: "has no host"},
		{in: "https://api.apify.com:99999", err: "99999 is not a valid port"},
		{in: "https://api.apify.com:port", err: "cannot be parsed"},
		{in: "https://[::1", err: "cannot be parsed"},
		{in: "https://api apify com", err: "cannot be parsed"},
		{in: "https://api.apify.com/%zz", err: "cannot be parsed"},
		{in: "https://api.apify.com/?token=abc", err: "a query or a fragment"},
		{in: "https://api.apify.com/?", err: "a query or a fragment"},
		{in: "https://api.apify.com/#v2", err: "a query or a fragment"},
		{in: "https://jane:hunter2@api.apify.com", err: "a username or password"},
		{in: "https://jane@api.apify.com", err: "a username or password"},
		{in: "jane:hunter2@api.apify.com", err: "the URL has no scheme"},
		{in: "https:jane:hunter2@api.apify.com", err: "has no host"},
		{in: "https://jane:hunter2@[::1", err: "cannot be parsed"},
	} {
		t.Run(test.in, func(t *testing.T) {
			t.Parallel()
			u, err := ParseBaseURL(test.in)
			if test.err == "" {
				if err != nil || u.String() != test.want {
					t.Errorf("got %v, %v, want %s", u, err, test.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Fatalf("got %v, %v, want an error that contains %q", u, err, test.err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error %q contains the password", err)
			}
		})
	}
}

func TestNewClient_invalidBaseURL(t *testing.T) {
	t.Parallel()
	const address = "ftp://api.apify.com"
	_, want := ParseBaseURL(address)
	c, err := NewClient(Config{BaseURL: address})
	if c != nil || want == nil || err == nil || err.Error() != want.Error() {
		t.Errorf("got %v, %v, want the error %v", c, err, want)
	}
}

func TestNewClient_defaults(t *testing.T) {
	t.Parallel()
	c := must(NewClient(Config{}))(t)
	if got, want := c.url("/v2/users/me", nil), "https://api.apify.com/v2/users/me"; got != want {
		t.Errorf("the URL is %s, want %s", got, want)
	}
	if c.config.RequestTimeout != DefaultRequestTimeout || c.retry != (retryPolicy{firstDelay: defaultRetryDelay}) {
		t.Errorf("the request timeout is %s, the retry policy %+v", c.config.RequestTimeout, c.retry)
	}
}

func FuzzParseBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://api.apify.com/v2/", "http://localhost:3333", "http://[::1%25lo]:1/a/v2/v2//", "https://a/b%2Fv2", "https://a/%41?",
		"ftp://a", "//a", "https:///", "https://u:p@a", "a:b@c", "", " ", "https://a/../v2", "https://a/v2/.", "https://ä/é", "http://v2", "http://[::%25\xe3]",
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
		if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
			strings.HasSuffix(u.Path, "/") || strings.HasSuffix(u.Path, "/v2") {
			t.Errorf("ParseBaseURL(%q) = %q", address, s)
		}
		again, err := ParseBaseURL(s)
		if err != nil || again.String() != s {
			t.Errorf("ParseBaseURL(%q) = %q, but ParseBaseURL of that = %v, %v", address, s, again, err)
		}
		c := newTestClient(t, address)
		request, err := url.Parse(c.url("/v2/datasets", url.Values{"name": {"a&b"}}))
		if err != nil || request.Host != u.Host || request.Path != u.Path+"/v2/datasets" || request.RawQuery != "name=a%26b" {
			t.Errorf("the URL of a request with the base URL %q is %v, %v", address, request, err)
		}
	})
}
