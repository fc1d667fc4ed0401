//go:build unix

package hotswap_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
)

func TestUpgrade(t *testing.T) {
	t.Parallel()
	s := run(t)
	assert.Equal(t, "1", s.version())
	assert.Equal(t, s.first.Process.Pid, s.pidFile())
	_, err := s.client.Upgrade(t.Context(), s.to(2))
	require.NoError(t, err)
	assert.Equal(t, "2", s.version())
	s.exitsWith(0)
	assert.Equal(t, "2", s.version())
	status := s.status()
	assert.NotEqual(t, s.first.Process.Pid, status.PID)
	assert.Equal(t, status.PID, s.pidFile())
	assert.Equal(t, executable(t), status.Executable)
	assert.Equal(t, s.to(2).Digest, status.Digest)
	assert.Nil(t, status.Successor)
	assert.Nil(t, status.Last)
}

func (s *running) status() hotswap.Status {
	s.t.Helper()
	status, err := s.client.Status(s.t.Context())
	require.NoError(s.t, err)
	return status
}

// TestChain upgrades again and again, under load that must not notice, and
// looks for what is left behind.
func TestChain(t *testing.T) {
	t.Parallel()
	upgrades := 20
	if testing.Short() {
		upgrades = 5
	}
	s := run(t)
	_, err := s.client.Upgrade(t.Context(), s.to(2))
	require.NoError(t, err)
	s.exitsWith(0)
	before := s.fds()
	load := s.load(t)
	for i := range upgrades {
		_, err := s.client.Upgrade(t.Context(), s.to(i+3))
		require.NoError(t, err)
		s.eventually(func() bool { return s.status().PID == s.pidFile() && s.status().State == hotswap.Serving }, "no handover")
		assert.Equal(t, fmt.Sprint(i+3), s.version())
	}
	load(upgrades)
	s.eventually(func() bool { return s.fds() <= before }, "descriptors pile up")
}

// load sends requests by HTTP/1.1 with old and new connections.
func (s *running) load(t *testing.T) func(atLeast int) {
	fresh := s.web()
	fresh.Transport.(*http.Transport).DisableKeepAlives = true
	return s.loadWith(t, "http", s.web(), s.web(), fresh)
}

// loadWith sends requests until the returned function is called, which
// requires that none failed and that there were enough.
func (s *running) loadWith(t *testing.T, scheme string, clients ...*http.Client) func(atLeast int) {
	ctx, cancel := context.WithCancel(t.Context())
	var (
		all    sync.WaitGroup
		count  atomic.Int64
		failed atomic.Pointer[error]
	)
	ask := func(client *http.Client, body func() io.Reader) {
		for ctx.Err() == nil {
			if _, err := fetch(client, scheme, "/version", body()); err != nil {
				failed.CompareAndSwap(nil, &err)
				return
			}
			count.Add(1)
		}
	}
	post := func() io.Reader { return onlyReader{strings.NewReader("body")} } // net/http cannot send it twice
	if strings.HasPrefix(t.Name(), "TestProtocols/HTTP/2") {
		// What crosses a GOAWAY must be sent again.
		post = func() io.Reader { return strings.NewReader("body") }
	}
	get := func() io.Reader { return nil }
	for _, client := range clients {
		all.Go(func() { ask(client, post) })
		all.Go(func() { ask(client, get) })
	}
	return func(atLeast int) {
		t.Helper()
		cancel()
		all.Wait()
		for _, client := range clients {
			client.CloseIdleConnections()
		}
		if err := failed.Load(); err != nil {
			t.Errorf("after %d requests: %v", count.Load(), *err)
		}
		assert.Greater(t, count.Load(), int64(atLeast))
		t.Logf("%d requests", count.Load())
	}
}

type onlyReader struct{ io.Reader }

func TestFailedUpgradesLeaveTheOldProcess(t *testing.T) {
	t.Parallel()
	s := run(t, "READY=1s")
	script := filepath.Join(s.dir, "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700))
	wrong := s.to(2)
	wrong.Digest = strings.Repeat("0", 64)
	missing := s.to(2)
	missing.Path += ".missing"
	folder := s.to(2)
	folder.Path = s.dir
	relative := s.to(2)
	relative.Path = "hotswap.test"
	for _, test := range []struct {
		name    string
		upgrade hotswap.Upgrade
		stage   string
		want    error
		text    string
	}{
		{"never ready", s.to(2, envBehaviour+"=silent"), "ready", hotswap.ErrNeverReady, "ready in time"},
		{"crashes at start", s.to(2, envBehaviour+"=crash"), "ready", hotswap.ErrExited, "exit status 1"},
		{"leaves at once", s.to(2, envBehaviour+"=leave"), "", nil, "successor"},
		{"wrong digest", wrong, "check", hotswap.ErrDigest, "0000"},
		{"missing", missing, "check", nil, "no such file"},
		{"folder", folder, "check", nil, "regular file"},
		{"relative", relative, "", hotswap.ErrRequest, "absolute"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			_, err := s.client.Upgrade(t.Context(), test.upgrade)
			require.ErrorContains(t, err, test.text)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			var upgrade *hotswap.UpgradeError
			if test.stage != "" {
				require.ErrorAs(t, err, &upgrade)
				assert.Equal(t, test.stage, upgrade.Stage)
			}
			assert.Equal(t, "1", s.version())
			assert.Equal(t, s.first.Process.Pid, s.pidFile())
			s.eventually(func() bool { return s.status().Successor == nil }, "the successor stays")
			assert.Empty(t, children(s.first.Process.Pid), "not reaped")
		})
	}
	s.t = t
	assert.NotEmpty(t, s.status().Last)
	before := s.fds()
	for range 3 {
		_, err := s.client.Upgrade(t.Context(), s.to(2, envBehaviour+"=crash"))
		require.ErrorIs(t, err, hotswap.ErrExited)
	}
	s.eventually(func() bool { return s.fds() <= before }, "descriptors of failed upgrades stay open")
}

// fds counts the descriptors of the process that serves.
func (s *running) fds() int {
	list, err := s.get("/fds")
	require.NoError(s.t, err)
	return strings.Count(list, "\n")
}

// children lists child processes, dead ones included; of Linux alone.
func children(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	return string(data)
}

// onStandby upgrades and leaves the first process on standby.
func onStandby(t *testing.T, confirm time.Duration, env ...string) (s *running, successor int) {
	t.Helper()
	s = run(t, env...)
	u := s.to(2)
	u.ConfirmWithin = confirm
	status, err := s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	require.NotNil(t, status.Successor)
	assert.Equal(t, hotswap.PhaseStandby, status.Successor.Phase)
	assert.Equal(t, 100, status.Successor.Percent)
	assert.Equal(t, s.first.Process.Pid, status.PID)
	assert.Equal(t, "2", s.version())
	return s, status.Successor.PID
}

func TestFinish(t *testing.T) {
	t.Parallel()
	s, successor := onStandby(t, time.Hour)
	assert.Equal(t, s.first.Process.Pid, s.pidFile())
	require.NoError(t, s.client.Finish(t.Context()))
	s.exitsWith(0)
	assert.Equal(t, successor, s.pidFile())
	assert.Equal(t, "2", s.version())
	assert.Equal(t, successor, s.status().PID)
	assert.ErrorIs(t, s.client.Finish(t.Context()), hotswap.ErrNoSuccessor)
	assert.ErrorIs(t, s.client.Revert(t.Context()), hotswap.ErrNoSuccessor)
	assert.ErrorIs(t, s.client.Shift(t.Context(), 50), hotswap.ErrNoSuccessor)
}

func TestRevert(t *testing.T) {
	t.Parallel()
	s, successor := onStandby(t, time.Hour)
	load := s.load(t)
	require.NoError(t, s.client.Revert(t.Context()))
	s.eventually(func() bool { return s.status().Successor == nil }, "the successor stays")
	assert.Equal(t, "1", s.version())
	assert.False(t, alive(successor))
	last := s.status().Last
	require.NotNil(t, last)
	assert.Contains(t, last.Error, hotswap.ErrReverted.Error())
	assert.Zero(t, last.Cut)
	_, err := s.client.Upgrade(t.Context(), s.to(3))
	require.NoError(t, err)
	assert.Equal(t, "3", s.version())
	load(2)
}

func TestUnconfirmed(t *testing.T) {
	t.Parallel()
	s := run(t)
	load := s.load(t)
	u := s.to(2)
	u.ConfirmWithin = 200 * time.Millisecond
	_, err := s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	s.eventually(func() bool { return s.status().Last != nil && s.status().Successor == nil }, "not taken back")
	assert.Equal(t, "1", s.version())
	assert.Contains(t, s.status().Last.Error, "not confirmed in time")
	load(1)
}

func TestCrashOnStandby(t *testing.T) {
	t.Parallel()
	s, successor := onStandby(t, time.Hour)
	_, err := s.get("/crash")
	require.Error(t, err) // the one that it was answering
	// The queue of the socket is the same, so that nobody is turned away.
	assert.Equal(t, "1", s.version())
	s.eventually(func() bool { return s.status().Successor == nil }, "the dead successor stays")
	assert.Empty(t, children(s.first.Process.Pid))
	assert.False(t, alive(successor))
	assert.Contains(t, s.status().Last.Error, "exit status 3")
}

func TestSuccessorThatIsTerminatedOnStandby(t *testing.T) {
	t.Parallel()
	s, successor := onStandby(t, time.Hour)
	load := s.load(t)
	require.NoError(t, syscall.Kill(successor, syscall.SIGTERM))
	s.eventually(func() bool { return s.status().Successor == nil }, "the successor stays")
	assert.Equal(t, "1", s.version())
	assert.Zero(t, s.status().Last.Cut)
	load(1)
}

func TestTerminatedOnStandby(t *testing.T) {
	t.Parallel()
	s, successor := onStandby(t, time.Hour)
	require.NoError(t, s.first.Process.Signal(syscall.SIGTERM))
	s.exitsWith(0)
	assert.False(t, alive(successor))
	for _, left := range []string{"control", "pid", "http"} {
		assert.NoFileExists(t, filepath.Join(s.dir, left))
	}
}

func TestOldProcessDiesOnStandby(t *testing.T) {
	t.Parallel()
	s, successor := onStandby(t, time.Hour)
	require.NoError(t, s.first.Process.Kill())
	_ = s.first.Wait() // killed
	s.eventually(func() bool { return s.pidFile() == successor }, "no heir")
	assert.Equal(t, "2", s.version())
	_, err := s.client.Upgrade(t.Context(), s.to(3))
	require.NoError(t, err)
	assert.Equal(t, "3", s.version())
}

func TestOneUpgradeAtATime(t *testing.T) {
	t.Parallel()
	s, _ := onStandby(t, time.Hour)
	_, err := s.client.Upgrade(t.Context(), s.to(3))
	require.ErrorIs(t, err, hotswap.ErrBusy)
	require.NoError(t, s.client.Finish(t.Context()))
	s.exitsWith(0)
	results := make(chan error, 5)
	for i := range cap(results) {
		go func() {
			u := s.to(3 + i)
			u.ConfirmWithin = time.Hour
			_, err := s.client.Upgrade(t.Context(), u)
			results <- err
		}()
	}
	var done, busy int
	for range cap(results) {
		err := <-results
		if err == nil {
			done++
			continue
		}
		assert.ErrorIs(t, err, hotswap.ErrBusy)
		busy++
	}
	assert.Equal(t, 1, done)
	assert.Equal(t, cap(results)-1, busy)
}

func TestRevertBeforeReady(t *testing.T) {
	t.Parallel()
	s := run(t)
	result := make(chan error, 1)
	go func() {
		_, err := s.client.Upgrade(t.Context(), s.to(2, envBehaviour+"=silent"))
		result <- err
	}()
	s.eventually(func() bool { next := s.status().Successor; return next != nil && next.PID > 0 }, "no successor")
	require.ErrorIs(t, s.client.Finish(t.Context()), hotswap.ErrNotReady)
	require.ErrorIs(t, s.client.Shift(t.Context(), 10), hotswap.ErrNotReady)
	require.NoError(t, s.client.Revert(t.Context()))
	require.ErrorIs(t, <-result, hotswap.ErrReverted)
	assert.Equal(t, "1", s.version())
}

// who asks the line server, with a new connection, which version it is.
func who(t *testing.T, address string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	return ask(t, conn)
}

func ask(t *testing.T, conn net.Conn) string {
	t.Helper()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err := fmt.Fprintln(conn, "x")
	require.NoError(t, err)
	var answer string
	_, err = fmt.Fscan(conn, &answer)
	require.NoError(t, err)
	return answer
}

// TestShares counts which version answers new connections.
func TestShares(t *testing.T) {
	t.Parallel()
	s := run(t)
	echo, _ := s.addresses()
	u := s.to(2)
	u.Steps = []hotswap.Step{{Percent: 0, Pause: time.Hour}, {Percent: 1, Pause: time.Hour}}
	u.ConfirmWithin = time.Hour
	result := make(chan error, 1)
	go func() {
		_, err := s.client.Upgrade(t.Context(), u)
		result <- err
	}()
	share := func() (second int) {
		for range 200 {
			if who(t, echo) == "2" {
				second++
			}
		}
		return second
	}
	s.eventually(func() bool { return s.client.Shift(t.Context(), 0) == nil }, "not shifting")
	assert.Equal(t, 0, share())
	for _, percent := range []int{1, 10, 50} {
		require.NoError(t, s.client.Shift(t.Context(), percent))
		assert.Equal(t, 2*percent, share())
		assert.Equal(t, percent, s.status().Successor.Percent)
	}
	require.ErrorIs(t, s.client.Finish(t.Context()), hotswap.ErrNotReady)
	require.ErrorIs(t, s.client.Shift(t.Context(), 101), hotswap.ErrRequest)
	require.NoError(t, s.client.Shift(t.Context(), 100))
	require.NoError(t, <-result)
	assert.Equal(t, 200, share())
	// And back again, as far as one likes.
	require.NoError(t, s.client.Shift(t.Context(), 10))
	assert.Equal(t, 20, share())
	require.ErrorIs(t, s.client.Finish(t.Context()), hotswap.ErrNotReady)
	require.NoError(t, s.client.Shift(t.Context(), 100))
	assert.Equal(t, 200, share())
	require.NoError(t, s.client.Finish(t.Context()))
	s.exitsWith(0)
	assert.Equal(t, 200, share())
}

func TestSteps(t *testing.T) {
	t.Parallel()
	s := run(t)
	load := s.load(t)
	u := s.to(2)
	for _, percent := range []int{1, 10, 50, 100} {
		u.Steps = append(u.Steps, hotswap.Step{Percent: percent, Pause: 50 * time.Millisecond})
	}
	_, err := s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	assert.Equal(t, "2", s.version())
	s.exitsWith(0)
	load(4)
}

// TestUntakenConnectionsComeBack stops a successor while connections are on
// their way to it, and kills it.
func TestUntakenConnectionsComeBack(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc to know that a process has stopped")
	}
	s := run(t)
	echo, _ := s.addresses()
	u := s.to(2)
	u.Steps = []hotswap.Step{{Percent: 50, Pause: time.Hour}}
	result := make(chan error, 1)
	go func() {
		_, err := s.client.Upgrade(t.Context(), u)
		result <- err
	}()
	s.eventually(func() bool { return who(t, echo) == "2" }, "not shifting")
	held, err := net.Dial("tcp", echo) // one of the first process
	require.NoError(t, err)
	defer held.Close()
	next, err := net.Dial("tcp", echo) // one of the successor, which will be cut
	require.NoError(t, err)
	defer next.Close()
	assert.ElementsMatch(t, []string{"1", "2"}, []string{ask(t, held), ask(t, next)})

	successor := s.status().Successor.PID
	require.NoError(t, syscall.Kill(successor, syscall.SIGSTOP))
	s.eventually(func() bool { return stopped(t, successor) }, "the successor does not stop")
	var conns []net.Conn
	for range 20 {
		conn, err := net.Dial("tcp", echo)
		require.NoError(t, err)
		defer conn.Close()
		conns = append(conns, conn)
	}
	for _, conn := range conns[:2] { // the accepting loop is past the others when a later one is answered
		_, err := fmt.Fprintln(conn, "x")
		require.NoError(t, err)
	}
	require.NoError(t, syscall.Kill(successor, syscall.SIGKILL))
	require.ErrorIs(t, <-result, hotswap.ErrExited)
	for _, conn := range conns {
		assert.Equal(t, "1", ask(t, conn))
	}
	assert.Equal(t, 1, s.status().Last.Cut)
}

// stopped reports whether no thread of a process runs; of Linux alone.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.Contains(string(data), ") T ") {
			return false
		}
	}
	return true
}

func TestDatagrams(t *testing.T) {
	t.Parallel()
	s := run(t)
	_, packets := s.addresses()
	conn, err := net.Dial("udp", packets)
	require.NoError(t, err)
	defer conn.Close()
	answer := func() string {
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		_, err := conn.Write([]byte("x"))
		require.NoError(t, err)
		var buf [64]byte
		n, err := conn.Read(buf[:])
		require.NoError(t, err)
		return string(buf[:n])
	}
	assert.Equal(t, "1 x", answer())
	u := s.to(2)
	u.ConfirmWithin = time.Hour
	_, err = s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	assert.Equal(t, "2 x", answer())
	require.NoError(t, s.client.Shift(t.Context(), 50))
	assert.Equal(t, "1 x", answer())
	require.NoError(t, s.client.Shift(t.Context(), 100))
	assert.Equal(t, "2 x", answer())
	require.NoError(t, s.client.Revert(t.Context()))
	assert.Equal(t, "1 x", answer())
}
