package apify

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// maxConnections bounds the connections of one transport to a server that
	// speaks HTTP/1.1. Ten is Terraform's default parallelism. Over HTTP/2 one
	// connection carries every request, and this bound is never met.
	maxConnections = 10

	// idleTimeout closes connections before the load balancers in front of APIs
	// usually do (after 60 s and more): a request that is written to a connection
	// while the server closes it fails, and not every POST may be repeated.
	idleTimeout = 30 * time.Second
)

// newTransport is Go's default transport with as many idle connections kept as
// there may be busy ones: the default keeps two a host and closes the others
// after each request.
func newTransport(requestTimeout time.Duration) http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody replaced it, and will know why
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxConnsPerHost = maxConnections
	t.MaxIdleConnsPerHost = maxConnections
	t.IdleConnTimeout = idleTimeout
	// An HTTP/2 connection that has gone dead would fail one attempt after the
	// other, each without a packet that tells.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: requestTimeout / 4, PingTimeout: requestTimeout / 4}
	// Without this, the error would be the bare text of the proxy's status.
	t.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		return &proxyError{proxy: proxy.Host, status: resp.StatusCode}
	}
	return t
}

// transports carries requests over one transport as long as no more than
// maxConnections are under way at once, and over one more for each further ten.
// So there are no more connections than Terraform has operations under way,
// rounded up to tens, whatever -parallelism says. Without a bound a transport
// makes more at times: while a connection is being made for a request, another
// one may become free and take it.
type transports struct {
	make func() http.RoundTripper

	mu    sync.Mutex
	parts []*part
	http2 bool // the server speaks it, so that one transport is enough
}

type part struct {
	http.RoundTripper

	busy int // requests under way
}

// RoundTrip implements [http.RoundTripper].
func (t *transports) RoundTrip(req *http.Request) (*http.Response, error) {
	p := t.take()
	resp, err := p.RoundTrip(req)
	if err != nil {
		t.give(p)
		return nil, err
	}
	if resp.ProtoMajor >= 2 {
		t.mu.Lock()
		t.http2 = true
		t.mu.Unlock()
	}
	// Until its end has been read, an answer has the connection for itself.
	resp.Body = &answer{ReadCloser: resp.Body, closed: sync.OnceFunc(func() { t.give(p) })}
	return resp, nil
}

func (t *transports) take() *part {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.parts {
		if p.busy < maxConnections || t.http2 {
			p.busy++
			return p
		}
	}
	p := &part{RoundTripper: t.make(), busy: 1}
	t.parts = append(t.parts, p)
	return p
}

func (t *transports) give(p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.busy--
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (t *transports) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.parts {
		if c, ok := p.RoundTripper.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
	}
}

// answer is a response's body that tells when it is closed.
type answer struct {
	io.ReadCloser

	closed func()
}

// Close implements [io.Closer].
func (a *answer) Close() error {
	defer a.closed()
	return a.ReadCloser.Close()
}
