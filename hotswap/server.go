package hotswap

import (
	"context"
	"net"
	"sync"
)

// Server serves connections for [Process.Serve]. [Graceful] and [Conns] make
// one, and HTTP and HTTPS of package [github.com/gohotfix/hotfix/hotswap/web].
type Server interface {
	// Serve serves what ln accepts until Accept fails with net.ErrClosed,
	// then returns nil or that error.
	Serve(ln net.Listener) error
	// Finish ends all connections gently and returns when none is left, or
	// with an error when ctx is done. No connection is accepted any more.
	Finish(ctx context.Context) error
	// Stop ends everything at once. It is called after Finish, also if that failed.
	Stop() error
}

// Drainer is a [Server] that can ask its connections to end without waiting
// for them, and can go on afterwards. While a process is on standby, a Server
// that is none keeps its connections until the upgrade is finished.
//
// Drain and Resume must not call methods of the [Process], which waits for them.
type Drainer interface {
	Server
	// Drain makes every connection end after what it is doing. It does not block.
	Drain()
	// Resume undoes Drain for the connections that are still there or come later.
	Resume()
}

// GracefulServer is the part of a gRPC server that [Graceful] needs.
type GracefulServer interface {
	Serve(ln net.Listener) error // until GracefulStop or Stop
	GracefulStop()               // blocks until all calls have ended
	Stop()                       // ends all calls
}

// Graceful serves with a server that can end gracefully once, as those of gRPC
// do. It keeps its connections while the process is on standby, because it
// could not serve again after its GracefulStop; that is called when the
// upgrade is finished.
func Graceful(server GracefulServer) Server { return &graceful{server: server} }

type graceful struct{ server GracefulServer }

func (g *graceful) Serve(ln net.Listener) error { return g.server.Serve(ln) }

func (g *graceful) Finish(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.server.GracefulStop()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *graceful) Stop() error {
	g.server.Stop()
	return nil
}

// Conns serves each connection with a call of handle on a goroutine of its
// own, and closes it when handle returns. The context is done when the drain
// timeout has ended and the connection is about to be closed; that it should
// end before, [Process.Draining] says.
func Conns(handle func(ctx context.Context, conn net.Conn)) Server {
	ctx, cancel := context.WithCancel(context.Background())
	return &plain{handle: handle, ctx: func() context.Context { return ctx }, cancel: cancel}
}

type plain struct {
	handle  func(context.Context, net.Conn)
	ctx     func() context.Context // of all connections
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func (s *plain) Serve(ln net.Listener) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		s.running.Go(func() {
			defer conn.Close()
			s.handle(s.ctx(), conn)
		})
	}
}

// Finish is called when nothing is accepted any more, and thus Go no longer.
func (s *plain) Finish(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *plain) Stop() error {
	s.cancel()
	return nil
}
