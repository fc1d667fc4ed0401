//go:build unix

package hotswap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
)

func TestControlSocketIsPrivate(t *testing.T) {
	t.Parallel()
	s := run(t)
	path := filepath.Join(s.dir, "control")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = hotswap.Open(hotswap.WithControl(path))
	require.ErrorIs(t, err, hotswap.ErrRunning)
	require.NoError(t, os.Chmod(s.dir, 0o770))
	_, err = s.client.Status(t.Context())
	require.ErrorIs(t, err, hotswap.ErrUnsafeFolder)
	_, err = hotswap.Open(hotswap.WithControl(path))
	require.ErrorIs(t, err, hotswap.ErrUnsafeFolder)
	require.NoError(t, os.Chmod(s.dir, 0o700))
	assert.Equal(t, "1", s.version())
}

func TestStaleControlSocket(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "control")
	stale, err := net.Listen("unix", path)
	require.NoError(t, err)
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, stale.Close())
	p, err := hotswap.Open(hotswap.WithControl(path))
	require.NoError(t, err)
	status, err := hotswap.NewClient(path).Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, hotswap.Starting, status.State)
	_, err = hotswap.NewClient(path).Upgrade(t.Context(), hotswap.Upgrade{Path: "/x", Digest: strings.Repeat("0", 64)})
	require.ErrorIs(t, err, hotswap.ErrNotReady)
	end(t, p)
	assert.NoFileExists(t, path)

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = hotswap.Open(hotswap.WithControl(path))
	require.ErrorContains(t, err, "is no socket")
	assert.FileExists(t, path)
}

func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hs") // paths of sockets are limited
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// end waits for a process that has nothing to do.
func end(t *testing.T, p *hotswap.Process) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, p.Wait(ctx))
}

// TestHostileRequests are refused, and the process lives.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	s := run(t)
	zeros := strings.Repeat("0", 64)
	for _, line := range []string{
		``, `{}`, `null`, `[]`, `{"protocol":1,"op":"reboot"}`, `{"protocol":2,"op":"status"}`, `{"op":"status","protocol":1}`,
		`{"protocol":1,"op":"status","op":"revert"}`, `{"protocol":1,"OP":"status"}`, `{"protocol":1, "op":"status"}`,
		`{"protocol":1,"op":"status"} {}`, `{"protocol":1,"op":"status","more":1}`, `{"protocol":1,"op":"status","percent":1}`,
		`{"protocol":1,"op":"shift","percent":1e1}`, `{"protocol":1,"op":"upgrade"}`,
		`{"protocol":1,"op":"finish","upgrade":{"path":"/x","digest":"` + zeros + `"}}`,
		`{"protocol":1,"op":"upgrade","upgrade":{"path":"x","digest":"` + zeros + `"}}`,
		`{"protocol":1,"op":"upgrade","upgrade":{"path":"/x","digest":"0"}}`,
		`{"protocol":1,"op":"upgrade","upgrade":{"path":"/x","digest":"` + zeros + `","env":["LISTEN_PID=1"]}}`,
		strings.Repeat("[", hotswap.MaxRequest+10),
	} {
		answer := s.send(t, line+"\n")
		assert.Contains(t, answer, `{"error":{"codes":["request"]`, "%.80s", line)
	}
	assert.Contains(t, s.send(t, `{"protocol":1,"op":"status"}`+"\n"), `{"status":{"state":"serving"`)
	assert.Nil(t, s.status().Last)
}

func (s *running) send(t *testing.T, line string) string {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(s.dir, "control"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, _ = io.WriteString(conn, line) // it may stop reading early
	answer, _ := io.ReadAll(conn)     // and reset the connection
	return string(answer)
}

func TestClientGivesUp(t *testing.T) {
	path := filepath.Join(shortDir(t), "control")
	_, err := hotswap.NewClient(path).Status(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	mute, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer mute.Close()
	because := errors.New("because")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		conn, err := mute.Accept()
		if err == nil {
			defer conn.Close()
		}
		cancel(because)
		_, _ = io.Copy(io.Discard, conn)
	}()
	_, err = hotswap.NewClient(path).Status(ctx)
	require.ErrorIs(t, err, because)
}

// TestHostileAnswers are errors of the client.
func TestHostileAnswers(t *testing.T) {
	path := filepath.Join(shortDir(t), "control")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer ln.Close()
	answers := []string{"", "\n", "{}\n", "null\n", `{"status":{},"error":{}}` + "\n", `{"status":`, strings.Repeat("x", hotswap.MaxRequest+1)}
	go func() {
		for _, answer := range answers {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(conn, make([]byte, len(`{"protocol":1,"op":"status"}`)+1))
			_, _ = io.WriteString(conn, answer)
			conn.Close()
		}
	}()
	for _, answer := range answers {
		_, err := hotswap.NewClient(path).Status(t.Context())
		assert.Error(t, err, "%.20s", answer)
	}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		option hotswap.Option
		want   string
	}{
		{hotswap.WithControl("control"), "absolute path"},
		{hotswap.WithControl("/" + strings.Repeat("x", 101)), "100 bytes"},
		{hotswap.WithPIDFile("pid"), "absolute path"},
		{hotswap.WithReadyTimeout(0), "WithReadyTimeout"},
		{hotswap.WithDrainTimeout(-1), "WithDrainTimeout"},
		{hotswap.WithLogger(nil), "needs a logger"},
	} {
		_, err := hotswap.Open(test.option)
		assert.ErrorContains(t, err, test.want)
	}
}

// TestWithoutUpgrades uses a process as any service would, in this process.
func TestWithoutUpgrades(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	p, err := hotswap.Open(hotswap.WithPIDFile(pid))
	require.NoError(t, err)
	ln, err := p.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	packets, err := p.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	_, err = p.Listen("systemd", "web")
	require.ErrorIs(t, err, os.ErrNotExist)
	served := make(chan error, 1)
	go func() { served <- p.Serve(ln, hotswap.Conns(echoLines)) }()
	early, err := net.Dial("tcp", ln.Addr().String()) // waits in the queue
	require.NoError(t, err)
	defer early.Close()
	assert.NoFileExists(t, pid)
	require.NoError(t, p.Ready())
	require.NoError(t, p.Ready())
	assert.FileExists(t, pid)
	fmt.Fprintln(early, "x")
	_, err = early.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, early.Close())

	require.NoError(t, packets.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, _, err = packets.ReadFrom(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, packets.SetReadDeadline(time.Time{}))
	reading := make(chan error, 1)
	go func() {
		_, _, err := packets.ReadFrom(make([]byte, 1))
		reading <- err
	}()
	end(t, p)
	require.NoError(t, <-served)
	require.ErrorIs(t, <-reading, net.ErrClosed)
	assert.NoFileExists(t, pid)
	_, err = ln.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = p.Listen("tcp", "127.0.0.1:0")
	require.ErrorIs(t, err, hotswap.ErrStopping)
	_, err = p.Upgrade(t.Context(), hotswap.Upgrade{Path: "/x", Digest: strings.Repeat("0", 64)})
	require.ErrorIs(t, err, hotswap.ErrStopping)
}
