package atomicfile

import (
	"errors"
	"fmt"
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
	err := os.Rename(from, to)
	if err == nil {
		return nil
	}
	if _, missing := os.Lstat(to); errors.Is(missing, fs.ErrNotExist) {
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
