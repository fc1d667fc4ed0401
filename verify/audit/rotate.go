package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
)

// Rotate goes on with the chain in a new file at next, which must not exist,
// and keeps the old file as it is, with a last line of the event [Rotated]. If
// that line was written and Rotate fails, or the process ends, the old file
// cannot be opened any more ([*RotatedError]), and [Open] of next, with
// [WithStart] of the error's head, does the rest.
//
// Errors are those of [Log.Append], and those of the system.
func (l *Log) Rotate(ctx context.Context, next string) error {
	if err := l.take(ctx); err != nil {
		return fmt.Errorf("audit: rotating %s: %w", l.path, err)
	}
	defer l.give()
	if l.err != nil {
		return l.err
	}
	lock, err := filelock.Acquire(ctx, next+lockSuffix)
	if err != nil {
		return fmt.Errorf("audit: rotating to %s: %w", next, err)
	}
	// The next file is made before the old one ends, so that a folder that
	// cannot be written to is found in time.
	created, err := l.create(next)
	if err != nil {
		return errors.Join(err, lock.Release())
	}
	following := &Log{config: l.config, path: next, file: created, head: l.head, lock: lock}
	if err := l.hand(following); err != nil {
		err = errors.Join(err, created.Close())
		if !errors.Is(err, ErrRotated) {
			err = errors.Join(err, os.Remove(next))
		}
		return errors.Join(err, lock.Release())
	}
	err = errors.Join(l.file.Close(), l.lock.Release())
	l.path, l.file, l.lock, l.head, l.size = following.path, following.file, following.lock, following.head, following.size
	return err
}

func (l *Log) create(next string) (file, error) {
	f, err := l.config.openFile(next, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, fmt.Errorf("audit: rotating: %w", err)
	}
	if err := atomicfile.SyncDir(filepath.Dir(next)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// hand ends the file of l and begins that of following.
func (l *Log) hand(following *Log) error {
	if err := l.append(Entry{Event: Rotated, Reason: "goes on in " + filepath.Base(following.path)}); err != nil {
		return err
	}
	following.head = l.head
	if err := following.append(Entry{Event: Continued, Reason: "goes on after " + filepath.Base(l.path)}); err != nil {
		l.err = errors.Join(&RotatedError{Path: l.path, Head: l.head}, err)
		return l.err
	}
	return nil
}
