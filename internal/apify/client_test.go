package apify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct{ in, want, fails string }{
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
		{in: "", fails: "does not begin with http"},
		{in: "api.apify.com", fails: `"api.apify.com" does not begin with http`},
		{in: "localhost:3333", fails: "does not begin with http"},
		{in: "ftp://api.apify.com", fails: "does not begin with http"},
		{in: "http", fails: "does not begin with http"},
		{in: "https://", fails: "names no host"},
		{in: "https:///v2", fails: "names no host"},
		{in: "https://:443", fails: "names no host"},
		{in: "https:api.apify.com", fails: "names no host"},
		{in: "https://api.apify.com:99999", fails: "99999 is not a port"},
		{in: "https://api.apify.com:port", fails: "cannot be read"},
		{in: "https://[::1", fails: "cannot be read"},
		{in: "https://api apify com", fails: "cannot be read"},
		{in: "https://api.apify.com/%zz", fails: "cannot be read"},
		{in: "https://api.apify.com/?token=abc", fails: "a query or a fragment"},
		{in: "https://api.apify.com/?", fails: "a query or a fragment"},
		{in: "https://api.apify.com/#v2", fails: "a query or a fragment"},
		{in: "https://jane:hunter2@api.apify.com", fails: "a user name or password"},
		{in: "https://jane@api.apify.com", fails: "a user name or password"},
		{in: "jane:hunter2@api.apify.com", fails: "does not begin with http"},
		{in: "https:jane:hunter2@api.apify.com", fails: "names no host"},
		{in: "https://jane:hunter2@[::1", fails: "cannot be read"},
	} {
		t.Run(test.in, func(t *testing.T) {
			u, err := ParseBaseURL(test.in)
			if test.fails == "" {
				if err != nil || u.String() != test.want {
					t.Errorf("got %v, %v, want %s", u, err, test.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Fatalf("got %v, %v, want an error with %q", u, err, test.fails)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error %q tells the password", err)
			}
			if _, clientErr := NewClient(Config{BaseURL: test.in}); test.in != "" && (clientErr == nil || clientErr.Error() != err.Error()) {
				t.Errorf("NewClient fails with %v, and not with %v", clientErr, err)
			}
		})
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
			t.Errorf("%q becomes %q", address, s)
		}
		again, err := ParseBaseURL(s)
		if err != nil || again.String() != s {
			t.Errorf("%q becomes %q, and that %v, %v", address, s, again, err)
		}
		c := newTestClient(t, address)
		request, err := url.Parse(c.url("/v2/datasets", url.Values{"name": {"a&b"}}))
		if err != nil || request.Host != u.Host || request.Path != u.Path+"/v2/datasets" || request.RawQuery != "name=a%26b" {
			t.Errorf("%q leads to %v, %v", address, request, err)
		}
	})
}

func TestRequestHeaders(t *testing.T) {
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL+"/v2/", func(c *Config) { c.UserAgent = "Terraform/1.2.3 terraform-provider-apify/4.5.6" })
	d := must(c.CreateDataset(t.Context(), "headers"))(t)
	must(c.UpdateDataset(t.Context(), d.ID, DatasetUpdate{Name: ptr("")}))(t)
	for _, r := range s.Recorder.Requests() {
		contentType := ""
		if r.Method == http.MethodPut {
			contentType = "application/json"
		}
		for name, want := range map[string]string{
			"Authorization": "Bearer " + emulator.DefaultToken,
			"User-Agent":    "Terraform/1.2.3 terraform-provider-apify/4.5.6",
			"Accept":        "application/json",
			"Content-Type":  contentType,
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", r.Method, r.Path, name, got, want)
			}
		}
		if strings.Contains(r.Query.Encode(), emulator.DefaultToken) {
			t.Errorf("%s %s: the token is in the query", r.Method, r.Path)
		}
	}
}

// must takes a result that has to be there.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func TestConnectionsAreKeptAlive(t *testing.T) {
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL)
	ctx := t.Context()
	for range 5 {
		d := must(c.CreateDataset(ctx, "kept"))(t)
		must(c.GetDataset(ctx, DatasetIDRef(d.ID)))(t)
		must(c.DatasetHasItems(ctx, d.ID))(t)
		must(c.UpdateDataset(ctx, d.ID, DatasetUpdate{Name: ptr("renamed")}))(t)
		if err := c.DeleteDataset(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := c.GetDataset(ctx, DatasetIDRef(d.ID)); !IsNotFound(err) {
			t.Fatalf("got %v of a deleted dataset", err)
		}
		for _, err := range c.Datasets(ctx, ListDatasetsOptions{}) {
			t.Fatal(err)
		}
	}
	// What is tried again goes over the same connection too.
	s.Recorder.Inject(emulator.Fault{Status: http.StatusServiceUnavailable, Times: 2}, emulator.Fault{Status: http.StatusOK, Body: "<html>", Times: 1})
	must(c.CurrentUser(ctx))(t)
	if n := s.Recorder.Connections(); n != 1 {
		t.Errorf("one call after the other took %d connections", n)
	}
}

// As many connections as operations, which Terraform's -parallelism tells, but no
// more of them than it takes tens.
func TestConnectionsAreBounded(t *testing.T) {
	for _, test := range []struct{ parallel, least, most int }{
		{1, 1, 1},
		{10, 10, 10},
		{25, 25, 30},
	} {
		for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
			t.Run(fmt.Sprint(test.parallel, " after ", latency), func(t *testing.T) {
				s := startServer(t, emulator.Options{})
				d := s.API.Seed(emulator.Dataset{Name: "busy"})
				s.Recorder.SetLatency(latency)
				c := newTestClient(t, s.URL)
				for burst := range 3 { // between which all connections are idle
					var running sync.WaitGroup
					for range test.parallel {
						running.Go(func() {
							for range 4 {
								if _, err := c.GetDataset(t.Context(), DatasetIDRef(d.ID)); err != nil {
									t.Error(err)
								}
							}
						})
					}
					running.Wait()
					if n := s.Recorder.Connections(); n > test.most || latency > 0 && n < test.least {
						t.Errorf("after burst %d: %d connections, want %d to %d", burst, n, test.least, test.most)
					}
				}
				if n := s.Recorder.Counts()[readRequest]; n != 12*test.parallel {
					t.Errorf("%d reads took %d requests", 12*test.parallel, n)
				}
			})
		}
	}
}

// startTLS serves a handler over TLS, with a certificate that no machine trusts.
func startTLS(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// trust makes a transport trust a server's certificate.
func trust(s *httptest.Server) func(*http.Transport) {
	return func(transport *http.Transport) {
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
}

// trusting makes a client trust a server's certificate.
func trusting(s *httptest.Server) func(*Config) { return withTransport(trust(s)) }

// withTransport changes the transport that a client has by default.
func withTransport(changes ...func(*http.Transport)) func(*Config) {
	return func(c *Config) {
		transport, ok := newTransport(c.RequestTimeout).(*http.Transport)
		if !ok {
			panic("http.DefaultTransport was replaced")
		}
		for _, change := range changes {
			change(transport)
		}
		c.transport = transport
	}
}

func TestHTTP2(t *testing.T) {
	recorder := emulator.NewRecorder(emulator.NewAPI(emulator.Options{}))
	var connections sync.Map
	s := startTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("%s came over %s", r.URL, r.Proto)
		}
		connections.Store(r.RemoteAddr, true)
		recorder.ServeHTTP(w, r)
	}))
	c := newTestClient(t, s.URL, trusting(s))
	d := must(c.CreateDataset(t.Context(), "two"))(t)
	recorder.SetLatency(5 * time.Millisecond)
	var running sync.WaitGroup
	for range 50 {
		running.Go(func() {
			if _, err := c.GetDataset(t.Context(), DatasetIDRef(d.ID)); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	n := 0
	connections.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("51 requests over HTTP/2 took %d connections", n)
	}
}

// freezingListener accepts connections that can be made to hang, as where a
// firewall has forgotten them.
type freezingListener struct {
	net.Listener
	frozen chan struct{} // closed once the connections made so far hang
	n      atomic.Int32
}

func (l *freezingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || l.n.Add(1) > 1 {
		return conn, err
	}
	return &freezingConn{Conn: conn, frozen: l.frozen, closed: make(chan struct{})}, nil
}

type freezingConn struct {
	net.Conn
	frozen, closed chan struct{}
	once           sync.Once
}

func (c *freezingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	select {
	case <-c.frozen:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (c *freezingConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func TestDeadHTTP2ConnectionIsReplaced(t *testing.T) {
	api := emulator.NewAPI(emulator.Options{})
	s := httptest.NewUnstartedServer(api)
	listener := &freezingListener{Listener: s.Listener, frozen: make(chan struct{})}
	s.Listener = listener
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	c := newTestClient(t, s.URL, func(c *Config) { c.RequestTimeout = time.Second }, trusting(s))
	d := must(c.CreateDataset(t.Context(), "dead"))(t)

	close(listener.frozen)
	began := time.Now()
	if _, err := c.GetDataset(t.Context(), DatasetIDRef(d.ID)); err != nil {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if n := listener.n.Load(); n != 2 {
		t.Errorf("%d connections were made, want 2", n)
	}
}

func TestUnknownAuthority(t *testing.T) {
	recorder := emulator.NewRecorder(emulator.NewAPI(emulator.Options{}))
	c := newTestClient(t, startTLS(t, recorder).URL)
	_, err := c.CreateDataset(t.Context(), "")
	e := asError(t, err)
	var certificate *tls.CertificateVerificationError
	if !errors.As(err, &certificate) || e.Attempts != 1 || e.Status != 0 || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
	if n := len(recorder.Requests()); n != 0 {
		t.Errorf("the server got %d requests", n)
	}
}

func TestSchemeMismatch(t *testing.T) {
	plain := startServer(t, emulator.Options{})
	_, err := newTestClient(t, strings.Replace(plain.URL, "http:", "https:", 1)).CurrentUser(t.Context())
	if e := asError(t, err); !errors.Is(err, http.ErrSchemeMismatch) || e.Attempts != 1 {
		t.Errorf("https to a server of http: got %v after %d attempts", err, e.Attempts)
	}
	if n := len(plain.Recorder.Requests()); n != 0 {
		t.Errorf("the server got %d requests", n)
	}

	recorder := emulator.NewRecorder(emulator.NewAPI(emulator.Options{}))
	s := startTLS(t, recorder)
	_, err = newTestClient(t, strings.Replace(s.URL, "https:", "http:", 1)).CurrentUser(t.Context())
	if e := asError(t, err); e.Status != http.StatusBadRequest || e.Attempts != 1 || !strings.Contains(e.Body, "HTTP request to an HTTPS server") {
		t.Errorf("http to a server of https: got %v after %d attempts", err, e.Attempts)
	}
	if n := len(recorder.Requests()); n != 0 {
		t.Errorf("the server got %d requests", n)
	}
}

func TestUnknownHost(t *testing.T) {
	c := newTestClient(t, "https://no-such-host.invalid", withTransport(func(transport *http.Transport) {
		transport.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(address)
			return nil, &net.OpError{Operation: "dial", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
		}
	}))
	_, err := c.CurrentUser(t.Context())
	if e := asError(t, err); e.Attempts != 1 || !strings.Contains(err.Error(), "lookup no-such-host.invalid: no such host") {
		t.Errorf("got %v after %d attempts", err, e.Attempts)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		s, other := startServer(t, emulator.Options{}), startServer(t, emulator.Options{})
		s.Recorder.Inject(emulator.Fault{Status: status, Header: http.Header{
			"Location": {strings.Replace(other.URL, "http://", "http://jane:hunter2@", 1) + "/v2/users/me?token=" + emulator.DefaultToken + "#secret"},
		}})
		_, err := newTestClient(t, s.URL).CurrentUser(t.Context())
		e := asError(t, err)
		if want := other.URL + "/v2/users/me"; e.Status != status || e.Attempts != 1 || e.Location != want {
			t.Errorf("%d: got %v after %d attempts, to %q, want to %q", status, err, e.Attempts, e.Location, want)
		}
		for _, secret := range []string{"hunter2", "secret", emulator.DefaultToken} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%d: the error tells %q: %v", status, secret, err)
			}
		}
		if n := len(other.Recorder.Requests()); n != 0 {
			t.Errorf("%d: the other host got %d requests", status, n)
		}
	}
}

// proxiedVariable tells a copy of the test binary which address to call.
const proxiedVariable = "TEST_PROXIED_BASE_URL"

// TestProxyFromEnvironment runs itself again, since Go reads these variables
// only once, and never uses a proxy for this machine's own addresses.
func TestProxyFromEnvironment(t *testing.T) {
	if address := os.Getenv(proxiedVariable); address != "" {
		c := newTestClient(t, address, func(c *Config) { c.MaxRetries = 0 })
		must(c.CurrentUser(t.Context()))(t)
		return
	}
	proxy := startServer(t, emulator.Options{}) // it answers for every host
	for _, test := range []struct {
		name        string
		environment []string
		proxied     bool
	}{
		{"HTTP_PROXY", []string{"HTTP_PROXY=" + proxy.URL}, true},
		{"http_proxy", []string{"http_proxy=" + proxy.URL}, true},
		{"NO_PROXY", []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY=.invalid"}, false},
		{"nothing", nil, false},
	} {
		proxy.Recorder.Reset()
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // this very binary
		command.Env = append([]string{proxiedVariable + "=http://apify.invalid"}, test.environment...)
		output, err := command.CombinedOutput()
		if (err == nil) != test.proxied {
			t.Errorf("%s: %v\n%s", test.name, err, output)
		}
		if n := proxy.Recorder.Counts()["GET /v2/users/me"]; (n == 1) != test.proxied {
			t.Errorf("%s: the proxy got %d requests", test.name, n)
		}
	}
}

// tunnel is a proxy that connects to one server, after some refusals.
type tunnel struct {
	server   string // HOST:PORT
	refusals []int  // statuses
	requests atomic.Int32
	running  sync.WaitGroup
}

func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(p.requests.Add(1))
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy is for CONNECT", http.StatusMethodNotAllowed)
		return
	}
	if n <= len(p.refusals) {
		w.WriteHeader(p.refusals[n-1])
		return
	}
	server, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", p.server)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = server.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	p.running.Go(func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	})
	p.running.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
}

func TestProxyTunnel(t *testing.T) {
	for _, test := range []struct {
		name     string
		refusals []int
		connects int
		fails    string
	}{
		{name: "connects", connects: 1},
		// Nothing has reached the server yet, so that even this POST is repeated.
		{name: "fails in passing", refusals: []int{502, 503}, connects: 3},
		{name: "fails for good", refusals: []int{502, 502, 502, 502, 502}, connects: 4, fails: "answered 502 Bad Gateway"},
		{name: "wants a password", refusals: []int{407, 407}, connects: 1, fails: "answered 407 Proxy Authentication Required"},
		{name: "forbids", refusals: []int{403, 403}, connects: 1, fails: "answered 403 Forbidden"},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := emulator.NewAPI(emulator.Options{})
			s := startTLS(t, api)
			proxy := &tunnel{server: s.Listener.Addr().String(), refusals: test.refusals}
			front := httptest.NewServer(proxy)
			t.Cleanup(proxy.running.Wait)
			t.Cleanup(front.Close)
			address := must(url.Parse(front.URL))(t)
			c := newTestClient(t, s.URL, withTransport(trust(s), func(transport *http.Transport) {
				transport.Proxy = http.ProxyURL(address)
			}))
			_, err := c.CreateDataset(t.Context(), "")
			if n := int(proxy.requests.Load()); n != test.connects {
				t.Errorf("the proxy was asked %d times, want %d", n, test.connects)
			}
			if test.fails == "" {
				if n := len(api.Datasets()); err != nil || n != 1 {
					t.Errorf("there are %d datasets, and the error %v", n, err)
				}
				return
			}
			e := asError(t, err)
			if want := "the proxy " + address.Host + " " + test.fails; e.Status != 0 || e.Attempts != test.connects || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v after %d attempts, want %q", err, e.Attempts, want)
			}
		})
	}
}
