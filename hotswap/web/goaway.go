package web

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// goAwayPause is how long the clients of an HTTP/2 connection have, after they were told
// that it will end, to begin requests on it that were on their way.
const goAwayPause = time.Second

// notice is the first GOAWAY frame of two: it says that the connection will end, and
// refuses no request yet (RFC 9113, section 6.8). net/http sends only the second, with the
// number of the last request that it has seen; a client whose request crosses that
// has to send it again, and cannot if the body is gone.
var notice = [...]byte{0, 0, 8, frameGoAway, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0}

// Of frames (RFC 9113, sections 4.1 and 6).
const (
	frameHeaderLen    = 9
	frameHeaders      = 1
	framePushPromise  = 5
	frameGoAway       = 7
	frameContinuation = 9
	flagEndHeaders    = 4
)

// secondConn is an HTTP/2 connection to which a notice can be added between two frames
// of the server.
type secondConn struct {
	net.Conn
	mu      sync.Mutex
	scan    frameScan
	wanted  bool // as soon as a frame ends
	noticed bool
}

// Write passes on what the server writes.
func (c *secondConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	written := 0
	for written < len(p) {
		n, err := c.write(p[written:])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// write writes p, or its part up to the place of the notice, and then that.
func (c *secondConn) write(p []byte) (int, error) {
	if !c.wanted || c.noticed {
		c.scan.skip(p)
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:c.scan.toBoundary(p)])
	if err == nil {
		err = c.notice()
	}
	return n, err
}

// notice writes the notice if it is wanted and a frame has just ended. Something must
// have been written before: the first frame is the server's SETTINGS.
func (c *secondConn) notice() error {
	if !c.wanted || c.noticed || !c.scan.between() {
		return nil
	}
	c.noticed = true
	_, err := c.Conn.Write(notice[:])
	return err
}

// tell has the notice written now, or by the server's next Write. It may block as long
// as the peer reads nothing. An error is the server's to find.
func (c *secondConn) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = true
	_ = c.notice()
}

// secureConn is one with TLS, of which net/http wants to know the state.
type secureConn struct {
	*secondConn
	secure *tls.Conn
}

// ConnectionState returns that of the connection with TLS.
func (c secureConn) ConnectionState() tls.ConnectionState { return c.secure.ConnectionState() }

// frameScan follows where frames end in a stream of bytes.
type frameScan struct {
	header   [frameHeaderLen]byte
	have     int    // bytes of the header
	payload  uint32 // bytes still to come
	began    bool   // a whole frame has passed
	inHeader bool   // a block of headers goes on, which nothing may interrupt
}

// between reports whether another frame may come here.
func (s *frameScan) between() bool { return s.began && s.have == 0 && s.payload == 0 && !s.inHeader }

// skip follows all of p.
func (s *frameScan) skip(p []byte) {
	for len(p) > 0 {
		p = p[s.step(p):]
	}
}

// toBoundary follows p up to the first place where another frame may come, and returns
// how far that is: all of p, if there is none.
func (s *frameScan) toBoundary(p []byte) int {
	n := 0
	for n < len(p) {
		n += s.step(p[n:])
		if s.between() {
			break
		}
	}
	return n
}

// step follows some bytes: those up to the end of a header, or of a payload.
func (s *frameScan) step(p []byte) int {
	if s.payload > 0 {
		n := min(len(p), int(s.payload))
		s.payload -= uint32(n)
		return n
	}
	n := copy(s.header[s.have:], p)
	if s.have += n; s.have == frameHeaderLen {
		s.begin()
	}
	return n
}

// begin takes note of a frame whose header is complete.
func (s *frameScan) begin() {
	s.have, s.began = 0, true
	s.payload = binary.BigEndian.Uint32(s.header[:4]) >> 8
	switch s.header[3] {
	case frameHeaders, framePushPromise, frameContinuation:
		s.inHeader = s.header[4]&flagEndHeaders == 0
	}
}

// Keys of TLSNextProto. The second is between net/http and its HTTP/2: a connection
// without TLS, whose preface has been read, comes in a *tls.Conn that is none.
const (
	protoSecure = "h2"
	protoPlain  = "unencrypted_http2"
)

type nextProto = func(*http.Server, *tls.Conn, http.Handler)

// plainConn is how net/http passes a connection without TLS as one.
type plainConn struct {
	net.Conn // nil: only UnencryptedNetConn is called
	inner    net.Conn
}

// UnencryptedNetConn returns the connection.
func (c plainConn) UnencryptedNetConn() net.Conn { return c.inner }

func asTLS(c net.Conn) *tls.Conn { return tls.Client(plainConn{inner: c}, nil) }

// preface is what a client says first (RFC 9113, section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// prefaceTimeout is net/http's.
const prefaceTimeout = 10 * time.Second

// announcing returns entries of TLSNextProto that pass each connection to the given
// ones with a way to announce its end. What is not as this knows it is left as it is.
func (d *drainer) announcing(protos map[string]nextProto) map[string]nextProto {
	serve := protos[protoPlain]
	if serve == nil {
		return protos
	}
	return map[string]nextProto{
		protoPlain: func(server *http.Server, conn *tls.Conn, h http.Handler) {
			plain, ok := conn.NetConn().(interface{ UnencryptedNetConn() net.Conn })
			if !ok {
				serve(server, conn, h)
				return
			}
			c := &secondConn{Conn: plain.UnencryptedNetConn()}
			defer d.follow(c)()
			serve(server, asTLS(c), h)
		},
		protoSecure: func(server *http.Server, conn *tls.Conn, h http.Handler) {
			if err := readPreface(conn); err != nil {
				conn.Close()
				return
			}
			c := &secondConn{Conn: conn}
			defer d.follow(c)()
			serve(server, asTLS(secureConn{c, conn}), h)
		},
	}
}

var errNoPreface = errors.New("the client does not speak HTTP/2")

func readPreface(conn net.Conn) error {
	var got [len(preface)]byte
	if err := conn.SetReadDeadline(time.Now().Add(prefaceTimeout)); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, got[:]); err != nil {
		return err
	}
	if string(got[:]) != preface {
		return errNoPreface
	}
	return conn.SetReadDeadline(time.Time{})
}

// follow keeps a connection among those to be told, until the returned function is
// called.
func (d *drainer) follow(c *secondConn) (forget func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seconds[c] = struct{}{}
	c.wanted = d.draining.Load()
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.seconds, c)
	}
}

// announceAll announces the end of all HTTP/2 connections, and after a pause for what
// was on its way brings it about, unless stopped is closed before. It does not block.
func (d *drainer) announceAll(stopped <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.seconds {
		go c.tell() // until the connection is closed, at the longest
	}
	d.shutting.Go(func() {
		select {
		case <-time.After(goAwayPause):
			d.leaving.Store(true)
			d.goAway()
		case <-stopped:
		}
	})
}

// firstConn returns the connection that the first server knows.
func firstConn(conn net.Conn) net.Conn {
	switch c := conn.(type) {
	case *secondConn:
		return c.Conn
	case secureConn:
		return c.secure
	}
	return conn
}
