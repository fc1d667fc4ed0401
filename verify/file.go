package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// File checks that the file at path has the given digest and size in bytes.
// It reads at most one byte more than that. Errors are [*FileError] and
// [*MismatchError], with the base name of the path, and those of the context.
func File(ctx context.Context, path string, want manifest.Digest, size int64) error {
	name := filepath.Base(path)
	if size < 0 {
		return fmt.Errorf("verify: file %s: a size of %d bytes cannot be checked; pass the one that is listed", quote(name), size)
	}
	info, err := os.Stat(path) // before opening: a named pipe would block
	if err != nil {
		return fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return &FileError{Name: name, Err: ErrNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return fileError(name, err)
	}
	defer f.Close()
	return checkContent(ctx, name, f, want, size)
}

// checkFile is File for a regular file of a file system.
func checkFile(ctx context.Context, fsys fs.FS, name string, want manifest.Digest, size int64) error {
	f, err := openRegular(fsys, name)
	if err != nil {
		return err
	}
	defer f.Close()
	return checkContent(ctx, name, f, want, size)
}

// anySize stands for a file whose size is not listed.
const anySize = -1

func checkContent(ctx context.Context, name string, r io.Reader, want manifest.Digest, size int64) error {
	limit := size
	if size == anySize {
		limit = manifest.MaxFile
	}
	got, n, err := digest(ctx, r, limit)
	switch {
	case err != nil:
		return fileError(name, err)
	case size == anySize && n > limit:
		return &FileError{Name: name, Err: ErrTooLarge}
	case size != anySize && n != size:
		return &MismatchError{Name: name, Want: want, WantSize: size, GotSize: n}
	case got != want:
		return &MismatchError{Name: name, Want: want, Got: got, WantSize: size, GotSize: n}
	}
	return nil
}

// digest hashes r up to one byte after limit.
func digest(ctx context.Context, r io.Reader, limit int64) (manifest.Digest, int64, error) {
	const chunk = 64 << 10
	h := sha256.New()
	n, err := io.CopyBuffer(h, io.LimitReader(until(ctx, r), limit+1), make([]byte, min(limit+1, chunk)))
	if err != nil {
		return manifest.Digest{}, n, err
	}
	return manifest.Digest(h.Sum(nil)), n, nil
}

// until reads as long as the context lasts, which is looked at before each read: a
// file that comes a byte at a time must not keep anybody for longer.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// readFile reads a regular file of at most limit bytes.
func readFile(ctx context.Context, fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := openRegular(fsys, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(until(ctx, f), limit+1))
	if err != nil {
		return nil, fileError(name, err)
	}
	if int64(len(data)) > limit {
		return nil, &FileError{Name: name, Err: ErrTooLarge}
	}
	return data, nil
}

func openRegular(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Lstat(fsys, name)
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &FileError{Name: name, Err: ErrNotRegular}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	return f, nil
}

func fileError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &FileError{Name: name, Err: ErrMissing}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &FileError{Name: name, Err: fmt.Errorf("cannot be read: %w", err)}
}
