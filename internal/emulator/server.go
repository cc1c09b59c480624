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

// Server serves a handler through a [Recorder] on a TCP port.
type Server struct {
	URL string // http://HOST:PORT
	// API is nil if the handler is another one.
	API      *API
	Recorder *Recorder

	http *http.Server
	// running waits for the accept loop and for all connections.
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

// StartHandler serves a handler on a free port of 127.0.0.1.
func StartHandler(handler http.Handler) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return Serve(listener, handler), nil
}

// Serve serves a handler on a listener. [Server.Close] closes the listener.
func Serve(listener net.Listener, handler http.Handler) *Server {
	s := &Server{URL: "http://" + listener.Addr().String(), Recorder: NewRecorder(handler)}
	s.http = &http.Server{
		Handler:           s.Recorder,
		ReadHeaderTimeout: time.Minute,
		// The server logs interrupted connections only, and tests interrupt them on purpose.
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, conn)
		},
		ConnState: func(conn net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.Recorder.connectionClosed(conn)
				s.running.Done()
			}
		},
	}
	// Serve always returns an error, because something closes the listener.
	s.running.Go(func() { _ = s.http.Serve(listener) })
	return s
}

// Close closes all connections, ends all requests, including those that hang, and waits for them. A
// hook of a fault must not call it, because it is part of a request.
func (s *Server) Close() {
	// A request ends when its connection is closed. An error means that the listener is already
	// closed.
	_ = s.http.Close()
	s.running.Wait()
}
