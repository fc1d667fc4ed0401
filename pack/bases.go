package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// BaseFile is an executable from which a delta package leads to another. An
// [os.File] is one.
type BaseFile interface {
	io.ReaderAt
	io.Closer
}

// FindBase returns the executable of the digest and size that a delta package
// starts from. If it has none the error wraps [fs.ErrNotExist]. What it returns
// is not trusted, and is closed after use.
type FindBase func(ctx context.Context, base manifest.Binary) (BaseFile, error)

// WithBases says where executables are found that delta packages start from, as
// in a store that names them by their digests. The default is nowhere, and delta
// packages cannot be unpacked. It replaces an earlier one.
func WithBases(find FindBase) ReadOption {
	return func(c *readConfig) error {
		if find == nil {
			return errors.New("WithBases: the function is nil")
		}
		c.bases = find
		return nil
	}
}

// WithBaseFiles is [WithBases] for executables at the given paths.
func WithBaseFiles(paths ...string) ReadOption {
	return WithBases(func(ctx context.Context, base manifest.Binary) (BaseFile, error) {
		for _, path := range paths {
			if is, err := isBase(ctx, path, base); err != nil {
				return nil, err
			} else if is {
				return os.Open(path)
			}
		}
		return nil, fmt.Errorf("it is none of %d files that were looked at: %w", len(paths), fs.ErrNotExist)
	})
}

// isBase reports whether the file at path is the base.
func isBase(ctx context.Context, path string, base manifest.Binary) (bool, error) {
	src, closeFile, err := openSource(path)
	if err != nil {
		return false, err
	}
	defer closeFile()
	if src.size != base.Size {
		return false, nil
	}
	digest, _, err := digestOf(ctx, io.NewSectionReader(src.r, 0, src.size))
	return digest == base.Digest, err
}

// findBase opens the base, if anybody has it.
func (c readConfig) findBase(ctx context.Context, base manifest.Binary) (BaseFile, error) {
	if c.bases == nil {
		return nil, &MissingBaseError{Base: base, Err: errors.New("no place to look for it was given")}
	}
	f, err := c.bases(ctx, base)
	if err != nil && ctx.Err() == nil {
		err = &MissingBaseError{Base: base, Err: err}
	}
	return f, err
}

// patchName is where the patch is put aside while it is applied. No package has
// a file of that name.
const patchName = ".patch"

// applyPatch puts the executable of a delta package into the place of its patch.
func (d *folder) applyPatch(ctx context.Context, m manifest.Package, base BaseFile) error {
	f, _ := m.Executable()
	if err := d.root.Rename(filepath.FromSlash(f.Path), patchName); err != nil {
		return err
	}
	patch, err := d.root.Open(patchName)
	if err != nil {
		return err
	}
	err = errors.Join(d.makeExecutable(ctx, f, base, patch), patch.Close())
	if err != nil {
		return refusePatch(f.Path, *m.Base, err)
	}
	return d.root.Remove(patchName)
}

// makeExecutable writes what the patch makes of the base. The header of the
// patch has been compared with the manifest, and Apply makes what the header
// says or fails.
func (d *folder) makeExecutable(ctx context.Context, f manifest.File, base io.ReaderAt, patch io.Reader) error {
	if err := d.begin(header{path: f.Path, mode: f.Mode}); err != nil {
		return err
	}
	if err := delta.Apply(ctx, base, patch, d); err != nil {
		return err
	}
	return d.end()
}

// refusePatch tells a bad patch and a wrong base from failures of the system.
func refusePatch(path string, base manifest.Binary, err error) error {
	var wrong *delta.BaseError
	switch {
	case errors.As(err, &wrong):
		return &MissingBaseError{Base: base, Err: err}
	case errors.Is(err, delta.ErrCorrupt), errors.Is(err, delta.ErrNotPatch), errors.Is(err, delta.ErrTooLarge):
		return refuse(path, fmt.Sprintf("cannot be applied: %v", err), err)
	}
	return err
}
