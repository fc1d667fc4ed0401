//go:build !windows

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// hasModes says that files have permissions like 0755.
const hasModes = true

func readLink(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", fmt.Errorf("%w: it is no link", ErrLink)
	}
	return os.Readlink(path)
}

// writeLink makes a new link beside the old one and renames it over that.
func writeLink(path, text string) error {
	next := path + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(text, next); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}
