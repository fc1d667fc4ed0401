package apply

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// openVerified opens a file of what the package brought, and compares the very file that
// is open with the digest that was signed: what is executed from it is what was verified.
// A file that is not there is an error that wraps fs.ErrNotExist.
func (o *operation) openVerified(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	err = o.checkOpen(f, path)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (o *operation) checkOpen(f *os.File, path string) error {
	want, err := o.listed(path)
	if err != nil {
		return err
	}
	got, _, err := manifest.DigestReader(f)
	if err == nil && got != want.Digest {
		err = fmt.Errorf("%w: %s has digest %s, and %s was verified; apply the release again", ErrDamaged, path, got, want.Digest)
	}
	return err
}

// listed is what was verified of a file: as version.json lists it, or the package's
// manifest where there is no version.
func (o *operation) listed(path string) (manifest.File, error) {
	rel, err := filepath.Rel(o.contents(), path)
	if err != nil {
		return manifest.File{}, err
	}
	files, err := o.files()
	if err != nil {
		return manifest.File{}, err
	}
	for _, f := range files {
		if f.Path == filepath.ToSlash(rel) {
			return f, nil
		}
	}
	return manifest.File{}, fmt.Errorf("%w: %s is not a file of the package; remove it", ErrDamaged, path)
}

func (o *operation) files() ([]manifest.File, error) {
	if !o.record.To.IsZero() {
		v, err := o.store.Load(o.record.To)
		return v.Files, err
	}
	data, err := os.ReadFile(filepath.Join(o.contents(), manifest.ManifestPath))
	if err != nil {
		return nil, err
	}
	m, err := manifest.DecodePackage(data)
	return m.Files, err
}
