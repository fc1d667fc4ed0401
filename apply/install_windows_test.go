package apply_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// A hotfix is installed over an executable that runs, and so is the way back; the
// process goes on, and what was put aside is removed when it has ended.
func TestInstallOverWhatRuns(t *testing.T) {
	s := newScene(t)
	path := filepath.Join(s.dir, "app.exe")
	self, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o755))
	old := manifest.DigestOf(data)
	s.service.digest = old
	end := startWaiting(t, path)
	here := apply.WithInstallPath(path)

	s.apply(s.release(2, "1.0.1", ""), here)
	assert.Equal(t, s.digest("1.0.1"), digestOf(t, path))
	assert.Len(t, aside(t, path), 1, "it still runs")
	_, err = s.host(here).Rollback(t.Context(), product)
	require.NoError(t, err)
	assert.Equal(t, old, digestOf(t, path))
	st, err := s.host(here).Status(t.Context(), product)
	require.NoError(t, err)
	assert.Empty(t, st.Drift)

	again := startWaiting(t, path) // from the path, where the old version is back
	s.apply(s.release(3, "1.0.2", ""), here)
	assert.Equal(t, s.digest("1.0.2"), digestOf(t, path))
	assert.Len(t, aside(t, path), 2)
	end()
	again()
	s.apply(s.release(4, "1.0.3", "1.0.2"), here)
	assert.Equal(t, s.digest("1.0.3"), digestOf(t, path))
	assert.Empty(t, aside(t, path))
	s.requireNoLitter()
}

// startWaiting runs this test's own program at path, and returns what ends it.
func startWaiting(t *testing.T, path string) (end func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, playCommand, "wait")
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

func digestOf(t *testing.T, path string) manifest.Digest {
	t.Helper()
	d, _, err := manifest.DigestFile(path)
	require.NoError(t, err)
	return d
}

func aside(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(path + ".*.replaced")
	require.NoError(t, err)
	return found
}
