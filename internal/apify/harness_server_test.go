package apify

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const (
	createRequest = "POST /v2/datasets"
	listRequest   = "GET /v2/datasets"
	readRequest   = "GET /v2/datasets/{datasetId}"
	updateRequest = "PUT /v2/datasets/{datasetId}"
	deleteRequest = "DELETE /v2/datasets/{datasetId}"
	itemsRequest  = "GET /v2/datasets/{datasetId}/items"
	userRequest   = "GET /v2/users/me"
)

// startServer starts an emulator on a TCP port and closes it when the test ends.
func startServer(tb testing.TB, options emulator.Options) *emulator.Server {
	tb.Helper()
	s, err := emulator.Start(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// newAPI returns an emulator and a recorder in front of it, for [newLocalClient].
func newAPI(options emulator.Options) (*emulator.API, *emulator.Recorder) {
	api := emulator.NewAPI(options)
	return api, emulator.NewRecorder(api)
}

// seedDatasets adds datasets and returns their IDs, oldest first.
func seedDatasets(api *emulator.API, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = api.Seed(emulator.Dataset{Name: fmt.Sprintf("seeded-%d", i)}).ID
	}
	return ids
}

// newFault returns a fault of the emulator's catalogue that hits a number of requests; 0 means all.
func newFault(name string, times int) emulator.Fault {
	f := emulator.FaultNamed(name)
	f.Times = times
	return f
}

// pipeNetwork connects clients with an emulator in memory. In a bubble of [synctest], all delays
// and timeouts on both sides therefore pass in fake time: at once, and exactly.
type pipeNetwork struct {
	server *emulator.Server

	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once

	// refusals is the number of connections that the network refuses first; negative means all.
	refusals int32
	dials    atomic.Int32
	open     atomic.Int32 // number of connections that the clients have not closed
}

// startPipeServer starts an emulator on a network in memory and closes it when the test ends.
func startPipeServer(t *testing.T, options emulator.Options) *pipeNetwork {
	t.Helper()
	n := &pipeNetwork{accepted: make(chan net.Conn), closed: make(chan struct{})}
	api := emulator.NewAPI(options)
	n.server = emulator.Serve(n, api)
	n.server.API = api
	t.Cleanup(n.server.Close)
	return n
}

// newClient returns a client on the network, with a transport that has the client's defaults.
func (n *pipeNetwork) newClient(t *testing.T, changes ...func(*Config)) *Client {
	t.Helper()
	return newTestClient(t, n.server.URL, append([]func(*Config){
		withTransport(func(transport *http.Transport) {
			transport.Proxy = nil
			transport.DialContext = n.dial
		}),
	}, changes...)...)
}

func (n *pipeNetwork) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	if dials := n.dials.Add(1); n.refusals < 0 || dials <= n.refusals {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	client, server := net.Pipe()
	select {
	case n.accepted <- server:
		n.open.Add(1)
		return &pipeConn{Conn: client, closed: sync.OnceFunc(func() { n.open.Add(-1) })}, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checkNoConnections fails the test if the client still uses a connection.
func (n *pipeNetwork) checkNoConnections(t *testing.T, c *Client) {
	t.Helper()
	c.http.CloseIdleConnections()
	synctest.Wait()
	if open := n.open.Load(); open != 0 {
		t.Errorf("the client still uses %d connections", open)
	}
}

// Accept implements [net.Listener].
func (n *pipeNetwork) Accept() (net.Conn, error) {
	select {
	case conn := <-n.accepted:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (n *pipeNetwork) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements [net.Listener].
func (n *pipeNetwork) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "api.test" }

// pipeConn is the client's end of a connection.
type pipeConn struct {
	net.Conn
	closed func()
}

func (c *pipeConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
