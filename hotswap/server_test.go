package hotswap_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
)

// calls stands in for a gRPC server: GracefulStop waits for its calls.
type calls struct {
	mu      sync.Mutex
	ln      net.Listener
	begun   chan struct{}
	conns   sync.WaitGroup
	stopped bool
	patient bool // Stop waits for connections, as gRPC's does for those without a word
}

func (c *calls) Serve(ln net.Listener) error {
	c.mu.Lock()
	c.ln = ln
	c.mu.Unlock()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return nil
		}
		c.conns.Go(func() {
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1))
			c.begun <- struct{}{}
			_, _ = conn.Read(make([]byte, 1)) // the end of the call
		})
	}
}

func (c *calls) GracefulStop() {
	c.mu.Lock()
	c.ln.Close()
	c.mu.Unlock()
	c.conns.Wait()
}

func (c *calls) Stop() {
	if c.patient {
		c.conns.Wait()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
}

// waited starts a process with one connection that has begun a call.
func waited(t *testing.T, drain time.Duration, server *calls) (conn net.Conn, waiting <-chan error) {
	t.Helper()
	p, err := hotswap.Open(hotswap.WithDrainTimeout(drain))
	require.NoError(t, err)
	ln, err := p.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- p.Serve(ln, hotswap.Graceful(server)) }()
	require.NoError(t, p.Ready())
	conn, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	_, err = conn.Write([]byte("x"))
	require.NoError(t, err)
	<-server.begun
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		err := p.Wait(ctx)
		result <- errors.Join(err, <-served)
	}()
	draining := p.Draining()
	cancel()
	<-draining
	return conn, result
}

func TestGracefulWaitsForCalls(t *testing.T) {
	server := &calls{begun: make(chan struct{}, 1)}
	conn, result := waited(t, time.Hour, server)
	select {
	case err := <-result:
		t.Fatalf("did not wait: %v", err)
	default:
	}
	_, err := conn.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, <-result)
	assert.True(t, server.stopped)
}

func TestGracefulIsCutAtLast(t *testing.T) {
	for _, patient := range []bool{false, true} {
		server := &calls{begun: make(chan struct{}, 1), patient: patient}
		_, result := waited(t, 50*time.Millisecond, server)
		err := <-result
		require.ErrorIs(t, err, hotswap.ErrDrainTimeout)
		var drain *hotswap.DrainError
		require.ErrorAs(t, err, &drain)
		assert.Equal(t, 1, drain.Open)
		assert.Equal(t, 50*time.Millisecond, drain.Timeout)
		assert.True(t, server.stopped)
	}
}

// TestConnsAreToldTwice: first that they should end, then that they must.
func TestConnsAreToldTwice(t *testing.T) {
	p, err := hotswap.Open(hotswap.WithDrainTimeout(50 * time.Millisecond))
	require.NoError(t, err)
	ln, err := p.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	told := make(chan string, 2)
	go p.Serve(ln, hotswap.Conns(func(ctx context.Context, _ net.Conn) {
		<-p.Draining()
		told <- "should"
		<-ctx.Done()
		told <- "must"
	}))
	require.NoError(t, p.Ready())
	conn, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.Eventually(t, func() bool { return p.Status().Open == 1 }, 20*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Wait(ctx), hotswap.ErrDrainTimeout)
	assert.Equal(t, "should", <-told)
	assert.Equal(t, "must", <-told)
}
