package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Link is a name by which the store leads to a version.
type Link string

// The links of a store.
const (
	Current  Link = "current"  // what the service runs
	Previous Link = "previous" // what it ran before
)

// linkPrefix is what the text of a link begins with.
const linkPrefix = "versions/"

// Resolve returns the version that a link leads to; zero if there is no link. A link
// that leads anywhere but to a version's folder is [ErrLink].
func (s *Store) Resolve(l Link) (manifest.Digest, error) {
	text, err := readLink(s.Path(string(l)))
	if errors.Is(err, fs.ErrNotExist) {
		return manifest.Digest{}, nil
	}
	if err != nil {
		return manifest.Digest{}, fmt.Errorf("reading the link %s: %w", s.Path(string(l)), err)
	}
	name, ok := strings.CutPrefix(path.Clean(strings.ReplaceAll(text, `\`, "/")), linkPrefix)
	id, err := manifest.ParseHexDigest(name)
	if !ok || err != nil {
		return manifest.Digest{}, fmt.Errorf("%w: %s leads to %q; nothing was done: find out who changed it, and let it lead to versions/ and the id of a version again", ErrLink, s.Path(string(l)), text)
	}
	return id, checkFolder(s.Folder(id))
}

// Point lets a link lead to a version that is there, in one step that is on the disk
// when this returns. A zero id removes the link.
func (s *Store) Point(l Link, id manifest.Digest) error {
	if id.IsZero() {
		return s.unlink(l)
	}
	if err := checkFolder(s.Folder(id)); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrNoVersion, s.Folder(id), err)
	}
	if now, err := s.Resolve(l); err == nil && now == id {
		return nil
	}
	if err := writeLink(s.Path(string(l)), linkPrefix+id.Hex()); err != nil {
		return fmt.Errorf("setting the link %s: %w", l, err)
	}
	return nil
}

func (s *Store) unlink(l Link) error {
	if err := os.Remove(s.Path(string(l))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the link %s: %w", l, err)
	}
	return atomicfile.SyncDir(s.dir)
}
