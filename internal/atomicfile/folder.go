package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SwapDir puts the finished folder at from in the place of the one at to, in
// the same parent, and returns where the old one is now; "" if there was none.
// Where the system can exchange two names (Linux), to is there at every moment;
// elsewhere the old folder is first renamed aside, and renamed back if the
// second rename fails. The caller removes the old folder, or swaps it back.
func SwapDir(from, to string) (old string, err error) {
	if old, err = swapDir(from, to); err != nil {
		return "", fmt.Errorf("replacing %s: %w", to, err)
	}
	return old, SyncDir(filepath.Dir(to))
}

func swapDir(from, to string) (old string, err error) {
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return "", rename(from, to)
	}
	if exchange(from, to) == nil {
		return from, nil
	}
	old = from + ".old"
	if err := rename(to, old); err != nil {
		return "", err
	}
	if err := rename(from, to); err != nil {
		return "", errors.Join(err, rename(old, to))
	}
	return old, nil
}
