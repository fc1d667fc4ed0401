package hotswap

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// executable is the file that this process runs.
type executable struct {
	path string
	file *os.File // open from the start, so that it stays the one that runs; nil if it could not be opened
	once sync.Once
	hex  string
	err  error
}

func openExecutable() *executable {
	e := &executable{}
	e.path, _ = os.Executable() // empty where the system cannot say
	e.file, e.err = os.Open(ownExecutable(e.path))
	return e
}

// Digest returns the hex SHA-256 of the file. The first call reads it.
func (e *executable) Digest() (string, error) {
	e.once.Do(func() {
		if e.err == nil {
			e.hex, e.err = digest(e.file)
		}
	})
	return e.hex, e.err
}

// Close closes the file.
func (e *executable) Close() error {
	if e.file == nil {
		return nil
	}
	return e.file.Close()
}

func digest(f *os.File) (string, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(f, 0, MaxExecutable+1))
	if err != nil {
		return "", err
	}
	if n > MaxExecutable {
		return "", fmt.Errorf("larger than %d bytes", int64(MaxExecutable))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// open opens the executable of an upgrade and checks it. What is run later is
// this very file.
func (a *attempt) open() (f *os.File, err error) {
	f, err = os.Open(a.upgrade.Path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	before, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || before.Mode().Perm()&0o111 == 0 {
		return nil, fmt.Errorf("it has mode %v; it must be a regular file that may be executed", before.Mode())
	}
	got, err := digest(f)
	if err != nil {
		return nil, err
	}
	if got != a.upgrade.Digest {
		return nil, fmt.Errorf("%w: it has %s, not %s", ErrDigest, got, a.upgrade.Digest)
	}
	return f, unchanged(f, before)
}

// unchanged makes sure that nobody wrote to the file while it was read.
func unchanged(f *os.File, before os.FileInfo) error {
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return errors.Join(ErrDigest, errors.New("it was written to while it was read"))
	}
	return nil
}
