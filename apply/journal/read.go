package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// DamageError says where a journal is not what was written.
type DamageError struct {
	Path string // of the file
	Line int    // from 1
	Err  error  // what is wrong with it
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("the journal %s is damaged: line %d %v; nothing was done: find out what wrote to it, then move the file away, and the next recovery begins a new one from what is installed", e.Path, e.Line, e.Err)
}

// Unwrap returns what is wrong.
func (e *DamageError) Unwrap() error { return e.Err }

// ErrTooLarge is wrapped by a [*DamageError] for a file or a line that this package
// cannot have written.
var ErrTooLarge = errors.New("is longer than any that this library writes")

// content is what a journal holds.
type content struct {
	records []Record
	sum     string // of the last line
	size    int64  // bytes up to the end of the last line
	cut     int64  // bytes after it, of an unfinished line
}

// Read returns the records of the journal at path, the oldest first; none if there
// is no such file. Lines that are being written are left out. Errors are
// [*DamageError] and those of the system.
func Read(ctx context.Context, path string) ([]Record, error) {
	c, err := read(ctx, path)
	return c.records, err
}

func read(ctx context.Context, path string) (content, error) {
	f, err := atomicfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return content{}, fmt.Errorf("reading the journal: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return content{}, fmt.Errorf("reading the journal: %w", err)
	}
	if len(data) > MaxSize {
		return content{}, &DamageError{Path: path, Line: bytes.Count(data, []byte("\n")), Err: ErrTooLarge}
	}
	if err := context.Cause(ctx); err != nil {
		return content{}, err
	}
	return parse(path, data)
}

// parse reads all lines, and tells an end that a crash left from damage.
func parse(path string, data []byte) (content, error) {
	var c content
	for rest := data; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 || end == len(rest) && bytes.IndexByte(rest, 0) >= 0 {
			if end == 0 && len(rest) > MaxLine {
				return content{}, &DamageError{Path: path, Line: len(c.records) + 1, Err: ErrTooLarge}
			}
			c.cut = int64(len(rest))
			return c, nil
		}
		if err := c.add(rest[:end]); err != nil {
			return content{}, &DamageError{Path: path, Line: len(c.records) + 1, Err: err}
		}
		rest = rest[end:]
	}
	return c, nil
}

func (c *content) add(line []byte) error {
	if len(line) > MaxLine {
		return ErrTooLarge
	}
	r, sum, err := decode(line)
	if err != nil {
		return err
	}
	if len(c.records) > 0 {
		before := c.records[len(c.records)-1]
		if r.Previous != c.sum || r.N != before.N+1 {
			return errors.New("does not follow the line before it: lines were removed, inserted or moved")
		}
	}
	c.records, c.sum, c.size = append(c.records, r), sum, c.size+int64(len(line))
	return nil
}
