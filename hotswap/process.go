package hotswap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Process is this process as one in a chain of processes that share their
// sockets. Make it with [Open], once, before anything else listens or starts
// processes. All methods are safe for concurrent use.
type Process struct {
	config     config
	started    time.Time
	executable *executable
	conns      *connections
	shift      atomic.Pointer[handover] // where a share of the connections goes

	mu          sync.Mutex
	state       State
	listeners   []*Listener
	packets     []*PacketConn
	inherited   []*socket // nobody asked for them yet
	servers     []Server
	draining    chan struct{}
	drains      bool // draining is closed
	attempt     *attempt
	last        *Outcome
	predecessor *predecessor // until it has handed over everything
	control     *control
	handed      bool // a successor has everything
	over        chan struct{}
	ending      sync.Once
}

// Open finds out what this process was started with: sockets of a predecessor,
// of systemd, or none. It takes the environment variables that say so out of
// the environment. The process must end with [Process.Wait].
func Open(options ...Option) (*Process, error) {
	cfg, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	p := &Process{
		config: cfg, started: time.Now(), conns: newConnections(), state: Starting,
		draining: make(chan struct{}), over: make(chan struct{}), executable: openExecutable(),
	}
	if err := p.inherit(); err != nil {
		p.abandonOpen()
		return nil, err
	}
	if err := p.openControl(); err != nil {
		p.abandonOpen()
		return nil, err
	}
	if p.predecessor != nil {
		p.predecessor.follow(p)
	} else {
		p.control.serve(p)
	}
	return p, nil
}

func (p *Process) abandonOpen() {
	p.executable.Close()
	for _, s := range p.inherited {
		s.Close()
	}
	if p.predecessor == nil {
		return
	}
	p.predecessor.Close()
	if p.predecessor.control != nil {
		p.predecessor.control.Close()
	}
}

// Listen returns the listener for a network ("tcp", "tcp4", "tcp6", "unix")
// and address, in this order: the predecessor's with the same network and
// address; one of systemd that is bound to the address, or, if the network is
// "systemd", that has the address as its name (FileDescriptorName=); a new
// one. Call it before Ready: sockets of a predecessor that nobody has asked
// for by then are closed.
func (p *Process) Listen(network, address string) (net.Listener, error) {
	n := name{Network: network, Address: address}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.mayListen(n); err != nil {
		return nil, err
	}
	socket, err := p.socket(n)
	if err != nil {
		return nil, fmt.Errorf("hotswap: listening on %s %s: %w", network, quote(address), err)
	}
	l := newListener(p, socket)
	p.listeners = append(p.listeners, l)
	l.allow(p.accepts())
	return l, nil
}

// ListenPacket is [Process.Listen] for datagrams ("udp", "udp4", "udp6", "unixgram", "systemd").
func (p *Process) ListenPacket(network, address string) (net.PacketConn, error) {
	n := name{Network: network, Address: address, Packet: true}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.mayListen(n); err != nil {
		return nil, err
	}
	socket, err := p.socket(n)
	if err != nil {
		return nil, fmt.Errorf("hotswap: listening on %s %s: %w", network, quote(address), err)
	}
	c := newPacketConn(socket)
	p.packets = append(p.packets, c)
	c.allow(p.accepts())
	return c, nil
}

func (p *Process) mayListen(n name) error {
	switch {
	case p.state == Draining:
		return ErrStopping
	case len(p.listeners)+len(p.packets) >= MaxListeners:
		return fmt.Errorf("hotswap: listening on %s %s: %d sockets are the limit", n.Network, quote(n.Address), MaxListeners)
	case p.attempt != nil:
		return fmt.Errorf("hotswap: listening on %s %s: %w", n.Network, quote(n.Address), ErrBusy)
	}
	return nil
}

// accepts reports whether connections are taken from the kernel right now.
func (p *Process) accepts() bool { return p.state == Serving }

// socket returns an inherited or a new socket.
func (p *Process) socket(n name) (*socket, error) {
	for i, s := range p.inherited {
		if s.answers(n) {
			p.inherited = slices.Delete(p.inherited, i, i+1)
			s.name.Network, s.name.Address = n.Network, n.Address
			return s, nil
		}
	}
	if n.Network == systemdNetwork {
		return nil, fmt.Errorf("systemd passed no such socket; check FileDescriptorName= in the socket unit: %w", os.ErrNotExist)
	}
	return listenNew(n)
}

// Serve serves what ln, a listener of this process or one around it, accepts,
// until the process has drained (nil) or the server fails. An error is
// returned at once and ends nothing else.
func (p *Process) Serve(ln net.Listener, server Server) error {
	p.mu.Lock()
	known := func(s Server) bool { return reflect.ValueOf(s).Comparable() && s == server }
	if !slices.ContainsFunc(p.servers, known) {
		p.servers = append(p.servers, server)
		if d, ok := server.(Drainer); ok && p.drains {
			d.Drain()
		}
	}
	p.mu.Unlock()
	if err := server.Serve(ln); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("hotswap: serving %s: %w", ln.Addr(), err)
	}
	return nil
}

// Ready says that the process is healthy and may get connections. A first
// process begins to accept them, writes its PID file and tells systemd. A
// successor tells its predecessor, which decides when the first ones come.
// Calls after the first do nothing.
func (p *Process) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != Starting {
		return nil
	}
	p.closeUnclaimed()
	if p.predecessor != nil {
		p.state = Waiting
		p.predecessor.tell(message{Kind: kindReady})
		return nil
	}
	return p.takePlace()
}

// closeUnclaimed closes sockets of the predecessor that this process does not
// know any more. Those of systemd stay: a later version may want them.
func (p *Process) closeUnclaimed() {
	p.inherited = slices.DeleteFunc(p.inherited, func(s *socket) bool {
		if s.name.Systemd {
			return false
		}
		p.config.log.Info("hotswap: closing a socket that is not listened on any more", "network", s.name.Network, "address", s.name.Address)
		s.Close()
		return true
	})
}

// takePlace makes this process the one that the service consists of.
func (p *Process) takePlace() error {
	if err := writePIDFile(p.config.pidFile); err != nil {
		return err
	}
	p.state = Serving
	p.allow(true)
	p.notify("READY=1", fmt.Sprintf("MAINPID=%d", os.Getpid()))
	return nil
}

// allow opens or shuts the way of new connections and datagrams to this process.
func (p *Process) allow(open bool) {
	for _, l := range p.listeners {
		l.allow(open)
	}
	for _, c := range p.packets {
		c.allow(open)
	}
}

// Draining returns a channel that is closed when long-lived connections should
// end. After a drain that was taken back, it returns another one: call it for
// each connection.
func (p *Process) Draining() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}

// drain tells servers and connections that their end has come, or that it has not.
func (p *Process) drain(on bool) {
	if p.drains == on {
		return
	}
	p.drains = on
	if on {
		close(p.draining)
	} else {
		p.draining = make(chan struct{})
	}
	for _, s := range p.servers {
		d, ok := s.(Drainer)
		switch {
		case ok && on:
			d.Drain()
		case ok:
			d.Resume()
		}
	}
}

// end makes Wait go on.
func (p *Process) end() { p.ending.Do(func() { close(p.over) }) }

// Wait returns when the process should exit: after ctx is done, after a
// successor has taken over everything, or after the predecessor has taken
// back the upgrade to this process, and after the connections have drained.
// An upgrade that is under way when ctx is done is taken back first. It
// returns nil, or a [*DrainError] if connections had to be cut. Call it once.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-p.over:
	}
	return p.shutdown()
}
