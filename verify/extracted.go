package verify

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"runtime"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Extracted checks a folder that a package was extracted to against the
// package's manifest: manifest.json itself, every file that it lists with its
// digest, size and executable bit, and nothing more. The manifest says nothing
// about who made it; its digest, or that of the archive it came from, must
// have been verified.
//
// The executable bit is not looked at on Windows, which has none. Errors are
// [*FileError], [*MismatchError], those of the manifest and of the context.
func Extracted(ctx context.Context, fsys fs.FS, m manifest.Package) error {
	encoded, err := m.Encode()
	if err != nil {
		return err
	}
	if err := checkListed(fsys, m); err != nil {
		return err
	}
	if err := checkBytes(ctx, fsys, manifest.ManifestPath, encoded); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := checkMember(ctx, fsys, f); err != nil {
			return err
		}
	}
	return nil
}

// checkListed refuses files and folders that the manifest does not lead to.
func checkListed(fsys fs.FS, m manifest.Package) error {
	expected := map[string]bool{".": true, manifest.ManifestPath: false}
	for _, f := range m.Files {
		expected[f.Path] = false
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			expected[dir] = true
		}
	}
	return fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fileError(name, err)
		}
		isDir, ok := expected[name]
		if !ok {
			return &FileError{Name: name, Err: ErrUnexpected}
		}
		if isDir != entry.IsDir() {
			return &FileError{Name: name, Err: ErrNotRegular}
		}
		return nil
	})
}

func checkMember(ctx context.Context, fsys fs.FS, f manifest.File) error {
	if err := checkFile(ctx, fsys, f.Path, f.Digest, f.Size); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := fs.Lstat(fsys, f.Path)
	if err != nil {
		return fileError(f.Path, err)
	}
	const special = fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	executable := info.Mode()&0o100 != 0
	if executable != (f.Mode == manifest.ModeExecutable) || info.Mode()&special != 0 {
		return &FileError{Name: f.Path, Err: ErrMode}
	}
	return nil
}

// checkBytes requires a file to hold exactly want.
func checkBytes(ctx context.Context, fsys fs.FS, name string, want []byte) error {
	got, err := readFile(ctx, fsys, name, manifest.MaxDocument)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return &MismatchError{
			Name: name, Want: manifest.DigestOf(want), Got: manifest.DigestOf(got),
			WantSize: anySize, GotSize: int64(len(got)),
		}
	}
	return nil
}
