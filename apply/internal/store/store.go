// Package store is a host's folder of one product: versions by digest, the link
// that says which one is current, staging, quarantine, pins and the lock.
//
// # Guarantee
//
// The current link leads to a whole version or does not exist. A version's folder
// appears under its name only when every byte of it is on the disk, and is not
// changed afterwards. Renaming the link is the only commit.
//
// # Layout
//
//	format                  the text of [Format]: a store of another one is refused
//	versions/<id>/          immutable; id is the SHA-256 of version.json, see [Version]
//	  bin/… config/… scripts/… manifest.json rollback.json sbom.cdx.json
//	  bundles/              the bundles of the release that it came with
//	  version.json          what the folder holds, with digests
//	current, previous       links to versions/<id>; on Windows files with that text
//	staging/<operation>/    what is being received; removed by the next operation
//	quarantine/<hex>.json   releases that were rolled back, by their statement
//	pins/<id>               versions that are never collected
//	scripts/<hotfix>/       output of a script that a hotfix ran, and that it has run
//	journal, floor, trust.json, audit, lock
//
// Whoever changes a store holds its lock; see [Store.Lock]. Readers need none.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Format is the content of the file "format".
const Format = "hotfix.store/v1\n"

// Outcomes to compare with errors.Is.
var (
	ErrBusy        = errors.New("another process is changing this store")
	ErrFormat      = errors.New("the store is of another format")
	ErrNotStore    = errors.New("no such product in the store")
	ErrWritable    = errors.New("everybody may write to the store")
	ErrLink        = errors.New("the link leads out of the versions")
	ErrDamaged     = errors.New("the version is damaged")
	ErrNoSpace     = errors.New("too little space on the disk")
	ErrNoVersion   = errors.New("no such version in the store")
	ErrQuarantined = errors.New("the release was rolled back on this host")
)

// Store is the folder of one product. It is safe for concurrent use by readers.
type Store struct{ dir, product string }

// Open opens the folder of a product below root. It must exist: [ErrNotStore].
func Open(root, product string) (*Store, error) {
	if err := manifest.CheckProduct(product); err != nil {
		return nil, err
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real // the root itself may be reached by links; what is below it may not
	}
	s := &Store{dir: filepath.Join(root, product), product: product}
	for _, dir := range []string{root, s.dir} {
		if err := checkFolder(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s; apply a release to make it, or check the path", ErrNotStore, s.dir)
		} else if err != nil {
			return nil, err
		}
	}
	return s, s.checkFormat()
}

// Create is like [Open], and makes what is missing.
func Create(root, product string) (*Store, error) {
	if err := manifest.CheckProduct(product); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(root, product))
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, product: product}
	if err := s.make(); err != nil {
		return nil, fmt.Errorf("making the store: %w", err)
	}
	return Open(root, product)
}

// make makes the folders, and the format last: with it the store is whole.
func (s *Store) make() error {
	if _, err := os.Lstat(s.Path("format")); err == nil {
		return nil
	}
	made := makeAll(s.dir)
	for _, name := range []string{"versions", "staging", "quarantine", "pins", "scripts"} {
		made = append(made, makeAll(s.Path(name))...)
	}
	if err := errors.Join(made...); err != nil {
		return err
	}
	return atomicfile.WriteFile(s.Path("format"), []byte(Format), 0o644)
}

// makeAll makes a folder and its parents, each durable in its own parent.
func makeAll(dir string) (errs []error) {
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		errs = makeAll(parent)
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return append(errs, err)
	}
	return append(errs, atomicfile.SyncDir(filepath.Dir(dir)))
}

func (s *Store) checkFormat() error {
	data, err := readSmall(s.Path("format"), 256)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s has no file \"format\"; it was not made by this library, or not to the end: apply a release to complete it", ErrNotStore, s.dir)
	}
	if err != nil {
		return err
	}
	if string(data) != Format {
		return fmt.Errorf("%w: %s says %q, and this program knows %q; nothing was done: use the program that made it, or a newer one",
			ErrFormat, s.Path("format"), strings.TrimSpace(string(data)), strings.TrimSpace(Format))
	}
	for _, name := range []string{"versions", "staging", "quarantine", "pins", "scripts"} {
		if err := checkFolder(s.Path(name)); err != nil {
			return err
		}
	}
	return nil
}

// checkFolder requires a real folder that not everybody may write to: whoever can
// put a link in its place decides what this host runs.
func checkFolder(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder but %s; nothing was done: put the folder back in its place", path, kindOf(info))
	}
	if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 && hasModes {
		return fmt.Errorf("%w: %s has mode %s; take that right away: chmod o-w", ErrWritable, path, info.Mode().Perm())
	}
	return nil
}

func kindOf(info fs.FileInfo) string {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return "a link"
	case info.Mode().IsRegular():
		return "a file"
	}
	return "a device"
}

// Dir returns the folder.
func (s *Store) Dir() string { return s.dir }

// Product returns the product.
func (s *Store) Product() string { return s.product }

// Path returns the path of something in the folder.
func (s *Store) Path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// patience is how long [Store.Lock] waits: for whoever looks at the status, not for
// another operation.
const patience = time.Second

// Lock takes the lock that allows changes. It hardly waits: [ErrBusy].
func (s *Store) Lock(ctx context.Context) (*filelock.Lock, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lock, err := filelock.Acquire(limited, s.Path("lock"))
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %s; wait for it to end, and see its status", ErrBusy, s.dir)
	}
	return lock, err
}

// Busy reports whether another process, or another call, holds the lock.
func (s *Store) Busy() bool {
	lock, err := filelock.Try(s.Path("lock"))
	if err != nil {
		return errors.Is(err, filelock.ErrHeld)
	}
	return lock.Release() != nil
}

// readSmall reads a file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes: put the one back that was there", path, limit)
	}
	return atomicfile.ReadFile(path)
}
