package pack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// Extract extracts the archive at path, of the given format, into the folder
// dest. It applies the rules of the container alone: for a package, use
// [Unpack].
//
// The folder must not exist, or be empty; otherwise the error wraps
// [ErrDestination]. Files go to a staging folder beside dest, named
// .<dest>.*.partial, and are made durable; then that folder is renamed to
// dest. If the archive breaks a rule, which is a [*RefusedError], or anything
// else fails, nothing of it is left and dest is as it was.
func Extract(ctx context.Context, f Format, path, dest string, opts ...ReadOption) error {
	c, err := newReadConfig(opts)
	if err != nil {
		return err
	}
	if err := f.check(Formats()); err != nil {
		return err
	}
	src, closeFile, err := openSource(path)
	if err != nil {
		return err
	}
	defer closeFile()
	return publish(dest, func(to *folder) error {
		sum, err := scan(ctx, src, f, c.limits, to)
		if err == nil {
			err = c.checkDigest(sum.digest)
		}
		return inArchive("extracting", path, err)
	})
}

// Unpack is like [Open], and extracts the package into the folder dest as
// [Extract] does. Nothing appears in dest before every rule has been checked.
//
// Of a delta package, what appears is the same as of a full one: the patch is
// applied to the executable that [WithBases] finds, and what comes out has the
// digest and size that the manifest says. Without that executable the error is a
// [*MissingBaseError]; see [UnpackSmallest] for what to do then.
func Unpack(ctx context.Context, path, dest string, opts ...ReadOption) (*Package, error) {
	var p *Package
	err := publish(dest, func(to *folder) (err error) {
		p, err = open(ctx, path, to, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Modes of folders and, until they are complete, of files.
const (
	folderMode  fs.FileMode = 0o755
	stagingMode fs.FileMode = 0o600
)

// folder is a sink that writes files below a root, from which no path leads out.
type folder struct {
	root    *os.Root
	file    *os.File
	mode    fs.FileMode
	folders map[string]bool // relative paths of those made so far
}

func (d *folder) begin(h header) error {
	if err := d.makeFolders(path.Dir(h.path)); err != nil {
		return err
	}
	f, err := d.root.OpenFile(filepath.FromSlash(h.path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, stagingMode)
	if err != nil {
		return err
	}
	d.file, d.mode = f, fs.FileMode(modeBits(h.mode))
	return nil
}

// makeFolders makes dir and the folders above it, with a mode that does not
// depend on the umask.
func (d *folder) makeFolders(dir string) error {
	if dir == "." || d.folders[dir] {
		return nil
	}
	if err := d.makeFolders(path.Dir(dir)); err != nil {
		return err
	}
	name := filepath.FromSlash(dir)
	if err := errors.Join(d.root.Mkdir(name, folderMode), d.root.Chmod(name, folderMode)); err != nil {
		return err
	}
	d.folders[dir] = true
	return nil
}

func (d *folder) Write(p []byte) (int, error) { return d.file.Write(p) }

// end completes the file, durably.
func (d *folder) end() error {
	f := d.file
	d.file = nil
	return errors.Join(f.Chmod(d.mode), f.Sync(), f.Close())
}

// sync makes the names of all files durable.
func (d *folder) sync() error {
	for dir := range d.folders {
		if err := atomicfile.SyncDir(filepath.Join(d.root.Name(), filepath.FromSlash(dir))); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(d.root.Name())
}

// close ends all use of the folder, so that it can be renamed or removed.
func (d *folder) close() error {
	if d.file == nil {
		return d.root.Close()
	}
	return errors.Join(d.file.Close(), d.root.Close())
}

// publish lets fill write into a staging folder and renames it to dest. If
// anything fails, the staging folder is removed and dest is as it was.
func publish(dest string, fill func(*folder) error) (err error) {
	dest, err = filepath.Abs(dest)
	if err != nil {
		return err
	}
	if _, err := emptyFolder(dest); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(filepath.Dir(dest), "."+filepath.Base(dest)+".*.partial")
	if err != nil {
		return fmt.Errorf("extracting to %s: %w", dest, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(staging))
		}
	}()
	if err := fillFolder(staging, fill); err != nil {
		return err
	}
	return renameFolder(staging, dest)
}

// fillFolder lets fill write into dir and makes the result durable.
func fillFolder(dir string, fill func(*folder) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	d := &folder{root: root, folders: map[string]bool{}}
	err = fill(d)
	if err == nil {
		err = errors.Join(root.Chmod(".", folderMode), d.sync())
	}
	return errors.Join(err, d.close())
}

// emptyFolder returns the folder dest, which must be empty, or nil if it does
// not exist. Anything else is an error.
func emptyFolder(dest string) (fs.FileInfo, error) {
	fi, err := os.Lstat(dest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("extracting to %s: it exists and is no folder: name a new folder: %w", dest, ErrDestination)
	}
	entries, err := os.ReadDir(dest)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("extracting to %s: it holds %q: name a new or empty folder: %w", dest, entries[0].Name(), ErrDestination)
	}
	return fi, nil
}

// renameFolder renames staging to dest, in place of an empty folder if there is
// one, whose mode it takes over. Not every system renames over a folder, so the
// empty one goes first, and comes back if anything fails.
func renameFolder(staging, dest string) error {
	old, err := emptyFolder(dest)
	if err != nil {
		return err
	}
	if old == nil {
		return moveFolder(staging, dest)
	}
	if err := os.Chmod(staging, old.Mode().Perm()); err != nil {
		return err
	}
	if err := os.Remove(dest); err != nil {
		return fmt.Errorf("extracting to %s: the empty folder cannot be replaced: name a new folder: %w", dest, err)
	}
	if err := moveFolder(staging, dest); err != nil {
		return errors.Join(err, os.Mkdir(dest, old.Mode().Perm()), os.Chmod(dest, old.Mode().Perm()))
	}
	return nil
}

// moveFolder renames from to to, durably, or leaves no folder to.
func moveFolder(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(filepath.Dir(to)); err != nil {
		return errors.Join(err, os.RemoveAll(to))
	}
	return nil
}
