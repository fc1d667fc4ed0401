package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
)

// recorder is a connection that keeps what is written.
type recorder struct {
	net.Conn
	written bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) { return r.written.Write(p) }

func frame(kind, flags byte, payload int) []byte {
	f := []byte{byte(payload >> 16), byte(payload >> 8), byte(payload), kind, flags, 0, 0, 0, 1}
	return append(f, bytes.Repeat([]byte{0xaa}, payload)...)
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

const (
	frameData     = 0
	frameSettings = 4
)

// However the bytes are cut into writes, and whenever the notice is asked for, it is
// between two frames, once, and nothing else changes.
func TestNoticeIsBetweenFrames(t *testing.T) {
	settings, ack, data := frame(frameSettings, 0, 18), frame(frameSettings, 1, 0), frame(frameData, 0, 40)
	headers := join(frame(frameHeaders, 0, 12), frame(frameContinuation, 0, 5), frame(frameContinuation, flagEndHeaders, 3))
	stream := join(settings, ack, headers, data, frame(frameHeaders, flagEndHeaders, 4))
	places := map[int]bool{}
	at := 0
	for _, f := range [][]byte{settings, ack, headers, data, frame(frameHeaders, flagEndHeaders, 4)} {
		at += len(f)
		places[at] = true
	}
	for size := 1; size <= len(stream); size++ {
		for asked := 0; asked <= len(stream); asked += size {
			got := written(t, stream, size, asked)
			place := bytes.Index(got, notice[:])
			require.GreaterOrEqual(t, place, 0, "written %d at a time, asked for after %d", size, asked)
			assert.True(t, places[place], "the notice is at %d", place)
			assert.GreaterOrEqual(t, place, asked)
			assert.LessOrEqual(t, place-asked, max(len(headers), len(data))+size, "the notice is late")
			assert.Equal(t, stream, append(bytes.Clone(got[:place]), got[place+len(notice):]...))
		}
	}
}

// written writes a stream, so many bytes at a time, and asks for the notice after some.
func written(t *testing.T, stream []byte, size, asked int) []byte {
	t.Helper()
	r := &recorder{}
	c := &secondConn{Conn: r}
	for at := 0; at < len(stream); at += size {
		if at >= asked {
			c.tell()
		}
		part := stream[at:min(at+size, len(stream))]
		n, err := c.Write(part)
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	c.tell()
	return r.written.Bytes()
}

// brokenConn takes so many bytes and then fails.
type brokenConn struct {
	net.Conn
	left int
}

func (c *brokenConn) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	if n < len(p) {
		return n, net.ErrClosed
	}
	return n, nil
}

func TestNoticeOnABrokenConnection(t *testing.T) {
	stream := join(frame(frameSettings, 0, 6), frame(frameData, 0, 10))
	for left := range len(stream) + len(notice) {
		c := &secondConn{Conn: &brokenConn{left: left}, wanted: true}
		n, err := c.Write(stream)
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.LessOrEqual(t, n, min(left, len(stream)))
	}
}

// The server's bytes go out as they are, whatever they are, and the notice comes once at most.
func FuzzNotice(f *testing.F) {
	f.Add(join(frame(frameSettings, 0, 6), frame(frameHeaders, 0, 3), frame(frameContinuation, flagEndHeaders, 2)), uint8(3), uint8(10))
	f.Add([]byte{0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1}, uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, stream []byte, size, asked uint8) {
		got := written(t, stream, int(size)+1, int(asked))
		if len(got) == len(stream) {
			assert.Equal(t, string(stream), string(got))
			return
		}
		require.Len(t, got, len(stream)+len(notice))
		for at := range len(stream) + 1 {
			if bytes.HasPrefix(got[at:], notice[:]) && bytes.Equal(got[:at], stream[:at]) && bytes.Equal(got[at+len(notice):], stream[at:]) {
				return
			}
		}
		t.Errorf("%x became %x", stream, got)
	})
}

// client speaks HTTP/2 by hand, so that it can do what clients do at bad moments.
type client struct {
	t *testing.T
	net.Conn
}

func (c client) send(frames ...[]byte) {
	c.t.Helper()
	_, err := c.Write(join(frames...))
	require.NoError(c.t, err)
}

// greet sends what a client says first, with its first frames.
func (c client) greet(frames ...[]byte) {
	c.t.Helper()
	c.send([]byte(preface), []byte{0, 0, 0, frameSettings, 0, 0, 0, 0, 0}, join(frames...))
}

// until reads frames up to the next one of a kind, and returns its payload.
func (c client) until(kind byte) []byte {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	for {
		var header [frameHeaderLen]byte
		_, err := io.ReadFull(c, header[:])
		require.NoError(c.t, err, "waiting for a frame of kind %d", kind)
		payload := make([]byte, binary.BigEndian.Uint32(header[:4])>>8)
		_, err = io.ReadFull(c, payload)
		require.NoError(c.t, err)
		if header[3] == kind {
			return payload
		}
	}
}

// post is a request for / with a body to come: indexed fields of the static table (RFC 7541, appendix A).
func post(stream byte) []byte {
	return []byte{0, 0, 6, frameHeaders, flagEndHeaders, 0, 0, 0, stream, 0x83, 0x86, 0x84, 0x41, 1, 'h'}
}

func body(stream byte, text string) []byte {
	const endStream = 1
	return append([]byte{0, 0, byte(len(text)), frameData, endStream, 0, 0, 0, stream}, text...)
}

// A request that crosses the news that the connection ends is answered, and so is one
// whose body takes longer than that news and the end itself.
func TestRequestsThatCrossTheNotice(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "h2c", true: "TLS"}[secure], func(t *testing.T) {
			t.Parallel()
			d, c := startSecond(t, secure)
			c.greet(post(1))
			c.until(frameSettings)
			d.Drain()
			assert.Equal(t, notice[frameHeaderLen:], c.until(frameGoAway))
			c.send(post(3), body(3, "crossed"))
			assert.Equal(t, "crossed", string(c.until(frameData)))
			assert.Equal(t, []byte{0, 0, 0, 3, 0, 0, 0, 0}, c.until(frameGoAway), "the last request is told")
			c.send(body(1, "slow"))
			assert.Equal(t, "slow", string(c.until(frameData)))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			assert.NoError(t, d.Finish(ctx))
		})
	}
}

// startSecond starts a server that echoes, and connects to it.
func startSecond(t *testing.T, secure bool) (*drainer, client) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, secure, r.TLS != nil)
		_, err := io.Copy(w, r.Body)
		assert.NoError(t, err)
	})}
	server.Protocols.SetHTTP2(secure)
	server.Protocols.SetUnencryptedHTTP2(!secure)
	dial, wrap := net.Dial, func() hotswap.Server { return HTTP(server) }
	if secure {
		certified := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(certified.Close)
		server.TLSConfig = &tls.Config{Certificates: certified.TLS.Certificates}
		trust := certified.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		trust.NextProtos = []string{"h2"}
		dial = func(network, addr string) (net.Conn, error) { return tls.Dial(network, addr, trust) }
		wrap = func() hotswap.Server { return HTTPS(server, "", "") }
	}
	made := wrap()
	served := make(chan error, 1)
	go func() { served <- made.Serve(ln) }()
	conn, err := dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, made.Stop())
		assert.NoError(t, <-served)
		_ = conn.Close() // the server may have closed it, which TLS tells
	})
	return made.(*site).drainer, client{t, conn}
}

// A server of several listeners is hooked into once.
func TestListenersOfOneServer(t *testing.T) {
	server := &http.Server{}
	plain, secure := HTTP(server).(*site), HTTPS(server, "", "").(*site)
	assert.NotSame(t, plain, secure)
	assert.Same(t, plain.drainer, secure.drainer)
	assert.NotNil(t, secure.second)
	assert.Nil(t, server.Handler.(*drainedHandler).inner)
}

// A drain that is taken back before the pause is over leaves new connections alone.
func TestResumeStopsTheEnd(t *testing.T) {
	d, c := startSecond(t, false)
	d.Drain()
	d.Resume()
	d.shutting.Wait()
	c.greet(post(1), body(1, "kept"))
	assert.Equal(t, "kept", string(c.until(frameData)))
	c.send(post(3), body(3, "kept on"))
	assert.Equal(t, "kept on", string(c.until(frameData)))
	assert.False(t, d.leaving.Load())
}

func TestNoPreface(t *testing.T) {
	_, c := startSecond(t, true)
	c.send([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
	_, err := io.Copy(io.Discard, c)
	assert.NoError(t, err, "the connection is closed without an answer")
}
