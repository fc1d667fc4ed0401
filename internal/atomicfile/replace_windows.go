package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// asideSuffix marks an executable that was still running when it was replaced.
const asideSuffix = ".replaced"

// replace renames from over to. Windows refuses that while to is running, but
// allows to rename to itself: it is put aside, and removed at a later call,
// when it no longer runs.
func replace(from, to string) error {
	removeAside(to)
	return untilFree(func() error { return renameOver(from, to) })
}

// rename is os.Rename of a folder, or of a file that is not replaced.
func rename(from, to string) error {
	return untilFree(func() error { return os.Rename(from, to) })
}

// renameOver tries once. Only what can be running is put aside: between the two
// renames nothing is at the path, and a crash there must not lose data.
func renameOver(from, to string) error {
	err := os.Rename(from, to)
	if InUse(err) {
		makeWritable(to)
		err = renameOpen(from, to)
	}
	if !InUse(err) || !isProgram(to) {
		return err
	}
	aside, asideErr := putAside(to)
	if asideErr != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Rename(aside, to))
	}
	return nil
}

// renameOpen also replaces a file that is open, where the file system can (NTFS since
// Windows 10) and whoever has it open allows it, as [Open] does. That is what an
// os.Root asks for.
func renameOpen(from, to string) error {
	dir, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Rename(filepath.Base(from), filepath.Base(to))
}

// makeWritable takes away the attribute that keeps a file from being replaced, as no
// mode of a file does elsewhere. If it cannot, the rename tells why.
func makeWritable(path string) {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o200 == 0 {
		_ = os.Chmod(path, 0o600)
	}
}

// isProgram reports whether a file begins as all do that Windows can run.
func isProgram(path string) bool {
	f, err := openShared(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, 2)
	_, err = io.ReadFull(f, start)
	return err == nil && bytes.Equal(start, []byte("MZ"))
}

func putAside(path string) (string, error) {
	for i := range 1000 {
		aside := fmt.Sprintf("%s.%d%s", path, i, asideSuffix)
		if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return aside, os.Rename(path, aside)
	}
	return "", fmt.Errorf("%s: too many replaced executables still run", path)
}

// removeAside removes what earlier calls put aside. What still runs stays.
func removeAside(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, filepath.Base(path)+".") && strings.HasSuffix(name, asideSuffix) {
			_ = os.Remove(filepath.Join(filepath.Dir(path), name))
		}
	}
}

func syncDir(string) error { return nil }
