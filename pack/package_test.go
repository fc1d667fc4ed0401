package pack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// draft is a package that a test writes by hand: its manifest says what the
// test wants, whatever the members are.
type draft struct {
	manifest manifest.Package
	files    []fileOf
}

// newDraft returns a draft that is a valid package.
func newDraft(t testing.TB) *draft {
	t.Helper()
	base := &manifest.Binary{Version: "1", Digest: manifest.DigestOf([]byte("base")), Size: 4}
	rollback, err := manifest.Rollback{Schema: manifest.RollbackSchema, Previous: base}.Encode()
	require.NoError(t, err)
	d := &draft{
		manifest: manifest.Package{Schema: manifest.PackageSchema, ID: "i", Product: "p", Version: "2", Target: target.MustParse("linux/amd64"), Base: base},
		files: []fileOf{
			{path: "bin/p", content: "binary", mode: "0755"},
			{path: "config/c", content: "config"},
			{path: manifest.RollbackPath, content: string(rollback)},
			{path: manifest.VerifyPath, content: "#!", mode: "0755"},
		},
	}
	for _, f := range d.files {
		d.manifest.Files = append(d.manifest.Files, newFile(f.path, manifest.DigestOf([]byte(f.content)), int64(len(f.content))))
	}
	return d
}

// bytes returns the container of the draft.
func (d *draft) bytes(t testing.TB, f Format) []byte {
	t.Helper()
	text, err := d.manifest.Encode()
	require.NoError(t, err)
	return d.with(t, f, string(text))
}

// with returns the container with another text as manifest.json.
func (d *draft) with(t testing.TB, f Format, text string) []byte {
	t.Helper()
	var files []fileOf
	for i, file := range d.files {
		if file.path > manifest.ManifestPath && (i == 0 || d.files[i-1].path < manifest.ManifestPath) {
			files = append(files, fileOf{path: manifest.ManifestPath, content: text})
		}
		files = append(files, file)
	}
	return container(t, f, files...)
}

// Containers that are canonical, but are no packages.
func TestPackageRules(t *testing.T) {
	for name, a := range map[string]struct {
		change func(*draft)
		want   expectation
	}{
		"other content":           {func(d *draft) { d.files[0].content = "BINARY" }, expectation{"bin/p", "has digest", nil}},
		"other size":              {func(d *draft) { d.files[1].content = "" }, expectation{"config/c", "has 0 bytes", nil}},
		"binary not executable":   {func(d *draft) { d.files[0].mode = "0644" }, expectation{"bin/p", "has mode 0644", nil}},
		"script not executable":   {func(d *draft) { d.files[3].mode = "0644" }, expectation{"scripts/verify", "has mode 0644", nil}},
		"executable config":       {func(d *draft) { d.files[1].mode = "0755" }, expectation{"config/c", "has mode 0755", nil}},
		"both say not executable": {func(d *draft) { d.files[0].mode, d.manifest.Files[0].Mode = "0644", "0644" }, expectation{"bin/p", "where a package has 0755", nil}},
		"both say executable":     {func(d *draft) { d.files[1].mode, d.manifest.Files[1].Mode = "0755", "0755" }, expectation{"config/c", "where a package has 0644", nil}},
		"mode of the manifest":    {func(d *draft) { d.manifest.Files[0].Mode = "0644" }, expectation{"bin/p", "manifest.json says 0644", nil}},
		"not listed, first":       {func(d *draft) { d.manifest.Files = d.manifest.Files[1:] }, expectation{"bin/p", "not listed", nil}},
		"not listed, last":        {func(d *draft) { d.manifest.Files = d.manifest.Files[:3] }, expectation{"scripts/verify", "not listed", nil}},
		"missing, first":          {func(d *draft) { d.files = d.files[1:] }, expectation{"bin/p", "is missing", nil}},
		"missing, middle":         {func(d *draft) { d.files = append(d.files[:1:1], d.files[2:]...) }, expectation{"config/c", "is missing", nil}},
		"missing, last":           {func(d *draft) { d.files = d.files[:3] }, expectation{"scripts/verify", "is missing", nil}},
		"other name":              {func(d *draft) { d.files[1].path = "config/d" }, expectation{"config/c", "is missing", nil}},
		"rollback to another":     {func(d *draft) { d.manifest.Base = &manifest.Binary{Version: "1", Digest: manifest.DigestOf(nil)} }, expectation{"rollback.json", "another binary", nil}},
		"rollback without a base": {func(d *draft) { d.manifest.Base = nil }, expectation{"rollback.json", "another binary", nil}},
		"broken rollback": {func(d *draft) {
			d.files[2].content = "{}\n"
			d.manifest.Files[2] = newFile(manifest.RollbackPath, manifest.DigestOf([]byte("{}\n")), 3)
		}, expectation{"rollback.json", "not valid", nil}},
	} {
		for _, f := range packageFormats() {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				d := newDraft(t)
				_, err := openBytes(d.bytes(t, f))
				require.NoError(t, err, "the draft itself")
				a.change(d)
				_, err = openBytes(d.bytes(t, f))
				a.want.check(t, err)
			})
		}
	}
}

func TestManifestMustBeThereAndCanonical(t *testing.T) {
	d := newDraft(t)
	text, err := d.manifest.Encode()
	require.NoError(t, err)
	for name, other := range map[string]string{
		"empty":         "",
		"no JSON":       "{",
		"other spacing": strings.ReplaceAll(string(text), "  ", " "),
		"other schema":  strings.Replace(string(text), manifest.PackageSchema, "hotfix.package/v9", 1),
		"unknown key":   strings.Replace(string(text), `"id"`, `"x": 1, "id"`, 1),
	} {
		_, err := openBytes(d.with(t, TarZst, other))
		var refused *RefusedError
		if assert.ErrorAs(t, err, &refused, name) {
			assert.Equal(t, manifest.ManifestPath, refused.Entry, name)
		}
	}
	_, err = openBytes(container(t, TarZst, d.files...))
	expectation{manifest.ManifestPath, "is missing", nil}.check(t, err)
}

func TestPlainTarIsNoPackage(t *testing.T) {
	_, err := openBytes(newDraft(t).bytes(t, Tar))
	expectation{"", "is no package", nil}.check(t, err)
	for _, short := range []string{"", "x", "\x1f"} {
		_, err := openBytes([]byte(short))
		requireRefused(t, err)
	}
}

func TestLimits(t *testing.T) {
	d := newDraft(t)
	for _, f := range packageFormats() {
		data := d.bytes(t, f)
		size := int64(len(data))
		read := func(l Limits) error {
			_, err := OpenReader(t.Context(), bytes.NewReader(data), size, WithLimits(l))
			return err
		}
		var total, largest int64
		var r recorder
		_, err := scan(t.Context(), source{bytes.NewReader(data), size}, f, Limits{}.bounded(), &r)
		require.NoError(t, err)
		for _, m := range r.files {
			total += int64(len(m.content))
			largest = max(largest, int64(len(m.content)))
		}
		exact := Limits{Archive: size, Total: total, File: largest, Files: len(r.files)}
		require.NoError(t, read(exact), f)
		for _, less := range []func(*Limits){
			func(l *Limits) { l.Archive-- }, func(l *Limits) { l.Total-- }, func(l *Limits) { l.File-- }, func(l *Limits) { l.Files-- },
		} {
			l := exact
			less(&l)
			var limit *LimitError
			require.ErrorAs(t, read(l), &limit, "%s %+v", f, l)
		}
	}
	_, err := OpenReader(t.Context(), bytes.NewReader(nil), 0, WithLimits(Limits{Files: -1}))
	assert.ErrorContains(t, err, "WithLimits")
	assert.Equal(t, Limits{}.bounded(), Limits{Archive: 1 << 62, Total: 1 << 62, File: 1 << 62, Files: 1 << 30}.bounded())
}

// A bomb announces little or decodes to more than it announces. Either way no
// more than the limit is decoded.
func TestBomb(t *testing.T) {
	for _, f := range packageFormats() {
		data := container(t, f, fileOf{path: "a", content: string(make([]byte, 8<<20))})
		require.Less(t, len(data), 100_000)
		_, err := scan(t.Context(), source{bytes.NewReader(data), int64(len(data))}, f, Limits{File: 1 << 20}.bounded(), newInventory())
		expectation{"a", "more than 1048576 bytes in one file", nil}.check(t, err)
	}
}

func TestWithDigest(t *testing.T) {
	pkg := packed(t, TarGz, []byte("x"))
	_, err := Open(t.Context(), pkg.Path, WithDigest(pkg.Digest))
	require.NoError(t, err)
	_, err = Open(t.Context(), pkg.Path, WithDigest(manifest.DigestOf(nil)))
	var digest *DigestError
	require.ErrorAs(t, err, &digest)
	assert.Equal(t, pkg.Digest, digest.Got)
	requireRefused(t, err)
	_, err = Open(t.Context(), pkg.Path, WithDigest(manifest.Digest{}))
	assert.ErrorContains(t, err, "WithDigest")
}

// failingReader fails in the middle of an archive.
type failingReader struct {
	data []byte
	at   int64
	err  error
}

func (r failingReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.at && off <= r.at && r.at < int64(len(r.data)) {
		return 0, r.err
	}
	return bytes.NewReader(r.data).ReadAt(p, off)
}

// A failing disk says nothing about the archive.
func TestFailedReadIsNoRefusal(t *testing.T) {
	fault := errors.New("fault")
	d := newDraft(t)
	d.files[1].content = string(random(1, 200_000))
	d.manifest.Files[1] = newFile("config/c", manifest.DigestOf([]byte(d.files[1].content)), 200_000)
	for _, f := range packageFormats() {
		data := d.bytes(t, f)
		for _, at := range []int64{0, 40_000, 150_000, int64(len(data)) - 5} {
			_, err := OpenReader(t.Context(), failingReader{data, at, fault}, int64(len(data)))
			require.ErrorIs(t, err, fault, "%s at %d", f, at)
			var refused *RefusedError
			require.NotErrorAs(t, err, &refused)
		}
	}
}

func TestOpenErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(t.Context(), dir)
	assert.ErrorContains(t, err, "not a regular file")
	_, err = Open(t.Context(), filepath.Join(dir, "missing"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(dir, "p.zip")
	require.NoError(t, os.WriteFile(path, []byte("PK\x03\x04 and no more"), 0o600))
	_, err = Open(t.Context(), path)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.EqualError(t, err, "refusing "+path+": it is cut off: fetch the archive again")
}

func TestCancelledRead(t *testing.T) {
	pkg := packed(t, TarZst, mixed(1, 100_000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, pkg.Path)
	assert.ErrorIs(t, err, context.Canceled)
	dir := t.TempDir()
	_, err = Unpack(ctx, pkg.Path, filepath.Join(dir, "dest"))
	assert.ErrorIs(t, err, context.Canceled)
	assertNames(t, dir)
}

func TestEntry(t *testing.T) {
	pkg := packed(t, TarZst, []byte("x"))
	f, _ := pkg.Manifest.Executable()
	assert.Equal(t, manifest.Entry{
		Name: pkg.Name(), Digest: pkg.Digest, Size: pkg.Size, Target: target.MustParse("linux/amd64"), Base: pkg.Manifest.Base,
		Result: &manifest.Result{Version: "1.4.3", Digest: f.Digest, Size: 1, Mode: "0755"},
	}, pkg.Entry())
}
