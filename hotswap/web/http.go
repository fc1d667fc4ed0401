package web

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
)

// HTTP serves HTTP/1.1, and HTTP/2 without TLS if the server's Protocols say
// so. The server belongs to hotswap from then on: its Handler, ConnState and
// TLSNextProto are set to ones that call the caller's, and the caller calls
// none of its methods but RegisterOnShutdown, before. A server serves one
// listener or several, with one HTTP or HTTPS each.
func HTTP(server *http.Server) hotswap.Server {
	return newSite(server, server.Serve)
}

// HTTPS serves HTTP/1.1 and HTTP/2 with TLS, else as [HTTP] does. The files
// are those of [http.Server.ServeTLS], and may be empty if the TLSConfig has
// certificates.
func HTTPS(server *http.Server, certFile, keyFile string) hotswap.Server {
	return newSite(server, func(ln net.Listener) error { return server.ServeTLS(ln, certFile, keyFile) })
}

// site is one listener of a server.
type site struct {
	*drainer
	serve func(net.Listener) error
}

// drainer drains an http.Server without its Shutdown, which drops requests that it
// reads while it is shutting down (golang/go#75591).
type drainer struct {
	server   *http.Server
	second   *http.Server // holds the state of HTTP/2, so that it alone can be shut down; nil if it cannot
	draining atomic.Bool
	leaving  atomic.Bool // HTTP/2 connections were told of their end a while ago

	mu       sync.Mutex
	conns    map[net.Conn]connState
	seconds  map[*secondConn]struct{} // of HTTP/2
	closing  bool                     // idle connections are closed
	stopped  chan struct{}            // closed when a drain is over or taken back; nil if there is none
	shutting sync.WaitGroup
}

type connState struct {
	idle  bool // no request is being answered
	http2 bool // its end is announced, so it is never just closed
}

// newSite hooks into a server, once for all its listeners.
func newSite(server *http.Server, serve func(net.Listener) error) *site {
	if hooked, ok := server.Handler.(*drainedHandler); ok {
		return &site{hooked.drainer, serve}
	}
	d := &drainer{
		server: server, second: secondServer(server),
		conns: map[net.Conn]connState{}, seconds: map[*secondConn]struct{}{},
	}
	if d.second != nil {
		server.TLSNextProto = d.announcing(maps.Clone(d.second.TLSNextProto))
	}
	server.Handler = &drainedHandler{d, server.Handler}
	d.hookState()
	return &site{d, serve}
}

// drainedHandler is the handler of a server that is hooked into.
type drainedHandler struct {
	drainer *drainer
	inner   http.Handler // nil: http.DefaultServeMux
}

func (h *drainedHandler) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	inner := h.inner
	if inner == nil {
		inner = http.DefaultServeMux
	}
	last := h.drainer.lastWriter(rw, r)
	inner.ServeHTTP(last, r)
	if last, ok := last.(*lastWriter); ok {
		last.mark() // nothing was written
	}
}

// ends reports whether the answer to a request is to end its connection. An answer that
// changes the protocol needs the header for that. With HTTP/2 the header stands for
// a GOAWAY at once, which must not come before the clients were told.
func (d *drainer) ends(r *http.Request) bool {
	if r.ProtoMajor == 2 && d.second != nil {
		return d.leaving.Load()
	}
	return d.draining.Load() && r.Header.Get("Upgrade") == ""
}

func (d *drainer) hookState() {
	hook := d.server.ConnState
	d.server.ConnState = func(conn net.Conn, state http.ConnState) {
		first := firstConn(conn)
		if hook != nil {
			hook(first, state)
		}
		d.note(first, state, first != conn)
	}
}

func (d *drainer) note(conn net.Conn, state http.ConnState, http2 bool) {
	if state == http.StateHijacked {
		hotswap.Hijacked(conn)
	}
	if d.update(conn, state, http2) {
		conn.Close()
	}
}

// update notes what a connection does, and reports whether it is to be closed.
func (d *drainer) update(conn net.Conn, state http.ConnState, http2 bool) (end bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state == http.StateHijacked || state == http.StateClosed {
		delete(d.conns, conn)
		return false
	}
	c := d.conns[conn]
	c.idle = state != http.StateActive
	if state != http.StateNew {
		c.http2 = c.http2 || http2 || speaksHTTP2(conn) // a handshake, which it would wait for, is over
	}
	d.conns[conn] = c
	return d.closing && state == http.StateIdle && !c.http2
}

func (s *site) Serve(ln net.Listener) error {
	if err := s.serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Drain has every answer close its connection. HTTP/2 connections are told to go away,
// idle ones too: first that they will end, and after a pause that they do, so that
// no request is refused. HTTP/1 has no such word, so idle connections wait for
// their next request.
func (d *drainer) Drain() {
	if d.draining.Swap(true) {
		return
	}
	stopped := make(chan struct{})
	d.mu.Lock()
	d.stopped = stopped
	d.mu.Unlock()
	if d.second != nil {
		d.announceAll(stopped)
	}
}

func (d *drainer) goAway() {
	if d.second == nil {
		return
	}
	d.shutting.Go(func() { _ = d.second.Shutdown(context.Background()) }) // it has no connections to wait for
}

// Resume lets answers keep their connections again. HTTP/2 connections that were told
// that they end still do.
func (d *drainer) Resume() {
	d.stopTelling()
	d.leaving.Store(false)
	d.draining.Store(false)
}

func (d *drainer) stopTelling() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped != nil {
		close(d.stopped)
		d.stopped = nil
	}
}

// Finish waits for the connections. After three quarters of the time those
// that are idle are closed: a request that is on its way at that moment is lost.
func (d *drainer) Finish(ctx context.Context) error {
	d.Drain()
	defer d.shutting.Wait()
	defer d.stopTelling()
	timer := time.NewTimer(patience(ctx))
	defer timer.Stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if d.live() == 0 {
			return d.server.Shutdown(ctx) // for the functions of RegisterOnShutdown
		}
		select {
		case <-ticker.C:
		case <-timer.C:
			d.closeIdle()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tick is how often Finish looks at its connections.
const tick = 10 * time.Millisecond

// patience is how long idle connections may wait for a request.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Duration(1<<63 - 1)
	}
	return time.Until(deadline) / 4 * 3
}

func (d *drainer) live() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

func (d *drainer) closeIdle() {
	d.goAway()
	d.mu.Lock()
	d.closing = true
	conns := slices.DeleteFunc(slices.Collect(maps.Keys(d.conns)), func(conn net.Conn) bool {
		return !d.conns[conn].idle || d.conns[conn].http2
	})
	d.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
	}
}

func (d *drainer) Stop() error { return d.server.Close() }

// speaksHTTP2 reports whether TLS agreed on HTTP/2.
func speaksHTTP2(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// secondServer returns a server that has been set up for HTTP/2 as the given
// one would be. Its entries of TLSNextProto serve connections of the first
// server, but register them with the second: its Shutdown sends them a GOAWAY
// and touches nothing else. It returns nil if there is nothing to gain: without
// HTTP/2, or when the caller brought an implementation.
func secondServer(first *http.Server) *http.Server {
	if first.TLSNextProto != nil {
		return nil
	}
	second := &http.Server{
		Protocols: first.Protocols, HTTP2: first.HTTP2,
		IdleTimeout: first.IdleTimeout, ReadTimeout: first.ReadTimeout, ErrorLog: first.ErrorLog,
	}
	if err := second.Serve(closedListener{}); !errors.Is(err, net.ErrClosed) {
		return nil
	}
	if second.TLSNextProto["h2"] == nil {
		return nil
	}
	return second
}

// closedListener is a listener that never accepts.
type closedListener struct{}

func (closedListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (closedListener) Close() error              { return nil }
func (closedListener) Addr() net.Addr            { return &net.TCPAddr{} }
