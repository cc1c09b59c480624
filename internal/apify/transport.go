package apify

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	// maxIdleConnections is far above any -parallelism in use. Go's default keeps two idle
	// connections to a host and closes the others after each request.
	maxIdleConnections = 1000

	// idleTimeout closes connections before load balancers usually do (after 60 s or more). A
	// request that is written to a connection while the server closes it fails, and not every POST
	// is retryable.
	idleTimeout = 30 * time.Second
)

// newTransport returns Go's default transport, changed to keep one connection per parallel
// operation and to report the errors of proxies.
func newTransport(requestTimeout time.Duration) http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // replaced by the program, for all its HTTP clients
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConns = maxIdleConnections
	t.MaxIdleConnsPerHost = maxIdleConnections
	t.IdleConnTimeout = idleTimeout
	// Without pings, each attempt on a dead HTTP/2 connection would fail only after the request
	// timeout.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: requestTimeout / 4, PingTimeout: requestTimeout / 4}
	// By default, the error of a proxy is the bare text of its status.
	t.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		return &proxyError{proxy: proxy.Host, status: resp.StatusCode}
	}
	return t
}

// proxyError is the error of a proxy that did not connect to the server.
type proxyError struct {
	proxy  string // its host
	status int
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s returned %s", e.proxy, statusText(e.status))
}
