package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// member is a file to be packed. Its digest and size are known beforehand, for
// the manifest lists them, and are checked again while it is packed.
type member struct {
	file   manifest.File
	origin string // where the content comes from, for messages
	open   func() (io.ReadCloser, error)
}

// document returns a member with the given content.
func document(path string, content []byte) member {
	return member{
		file:   newFile(path, manifest.DigestOf(content), int64(len(content))),
		origin: path,
		open:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

func newFile(path string, d manifest.Digest, size int64) manifest.File {
	return manifest.File{Path: path, Digest: d, Size: size, Mode: memberMode(path), Encoding: manifest.EncodingIdentity}
}

// executable returns the member for the input's executable.
func executable(ctx context.Context, in Input) (member, error) {
	path := in.Executable
	fi, err := os.Stat(path)
	if err != nil {
		return member{}, err
	}
	if !fi.Mode().IsRegular() {
		return member{}, fmt.Errorf("%s is not a regular file: name the executable itself", path)
	}
	m := member{
		file:   newFile(manifest.BinDir+in.name(), in.Digest, fi.Size()),
		origin: path,
		open:   func() (io.ReadCloser, error) { return os.Open(path) },
	}
	if m.file.Digest.IsZero() {
		m.file.Digest, m.file.Size, err = m.measure(ctx)
	}
	return m, err
}

// measure reads the content and returns its digest and size.
func (m member) measure(ctx context.Context) (manifest.Digest, int64, error) {
	r, err := m.open()
	if err != nil {
		return manifest.Digest{}, 0, err
	}
	defer r.Close()
	return digestOf(ctx, r)
}

// fsMembers returns the files of fsys, measured.
func fsMembers(ctx context.Context, fsys fs.FS) ([]member, error) {
	if fsys == nil {
		return nil, nil
	}
	var members []member
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if len(members) == MaxFiles {
			return &LimitError{What: "files", Limit: MaxFiles}
		}
		m, err := fsMember(ctx, fsys, path, d)
		members = append(members, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the extra files: %w", err)
	}
	return members, nil
}

func fsMember(ctx context.Context, fsys fs.FS, path string, d fs.DirEntry) (member, error) {
	if !strings.HasPrefix(path, manifest.ConfigDir) && !strings.HasPrefix(path, manifest.ScriptsDir) {
		return member{}, fmt.Errorf("%s lies neither in %s nor in %s: move it there", path, manifest.ConfigDir, manifest.ScriptsDir)
	}
	if !d.Type().IsRegular() {
		return member{}, fmt.Errorf("%s is no regular file: replace it by one", path)
	}
	m := member{origin: path, open: func() (io.ReadCloser, error) { return fsys.Open(path) }}
	digest, size, err := m.measure(ctx)
	m.file = newFile(path, digest, size)
	return m, err
}

// withManifest sorts the members and adds the manifest that lists them.
func withManifest(p manifest.Package, members []member) (manifest.Package, []member, error) {
	members = slices.Clone(members)
	slices.SortStableFunc(members, compareMembers)
	for _, m := range members {
		p.Files = append(p.Files, m.file)
	}
	text, err := p.Encode()
	if err != nil {
		return manifest.Package{}, nil, err
	}
	members = append(members, document(manifest.ManifestPath, text))
	slices.SortStableFunc(members, compareMembers)
	return p, members, nil
}

func compareMembers(a, b member) int { return strings.Compare(a.file.Path, b.file.Path) }

// copyTo copies the content to w and fails with a [*ChangedError] unless it is
// what was measured.
func (m member) copyTo(ctx context.Context, w io.Writer, buf []byte) error {
	r, err := m.open()
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	want, left := m.file.Stored()
	err = eachChunk(ctx, r, buf, func(p []byte) error {
		if left -= int64(len(p)); left < 0 {
			return &ChangedError{Path: m.origin, Want: want}
		}
		h.Write(p)
		_, err := w.Write(p)
		return err
	})
	if err != nil {
		return err
	}
	if left > 0 {
		return &ChangedError{Path: m.origin, Want: want}
	}
	if got := manifest.Digest(h.Sum(nil)); got != want {
		return &ChangedError{Path: m.origin, Want: want, Got: got}
	}
	return nil
}

// eachChunk reads r to its end, in chunks of at most len(buf) bytes.
func eachChunk(ctx context.Context, r io.Reader, buf []byte, do func([]byte) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if err := do(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// digestOf returns the digest and the number of bytes of r.
func digestOf(ctx context.Context, r io.Reader) (manifest.Digest, int64, error) {
	h := sha256.New()
	var n int64
	err := eachChunk(ctx, r, make([]byte, copyBuffer), func(p []byte) error {
		n += int64(len(p))
		_, err := h.Write(p)
		return err
	})
	return manifest.Digest(h.Sum(nil)), n, err
}
