package hotfix_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
)

// A disk that is full where the dist grows costs nothing but the run: the
// earlier dist stays, and the message says what to do.
func TestFullDisk(t *testing.T) {
	parent := t.TempDir()
	if err := syscall.Mount("tmpfs", parent, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(parent, 0)) })
	s := setup{out: filepath.Join(parent, "dist"), cache: t.TempDir()}
	s.run(t)
	before := snapshot(t, s.out)
	filler := filepath.Join(parent, "filler")
	fill(t, filler)

	s.src = module(t, "fixed again")
	err := s.fail(t, hotfix.StepPack)
	require.ErrorIs(t, err, build.ErrDiskFull)
	assert.ErrorContains(t, err, "free some space")
	assert.NotContains(t, err.Error(), "\n")
	assert.Equal(t, before, snapshot(t, s.out))
	require.NoError(t, os.Remove(filler))
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left beside the dist")
	s.run(t)
}

// fill writes a file until no space is left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	chunk := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(chunk)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
}
