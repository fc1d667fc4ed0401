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

// errHeld says that another open file holds the lock.
var errHeld = errors.New("held by another")

// interval is how often a lock that another holds is asked for again.
const interval = 20 * time.Millisecond

// Acquire takes the lock on the file at path, which it makes if it is missing,
// and waits while another process or another call holds it. The error is
// ctx's, wrapped, if it ends first.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	for {
		err := tryLock(f)
		if err == nil {
			return &Lock{file: f}, nil
		}
		if !errors.Is(err, errHeld) {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for another process to finish with %s: %w", path, context.Cause(ctx)), f.Close())
		case <-time.After(interval):
		}
	}
}

// Release gives the lock up.
func (l *Lock) Release() error { return l.file.Close() }
