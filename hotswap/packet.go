package hotswap

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// PacketConn is a [net.PacketConn] whose socket outlives the process. Only one
// process reads from it: ReadFrom waits until it is this process's turn, as
// Accept of a [Listener] does, and fails with [net.ErrClosed] when the process
// has drained. Writing is always possible.
type PacketConn struct {
	net.PacketConn
	name    name
	gate    *gate
	done    chan struct{}
	closing sync.Once
	closed  error
	reading sync.RWMutex // held, shared, while something is read from the socket

	mu       sync.Mutex
	deadline time.Time // for reading, set by the user
}

func newPacketConn(s *socket) *PacketConn {
	return &PacketConn{PacketConn: s.packets, name: s.name, gate: newGate(), done: make(chan struct{})}
}

// ReadFrom waits for the next datagram.
func (c *PacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		if err := c.turn(); err != nil {
			return 0, nil, &net.OpError{Op: "read", Net: c.name.Network, Addr: c.LocalAddr(), Err: err}
		}
		n, addr, err := c.read(b)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, addr, err
		}
		if open, _ := c.gate.state(); open && c.expired() {
			return n, addr, err
		}
	}
}

// read returns as if time was up if the gate is shut.
func (c *PacketConn) read(b []byte) (int, net.Addr, error) {
	c.reading.RLock()
	defer c.reading.RUnlock()
	if open, _ := c.gate.state(); !open {
		return 0, nil, os.ErrDeadlineExceeded
	}
	return c.PacketConn.ReadFrom(b)
}

// turn waits until this process may read.
func (c *PacketConn) turn() error {
	for {
		open, change := c.gate.state()
		if open {
			return nil
		}
		c.mu.Lock()
		deadline := c.deadline
		c.mu.Unlock()
		if err := c.until(deadline, change); err != nil {
			return err
		}
	}
}

func (c *PacketConn) until(deadline time.Time, change <-chan struct{}) error {
	var expired <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-change:
		return nil
	case <-c.done:
		return net.ErrClosed
	case <-expired:
		return os.ErrDeadlineExceeded
	}
}

func (c *PacketConn) expired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

// SetDeadline sets both deadlines.
func (c *PacketConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline of ReadFrom. One that waits for its turn
// notices a change only when its turn comes.
func (c *PacketConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if open, _ := c.gate.state(); !open {
		return nil
	}
	return c.PacketConn.SetReadDeadline(t)
}

// Close closes the socket in this process alone.
func (c *PacketConn) Close() error {
	c.closing.Do(func() {
		close(c.done)
		c.closed = c.PacketConn.Close()
	})
	return c.closed
}

// allow is as that of a Listener.
func (c *PacketConn) allow(open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if open {
		_ = c.PacketConn.SetReadDeadline(c.deadline) // fails only if it is closed
		c.gate.set(true)
		return
	}
	if !c.gate.set(false) {
		return
	}
	_ = c.PacketConn.SetReadDeadline(past())
	c.reading.Lock() // waits for a read that was woken before, by a datagram
	defer c.reading.Unlock()
}
