//go:build unix

package hotswap_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manager stands in for the service manager: it listens to sd_notify.
type manager struct {
	t    *testing.T
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	m := &manager{t: t, path: filepath.Join(shortDir(t), "notify")}
	var err error
	m.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { m.conn.Close() })
	return m
}

// told returns the next message.
func (m *manager) told() string {
	m.t.Helper()
	require.NoError(m.t, m.conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, 1024)
	n, err := m.conn.Read(buf)
	require.NoError(m.t, err)
	return string(buf[:n])
}

func TestNotify(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	s := run(t, "NOTIFY_SOCKET="+m.path)
	assert.Equal(t, fmt.Sprintf("READY=1\nMAINPID=%d", s.first.Process.Pid), m.told())
	u := s.to(2)
	u.ConfirmWithin = time.Hour
	_, err := s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	require.NoError(t, s.client.Revert(t.Context()))
	s.eventually(func() bool { return s.status().Successor == nil }, "the successor stays")
	status, err := s.client.Upgrade(t.Context(), s.to(3))
	require.NoError(t, err)
	// Of the upgrade that was taken back the manager has heard nothing.
	assert.Equal(t, fmt.Sprintf("MAINPID=%d\nREADY=1", s.next(status.PID)), m.told())
	s.exitsWith(0)
	process, err := os.FindProcess(s.status().PID)
	require.NoError(t, err)
	require.NoError(t, process.Signal(terminate))
	assert.Equal(t, "STOPPING=1", m.told())
}

// next waits for a process other than the given one.
func (s *running) next(old int) (pid int) {
	s.t.Helper()
	s.eventually(func() bool { pid = s.status().PID; return pid != old }, "no other process")
	return pid
}

// TestSocketActivation passes sockets as systemd does, with a shell that knows
// its process id.
func TestSocketActivation(t *testing.T) {
	t.Parallel()
	dir := shortDir(t) // is there until the processes have ended
	var files []*os.File
	web, err := net.Listen("unix", filepath.Join(dir, "http"))
	require.NoError(t, err)
	web.(*net.UnixListener).SetUnlinkOnClose(false)
	named, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	for _, socket := range []any{web, named, packets} {
		f, err := socket.(interface{ File() (*os.File, error) }).File()
		require.NoError(t, err)
		files = append(files, f)
	}
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0"`, executable(t))
	cmd.ExtraFiles = files
	s := start(t, dir, cmd, "LISTEN_FDS=3", "LISTEN_FDNAMES=web:lines:packets", "SYSTEMD=1")
	for _, f := range files {
		require.NoError(t, f.Close())
	}
	for _, l := range []interface{ Close() error }{web, named, packets} {
		require.NoError(t, l.Close())
	}
	check := func(version string) {
		t.Helper()
		assert.Equal(t, version, s.version())
		assert.Equal(t, version, who(t, named.Addr().String()))
		lines, datagrams := s.addresses()
		assert.Equal(t, named.Addr().String(), lines)
		assert.Equal(t, packets.LocalAddr().String(), datagrams)
		text, err := s.get("/environment")
		require.NoError(t, err)
		assert.NotContains(t, text, "LISTEN_")
		assert.NotContains(t, text, "HOTSWAP_")
	}
	check("1")
	for i := range 3 {
		before := s.status().PID
		_, err := s.client.Upgrade(t.Context(), s.to(i+2))
		require.NoError(t, err)
		s.next(before)
		check(fmt.Sprint(i + 2))
	}
}

// TestNothingElseIsInherited leaves a descriptor open that would survive exec.
func TestNothingElseIsInherited(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("needs /proc")
	}
	s := run(t, "LEAK=1", "SECRET=kept")
	list, err := s.get("/fds")
	require.NoError(t, err)
	assert.Contains(t, list, "/dev/zero")
	u := s.to(2, "LEAK=", "ADDED=x=y")
	u.Args = []string{"first", "second"}
	_, err = s.client.Upgrade(t.Context(), u)
	require.NoError(t, err)
	s.exitsWith(0)
	list, err = s.get("/fds")
	require.NoError(t, err)
	assert.NotContains(t, list, "/dev/zero")
	text, err := s.get("/environment")
	require.NoError(t, err)
	for _, want := range []string{"SECRET=kept", "ADDED=x=y", "VERSION=2", executable(t) + " first second"} {
		assert.Contains(t, strings.Split(text, "\n"), want)
	}
	assert.NotContains(t, text, "VERSION=1")
	assert.NotContains(t, s.logged(), "x=y", "the environment is never logged")
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", s.status().PID)); err == nil {
		assert.Equal(t, filepath.Base(executable(t)), strings.TrimSpace(string(name)))
	}
}
