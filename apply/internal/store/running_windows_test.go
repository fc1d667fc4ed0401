package store_test

import (
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// waitVariable makes this test's own program wait for the end of its input.
const waitVariable = "STORE_TEST_WAIT"

func TestMain(m *testing.M) {
	if os.Getenv(waitVariable) != "" {
		os.Stdout.WriteString("runs\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// start runs the executable of a version, and returns what ends it.
func start(t *testing.T, s *store.Store, id manifest.Digest) (end func()) {
	t.Helper()
	v, err := s.Load(id)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), s.ExecutablePath(id, v))
	cmd.Env = append(os.Environ(), waitVariable+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = stdout.Read(make([]byte, 1))
	require.NoError(t, err)
	return func() {
		require.NoError(t, stdin.Close())
		require.NoError(t, cmd.Wait())
	}
}

// A version that runs cannot be removed. That is no error, whatever is removed of it,
// and is made up for when it has ended.
func TestVersionThatRunsIsCollectedLater(t *testing.T) {
	s := newStore(t)
	self, err := os.Executable()
	require.NoError(t, err)
	old, err := s.AdoptFile(t.Context(), "op", self, "payments.exe", "old")
	require.NoError(t, err)
	now := publish(t, s, "new", "")
	require.NoError(t, s.Point(store.Current, now))
	end := start(t, s, old)

	for range 2 {
		_, err = s.Collect(0)
		require.NoError(t, err)
		require.NoError(t, s.Clean())
	}
	got, err := s.Resolve(store.Current)
	require.NoError(t, err)
	assert.Equal(t, now, got)
	again, err := s.AdoptFile(t.Context(), "op", self, "payments.exe", "old")
	require.NoError(t, err, "the same version can be installed again meanwhile")
	assert.Equal(t, old, again)
	_, err = s.Check(t.Context(), old)
	require.NoError(t, err)

	end()
	_, err = s.Collect(0)
	require.NoError(t, err)
	require.NoError(t, s.Clean())
	left, err := s.Versions()
	require.NoError(t, err)
	assert.Equal(t, []manifest.Digest{now}, left)
	entries, err := os.ReadDir(s.Path("staging"))
	require.NoError(t, err)
	assert.Empty(t, entries)
}
