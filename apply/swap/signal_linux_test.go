package swap_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
)

func signalled(t *testing.T, dir, name string, opts ...swap.Option) *swap.PIDFile {
	t.Helper()
	s, err := swap.Signal(filepath.Join(dir, "pid"), name, opts...)
	require.NoError(t, err)
	return s
}

func TestSignal(t *testing.T) {
	for _, test := range []struct{ name, behaviour, signal string }{
		{"the process executes the new version", "exec", "HUP"},
		{"a child takes over", "child", "SIGHUP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, dir := move(t), t.TempDir()
			old := start(t, dir, test.behaviour, m.From, m.To)
			go func() { _ = old.wait() }()
			s := signalled(t, dir, test.signal)
			require.NoError(t, s.Swap(t.Context(), m))
			now, err := s.Running(t.Context(), m.Product)
			require.NoError(t, err)
			assert.Equal(t, m.To.Digest, now.Digest)
			assert.Equal(t, m.To.Path, now.Path)
			assert.Equal(t, test.behaviour == "exec", now.PID == old.pid())

			require.NoError(t, s.Swap(t.Context(), m), "what was done is not done again")
			again, err := s.Running(t.Context(), m.Product)
			require.NoError(t, err)
			assert.Equal(t, now, again)
		})
	}
}

// A supervisor starts the service again, from a file that was replaced under the
// running process.
func TestSignalUnderSupervisor(t *testing.T) {
	m, dir := move(t), t.TempDir()
	old := start(t, dir, "wait", m.From, m.To)
	s := signalled(t, dir, "TERM")
	swapped := make(chan error, 1)
	go func() { swapped <- s.Swap(t.Context(), m) }()
	require.NoError(t, old.wait())
	restarted := start(t, dir, "wait", m.To, m.From)
	require.NoError(t, <-swapped)
	now, err := s.Running(t.Context(), m.Product)
	require.NoError(t, err)
	assert.Equal(t, restarted.pid(), now.PID)
}

func TestSignalUntilGone(t *testing.T) {
	m, dir := move(t), t.TempDir()
	old := start(t, dir, "wait", m.From, m.To) // nobody waits for it: it stays as a zombie
	s := signalled(t, dir, "TERM", swap.WithUntilGone())
	require.NoError(t, s.Swap(t.Context(), m))
	assert.ErrorContains(t, s.Swap(t.Context(), m), "process "+strconv.Itoa(old.pid())+": the service does not run")
}

func TestSignalWithoutEffect(t *testing.T) {
	for _, opts := range [][]swap.Option{nil, {swap.WithUntilGone()}} {
		m, dir := move(t), t.TempDir()
		start(t, dir, "stubborn", m.From, m.To)
		s := signalled(t, dir, "HUP", append(opts, swap.WithTimeout(100*time.Millisecond))...)
		err := s.Swap(t.Context(), m)
		require.ErrorIs(t, err, swap.ErrUnclear)
		assert.ErrorContains(t, err, "it took longer than 100ms")
	}
}

// A PID file outlives its process, and the id goes to another.
func TestSignalSparesStrangers(t *testing.T) {
	m, dir := move(t), t.TempDir()
	stranger := start(t, t.TempDir(), "wait", m.To, m.From)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(stranger.pid())), 0o644))
	m.To.Digest[0]++ // a third version
	for _, opts := range [][]swap.Option{nil, {swap.WithExecutablesBelow(m.From.Dir)}} {
		err := signalled(t, dir, "TERM", opts...).Swap(t.Context(), m)
		assert.ErrorContains(t, err, "is stale or not the service's")
		assert.NotErrorIs(t, err, swap.ErrUnclear)
	}
	assert.NoError(t, stranger.cmd.Process.Signal(syscall.Signal(0)), "it lives")

	err := signalled(t, dir, "TERM", swap.WithExecutablesBelow(filepath.Dir(m.From.Dir)), swap.WithUntilGone()).Swap(t.Context(), m)
	assert.NoError(t, err, "it is one of the store's")
}

func TestReloadBySignal(t *testing.T) {
	m, dir := move(t), t.TempDir()
	old := start(t, dir, "exec", m.From, m.To)
	assert.ErrorIs(t, signalled(t, dir, "TERM").Reload(t.Context(), m), errors.ErrUnsupported)
	s := signalled(t, dir, "TERM", swap.WithReloadSignal("HUP"))
	require.NoError(t, s.Reload(t.Context(), m))
	assert.Eventually(t, func() bool {
		now, err := s.Running(t.Context(), m.Product)
		return err == nil && now.Digest == m.To.Digest && now.PID == old.pid()
	}, 10*time.Second, 10*time.Millisecond)
}

func TestPIDFiles(t *testing.T) {
	for _, test := range []struct {
		text, want string
		notRunning bool
	}{
		{"", "it is empty", true},
		{"\n", "it is empty", true},
		{"2147483647\n", "process 2147483647", true},
		{"1\n", "is not the id of a process", false},
		{"0\n", "is not the id of a process", false},
		{"-5\n", "is not the id of a process", false},
		{"+5\n", "is not the id of a process", false},
		{"007\n", "is not the id of a process", false},
		{"12 \n", "is not the id of a process", false},
		{"12\n\n", "is not the id of a process", false},
		{"12\r\n", "is not the id of a process", false},
		{"4294967298\n", "is not the id of a process", false},
		{string(make([]byte, 1000)), "is not the id of a process", false},
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "pid"), []byte(test.text), 0o644))
		s := signalled(t, dir, "TERM")
		_, err := s.Running(t.Context(), "payments")
		assert.ErrorContains(t, err, test.want, "%q", test.text)
		assert.Equal(t, test.notRunning, errors.Is(err, swap.ErrNotRunning), "%q", test.text)
		assert.Less(t, len(err.Error()), 300)
		assert.NotErrorIs(t, s.Swap(t.Context(), move(t)), swap.ErrUnclear)
	}
	_, err := signalled(t, t.TempDir(), "TERM").Running(t.Context(), "payments")
	assert.ErrorIs(t, err, swap.ErrNotRunning)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
