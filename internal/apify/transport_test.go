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

func TestClient_keepsConnectionsAlive(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL)
	ctx := t.Context()
	for range 5 {
		d := must(c.CreateDataset(ctx, "first", nil))(t)
		must(c.GetDataset(ctx, DatasetIDRef(d.ID)))(t)
		must(c.DatasetHasItems(ctx, d.ID))(t)
		must(c.UpdateDataset(ctx, d.ID, DatasetUpdate{Name: ptr("renamed")}))(t)
		if err := c.DeleteDataset(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := c.GetDataset(ctx, DatasetIDRef(d.ID)); !IsNotFound(err) {
			t.Fatalf("reading a deleted dataset: %v", err)
		}
		if ids, err := listIDs(ctx, c, ListDatasetsOptions{}); err != nil || len(ids) != 0 {
			t.Fatalf("the list is %v, %v", ids, err)
		}
	}
	// A retry uses the same connection too.
	s.Recorder.Inject(newFault(emulator.FaultUnavailable, 2), newFault(emulator.FaultHTMLPage, 1))
	must(c.CurrentUser(ctx))(t)
	if n := s.Recorder.Connections(); n != 1 {
		t.Errorf("calls in sequence used %d connections, want 1", n)
	}
}

// TestClient_connectionsPerOperation sends bursts of parallel reads. Between the bursts, all
// connections are idle.
func TestClient_connectionsPerOperation(t *testing.T) {
	t.Parallel()
	const bursts, reads = 4, 5
	for _, parallel := range []int{1, 10, 25, 60} {
		for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d with a latency of %s", parallel, latency), func(t *testing.T) {
				t.Parallel()
				s := startServer(t, emulator.Options{})
				id := seedDatasets(s.API, 1)[0]
				s.Recorder.SetLatency(latency)
				c := newTestClient(t, s.URL)
				for burst := range bursts {
					var running sync.WaitGroup
					for range parallel {
						running.Go(func() {
							for range reads {
								if _, err := c.GetDataset(t.Context(), DatasetIDRef(id)); err != nil {
									t.Error(err)
								}
							}
						})
					}
					running.Wait()
					n := s.Recorder.Connections()
					t.Logf("%d connections after %d bursts", n, burst+1)
					// A transport that finds no idle connection makes a new one, even if another
					// operation returns its connection meanwhile.
					if most := 2 * parallel; n > most && parallel > 1 || parallel == 1 && n != 1 {
						t.Errorf("%d connections after %d bursts, want %d at most", n, burst+1, most)
					}
					if latency > 0 && n < parallel {
						t.Errorf("%d connections after %d bursts, want %d at least", n, burst+1, parallel)
					}
				}
				if n := s.Recorder.Counts()[readRequest]; n != bursts*parallel*reads {
					t.Errorf("%d reads sent %d requests", bursts*parallel*reads, n)
				}
			})
		}
	}
}

// startTLS serves a handler over TLS, with a certificate that only [trust] makes valid.
func startTLS(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// trust returns a change of a transport, which then trusts a server's certificate.
func trust(s *httptest.Server) func(*http.Transport) {
	return func(transport *http.Transport) {
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
}

func TestClient_http2(t *testing.T) {
	t.Parallel()
	_, recorder := newAPI(emulator.Options{})
	var connections sync.Map
	s := startTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("%s %s uses %s", r.Method, r.URL, r.Proto)
		}
		connections.Store(r.RemoteAddr, true)
		recorder.ServeHTTP(w, r)
	}))
	c := newTestClient(t, s.URL, withTransport(trust(s)))
	d := must(c.CreateDataset(t.Context(), "http2", nil))(t)
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
		t.Errorf("51 requests over HTTP/2 used %d connections, want 1", n)
	}
}

// freezingListener accepts connections, the first of which can be made to hang, as if a firewall
// had dropped it from its table.
type freezingListener struct {
	net.Listener
	frozen   chan struct{} // closed when the first connection hangs
	accepted atomic.Int32
}

func (l *freezingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || l.accepted.Add(1) > 1 {
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

// TestClient_deadHTTP2Connection checks that a call survives a connection that silently died.
func TestClient_deadHTTP2Connection(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(emulator.NewAPI(emulator.Options{}))
	listener := &freezingListener{Listener: s.Listener, frozen: make(chan struct{})}
	s.Listener = listener
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	c := newTestClient(t, s.URL, func(c *Config) { c.RequestTimeout = time.Second }, withTransport(trust(s)))
	d := must(c.CreateDataset(t.Context(), "http2", nil))(t)

	close(listener.frozen)
	began := time.Now()
	if _, err := c.GetDataset(t.Context(), DatasetIDRef(d.ID)); err != nil {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if n := listener.accepted.Load(); n != 2 {
		t.Errorf("the client made %d connections, want 2", n)
	}
}

func TestClient_unknownCA(t *testing.T) {
	t.Parallel()
	_, recorder := newAPI(emulator.Options{})
	c := newTestClient(t, startTLS(t, recorder).URL)
	_, err := c.CreateDataset(t.Context(), "", nil)
	e := asError(t, err)
	var certificate *tls.CertificateVerificationError
	if !errors.As(err, &certificate) || e.Attempts != 1 || e.Status != 0 || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("got %v", err)
	}
	if n := len(recorder.Requests()); n != 0 {
		t.Errorf("the server received %d requests", n)
	}
}

func TestClient_schemeMismatch(t *testing.T) {
	t.Parallel()
	plain := startServer(t, emulator.Options{})
	_, err := newTestClient(t, strings.Replace(plain.URL, "http:", "https:", 1)).CurrentUser(t.Context())
	if e := asError(t, err); !errors.Is(err, http.ErrSchemeMismatch) || e.Attempts != 1 {
		t.Errorf("HTTPS to an HTTP server: %v", err)
	}
	if n := len(plain.Recorder.Requests()); n != 0 {
		t.Errorf("the HTTP server received %d requests", n)
	}

	_, recorder := newAPI(emulator.Options{})
	s := startTLS(t, recorder)
	_, err = newTestClient(t, strings.Replace(s.URL, "https:", "http:", 1)).GetDataset(t.Context(), DatasetIDRef("abc"))
	if e := asError(t, err); e.Status != http.StatusBadRequest || e.Attempts != 1 || !strings.Contains(e.Body, "HTTP request to an HTTPS server") {
		t.Errorf("HTTP to an HTTPS server: %v", err)
	}
	if n := len(recorder.Requests()); n != 0 {
		t.Errorf("the HTTPS server received %d requests", n)
	}
}

func TestClient_unknownHost(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, "https://no-such-host.invalid", withTransport(func(transport *http.Transport) {
		transport.Proxy = nil
		transport.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(address)
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
		}
	}))
	_, err := c.CurrentUser(t.Context())
	if e := asError(t, err); e.Attempts != 1 || !strings.Contains(err.Error(), "lookup no-such-host.invalid: no such host") {
		t.Errorf("got %v", err)
	}
}

func TestClient_followsNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		s, other := startServer(t, emulator.Options{}), startServer(t, emulator.Options{})
		redirect := newFault(emulator.FaultRedirect, 0)
		redirect.Status = status
		redirect.Header.Set("Location", strings.Replace(other.URL, "http://", "http://jane:hunter2@", 1)+
			"/v2/users/me?token="+emulator.DefaultToken+"#secret")
		s.Recorder.Inject(redirect)
		_, err := newTestClient(t, s.URL).CurrentUser(t.Context())
		if e, want := asError(t, err), other.URL+"/v2/users/me"; e.Status != status || e.Attempts != 1 || e.Location != want {
			t.Errorf("%d: got a redirect to %q, want %q: %v", status, e.Location, want, err)
		}
		for _, secret := range []string{"hunter2", "secret", emulator.DefaultToken} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%d: the error contains %q: %v", status, secret, err)
			}
		}
		if n := len(other.Recorder.Requests()); n != 0 {
			t.Errorf("%d: the other host received %d requests", status, n)
		}
	}
}

// TestClient_invalidLocation has redirects whose Location header is not a URL. The status is that
// of the response, and there is no retry.
func TestClient_invalidLocation(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"http://[::1", "%zz", "https://host:port/", ""} {
		s := startServer(t, emulator.Options{})
		redirect := newFault(emulator.FaultRedirect, 0)
		redirect.Header.Set("Location", location)
		s.Recorder.Inject(redirect)
		_, err := newTestClient(t, s.URL).CurrentUser(t.Context())
		if e := asError(t, err); e.Status != redirect.Status || e.Attempts != 1 || e.Location != "" ||
			!strings.Contains(err.Error(), "returned 302 Found without an Apify error body") {
			t.Errorf("Location %q: %v", location, err)
		}
	}
}

// proxiedVariable is the environment variable with the base URL for the process that
// [TestClient_proxyFromEnvironment] starts.
const proxiedVariable = "TEST_PROXIED_BASE_URL"

// TestClient_proxyFromEnvironment runs itself in another process with each environment, because Go
// reads the variables only once. The host name is invalid, because Go uses no proxy for addresses
// of the own machine.
func TestClient_proxyFromEnvironment(t *testing.T) {
	if address := os.Getenv(proxiedVariable); address != "" {
		c := newTestClient(t, address, func(c *Config) { c.MaxRetries = 0 })
		must(c.CurrentUser(t.Context()))(t)
		return
	}
	t.Parallel()
	proxy := startServer(t, emulator.Options{}) // It responds for every host.
	for _, test := range []struct {
		name        string
		environment []string
		proxied     bool
	}{
		{"HTTP_PROXY", []string{"HTTP_PROXY=" + proxy.URL}, true},
		{"http_proxy", []string{"http_proxy=" + proxy.URL}, true},
		{"NO_PROXY", []string{"HTTP_PROXY=" + proxy.URL, "NO_PROXY=.invalid"}, false},
		{"none", nil, false},
	} {
		proxy.Recorder.Reset()
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // this very binary
		command.Env = append([]string{proxiedVariable + "=http://apify.invalid"}, test.environment...)
		output, err := command.CombinedOutput()
		if (err == nil) != test.proxied {
			t.Errorf("%s: %v\n%s", test.name, err, output)
		}
		if n := proxy.Recorder.Counts()[userRequest]; (n == 1) != test.proxied {
			t.Errorf("%s: the proxy received %d requests", test.name, n)
		}
	}
}

// tunnel is a proxy that connects to one server. It refuses the first connections.
type tunnel struct {
	server   string // HOST:PORT
	refusals []int  // statuses
	requests atomic.Int32
	running  sync.WaitGroup
}

func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(p.requests.Add(1))
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy supports only CONNECT", http.StatusMethodNotAllowed)
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

// TestClient_proxyTunnel creates an unnamed dataset through a proxy. While the proxy refuses, the
// request has not reached the server, so even this one is retried.
func TestClient_proxyTunnel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		refusals []int
		connects int
		err      string
	}{
		{name: "connects", connects: 1},
		{name: "fails twice", refusals: []int{502, 503}, connects: 3},
		{name: "fails", refusals: []int{502, 502, 502, 502, 502}, connects: 4, err: "returned 502 Bad Gateway"},
		{name: "requires a password", refusals: []int{407, 407}, connects: 1, err: "returned 407 Proxy Authentication Required"},
		{name: "forbids", refusals: []int{403, 403}, connects: 1, err: "returned 403 Forbidden"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
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
			_, err := c.CreateDataset(t.Context(), "", nil)
			if n := int(proxy.requests.Load()); n != test.connects {
				t.Errorf("the proxy received %d requests, want %d", n, test.connects)
			}
			if test.err == "" {
				if n := len(api.Datasets()); err != nil || n != 1 {
					t.Errorf("%d datasets exist, and the error is %v", n, err)
				}
				return
			}
			e := asError(t, err)
			if want := "the proxy " + address.Host + " " + test.err; e.Status != 0 || e.Attempts != test.connects || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q after %d attempts", err, want, test.connects)
			}
		})
	}
}
