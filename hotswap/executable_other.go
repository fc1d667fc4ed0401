//go:build !linux

package hotswap

import (
	"fmt"
	"os"
)

// descriptorFolder lists the open descriptors of this process. (Of FreeBSD, the
// first three alone unless fdescfs is mounted.)
const descriptorFolder = "/dev/fd"

func ownExecutable(path string) string { return path }

// executablePath returns the path, provided that it still leads to the open
// file: there is no way to run that file itself. Between this and the start
// somebody who may write to the folder could exchange it.
func executablePath(f *os.File, path string, _ int) (string, func(), error) {
	open, err := f.Stat()
	if err != nil {
		return "", nil, err
	}
	named, err := os.Stat(path)
	if err != nil {
		return "", nil, err
	}
	if !os.SameFile(open, named) || !open.ModTime().Equal(named.ModTime()) || open.Size() != named.Size() {
		return "", nil, fmt.Errorf("%w: the path leads to another file now", ErrDigest)
	}
	return path, func() {}, nil
}

func nameProcess(string) {}
