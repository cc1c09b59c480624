package emulator

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// readHeaderTimeout ends connections that never send a request.
const readHeaderTimeout = time.Minute

// Server serves a handler through a [Recorder] on a TCP port.
type Server struct {
	// URL is http://HOST:PORT.
	URL string
	// API is nil for a server of another handler.
	API      *API
	Recorder *Recorder

	http   *http.Server
	cancel context.CancelFunc
	// running counts the accept loop and the connections.
	running sync.WaitGroup
}

// Start serves a new API on a free port of 127.0.0.1.
func Start(options Options) (*Server, error) {
	api := NewAPI(options)
	s, err := StartHandler(api)
	if err != nil {
		return nil, err
	}
	s.API = api
	return s, nil
}

// StartHandler serves any handler on a free port of 127.0.0.1.
func StartHandler(handler http.Handler) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return Serve(listener, handler), nil
}

// Serve serves any handler on a listener, which it closes in the end.
func Serve(listener net.Listener, handler http.Handler) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		URL:      "http://" + listener.Addr().String(),
		Recorder: NewRecorder(handler),
		cancel:   cancel,
	}
	s.http = &http.Server{
		Handler:           s.Recorder,
		ReadHeaderTimeout: readHeaderTimeout,
		// What the server has to say is of clients that break off, which is what tests are about.
		ErrorLog:    log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, conn)
		},
		ConnState: func(conn net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.Recorder.closed(conn)
				s.running.Done()
			}
		},
	}
	s.running.Go(func() {
		// It ends with http.ErrServerClosed, or because the listener was closed elsewhere.
		_ = s.http.Serve(listener)
	})
	return s
}

// Close ends all connections and requests, hanging ones too, and waits until they are gone. A fault's
// hook must not call it, since it is part of a request.
func (s *Server) Close() {
	s.cancel()
	// Closing what is closed already is no failure.
	_ = s.http.Close()
	s.running.Wait()
}
