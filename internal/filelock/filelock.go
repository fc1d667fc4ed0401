// Package filelock keeps two processes from writing the same place at once.
//
// A lock belongs to an open file: the system gives it up when its holder ends,
// however it ends, so that a killed process leaves nothing to clean up. The
// lock's file stays; only the lock on it counts.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Lock is a lock that is held.
type Lock struct{ file *os.File }

// ErrHeld is wrapped by the error of [Try] while another holds the lock.
var ErrHeld = errors.New("another process, or another call in this one, holds the lock")

// interval is how often a lock that another holds is asked for again.
const interval = 20 * time.Millisecond

// Acquire takes the lock on the file at path, which it makes if it is missing,
// and waits while another process or another call holds it. The error is
// ctx's, wrapped, if it ends first.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	for {
		lock, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another process to finish with %s: %w", path, context.Cause(ctx))
		case <-time.After(interval):
		}
	}
}

// Try is like [Acquire], and does not wait: the error wraps [ErrHeld].
func Try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := tryLock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return &Lock{file: f}, nil
}

// Release gives the lock up.
func (l *Lock) Release() error { return l.file.Close() }
