package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Pin keeps a version from being collected.
func (s *Store) Pin(id manifest.Digest) error {
	if _, err := s.Load(id); err != nil {
		return err
	}
	return atomicfile.WriteFile(s.Path("pins", id.Hex()), nil, 0o644)
}

// Unpin allows a version to be collected again.
func (s *Store) Unpin(id manifest.Digest) error {
	if err := os.Remove(s.Path("pins", id.Hex())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.SyncDir(s.Path("pins"))
}

// Pinned returns the ids of the versions that are pinned.
func (s *Store) Pinned() ([]manifest.Digest, error) {
	entries, err := os.ReadDir(s.Path("pins"))
	if err != nil {
		return nil, err
	}
	var ids []manifest.Digest
	for _, e := range entries {
		if id, err := manifest.ParseHexDigest(e.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Collect removes versions until keep are left besides those that are current,
// previous, pinned or in the list, the oldest first, and returns which. A version
// that cannot be removed because it runs (Windows) is left to a later call.
func (s *Store) Collect(keep int, needed ...manifest.Digest) ([]manifest.Digest, error) {
	for _, l := range []Link{Current, Previous} {
		id, err := s.Resolve(l)
		if err != nil {
			return nil, err // without knowing it, nothing is safe to remove
		}
		needed = append(needed, id)
	}
	pinned, err := s.Pinned()
	if err != nil {
		return nil, err
	}
	versions, err := s.Versions()
	if err != nil {
		return nil, err
	}
	needed = append(needed, pinned...)
	spare := slices.DeleteFunc(versions, func(id manifest.Digest) bool { return slices.Contains(needed, id) })
	var removed []manifest.Digest
	for _, id := range spare[min(keep, len(spare)):] {
		switch err := s.discard(id); {
		case err == nil:
			removed = append(removed, id)
		case !atomicfile.InUse(err):
			return removed, err
		}
	}
	return removed, nil
}

// discard takes a version away as a whole before it removes its files: half a
// version never has a version's name.
func (s *Store) discard(id manifest.Digest) error {
	gone := s.Path("staging", "removed-"+id.Hex())
	if err := os.RemoveAll(gone); err != nil {
		return err
	}
	if err := os.Rename(s.Folder(id), gone); err != nil {
		return fmt.Errorf("removing version %s: %w", id.Short(), err)
	}
	if err := errors.Join(atomicfile.SyncDir(s.Path("versions")), atomicfile.SyncDir(s.Path("staging"))); err != nil {
		return err
	}
	return removeUnused(gone)
}

// removeUnused removes a file or a folder, but for what runs, which is left to a later
// [Store.Clean].
func removeUnused(path string) error {
	if err := os.RemoveAll(path); !atomicfile.InUse(err) {
		return err
	}
	return nil
}

// Stage makes an empty folder of its own for an operation, durably: that it is there
// tells a recovery that a confirmed operation is not finished, after a power cut too.
func (s *Store) Stage(operation string) (string, error) {
	dir := s.Path("staging", operation)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := atomicfile.SyncDir(s.Path("staging")); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// Unstage removes the folder of an operation.
func (s *Store) Unstage(operation string) error { return removeUnused(s.Path("staging", operation)) }

// Clean removes what operations that are over have left in staging, and what a
// killed process left beside the links.
func (s *Store) Clean() error {
	entries, err := os.ReadDir(s.Path("staging"))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, s.Unstage(e.Name()))
	}
	return errors.Join(append(errs, s.cleanPartial(s.dir), s.cleanPartial(s.Path("quarantine")), s.cleanPartial(s.Path("pins")))...)
}

// cleanPartial removes temporary files that a killed process left in a folder.
func (s *Store) cleanPartial(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".partial") || e.Name() == string(Current)+".next" || e.Name() == string(Previous)+".next" {
			errs = append(errs, removeUnused(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}
