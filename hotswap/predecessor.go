package hotswap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// predecessor is the process that started this one, as this one sees it.
type predecessor struct {
	link    *link
	hand    *net.UnixConn
	writing sync.Mutex        // of hand
	control *net.UnixListener // inherited; nil if none or if it was taken
	path    string            // of control

	undelivered atomic.Int32  // taken, and not accepted by a server yet
	process     *Process      // set by follow
	emptied     chan struct{} // closed when no connection comes any more
	resumed     chan struct{} // closed when it accepts again
	gone        chan struct{} // closed when it has exited, or does not count any more
}

func newPredecessor(l *link, hand *net.UnixConn) *predecessor {
	return &predecessor{link: l, hand: hand, emptied: make(chan struct{}), resumed: make(chan struct{}), gone: make(chan struct{})}
}

// Close closes what is shared with the predecessor alone.
func (b *predecessor) Close() error { return errors.Join(b.link.Close(), b.hand.Close()) }

// tell sends a message. If it cannot be sent the predecessor is gone, which
// follow notices.
func (b *predecessor) tell(m message) { _ = b.link.send(m) }

// follow does what the predecessor says, until it is gone.
func (b *predecessor) follow(p *Process) {
	b.process = p
	go b.takeConns()
	go func() {
		defer b.Close()
		defer close(b.gone)
		for {
			m, err := b.link.receive()
			if err != nil {
				p.orphaned()
				return
			}
			b.obey(m)
		}
	}()
}

func (b *predecessor) obey(m message) {
	p := b.process
	switch m.Kind {
	case kindAccept:
		p.acceptFor(true)
		b.tell(message{Kind: kindAccepting})
	case kindHold:
		p.acceptFor(false)
		b.tell(message{Kind: kindHolding})
	case kindAdopt:
		b.tell(message{Kind: kindAdopted, Error: errorText(p.adopt())})
	case kindStop:
		p.end()
	case kindResumed:
		closeOnce(b.resumed)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// acceptFor accepts on behalf of the predecessor, or leaves it to it again.
func (p *Process) acceptFor(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == Starting || p.state == Draining {
		return
	}
	p.state = Waiting
	if on {
		p.state = Serving
	}
	p.allow(on)
}

// adopt takes over what belongs to the service.
func (p *Process) adopt() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != Serving {
		return fmt.Errorf("it is %s", p.state)
	}
	if err := writePIDFile(p.config.pidFile); err != nil {
		return err
	}
	p.predecessor = nil
	p.control.serve(p)
	return nil
}

// orphaned goes on alone when the predecessor is gone. One that has handed
// over everything may go; one that died is replaced: a version that nobody
// confirmed is better than none.
func (p *Process) orphaned() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.predecessor == nil || p.state == Draining {
		return
	}
	p.predecessor = nil
	p.control.serve(p)
	p.config.log.Warn("hotswap: the old process died before it handed over; going on without it")
	if p.state == Starting {
		return // Ready will do the rest
	}
	if err := p.takePlace(); err != nil {
		p.config.log.Error("hotswap: taking the place of the old process", "error", err)
		p.state = Serving
		p.allow(true)
	}
}

// leave lets the predecessor accept again before this process, which ends,
// stops doing so, and takes what it has handed over until then.
func (b *predecessor) leave() {
	b.tell(message{Kind: kindStopping})
	timer := time.NewTimer(leavePause)
	defer timer.Stop()
	for _, c := range []<-chan struct{}{b.resumed, b.emptied} {
		select {
		case <-c:
		case <-b.gone:
			return
		case <-timer.C:
			return
		}
	}
}

// leavePause is how long a process that ends waits for its predecessor.
const leavePause = 5 * time.Second

// takeConns takes the connections that the predecessor hands over.
func (b *predecessor) takeConns() {
	defer close(b.emptied)
	for {
		header, conn, err := receiveConn(b.hand)
		if err != nil {
			return
		}
		b.takeConn(header, conn)
	}
}

func (b *predecessor) takeConn(header [handMessage]byte, conn net.Conn) {
	id := binary.BigEndian.Uint32(header[1:])
	l := b.listener(int(header[0]))
	if l == nil || b.undelivered.Load() >= MaxPending {
		conn.Close()
		b.answer(handReturned, id)
		return
	}
	// From here on it counts as taken: the server may read from it as soon as
	// it is delivered.
	b.answer(handTaken, id)
	b.undelivered.Add(1)
	go func() {
		defer b.undelivered.Add(-1)
		l.deliver(conn, func() { b.answer(handClosed, id) })
	}()
}

// answer reports what became of a connection. Nobody may be left to listen.
func (b *predecessor) answer(kind byte, id uint32) {
	b.writing.Lock()
	defer b.writing.Unlock()
	_ = b.hand.SetWriteDeadline(time.Now().Add(handTimeout))
	_, _ = b.hand.Write(handHeader(kind, id))
}

// listener finds the listener with a number of the predecessor's; nil if it
// is not wanted any more.
func (b *predecessor) listener(i int) *Listener {
	b.process.mu.Lock()
	defer b.process.mu.Unlock()
	if b.process.state == Starting {
		return nil
	}
	for _, l := range b.process.listeners {
		if l.number == i {
			return l
		}
	}
	return nil
}

// writePIDFile replaces the file with one that holds the process id; an empty
// path means none.
func writePIDFile(path string) error {
	if path == "" {
		return nil
	}
	temporary := fmt.Sprintf("%s.%d.partial", path, os.Getpid())
	err := os.WriteFile(temporary, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary) // it may not be there
		return fmt.Errorf("hotswap: writing the PID file %s: %w", quote(path), err)
	}
	return nil
}

// removePIDFile removes the file if it still names this process.
func removePIDFile(path string) {
	data, err := os.ReadFile(path)
	if err == nil && string(data) == fmt.Sprintf("%d\n", os.Getpid()) {
		_ = os.Remove(path) // a stale file is harmless
	}
}
