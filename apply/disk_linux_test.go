package apply_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
)

// mounted mounts a file system of a few megabytes as the store's parent.
func mounted(t *testing.T, s *scene, size string) {
	t.Helper()
	s.store = filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.Mkdir(s.store, 0o755))
	err := syscall.Mount("tmpfs", s.store, "tmpfs", 0, "size="+size+",mode=755")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("mounting needs rights that this user lacks")
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(s.store, syscall.MNT_DETACH)) })
}

// A disk that is full refuses the release before the first byte; one that fills up on
// the way does not keep a host from going back.
func TestFullDisk(t *testing.T) {
	s := newScene(t)
	mounted(t, s, "16m")
	s.apply(s.release(1, "1.0.0", ""))
	next := s.release(2, "1.0.1", "1.0.0")
	filler := filepath.Join(s.store, "filler")
	require.NoError(t, os.WriteFile(filler, make([]byte, 10<<20), 0o644))
	_, err := s.host().Apply(t.Context(), apply.FromDist(next))
	require.ErrorIs(t, err, apply.ErrNoSpace)
	assert.ErrorContains(t, err, "nothing was written")
	s.requireRuns("1.0.0")
	s.requireNoLitter()
	require.NoError(t, os.Remove(filler))

	fill := apply.WithTrip(func(step string) error {
		if step != "after point current" || exists(filler) {
			return nil
		}
		f, err := os.Create(filler)
		if err != nil {
			return err
		}
		defer f.Close()
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		return nil
	})
	_, err = s.host(fill).Apply(t.Context(), apply.FromDist(next))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, os.Remove(filler))
	_, err = s.host().Recover(t.Context(), product)
	require.NoError(t, err)
	s.requireRuns("1.0.0")
}

func TestReadOnlyStore(t *testing.T) {
	s := newScene(t)
	mounted(t, s, "16m")
	s.apply(s.release(1, "1.0.0", ""))
	next := s.release(2, "1.0.1", "1.0.0")
	require.NoError(t, syscall.Mount("", s.store, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err := s.host().Apply(t.Context(), apply.FromDist(next))
	require.ErrorIs(t, err, syscall.EROFS)
	_, err = s.host().Rollback(t.Context(), product)
	require.ErrorIs(t, err, syscall.EROFS)
	s.requireRuns("1.0.0") // the status can still be read
	assert.Equal(t, 1, s.service.swaps)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
