//go:build unix

package hotswap_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// certificate is the one of httptest.
func certificate() tls.Certificate {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	return server.TLS.Certificates[0]
}

// unixClient talks to a unix socket whatever the address of the request.
func (s *running) unixClient(socket string, transport *http.Transport) *http.Client {
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(s.dir, socket))
	}
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // it is about connections, not trust
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// protocol is a way to talk HTTP to the service.
type protocol struct {
	name   string
	scheme string
	proto  string
	client func(s *running) *http.Client
}

func protocols() []protocol {
	h1, h2, h2c := new(http.Protocols), new(http.Protocols), new(http.Protocols)
	h1.SetHTTP1(true)
	h2.SetHTTP2(true)
	h2c.SetUnencryptedHTTP2(true)
	client := func(socket string, p *http.Protocols) func(*running) *http.Client {
		return func(s *running) *http.Client { return s.unixClient(socket, &http.Transport{Protocols: p}) }
	}
	return []protocol{
		{"HTTP/1.1", "http", "HTTP/1.1", client("http", h1)},
		{"HTTP/1.1 with TLS", "https", "HTTP/1.1", client("https", h1)},
		{"HTTP/2", "https", "HTTP/2.0", client("https", h2)},
		{"HTTP/2 without TLS", "http", "HTTP/2.0", client("http", h2c)},
	}
}

func eachProtocol(t *testing.T, test func(t *testing.T, p protocol)) {
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

// TestProtocols upgrades, reverts and finishes under load.
func TestProtocols(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p protocol) {
		s := run(t)
		text, err := fetch(p.client(s), p.scheme, "/proto", nil)
		require.NoError(t, err)
		require.Equal(t, p.proto, text)
		load := s.loadWith(t, p.scheme, p.client(s), p.client(s))
		rounds := 3
		if testing.Short() {
			rounds = 1
		}
		for i := range rounds {
			u := s.to(i + 2)
			u.ConfirmWithin = time.Hour
			_, err := s.client.Upgrade(t.Context(), u)
			require.NoError(t, err)
			require.NoError(t, s.client.Revert(t.Context()))
			s.eventually(func() bool { return s.status().Successor == nil }, "the successor stays")
			assert.Zero(t, s.status().Last.Cut)
			_, err = s.client.Upgrade(t.Context(), s.to(i+2))
			require.NoError(t, err)
			s.eventually(func() bool { return s.status().PID == s.pidFile() }, "no handover")
			assert.Equal(t, fmt.Sprint(i+2), s.version())
		}
		load(2 * rounds)
	})
}

// TestIdleConnections leaves a connection idle. HTTP/2 can be told that it
// ends; HTTP/1 waits for the next request, which the old process answers.
func TestIdleConnections(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p protocol) {
		s := run(t, "DRAIN=1h")
		client := p.client(s)
		ask := func() string {
			text, err := fetch(client, p.scheme, "/version", strings.NewReader("body"))
			require.NoError(t, err)
			return text
		}
		assert.Equal(t, "1 4", ask())
		_, err := s.client.Upgrade(t.Context(), s.to(2))
		require.NoError(t, err)
		if p.proto == "HTTP/1.1" {
			assert.Equal(t, "1 4", ask())
		}
		s.exitsWith(0)
		assert.Equal(t, "2 4", ask())
	})
}

// TestIdleConnectionsAreClosedAtLast is about those on which no request comes.
func TestIdleConnectionsAreClosedAtLast(t *testing.T) {
	t.Parallel()
	s := run(t, "DRAIN=400ms")
	client := s.web()
	_, err := fetch(client, "http", "/version", nil)
	require.NoError(t, err)
	_, err = s.client.Upgrade(t.Context(), s.to(2))
	require.NoError(t, err)
	s.exitsWith(0)
	text, err := fetch(client, "http", "/version", nil)
	require.NoError(t, err)
	assert.Equal(t, "2 0", text)
}

// TestSlowBodies are answered by the process that has begun to read them.
func TestSlowBodies(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p protocol) {
		s := run(t)
		finish := s.slowRequest(t, p)
		_, err := s.client.Upgrade(t.Context(), s.to(2))
		require.NoError(t, err)
		assert.Equal(t, "2", s.version())
		assert.Equal(t, "1 8", finish())
		s.exitsWith(0)
	})
}

// slowRequest sends half of a request that the service has begun to answer,
// and returns a function that sends the rest and waits for the answer.
func (s *running) slowRequest(t *testing.T, p protocol) (finish func() string) {
	t.Helper()
	before := s.status().Open
	body, feed, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { body.Close(); feed.Close() })
	answer := make(chan string, 1)
	go func() {
		text, err := fetch(p.client(s), p.scheme, "/version", onlyReader{body})
		if err != nil {
			text = err.Error()
		}
		answer <- text
	}()
	_, err = feed.WriteString("half")
	require.NoError(t, err)
	s.eventually(func() bool { return s.status().Open > before }, "no connection")
	s.eventually(func() bool { return strings.Contains(s.logged(), "reading a body") }, "no request")
	return func() string {
		_, _ = feed.WriteString("half") // an error shows in the answer
		feed.Close()
		return <-answer
	}
}

func TestHardStop(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p protocol) {
		s := run(t, "DRAIN=300ms")
		finish := s.slowRequest(t, p)
		_, err := s.client.Upgrade(t.Context(), s.to(2))
		require.NoError(t, err)
		s.exitsWith(1)
		assert.Contains(t, s.logged(), "1 connection was cut after 300ms")
		assert.NotEqual(t, "1 8", finish())
		assert.Equal(t, "2", s.version())
	})
}

func TestHijackedConnections(t *testing.T) {
	t.Parallel()
	s := run(t)
	first := s.hijacked(t)
	assert.Equal(t, 1, s.status().Hijacked)
	u := s.to(2)
	u.ConfirmWithin = time.Hour
	_, err := s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	assert.Equal(t, "bye\n", first())
	s.eventually(func() bool { return s.status().Hijacked == 0 }, "still counted")
	require.NoError(t, s.client.Revert(t.Context()))
	s.eventually(func() bool { return s.status().Successor == nil }, "the successor stays")

	second := s.hijacked(t) // is not told at once that the first process drained before
	assert.Equal(t, 1, s.status().Hijacked)
	_, err = s.client.Upgrade(t.Context(), s.to(3))
	require.NoError(t, err)
	assert.Equal(t, "bye\n", second())
	s.exitsWith(0)
}

// hijacked opens a connection that a handler takes over, and returns a
// function that reads what comes after the greeting, to the end.
func (s *running) hijacked(t *testing.T) (rest func() string) {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(s.dir, "http"))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = fmt.Fprint(conn, "GET /hijack HTTP/1.1\r\nHost: service\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	require.NoError(t, err)
	buf := make([]byte, 1024)
	var text string
	for !strings.HasSuffix(text, "hello\n") {
		n, err := conn.Read(buf)
		require.NoError(t, err)
		text += string(buf[:n])
	}
	return func() string {
		var text string
		for {
			n, err := conn.Read(buf)
			text += string(buf[:n])
			if err != nil {
				return text
			}
		}
	}
}
