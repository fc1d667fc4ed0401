package swap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
)

// systemctl is a program in its place, which writes down how it is called.
type systemctl struct {
	t   *testing.T
	dir string
}

const systemctlScript = `#!/bin/sh
cd "${0%/*}"
echo "$*" >>calls
case "$*" in
*" show "*) cat show ;;
*" restart "*|*" reload "*)
	test ! -e hang || exec sleep 600
	test ! -e after || mv after show
	cat message >&2
	exit "$(cat status)" ;;
esac
`

func newSystemctl(t *testing.T) *systemctl {
	t.Helper()
	s := &systemctl{t: t, dir: t.TempDir()}
	s.put("message", "")
	s.put("status", "0")
	require.NoError(t, os.WriteFile(s.path(), []byte(systemctlScript), 0o755))
	return s
}

func (s *systemctl) path() string { return filepath.Join(s.dir, "systemctl") }

func (s *systemctl) put(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644))
}

// calls returns the verbs and all else that it was called with, and forgets them.
func (s *systemctl) calls() []string {
	s.t.Helper()
	path := filepath.Join(s.dir, "calls")
	data, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.NoError(s.t, os.Remove(path))
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func (s *systemctl) unit(opts ...swap.Option) *swap.Unit {
	s.t.Helper()
	u, err := swap.Systemd("payments.service", append(opts, swap.WithSystemctl(s.path()))...)
	require.NoError(s.t, err)
	return u
}

// says is what systemctl show prints of a unit.
func says(active, sub, result string, pid int) string {
	return fmt.Sprintf("Result=%s\nNRestarts=2\nMainPID=%d\nLoadState=loaded\nActiveState=%s\nSubState=%s\nCanReload=yes\n", result, pid, active, sub)
}

func TestSystemd(t *testing.T) {
	m, s := move(t), newSystemctl(t)
	old := start(t, t.TempDir(), "wait", m.From, m.To)
	fresh := start(t, t.TempDir(), "wait", m.To, m.From)
	s.put("show", says("active", "running", "success", old.pid()))
	s.put("after", says("active", "running", "success", fresh.pid()))
	u := s.unit()

	require.NoError(t, u.Swap(t.Context(), m))
	show := "--no-ask-password show --property=LoadState,ActiveState,SubState,Result,MainPID,NRestarts,CanReload -- payments.service"
	assert.Equal(t, []string{show, "--no-ask-password reset-failed -- payments.service", "--no-ask-password restart -- payments.service", show}, s.calls())
	now, err := u.Running(t.Context(), m.Product)
	require.NoError(t, err)
	assert.Equal(t, swap.Process{PID: fresh.pid(), Path: m.To.Path, Digest: m.To.Digest, State: "active/running", Restarts: 2}, now)

	s.calls()
	require.NoError(t, u.Swap(t.Context(), m))
	assert.Equal(t, []string{show}, s.calls(), "what was done is not done again")

	require.NoError(t, u.Reload(t.Context(), m))
	assert.Equal(t, []string{show, "--no-ask-password reload -- payments.service", show}, s.calls())
}

// After a new version that crashes, the way back is a restart again.
func TestSystemdGoesBack(t *testing.T) {
	m, s := move(t), newSystemctl(t)
	old := start(t, t.TempDir(), "wait", m.From, m.To)
	s.put("show", says("failed", "failed", "start-limit-hit", 0))
	s.put("after", says("active", "running", "success", old.pid()))
	u := s.unit()
	_, err := u.Running(t.Context(), m.Product)
	require.ErrorIs(t, err, swap.ErrNotRunning)
	require.NoError(t, u.Swap(t.Context(), backward(m)))
	now, err := u.Running(t.Context(), m.Product)
	require.NoError(t, err)
	assert.Equal(t, m.From.Digest, now.Digest)
}

func TestSystemdOfUser(t *testing.T) {
	s := newSystemctl(t)
	s.put("show", says("inactive", "dead", "success", 0))
	_, err := s.unit(swap.WithUserManager()).Running(t.Context(), "payments")
	require.ErrorIs(t, err, swap.ErrNotRunning)
	assert.Contains(t, s.calls()[0], "--no-ask-password --user show ")
}

func TestSystemdFails(t *testing.T) {
	m := move(t)
	old := start(t, t.TempDir(), "wait", m.From, m.To)
	fresh := start(t, t.TempDir(), "wait", m.To, m.From)
	running := says("active", "running", "success", old.pid())
	for _, test := range []struct {
		name, show, after, status string
		unclear                   bool
		want                      string
	}{
		{"no such unit", "LoadState=not-found\nActiveState=inactive\n", "", "0", false, "systemd has no such unit to start (load state \"not-found\")"},
		{"not systemctl", "hello\n", "", "0", false, `the line "hello\n" is not one property`},
		{"says things twice", running + "MainPID=7\n", "", "0", false, "is not one property"},
		{"says nothing", "", "", "0", false, "is this systemctl?"},
		{"no number", strings.Replace(running, "NRestarts=2", "NRestarts=-2", 1), "", "0", false, `NRestarts: "-2" is not a number`},
		{"refused", running, "", "4", false, "systemctl failed: exit status 4: Access denied; the unit is active/running, result \"success\""},
		{"crashes at start", running, says("failed", "failed", "exit-code", 0), "1", true, "the unit is failed/failed, result \"exit-code\""},
		{"crashes after start", running, says("activating", "auto-restart", "exit-code", 0), "0", true, "it is activating/auto-restart, result \"exit-code\": the service does not run"},
		{"starts the old one", running, running, "0", false, "the service must start /srv/current/bin/service"},
		{"up, but an error", running, says("active", "running", "success", fresh.pid()), "1", true, "exit status 1: Access denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSystemctl(t)
			s.put("show", test.show)
			s.put("status", test.status)
			s.put("message", "Access denied\n")
			if test.after != "" {
				s.put("after", test.after)
			}
			err := s.unit().Swap(t.Context(), m)
			require.ErrorContains(t, err, test.want)
			assert.ErrorContains(t, err, "swapping payments by unit payments.service: ")
			assert.Equal(t, test.unclear, errors.Is(err, swap.ErrUnclear))
		})
	}
}

func TestSystemdHangs(t *testing.T) {
	m, s := move(t), newSystemctl(t)
	s.put("show", says("activating", "start", "success", 0))
	s.put("hang", "")
	begun := time.Now()
	err := s.unit(swap.WithTimeout(500*time.Millisecond)).Swap(t.Context(), m)
	require.ErrorIs(t, err, swap.ErrUnclear)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "it took longer than 500ms")
	assert.ErrorContains(t, err, "the unit is activating/start")
	assert.Less(t, time.Since(begun), 20*time.Second)
}

func TestSystemctlIsMissing(t *testing.T) {
	u, err := swap.Systemd("payments.service", swap.WithSystemctl(filepath.Join(t.TempDir(), "systemctl")))
	require.NoError(t, err)
	err = u.Swap(t.Context(), move(t))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorIs(t, err, swap.ErrUnclear)
}

func TestReloadByUnit(t *testing.T) {
	m := move(t)
	p := start(t, t.TempDir(), "wait", m.To, m.From)
	running := says("active", "running", "success", p.pid())
	for _, test := range []struct {
		name, show, after, status string
		is                        error
		want                      string
	}{
		{"cannot", strings.Replace(running, "CanReload=yes", "CanReload=no", 1), running, "0", errors.ErrUnsupported, "it has no ExecReload"},
		{"does not run", says("inactive", "dead", "success", 0), running, "0", swap.ErrNotRunning, "inactive/dead"},
		{"is refused", running, running, "1", new(exec.ExitError), "exit status 1: no"},
		{"dies of it", running, says("failed", "failed", "core-dump", 0), "0", swap.ErrNotRunning, `result "core-dump"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSystemctl(t)
			s.put("show", test.show)
			s.put("after", test.after)
			s.put("status", test.status)
			s.put("message", "no")
			err := s.unit().Reload(t.Context(), m)
			require.ErrorContains(t, err, test.want)
			var exit *exec.ExitError
			if errors.As(test.is, &exit) {
				require.ErrorAs(t, err, &exit)
				assert.Equal(t, "no", string(exit.Stderr))
				return
			}
			assert.ErrorIs(t, err, test.is)
		})
	}
}
