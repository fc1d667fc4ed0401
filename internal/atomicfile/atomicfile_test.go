package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

func TestWriteFileReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"old", "new"} {
		require.NoError(t, atomicfile.WriteFile(path, []byte(text), 0o644))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(data))
	}
	assertAlone(t, path)
}

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, atomicfile.WriteFile(path, []byte("old"), 0o644))
	fault := errors.New("fault")
	err := atomicfile.Write(path, 0o644, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return fault
	})
	require.ErrorIs(t, err, fault)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(data))
	assertAlone(t, path)
}

func TestWriteIntoMissingFolder(t *testing.T) {
	err := atomicfile.WriteFile(filepath.Join(t.TempDir(), "no", "file"), nil, 0o644)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// assertAlone requires that no temporary file is left beside path.
func assertAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestSwapDir(t *testing.T) {
	parent := t.TempDir()
	put := func(name, text string) string {
		dir := filepath.Join(parent, name)
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o644))
		return dir
	}
	text := func(dir string) string {
		data, err := os.ReadFile(filepath.Join(dir, "file"))
		require.NoError(t, err)
		return string(data)
	}
	to := filepath.Join(parent, "dist")
	old, err := atomicfile.SwapDir(put("first", "first"), to)
	require.NoError(t, err)
	assert.Empty(t, old)
	assert.Equal(t, "first", text(to))

	old, err = atomicfile.SwapDir(put("second", "second"), to)
	require.NoError(t, err)
	assert.Equal(t, "second", text(to))
	assert.Equal(t, "first", text(old))

	fresh, err := atomicfile.SwapDir(old, to) // and back
	require.NoError(t, err)
	assert.Equal(t, "first", text(to))
	assert.Equal(t, "second", text(fresh))

	_, err = atomicfile.SwapDir(filepath.Join(parent, "missing"), to)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, "first", text(to))
}

// Whoever reads while the file is replaced gets one content or another, whole, and
// keeps nobody from replacing it.
func TestReadWhileReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	contents := []string{strings.Repeat("old", 10_000), strings.Repeat("new!", 10_000)}
	require.NoError(t, atomicfile.WriteFile(path, []byte(contents[0]), 0o644))
	for n := range 100 {
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				data, err := atomicfile.ReadFile(path)
				assert.NoError(t, err)
				assert.Contains(t, contents, string(data))
			})
		}
		err := atomicfile.WriteFile(path, []byte(contents[n%2]), 0o644)
		readers.Wait()
		require.NoError(t, err)
	}
	assertAlone(t, path)
}
