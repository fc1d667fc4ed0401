package filelock_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/filelock"
)

func TestSecondHolderWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.Acquire(t.Context(), path)
	require.NoError(t, err)

	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = filelock.Acquire(short, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, path)

	second := make(chan error)
	go func() {
		lock, err := filelock.Acquire(t.Context(), path)
		if err == nil {
			err = lock.Release()
		}
		second <- err
	}()
	require.NoError(t, first.Release())
	require.NoError(t, <-second)
}

func TestNoFolderForTheLock(t *testing.T) {
	_, err := filelock.Acquire(t.Context(), filepath.Join(t.TempDir(), "no", "lock"))
	assert.ErrorContains(t, err, "opening the lock")
}
