package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// ErrBroken is wrapped by the error of [Journal.Append] if what is on the disk is no
// longer known. Open the journal again.
var ErrBroken = errors.New("the journal cannot be written any more")

// Journal is a journal that is open for writing. Only one process may have it open:
// callers see to that. It is not safe for concurrent use.
type Journal struct {
	path    string
	file    *os.File
	content content
	broken  error
}

// Open opens the journal at path for writing, and makes it if it is missing. An end
// that a crash left unfinished is cut off. Errors are those of [Read].
func Open(ctx context.Context, path string) (*Journal, error) {
	c, err := read(ctx, path)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, content: c}
	if err := j.open(); err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return j, nil
}

// open makes sure that the file, its name and its end are on the disk.
func (j *Journal) open() (err error) {
	if j.file, err = os.OpenFile(j.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return err
	}
	if j.content.cut > 0 {
		if err = truncate(j.file, j.content.size); err == nil {
			j.content.cut = 0
		}
	}
	if err == nil {
		err = errors.Join(j.file.Sync(), atomicfile.SyncDir(filepath.Dir(j.path)))
	}
	if err != nil {
		return errors.Join(err, j.file.Close())
	}
	return nil
}

// Records returns what the journal holds, the oldest first. The slice must not be
// changed.
func (j *Journal) Records() []Record { return j.content.records }

// Last returns the last record; false if there is none.
func (j *Journal) Last() (Record, bool) {
	if len(j.content.records) == 0 {
		return Record{}, false
	}
	return j.content.records[len(j.content.records)-1], true
}

// Append writes r as the next line and returns when it is on the disk. Number and
// previous checksum are set here. After an error the journal is as it was, or the
// error wraps [ErrBroken].
func (j *Journal) Append(r Record) error {
	if j.broken != nil {
		return j.broken
	}
	last, _ := j.Last()
	r.N, r.Previous = last.N+1, j.content.sum
	line, _, err := r.encode()
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if j.content.size+int64(len(line)) > RotateSize {
		if err := j.rotate(); err != nil {
			return fmt.Errorf("continuing the journal in a new file: %w", err)
		}
	}
	_, err = j.file.Write(line)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the journal: %w", errors.Join(err, j.takeBack()))
	}
	return j.content.add(line)
}

// takeBack removes what a failed write may have left.
func (j *Journal) takeBack() error {
	err := errors.Join(truncate(j.file, j.content.size), j.file.Sync())
	if err != nil {
		j.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return j.broken
}

// rotate goes on in a new file that begins with the last line of this one.
func (j *Journal) rotate() error {
	last, ok := j.Last()
	if !ok || len(j.content.records) == 1 {
		return nil
	}
	line, sum, err := last.encode()
	if err != nil {
		return err
	}
	if err := j.keepOld(); err != nil {
		return err
	}
	err = j.file.Close() // Windows replaces no file that is open
	if err == nil {
		err = atomicfile.WriteFile(j.path, line, 0o644)
	}
	if err == nil {
		j.content = content{records: []Record{last}, sum: sum, size: int64(len(line))}
		err = j.open()
	}
	if err != nil {
		j.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return j.broken
}

// keepOld copies the journal beside it: a rename would leave a moment without one.
func (j *Journal) keepOld() error {
	data, err := os.ReadFile(j.path)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(j.path+".1", bytes.Clone(data[:j.content.size]), 0o644)
}

// Close closes the file.
func (j *Journal) Close() error {
	if err := j.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil // a rotation that failed has closed it, and has told
}
