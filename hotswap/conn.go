package hotswap

import (
	"net"
	"sync"
	"sync/atomic"
)

// connections counts the open connections of a process.
type connections struct {
	mu       sync.Mutex
	open     map[*tracker]struct{}
	hijacked int
	changed  chan struct{} // closed and replaced when a connection changes
}

func newConnections() *connections {
	return &connections{open: map[*tracker]struct{}{}, changed: make(chan struct{})}
}

// add wraps an accepted connection so that its end is noticed. The functions
// run once, when it is closed.
func (c *connections) add(conn net.Conn, closed func()) net.Conn {
	t := &tracker{all: c, closed: closed}
	var wrapped net.Conn
	// Embedding the concrete type keeps its fast ways of copying.
	switch conn := conn.(type) {
	case *net.TCPConn:
		wrapped = &tcpConn{TCPConn: conn, tracker: t}
	case *net.UnixConn:
		wrapped = &unixConn{UnixConn: conn, tracker: t}
	default:
		wrapped = &otherConn{Conn: conn, tracker: t}
	}
	t.conn = wrapped
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[t] = struct{}{}
	return wrapped
}

func (c *connections) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// count returns how many are open, how many of them were hijacked, how many
// nobody has read from yet, and a channel that is closed at the next change.
func (c *connections) count() (open, hijacked, fresh int, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.open {
		if !t.read.Load() {
			fresh++
		}
	}
	return len(c.open), c.hijacked, fresh, c.changed
}

// cut closes all that are open, and returns how many there were.
func (c *connections) cut() int {
	c.mu.Lock()
	var all []net.Conn
	for t := range c.open {
		all = append(all, t.conn)
	}
	c.mu.Unlock()
	for _, conn := range all {
		conn.Close()
	}
	return len(all)
}

// tracker is what the wrappers have in common.
type tracker struct {
	all      *connections
	conn     net.Conn
	closed   func()
	read     atomic.Bool // somebody has read from it
	hijacked bool        // under all.mu
	gone     bool        // under all.mu
}

func (t *tracker) tracking() *tracker { return t }

func (t *tracker) touch() {
	if t.read.Load() || t.read.Swap(true) {
		return
	}
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	t.all.notify()
}

func (t *tracker) hijack() {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	if t.gone || t.hijacked {
		return
	}
	t.hijacked = true
	t.all.hijacked++
	t.all.notify()
}

func (t *tracker) leave() {
	t.all.mu.Lock()
	if t.gone {
		t.all.mu.Unlock()
		return
	}
	t.gone = true
	delete(t.all.open, t)
	if t.hijacked {
		t.all.hijacked--
	}
	t.all.notify()
	t.all.mu.Unlock()
	if t.closed != nil {
		t.closed()
	}
}

// Hijacked tells the process that whoever handles a connection, or the one below it as
// with TLS, has taken it over from its [Server]: it counts for [Status].Hijacked until it
// is closed. Connections that no Process accepted are left alone.
func Hijacked(conn net.Conn) {
	if t := trackerOf(conn); t != nil {
		t.hijack()
	}
}

// trackerOf finds the tracker below a connection, also through TLS.
func trackerOf(conn net.Conn) *tracker {
	for conn != nil {
		if tracked, ok := conn.(interface{ tracking() *tracker }); ok {
			return tracked.tracking()
		}
		wrapper, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		conn = wrapper.NetConn()
	}
	return nil
}

type tcpConn struct {
	*net.TCPConn
	*tracker
}

// NetConn returns the connection below.
func (c *tcpConn) NetConn() net.Conn { return c.TCPConn }

func (c *tcpConn) Read(b []byte) (int, error) {
	defer c.touch()
	return c.TCPConn.Read(b)
}

func (c *tcpConn) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}

type unixConn struct {
	*net.UnixConn
	*tracker
}

// NetConn returns the connection below.
func (c *unixConn) NetConn() net.Conn { return c.UnixConn }

func (c *unixConn) Read(b []byte) (int, error) {
	defer c.touch()
	return c.UnixConn.Read(b)
}

func (c *unixConn) Close() error {
	defer c.leave()
	return c.UnixConn.Close()
}

type otherConn struct {
	net.Conn
	*tracker
}

// NetConn returns the connection below.
func (c *otherConn) NetConn() net.Conn { return c.Conn }

func (c *otherConn) Read(b []byte) (int, error) {
	defer c.touch()
	return c.Conn.Read(b)
}

func (c *otherConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
