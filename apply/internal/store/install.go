package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Project makes the file at path, which may lie anywhere, a copy of a version's
// executable, in one step that is on the disk when this returns. A path that holds
// it already is left alone.
func (s *Store) Project(ctx context.Context, id manifest.Digest, path string) error {
	v, err := s.Load(id)
	if err != nil {
		return err
	}
	exe, ok := v.Executable()
	if !ok {
		return nil
	}
	if digest, _, err := manifest.DigestFile(path); err == nil && digest == exe.Digest {
		return nil
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	from, err := os.Open(s.ExecutablePath(id, v))
	if err != nil {
		return err
	}
	defer from.Close()
	err = atomicfile.Write(path, modeOf(path), func(w io.Writer) error {
		digest, _, err := manifest.DigestReader(io.TeeReader(from, w))
		if err == nil && digest != exe.Digest {
			err = fmt.Errorf("%w: %s; apply its release again", ErrDamaged, s.Folder(id))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("installing %s: %w", path, err)
	}
	return nil
}

// modeOf keeps the permissions of what is replaced, but for setuid and the like:
// the new file belongs to whoever installs it.
func modeOf(path string) fs.FileMode {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o111 == 0 {
		return 0o755
	}
	return info.Mode().Perm() &^ 0o022
}

// ExecutablePath returns where a version's executable is; "" if it has none.
func (s *Store) ExecutablePath(id manifest.Digest, v Version) string {
	exe, ok := v.Executable()
	if !ok {
		return ""
	}
	return s.inFolder(id, exe.Path)
}

// AdoptFile copies an executable that somebody else installed into the store as a
// version of its own, so that there is a way back to it.
func (s *Store) AdoptFile(ctx context.Context, operation, path, name, version string) (id manifest.Digest, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return id, err
	}
	if !info.Mode().IsRegular() {
		return id, fmt.Errorf("%s is not a regular file: name the executable itself", path)
	}
	if err := s.CheckSpace(info.Size()); err != nil {
		return id, err
	}
	dir, err := s.Stage(operation)
	if err != nil {
		return id, err
	}
	defer func() { err = errors.Join(err, s.Unstage(operation)) }()
	if err := os.Mkdir(s.Path("staging", operation, "bin"), 0o755); err != nil {
		return id, err
	}
	digest, size, err := manifest.DigestFile(path)
	if err != nil {
		return id, err
	}
	if err := copyFile(path, s.Path("staging", operation, "bin", name), manifest.File{Digest: digest, Size: size}); err != nil {
		return id, err
	}
	v, err := Describe(ctx, dir, s.product, version)
	if err != nil {
		return id, err
	}
	return s.Publish(ctx, dir, v)
}
