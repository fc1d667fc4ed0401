package hotswap

import (
	"errors"
	"net"
	"sync"
	"time"
)

// gate lets a loop pass or holds it back.
type gate struct {
	mu     sync.Mutex
	opened bool
	change chan struct{} // closed and replaced at every change
}

func newGate() *gate { return &gate{change: make(chan struct{})} }

// set opens or shuts the gate, and reports whether that changed anything.
func (g *gate) set(open bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == open {
		return false
	}
	g.opened = open
	close(g.change)
	g.change = make(chan struct{})
	return true
}

func (g *gate) state() (open bool, change <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opened, g.change
}

// wait blocks until the gate is open, and reports false if done is closed first.
func (g *gate) wait(done <-chan struct{}) bool {
	for {
		open, change := g.state()
		if open {
			return true
		}
		select {
		case <-change:
		case <-done:
			return false
		}
	}
}

// acceptor is what is needed of a listener of package net.
type acceptor interface {
	net.Listener
	SetDeadline(time.Time) error
}

// Listener is a [net.Listener] whose socket outlives the process. Accept
// returns connections only while it is this process's turn: from Ready on in
// a first process, in a successor those that the predecessor hands over, and
// all once it has taken over. While it is not, Accept waits. It fails with
// [net.ErrClosed] after Close, and when the process has drained.
type Listener struct {
	process *Process
	name    name
	number  int // among the predecessor's sockets; -1 if it is new
	socket  acceptor
	gate    *gate
	conns   chan net.Conn
	done    chan struct{}
	closing sync.Once
	closed  error
	inLoop  sync.WaitGroup

	accepting sync.Mutex // held while a connection is taken from the socket
}

func newListener(p *Process, s *socket) *Listener {
	l := &Listener{
		process: p, name: s.name, number: s.number, socket: s.listener,
		gate: newGate(), conns: make(chan net.Conn), done: make(chan struct{}),
	}
	l.inLoop.Go(l.loop)
	return l
}

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: l.name.Network, Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Close closes the socket in this process alone.
func (l *Listener) Close() error {
	l.closing.Do(func() {
		close(l.done)
		l.closed = l.closeSocket()
	})
	return l.closed
}

// closeSocket ends accepting. What was accepted is still delivered.
func (l *Listener) closeSocket() error {
	if err := l.socket.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Addr returns the address that the socket is bound to.
func (l *Listener) Addr() net.Addr { return l.socket.Addr() }

// allow opens or shuts the way from the kernel's queue. What was accepted
// before stays accepted, and what was not stays in the queue, which all
// processes with the socket share. When it returns, nothing more is accepted.
func (l *Listener) allow(open bool) {
	if open {
		_ = l.socket.SetDeadline(time.Time{}) // fails only if it is closed
		l.gate.set(true)
		return
	}
	if !l.gate.set(false) {
		return
	}
	_ = l.socket.SetDeadline(past())
	l.accepting.Lock() // waits for an accept that was woken before, by a connection
	defer l.accepting.Unlock()
}

// past is a deadline that wakes whoever waits.
func past() time.Time { return time.Unix(1, 0) }

// accept returns nothing if the gate is shut.
func (l *Listener) accept() (net.Conn, error) {
	l.accepting.Lock()
	defer l.accepting.Unlock()
	if open, _ := l.gate.state(); !open {
		return nil, nil
	}
	return l.socket.Accept()
}

func (l *Listener) loop() {
	for l.gate.wait(l.done) {
		conn, err := l.accept()
		switch {
		case err == nil && conn != nil:
			l.dispatch(conn)
		case err == nil:
		case errors.Is(err, net.ErrClosed):
			return
		default:
			l.rest()
		}
	}
}

// rest waits a little after a failed accept, or does not wait if the gate was
// shut. Such failures pass, as when too many files are open.
func (l *Listener) rest() {
	open, change := l.gate.state()
	if !open {
		return
	}
	timer := time.NewTimer(acceptPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-change:
	case <-l.done:
	}
}

// acceptPause is as long as net/http waits at first.
const acceptPause = 5 * time.Millisecond

func (l *Listener) dispatch(conn net.Conn) {
	if shift := l.process.shift.Load(); shift != nil && shift.offer(l, conn) {
		return
	}
	l.deliver(conn, nil)
}

// deliver gives a connection to whoever calls Accept, and reports whether
// somebody took it.
func (l *Listener) deliver(conn net.Conn, closed func()) bool {
	tracked := l.process.conns.add(conn, closed)
	select {
	case l.conns <- tracked:
		return true
	case <-l.done:
		tracked.Close()
		return false
	}
}
