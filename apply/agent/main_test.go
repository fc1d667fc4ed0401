package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/sandbox"
	"github.com/gohotfix/hotfix/internal/releases"
)

// agentVariable makes this test's own program be the agent.
const agentVariable = "AGENT_TEST_MAIN"

func TestMain(m *testing.M) {
	sandbox.Stage() // a sandbox starts this program with an environment of its own
	if os.Getenv(agentVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// scene is the agent as a program of its own, and two releases for it.
type scene struct {
	t              *testing.T
	agent          string
	store, trust   string
	first, second  string // dist folders of 1.0.0 and 1.0.1
	secondAsText   []byte
	firstExe, next []byte // what the executables of both hold
}

func newScene(t *testing.T) *scene {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	s := &scene{
		t: t, agent: self, store: filepath.Join(dir, "store"), trust: filepath.Join(dir, "trust.json"),
		first: filepath.Join(dir, "first"), second: filepath.Join(dir, "second"),
		firstExe: bytes.Repeat([]byte("version 1.0.0\n"), 1000), next: bytes.Repeat([]byte("version 1.0.1\n"), 1000),
	}
	s.release(dir)
	return s
}

func (s *scene) release(dir string) {
	m, err := releases.NewMaker("payments")
	require.NoError(s.t, err)
	document, err := m.Trust().Document().Encode()
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(s.trust, document, 0o644))
	old, fixed := filepath.Join(dir, "old"), filepath.Join(dir, "fixed")
	require.NoError(s.t, os.WriteFile(old, s.firstExe, 0o755))
	require.NoError(s.t, os.WriteFile(fixed, s.next, 0o755))
	_, err = m.Make(s.t.Context(), s.first, releases.Release{Product: "payments", ID: "HF-1", Version: "1.0.0", Sequence: 1, Executable: old})
	require.NoError(s.t, err)
	_, err = m.Make(s.t.Context(), s.second, releases.Release{Product: "payments", ID: "HF-2", Version: "1.0.1", Sequence: 2, Executable: fixed, Old: old, OldVersion: "1.0.0", DeltaOnly: true})
	require.NoError(s.t, err)
	s.secondAsText, err = releases.Text(s.second)
	require.NoError(s.t, err)
}

func (s *scene) command(verb string, args ...string) *exec.Cmd {
	all := append([]string{verb, "-store", s.store, "-trust", s.trust, "-swap", "none", "-wait", "1s", "-interval", "50ms"}, args...)
	cmd := exec.CommandContext(s.t.Context(), s.agent, all...)
	cmd.Env = append(os.Environ(), agentVariable+"=1") // which the guard inherits
	return cmd
}

// run runs the agent to its end.
func (s *scene) run(stdin []byte, verb string, args ...string) (stdout, stderr string, err error) {
	cmd := s.command(verb, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func (s *scene) must(stdin []byte, verb string, args ...string) string {
	s.t.Helper()
	stdout, stderr, err := s.run(stdin, verb, args...)
	require.NoError(s.t, err, stderr)
	return stdout
}

func (s *scene) status() apply.Status {
	s.t.Helper()
	var all []apply.Status
	require.NoError(s.t, json.Unmarshal([]byte(s.must(nil, "status", "-json", "-product", "payments")), &all))
	require.Len(s.t, all, 1)
	return all[0]
}

// patience is for machines whose disk takes seconds for an fsync.
const patience = 2 * time.Minute

// reaches waits until an operation has come to a state.
func (s *scene) reaches(state journal.State) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.status().State == state }, patience, 20*time.Millisecond)
}

func (s *scene) requireCurrent(want []byte) {
	s.t.Helper()
	path := strings.TrimSpace(s.must(nil, "starting", "-product", "payments"))
	data, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.Equal(s.t, string(want), string(data))
}

func TestAgent(t *testing.T) {
	s := newScene(t)
	assert.Equal(t, "payments: version 1.0.0 is confirmed\n", s.must(nil, "apply", "-soak", "0", s.first))
	s.requireCurrent(s.firstExe)
	assert.Equal(t, "payments: version 1.0.1 is confirmed\n", s.must(append([]byte("on call: please apply\n"), s.secondAsText...), "apply", "-soak", "0", "-"))
	s.requireCurrent(s.next)
	assert.Contains(t, s.must(nil, "status"), "current")
	assert.Equal(t, "payments: nothing was left to do\n", s.must(nil, "recover"))
	assert.Contains(t, s.must(nil, "rollback", "-soak", "0", "-product", "payments"), "1.0.0 is confirmed")
	s.requireCurrent(s.firstExe)

	_, stderr, err := s.run(nil, "apply", "-soak", "0", s.second)
	require.Error(t, err)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	assert.Contains(t, lines[len(lines)-1], "it is not applied again")
	_, stderr, err = s.run(nil, "guess")
	require.Error(t, err)
	assert.Equal(t, 1, strings.Count(stderr, "\n"))
}

// The host goes back by itself when the agent is killed, and when nobody confirms.
func TestNobodyIsLeftToGoBack(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for deadlines of seconds")
	}
	s := newScene(t)
	s.must(nil, "apply", "-soak", "0", s.first)

	t.Run("killed while soaking", func(t *testing.T) {
		cmd := s.command("apply", "-soak", "1h", "-confirm-within", "2h", "-check", "tcp:"+listen(t), s.second)
		require.NoError(t, cmd.Start())
		s.reaches(journal.Soaking)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		s.reaches(journal.Reverted)
		s.requireCurrent(s.firstExe)
	})
	require.NoError(t, os.RemoveAll(filepath.Join(s.store, "payments", "quarantine")))
	require.NoError(t, os.Mkdir(filepath.Join(s.store, "payments", "quarantine"), 0o755))

	t.Run("not confirmed", func(t *testing.T) {
		s.must(nil, "apply", "-pending", "-soak", "0", "-confirm-within", "3s", s.second)
		s.reaches(journal.Reverted)
		s.requireCurrent(s.firstExe)
	})
}

// listen returns the address of a port that accepts.
func listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}
