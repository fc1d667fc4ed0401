package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
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
