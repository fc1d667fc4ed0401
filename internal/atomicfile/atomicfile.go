// Package atomicfile replaces files so that after a crash or a power cut the
// path holds the old bytes or the new ones, never a mixture and never nothing.
//
// The order is: write to a temporary file in the same folder, set the mode,
// fsync the file, close it, rename it over the path, fsync the folder.
//
// On Windows a folder cannot be fsynced, and the last step is left out. There a
// file that another process has open cannot be replaced: it is waited for, for two
// seconds, and then the path is as it was. A running executable cannot be replaced
// either: it is first renamed aside, and removed at a later call, when it no longer
// runs. Between the two renames nothing is at the path; whoever must have something
// there after a crash has to look.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Temporary files are named after the file they become, so that a leftover of
// a killed process is recognised and an administrator knows what it was.
const tempPattern = ".*.partial"

// WriteFile replaces the file at path with data.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	return Write(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write replaces the file at path with what fill writes. If fill fails, its
// error is returned and the path is as it was.
func Write(path string, mode fs.FileMode, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+tempPattern)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(f.Close()), ignoreMissing(os.Remove(f.Name())))
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(mode), f.Sync()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return Replace(f.Name(), path)
}

// Replace renames the finished file at from over to, in the same folder, and
// makes the rename durable. The file itself must have been fsynced.
func Replace(from, to string) error {
	if err := replace(from, to); err != nil {
		return fmt.Errorf("replacing %s: %w", to, err)
	}
	return SyncDir(filepath.Dir(to))
}

// Open opens a file for reading that may be replaced by this package at any moment.
// On Windows os.Open would keep the other from replacing it, and the other this one
// from opening it.
func Open(path string) (*os.File, error) { return open(path) }

// ReadFile reads a file to its end as [Open] opens it.
func ReadFile(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// SyncDir makes the names in a folder durable. Where the system cannot do
// that (Windows), it does nothing.
func SyncDir(dir string) error {
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("syncing folder %s: %w", dir, err)
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
