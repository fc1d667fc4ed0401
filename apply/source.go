package apply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
)

// Source is where a release comes from: [FromDist], [FromPackage], [FromText] or
// [FromFS]. Nothing in it is trusted.
type Source interface {
	// deliver verifies the bundles of the release.
	deliver(ctx context.Context, v *verify.Verifier) (*delivery, error)
}

// delivery is a release whose signatures hold, and access to what it came with.
type delivery struct {
	*verify.Result
	bundles [][]byte
	// open opens a package; an error wraps fs.ErrNotExist if it did not come along.
	open func(name string) (io.ReadCloser, error)
}

// FromDist takes a release from a dist folder. Only bundles and the packages that
// the host needs are read.
func FromDist(dir string) Source { return folder{fsys: os.DirFS(dir), name: dir} }

// FromFS is like [FromDist] for any file system, as an archive or a mirror.
func FromFS(fsys fs.FS) Source { return folder{fsys: fsys, name: "the release"} }

// FromPackage takes a release from one package, by the bundles that lie beside it.
func FromPackage(path string) Source {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	return folder{fsys: os.DirFS(dir), name: path, only: name}
}

// FromText takes a release from a text with an inline block in it, as a chat or a
// ticket carries it. See package inline.
func FromText(text []byte) Source { return block(bytes.Clone(text)) }

// From takes a release from whatever is at path: a dist folder, a package, or a file
// with an inline block.
func From(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return FromDist(path), nil
	}
	if info.Size() > inline.MaxText {
		return FromPackage(path), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if inline.Found(text) {
		return FromText(text), nil
	}
	return FromPackage(path), nil
}

type folder struct {
	fsys fs.FS
	name string // for errors
	only string // the one package to use; "" for all
}

func (f folder) deliver(ctx context.Context, v *verify.Verifier) (*delivery, error) {
	result, err := v.VerifyRelease(ctx, f.fsys)
	if err != nil {
		return nil, fmt.Errorf("verifying %s: %w", f.name, err)
	}
	if f.only != "" {
		if _, ok := result.Release.Entry(f.only); !ok {
			return nil, fmt.Errorf("verifying %s: %w", f.name, &verify.FileError{Name: f.only, Err: verify.ErrUnexpected})
		}
	}
	bundles, err := f.bundles()
	if err != nil {
		return nil, err
	}
	return &delivery{Result: result, bundles: bundles, open: f.open}, nil
}

func (f folder) open(name string) (io.ReadCloser, error) {
	if f.only != "" && name != f.only {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	info, err := fs.Stat(f.fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &verify.FileError{Name: name, Err: verify.ErrNotRegular}
	}
	return f.fsys.Open(name)
}

// bundles reads the bundles again, to be kept with the version.
func (f folder) bundles() ([][]byte, error) {
	names, err := fs.Glob(f.fsys, "*.json")
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, name := range names {
		if !verify.IsBundleName(name) {
			continue
		}
		data, err := f.bundle(name)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) bundle(name string) ([]byte, error) {
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, verify.MaxBundle+1))
	if err == nil && len(data) > verify.MaxBundle {
		err = &verify.FileError{Name: name, Err: verify.ErrTooLarge}
	}
	return data, err
}

type block []byte

func (b block) deliver(ctx context.Context, v *verify.Verifier) (*delivery, error) {
	release, err := inline.Verify(ctx, b, v)
	if err != nil {
		return nil, fmt.Errorf("verifying the text: %w", err)
	}
	open := func(name string) (io.ReadCloser, error) {
		for _, p := range release.Packages {
			if p.Name == name {
				return io.NopCloser(bytes.NewReader(p.Content)), nil
			}
		}
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &delivery{Result: release.Result, bundles: release.Bundles, open: open}, nil
}

// candidates are the packages that this host can use, the smallest first: a delta
// from what it runs, or a full one.
func candidates(release manifest.Release, host verify.Host) []manifest.Entry {
	var usable []manifest.Entry
	for _, e := range release.Packages {
		if e.Target == host.Target && (!e.Delta || e.Base != nil && e.Base.Digest == host.Base) {
			usable = append(usable, e)
		}
	}
	sortBySize(usable)
	return usable
}

// missing says which packages would have been needed.
func missing(host verify.Host, tried []manifest.Entry, errs []error) error {
	names := make([]string, len(tried))
	for i, e := range tried {
		names[i] = e.Name
	}
	if len(names) == 0 {
		return fmt.Errorf("none of the packages for %s can be installed here: they are patches for another version than %s, which runs; fetch the full package", host.Target, host.Base)
	}
	return fmt.Errorf("no package that fits came along; fetch %s: %w", strings.Join(names, " or "), errors.Join(errs...))
}
