package health_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/health"
)

func httpCheck(t *testing.T, address string, opts ...health.Option) *health.Probe {
	t.Helper()
	p, err := health.HTTP(address, opts...)
	require.NoError(t, err)
	return p
}

// site is a service with a page for each way to answer.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("asked for %s, with %v", r.URL, r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	mux := http.NewServeMux()
	answer := func(path string, status int, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	answer("/ok", 200, "version 1.4.3, all well\n")
	answer("/empty", 204, "")
	answer("/ill", 503, "database \x1b[31mgone")
	answer("/long", 200, strings.Repeat("x", health.MaxBody)+"late")
	answer("/longill", 500, strings.Repeat("x", 10_000))
	mux.Handle("/here", http.RedirectHandler("/ok", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler(elsewhere.URL+"/", http.StatusFound))
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, " ", r.Header["X-Probe"], " ", r.Close)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	mux.HandleFunc("/bigheader", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Big", strings.Repeat("x", 2*health.MaxHeader))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestHTTP(t *testing.T) {
	server := site(t)
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:9")
	for _, test := range []struct {
		path, want string
		opts       []health.Option
	}{
		{"/ok", "", nil},
		{"/empty", "", nil},
		{"/ok", "", []health.Option{health.WithBody("1.4.3")}},
		{"/ok", `status "200 OK", but its body has no "1.4.4": "version 1.4.3, all well"`, []health.Option{health.WithBody("1.4.4")}},
		{"/ok", `status "200 OK": "version`, []health.Option{health.WithStatus(204)}},
		{"/ill", `status "503 Service Unavailable": "database \x1b[31mgone"`, nil},
		{"/ill", "", []health.Option{health.WithStatus(200, 503)}},
		{"/none", `status "404 Not Found"`, nil},
		{"/here", "", []health.Option{health.WithBody("1.4.3")}},
		{"/loop", "more than 5 redirects", nil},
		{"/away", `status "302 Found"`, nil},
		{"/away", "", []health.Option{health.WithStatus(302)}},
		{"/long", "", nil},
		{"/long", `has no "late"`, []health.Option{health.WithBody("late")}},
		{"/longill", `status "500 Internal Server Error": "xxx`, nil},
		{"/cut", "its body broke off: unexpected EOF", nil},
		{"/bigheader", "no answer of HTTP/1: more than 65536 bytes of header", nil},
		{"/headers", "", []health.Option{health.WithHeader("X-Probe", "a"), health.WithHeader("X-Probe", "b"),
			health.WithHeader("Host", "payments.example"), health.WithBody("payments.example [a b] true")}},
	} {
		err := httpCheck(t, server.URL+test.path, test.opts...).Check(t.Context())
		if test.want == "" {
			assert.NoError(t, err, test.path)
			continue
		}
		require.ErrorContains(t, err, test.want, test.path)
		assert.Less(t, len(err.Error()), 500)
		assert.NotContains(t, err.Error(), server.URL, "the name is for the caller to say")
	}
}

func TestUnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no Unix sockets")
	}
	dir, err := os.MkdirTemp("", "health") // the names of sockets are short
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "socket")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	server := &http.Server{Handler: http.NotFoundHandler()}
	defer server.Close()
	go func() { _ = server.Serve(ln) }()
	assert.NoError(t, httpCheck(t, "http://payments/", health.WithUnixSocket(path), health.WithStatus(404)).Check(t.Context()))
}

// A connection that is kept would lead to the process that is about to go.
func TestEachAttemptConnectsAnew(t *testing.T) {
	opened := make(chan struct{}, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	p := httpCheck(t, server.URL)
	for range 3 {
		require.NoError(t, p.Check(t.Context()))
	}
	assert.Len(t, opened, 3)
}

func TestNoAnswer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close() // nobody accepts
	address := ln.Addr().String()
	read := func(_ context.Context, conn net.Conn) error { _, err := conn.Read(make([]byte, 1)); return err }
	reads, err := health.Conn("reads", address, read, health.WithTimeout(50*time.Millisecond))
	require.NoError(t, err)
	for _, p := range []*health.Probe{httpCheck(t, "http://"+address, health.WithTimeout(50*time.Millisecond)), reads} {
		err := p.Check(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded, p)
		assert.ErrorContains(t, err, "no answer within 50ms")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("not wanted any more"))
		assert.ErrorContains(t, p.Check(ctx), "stopped: not wanted any more")
	}
}

func TestTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p, err := health.TCP(ln.Addr().String())
	require.NoError(t, err)
	assert.NoError(t, p.Check(t.Context()))
	assert.Equal(t, "tcp "+ln.Addr().String(), p.String())
	require.NoError(t, ln.Close())
	assert.ErrorContains(t, p.Check(t.Context()), "refused")
}

func TestCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	t.Setenv("SECRET", "of this process")
	for _, test := range []struct{ script, want string }{
		{`test "$A" = 1 -a -z "$SECRET" -a "$PWD" = /`, ""},
		{"echo queue is full >&2; exit 2", "sh failed: exit status 2: queue is full"},
		{"kill -9 $$", "sh failed: signal: killed"},
		{"echo waiting; sleep 600", "sh stopped: no answer within 500ms: waiting"},
	} {
		p, err := health.Command([]string{"/bin/sh", "-c", test.script}, health.WithEnvironment("A=1"), health.WithDir("/"), health.WithTimeout(500*time.Millisecond))
		require.NoError(t, err)
		assert.Equal(t, "command /bin/sh", p.String())
		if err = p.Check(t.Context()); test.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, test.want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	page := func(address string, o ...health.Option) error { _, err := health.HTTP(address, o...); return err }
	tcp := func(address string, o ...health.Option) error { _, err := health.TCP(address, o...); return err }
	nothing := func(context.Context, net.Conn) error { return nil }
	connected := func(address string, o ...health.Option) error {
		_, err := health.Conn("x", address, nothing, o...)
		return err
	}
	secure := func(_ context.Context, conn net.Conn, _ string) (net.Conn, error) { return conn, nil }
	command := func(argv []string, o ...health.Option) error { _, err := health.Command(argv, o...); return err }
	const at = "http://127.0.0.1:8080/healthz"
	for _, test := range []struct {
		err  error
		want string
	}{
		{page("127.0.0.1:8080"), "health.HTTP: "},
		{page("/healthz"), `"/healthz" is not the address of a page`},
		{page("ftp://127.0.0.1/"), "is not the address of a page"},
		{page("http://:80/"), "is not the address of a page"},
		{page("ftp://user:secret@127.0.0.1/"), "ftp://user:xxxxx@127.0.0.1/"},
		{page("https://127.0.0.1/"), "unsupported operation: https is not part of this program; give an http address, or a command that asks"},
		{page(at, health.WithHandshake(secure)), "health.HTTP: WithHandshake: \"http://127.0.0.1:8080/healthz\" is not an https address"},
		{page(at, health.WithHandshake(nil)), "WithHandshake: no function is given"},
		{page(at, health.WithDialer(nil)), "WithDialer: no function is given"},
		{page("http://127.0.0.1/?a b"), "has characters that an address must escape"},
		{page("http://bücher.example/"), "has characters that an address must escape"},
		{page("http://127.0.0.1:99999/"), "is not a host and a port"},
		{page(at, health.WithHeader("connection", "keep-alive")), "WithHeader: connection says how the request is sent"},
		{page(at, health.WithTimeout(-1)), "WithTimeout: -1ns is not a time"},
		{page(at, health.WithStatus()), "WithStatus: no status would be a pass"},
		{page(at, health.WithStatus(200, 100)), "WithStatus: 100 is not from 200 to 599"},
		{page(at, health.WithBody("")), "WithBody: the text must have"},
		{page(at, health.WithHeader("a b", "")), `WithHeader: "a b" is not a header`},
		{page(at, health.WithHeader("a", "b\nc: d")), "is not a header with one line of value"},
		{page(at, health.WithUnixSocket("socket")), "WithUnixSocket: \"socket\" is not an absolute path"},
		{page(at, health.WithDir("dir")), `WithDir: only for Command`},
		{command(nil, health.WithDir("dir")), `WithDir: "dir" is not an absolute path`},
		{page(at, health.WithEnvironment("A=1")), "health.HTTP: WithEnvironment: only for Command"},
		{tcp("127.0.0.1"), "missing port"},
		{tcp(":80"), "is not a host and a port"},
		{tcp("127.0.0.1:0"), "is not a host and a port"},
		{tcp("127.0.0.1:http"), "is not a host and a port"},
		{tcp("127.0.0.1:80", health.WithBody("a")), "health.TCP: WithBody: only for HTTP"},
		{tcp("127.0.0.1:80", health.WithHandshake(secure)), "WithHandshake: only for HTTP"},
		{connected("127.0.0.1"), "health.Conn: "},
		{connected("127.0.0.1:80", health.WithStatus(200)), "WithStatus: only for HTTP"},
		{connected("127.0.0.1:80", health.WithHeader("A", "b")), "WithHeader: only for HTTP"},
		{command(nil), "health.Command: no program"},
		{command([]string{"true"}), `health.Command: program "true": not an absolute path`},
		{command([]string{"/bin/true"}, health.WithEnvironment("A")), `WithEnvironment: "A" is not KEY=VALUE`},
		{command([]string{"/bin/true"}, health.WithUnixSocket("/run/socket")), "only for HTTP and Conn"},
	} {
		assert.ErrorContains(t, test.err, test.want)
	}
}

func TestNames(t *testing.T) {
	page, err := health.HTTP("http://user:secret@127.0.0.1:8080/healthz")
	require.NoError(t, err)
	assert.Equal(t, "http http://user:xxxxx@127.0.0.1:8080/healthz", page.String())
}

// What is sent, byte for byte.
func TestRequest(t *testing.T) {
	for _, test := range []struct {
		address, want string
		opts          []health.Option
	}{
		{"http://h.example/a%20b?q=1#f", "GET /a%20b?q=1 HTTP/1.1\r\nConnection: close\r\nHost: h.example\r\nUser-Agent: hotfix-health\r\n\r\n", nil},
		{"http://u:p@[fe80::1%25eth0]:8080", "GET / HTTP/1.1\r\nConnection: close\r\nHost: [fe80::1]:8080\r\nUser-Agent: hotfix-health\r\nAuthorization: Basic dTpw\r\n\r\n", nil},
		{"http://u@h/", "GET / HTTP/1.1\r\nConnection: close\r\nhost: v\r\nuser-agent: w\r\nAUTHORIZATION: x\r\n\r\n",
			[]health.Option{health.WithHeader("host", "v"), health.WithHeader("user-agent", "w"), health.WithHeader("AUTHORIZATION", "x")}},
	} {
		here, there := net.Pipe()
		sent := make(chan string)
		go func() {
			b := make([]byte, len(test.want))
			_, _ = io.ReadFull(there, b)
			_, _ = io.WriteString(there, "HTTP/1.1 204\r\n\r\n")
			sent <- string(b)
		}()
		dial := health.WithDialer(func(context.Context, string, string) (net.Conn, error) { return here, nil })
		assert.NoError(t, httpCheck(t, test.address, append(test.opts, dial)...).Check(t.Context()))
		assert.Equal(t, test.want, <-sent)
	}
}

func TestConn(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	ill := errors.New("queue is full")
	var asked net.Conn
	p, err := health.Conn("queue", ln.Addr().String(), func(_ context.Context, conn net.Conn) error { asked = conn; return ill })
	require.NoError(t, err)
	assert.Equal(t, "queue", p.String())
	assert.ErrorIs(t, p.Check(t.Context()), ill)
	_, err = asked.Write(nil)
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = health.Conn("queue", ln.Addr().String(), nil)
	assert.ErrorContains(t, err, "no function is given")
}
