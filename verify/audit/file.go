package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// file is what a log needs of *os.File; tests let it fail.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
	Close() error
}

func openFile(path string, flag int) (file, error) { return os.OpenFile(path, flag, 0o644) }

// regularSize returns the size of a regular file. A device or a pipe would
// swallow the lines.
func regularSize(f file) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("is not a regular file; name one that is")
	}
	return info.Size(), nil
}

// checkUnchanged finds programs that write to the file, or put it away, without
// asking for the lock.
func checkUnchanged(f file, path string, size int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, named) || info.Size() != size {
		return fmt.Errorf("%w: %s", ErrChanged, path)
	}
	return err
}
