package apify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const testTimeout = 20 * time.Second

// startServer serves a handler on a TCP port. It returns the server and the number of connections.
func startServer(t *testing.T, handler http.Handler, start func(*httptest.Server)) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.EnableHTTP2 = true
	start(s)
	t.Cleanup(s.Close)
	return s, &connections
}

// newNetworkClient returns a client of a server with the default transport, which trusts the
// server.
//
// The request timeout is long: a slow machine must not make a test fail.
func newNetworkClient(t *testing.T, s *httptest.Server, changes ...func(*http.Transport)) *Client {
	t.Helper()
	transport, ok := newTransport(testTimeout).(*http.Transport)
	if !ok {
		t.Fatal("http.DefaultTransport was replaced")
	}
	if s.TLS != nil {
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	for _, change := range changes {
		change(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return newTestClient(t, transport, func(c *Config) { c.BaseURL, c.RequestTimeout = s.URL, testTimeout })
}

// respond returns a handler that sends a dataset to every request.
func respond(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, datasetReply(200, "").body)
}

// TestTransport_connections checks that connections are kept alive, and that there is about one for
// each parallel operation.
func TestTransport_connections(t *testing.T) {
	t.Parallel()
	const parallel = 30
	for name, start := range map[string]func(*httptest.Server){"HTTP/1.1": (*httptest.Server).Start, "HTTP/2": (*httptest.Server).StartTLS} {
		var requests atomic.Int32
		var arrived atomic.Pointer[sync.WaitGroup] // of the requests of a burst
		s, connections := startServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if burst := arrived.Load(); burst != nil {
				burst.Done()
				burst.Wait()
			}
			if requests.Add(1) == 2 { // it is sent again
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			respond(w, r)
		}), start)
		c := newNetworkClient(t, s)
		for range 3 {
			must(c.GetDataset(t.Context(), testID))(t)
		}
		if connections.Load() != 1 || requests.Load() != 4 {
			t.Errorf("%s: %d requests in sequence used %d connections", name, requests.Load(), connections.Load())
		}
		for range 3 {
			var burst, running sync.WaitGroup
			burst.Add(parallel)
			arrived.Store(&burst)
			for range parallel {
				running.Go(func() {
					if _, err := c.GetDataset(t.Context(), testID); err != nil {
						t.Error(err)
					}
				})
			}
			running.Wait()
		}
		if n := connections.Load(); name == "HTTP/2" && n != 1 || name == "HTTP/1.1" && n != parallel {
			t.Errorf("%s: %d connections for %d parallel operations", name, n, parallel)
		}
	}
}

func TestTransport_tls(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("received %s %s", r.Method, r.URL) })
	s, _ := startServer(t, handler, (*httptest.Server).StartTLS)
	c := newNetworkClient(t, s, func(transport *http.Transport) { transport.TLSClientConfig = nil })
	_, err := c.CreateDataset(t.Context(), "", nil)
	var certificate *tls.CertificateVerificationError
	if e := asError(t, err); !errors.As(err, &certificate) || e.Attempts != 1 || e.MayHaveTakenEffect {
		t.Errorf("unknown CA: got %v", err)
	}
}

// TestTransport_lostOnIdleConnection checks that net/http itself does not send the creation of an
// unnamed dataset again if an idle connection is lost.
func TestTransport_lostOnIdleConnection(t *testing.T) {
	t.Parallel()
	var creations atomic.Int32
	s, _ := startServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			creations.Add(1)
			panic(http.ErrAbortHandler)
		}
		respond(w, r)
	}), (*httptest.Server).Start)
	c := newNetworkClient(t, s)
	must(c.GetDataset(t.Context(), testID))(t)
	_, err := c.CreateDataset(t.Context(), "", nil)
	if e := asError(t, err); creations.Load() != 1 || e.Attempts != 1 || !e.MayHaveTakenEffect || isUnreachable(e) {
		t.Errorf("%d requests, %+v", creations.Load(), e)
	}
}

func TestTransport_configuration(t *testing.T) {
	t.Parallel()
	transport, ok := newTransport(time.Minute).(*http.Transport)
	if !ok || reflect.ValueOf(transport.Proxy).Pointer() != reflect.ValueOf(http.ProxyFromEnvironment).Pointer() {
		t.Error("HTTPS_PROXY has no effect")
	}
	// A connection that a firewall has dropped must fail before the request timeout.
	if h := transport.HTTP2; h == nil || h.SendPingTimeout+h.PingTimeout != time.Minute/2 || transport.IdleConnTimeout != idleTimeout {
		t.Errorf("the configuration is %+v", h)
	}
}

// TestTransport_proxyTunnel creates an unnamed dataset through a proxy that refuses the first
// connections. Meanwhile the request has not reached the server, so even this one is retried.
func TestTransport_proxyTunnel(t *testing.T) {
	t.Parallel()
	s, _ := startServer(t, http.HandlerFunc(respond), (*httptest.Server).StartTLS)
	for _, test := range []struct {
		refusals []int
		connects int32
		err      string
	}{
		{nil, 1, ""},
		{[]int{502, 503}, 3, ""},
		{[]int{502, 502, 502, 502}, 4, "returned 502 Bad Gateway"},
		{[]int{407}, 1, "returned 407 Proxy Authentication Required"},
	} {
		var connects atomic.Int32
		var running sync.WaitGroup
		proxy, _ := startServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n := int(connects.Add(1)); n <= len(test.refusals) {
				w.WriteHeader(test.refusals[n-1])
				return
			}
			upstream, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", s.Listener.Addr().String())
			client, buffered, hijackErr := http.NewResponseController(w).Hijack()
			if err := errors.Join(err, hijackErr); err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
			running.Go(func() { _, _ = io.Copy(upstream, buffered); _ = upstream.Close() })
			running.Go(func() { _, _ = io.Copy(client, upstream); _ = client.Close() })
		}), (*httptest.Server).Start)
		t.Cleanup(running.Wait)
		address := must(url.Parse(proxy.URL))(t)
		c := newNetworkClient(t, s, func(transport *http.Transport) { transport.Proxy = http.ProxyURL(address) })
		_, err := c.CreateDataset(t.Context(), "", nil)
		if connects.Load() != test.connects || (err == nil) != (test.err == "") || IsProxyError(err) != (test.err != "") {
			t.Errorf("%+v: %d connections, %v", test, connects.Load(), err)
		}
		if test.err != "" && !strings.Contains(err.Error(), "the proxy "+address.Host+" "+test.err) {
			t.Errorf("got %v, want %q", err, test.err)
		}
	}
}
