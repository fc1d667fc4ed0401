package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReplaceDir puts the finished folder at from in the place of the one at to, in
// the same parent, and removes the old one. Where the system can exchange two
// names (Linux), to is there at every moment; elsewhere the old folder is
// first renamed aside, and renamed back if the second rename fails.
func ReplaceDir(from, to string) error {
	old, err := swapDir(from, to)
	if err != nil {
		return fmt.Errorf("replacing %s: %w", to, err)
	}
	if err := SyncDir(filepath.Dir(to)); err != nil {
		return err
	}
	if old == "" {
		return nil
	}
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("removing the folder that %s replaced: %w", to, err)
	}
	return nil
}

// swapDir returns where the old folder is now; "" if there was none.
func swapDir(from, to string) (old string, err error) {
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return "", os.Rename(from, to)
	}
	if exchange(from, to) == nil {
		return from, nil
	}
	old = from + ".old"
	if err := os.Rename(to, old); err != nil {
		return "", err
	}
	if err := os.Rename(from, to); err != nil {
		return "", errors.Join(err, os.Rename(old, to))
	}
	return old, nil
}
