package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// lockSuffix names the file of the lock.
const lockSuffix = ".lock"

// Log is a log that is open for appending. It is made by [Open].
type Log struct {
	turn   chan struct{} // holds an element while a call uses what follows
	config config
	path   string
	file   file
	lock   *filelock.Lock
	head   Head
	size   int64 // bytes in the file, all of them in whole lines
	err    error // why nothing can be appended any more
}

// Open opens the log at path, or begins one; its folder must exist. All of the
// file is verified first, and nothing is appended to a damaged one. An
// unfinished last line, as a crash leaves it, is replaced by a line of the event
// [Recovered] with its length and digest. While another process has the log
// open, Open waits until ctx ends.
//
// Errors are [*DamageError], [*RotatedError], those of the options, of ctx and
// of the system.
func Open(ctx context.Context, path string, options ...Option) (*Log, error) {
	c, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	lock, err := filelock.Acquire(ctx, path+lockSuffix)
	if err != nil {
		return nil, fmt.Errorf("audit: opening %s: %w", path, err)
	}
	log, err := open(ctx, path, c)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	log.lock = lock
	return log, nil
}

func open(ctx context.Context, path string, c config) (*Log, error) {
	flag := os.O_RDWR
	if c.expectsLines() == 0 {
		flag |= os.O_CREATE
	}
	f, err := c.openFile(path, flag)
	switch {
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE == 0:
		return nil, &DamageError{Line: 1, Err: ErrCut, Reason: fmt.Sprintf("%s is missing, and number %d is remembered", path, c.remembered.N)}
	case err != nil:
		return nil, fmt.Errorf("audit: opening the log: %w", err)
	}
	log := &Log{turn: make(chan struct{}, 1), config: c, path: path, file: f}
	if err := log.resume(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return log, nil
}

// resume verifies what is there and makes the file end in a whole line.
func (l *Log) resume(ctx context.Context) error {
	size, err := regularSize(l.file)
	if err != nil {
		return fmt.Errorf("audit: %s: %w", l.path, err)
	}
	found, err := l.read(ctx, size)
	if err != nil {
		return err
	}
	l.head, l.size = found.Head, found.offset
	if found.Rotated {
		return &RotatedError{Path: l.path, Head: l.head}
	}
	if err := l.mend(found); err != nil {
		return err
	}
	if size == 0 {
		return atomicfile.SyncDir(filepath.Dir(l.path))
	}
	return nil
}

// read verifies the file up to an unfinished line.
func (l *Log) read(ctx context.Context, size int64) (*chain, error) {
	found := newChain(io.NewSectionReader(l.file, 0, size), l.config)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		_, err := found.next()
		switch {
		case errors.Is(err, io.EOF), len(found.tail) > 0 && !found.Rotated:
			return found, found.finish()
		case err != nil:
			return nil, err
		}
	}
}

// mend writes the lines with which the log itself begins or goes on. They take
// the place of an unfinished line in one write, and what is left of that is cut
// off only afterwards: a crash in between leaves an unfinished line again.
func (l *Log) mend(found *chain) error {
	var own []Entry
	if found.Lines == 0 && found.Start.N > 0 {
		own = append(own, Entry{Event: Continued, Reason: fmt.Sprintf("goes on after line %d of the file before", found.Start.N)})
	}
	if n := len(found.tail); n > 0 {
		own = append(own, Entry{Event: Recovered, Reason: fmt.Sprintf("an unfinished line of %d bytes with the digest %v was cut off", n, manifest.DigestOf(found.tail))})
	}
	if len(own) == 0 {
		return nil
	}
	lines, head, err := l.encode(own...)
	if err != nil {
		return err
	}
	end := l.size + int64(len(lines))
	if _, err := l.file.WriteAt(lines, l.size); err != nil {
		return fmt.Errorf("audit: writing %s: %w", l.path, err)
	}
	if err := errors.Join(l.file.Truncate(end), l.file.Sync()); err != nil {
		return fmt.Errorf("audit: writing %s: %w", l.path, err)
	}
	l.head, l.size = head, end
	return nil
}

// encode returns the lines that come next, and the last one's place.
func (l *Log) encode(entries ...Entry) ([]byte, Head, error) {
	var all []byte
	head := l.head
	for _, e := range entries {
		if e.Time.IsZero() {
			e.Time = l.config.clock()
		}
		if e.Host == "" {
			e.Host = l.config.host
		}
		line, err := encodeLine(head, e)
		if err != nil {
			return nil, Head{}, err
		}
		all, head = append(all, line...), Head{N: head.N + 1, Digest: manifest.DigestOf(line)}
	}
	return all, head, nil
}

// take waits for the turn of the caller, who must give it back.
func (l *Log) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *Log) give() { <-l.turn }

// Append writes one line, and returns when it is on the disk. If it returns an
// error, the decision is not recorded: do not act on it. Texts are made
// printable and cut to their limits.
//
// Errors are [*EntryError], [ErrClosed], [ErrChanged], those of ctx, which ends
// only the waiting for other calls, and those of the system. One that wraps
// [ErrBroken] or [ErrRotated] is final.
func (l *Log) Append(ctx context.Context, e Entry) error {
	if e.Event.own() {
		return &EntryError{Field: "event", Reason: fmt.Sprintf("%q is written by the log alone", string(e.Event))}
	}
	if err := l.take(ctx); err != nil {
		return fmt.Errorf("audit: appending to %s: %w", l.path, err)
	}
	defer l.give()
	return l.append(e)
}

func (l *Log) append(e Entry) error {
	if l.err != nil {
		return l.err
	}
	if err := checkUnchanged(l.file, l.path, l.size); err != nil {
		return err
	}
	line, head, err := l.encode(e)
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(line, l.size); err != nil {
		return l.undo(err)
	}
	if err := l.file.Sync(); err != nil {
		// The system may have dropped what it could not write, and says so once.
		l.err = fmt.Errorf("%w: syncing %s: %w", ErrBroken, l.path, err)
		return l.err
	}
	l.head, l.size = head, l.size+int64(len(line))
	return nil
}

// undo takes a line back of which a part was written.
func (l *Log) undo(cause error) error {
	if err := l.file.Truncate(l.size); err != nil {
		l.err = fmt.Errorf("%w: writing %s: %w", ErrBroken, l.path, errors.Join(cause, err))
		return l.err
	}
	return fmt.Errorf("audit: the line was not written to %s: %w", l.path, cause)
}

// Head returns the last line that was written: keep it where those who can
// write the log cannot, for [WithHead].
func (l *Log) Head() Head {
	l.turn <- struct{}{}
	defer l.give()
	return l.head
}

// Close gives the log up. What was appended is on the disk already. A second
// call does nothing.
func (l *Log) Close() error {
	l.turn <- struct{}{}
	defer l.give()
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.file.Close(), l.lock.Release())
	l.file, l.err = nil, ErrClosed
	return err
}
