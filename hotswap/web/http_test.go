package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/hotswap/web"
)

// TestLastAnswer drains while a handler runs: its answer, however it is
// written, is the last one of its connection.
func TestLastAnswer(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter){
		"nothing": func(http.ResponseWriter) {},
		"header":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) },
		"early": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		},
		"write":  func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) },
		"string": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x") },
		"copy":   func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("x")) },
		"flush":  func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller": func(w http.ResponseWriter) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour))
			_ = http.NewResponseController(w).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var server hotswap.Drainer
			handler := func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/drain" {
					server.Drain()
				}
				write(w)
			}
			server = web.HTTP(&http.Server{Handler: http.HandlerFunc(handler)}).(hotswap.Drainer)
			ask := serveOne(t, server)
			assert.False(t, ask("/").Close)
			assert.True(t, ask("/drain").Close)
			assert.True(t, ask("/").Close)
			server.Resume()
			assert.False(t, ask("/").Close)
		})
	}
}

// serveOne serves on a free port, and returns a function that sends a request.
func serveOne(t *testing.T, server hotswap.Server) func(path string) *http.Response {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		assert.NoError(t, server.Finish(context.Background()))
		assert.NoError(t, server.Stop())
		assert.NoError(t, <-served)
	})
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return func(path string) *http.Response {
		t.Helper()
		response, err := client.Get(fmt.Sprintf("http://%s%s", ln.Addr(), path))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response
	}
}

// TestConnStateOfTheCaller is called as without hotswap.
func TestConnStateOfTheCaller(t *testing.T) {
	states := make(chan http.ConnState, 10)
	server := &http.Server{
		Handler:   http.NotFoundHandler(),
		ConnState: func(_ net.Conn, state http.ConnState) { states <- state },
	}
	ask := serveOne(t, web.HTTP(server))
	assert.Equal(t, http.StatusNotFound, ask("/").StatusCode)
	assert.Equal(t, http.StateNew, <-states)
	assert.Equal(t, http.StateActive, <-states)
	assert.Equal(t, http.StateIdle, <-states)
}
