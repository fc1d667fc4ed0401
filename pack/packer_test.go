package pack

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
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

func TestOptionsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		option Option
		want   string
	}{
		"plain tar":          {WithFormat(Tar), "WithFormat"},
		"unknown format":     {WithFormat("rar"), "WithFormat"},
		"template syntax":    {WithNameTemplate("{{"), "WithNameTemplate"},
		"template field":     {WithNameTemplate("{{.Prodcut}}"), "WithNameTemplate"},
		"empty name":         {WithNameTemplate(""), "empty name"},
		"slash in the name":  {WithNameTemplate("a/{{.Target}}"), "not a file name alone"},
		"traversal":          {WithNameTemplate("../{{.Target}}"), "not portable"},
		"not portable":       {WithNameTemplate("{{.Product}}:{{.Target}}"), "not portable"},
		"reserved":           {WithNameTemplate("nul"), "not portable"},
		"empty script":       {WithVerifyScript(nil), "WithVerifyScript"},
		"no files":           {WithFiles(nil), "WithFiles"},
		"restart of nothing": {WithRestart(manifest.Restart{}), "WithRestart"},
		"check without end":  {WithCheck(manifest.Check{URL: "http://x"}), "WithCheck"},
		"no cache folder":    {WithCache(""), "WithCache"},
		"no workers":         {WithParallel(0), "WithParallel"},
	} {
		_, err := New(fixTime, c.option)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestTimesAreChecked(t *testing.T) {
	for _, bad := range []time.Time{{}, time.Unix(0, 0), fixTime.Add(1), time.Date(1979, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2108, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err := New(bad)
		assert.ErrorContains(t, err, "years 1980 to 2107", bad)
	}
	for _, good := range []time.Time{time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2107, 12, 31, 23, 59, 59, 0, time.UTC)} {
		for _, f := range packageFormats() {
			p, err := New(good, WithFormat(f))
			require.NoError(t, err)
			pkg, err := p.Pack(t.Context(), inputOf(t, nil), t.TempDir())
			require.NoError(t, err)
			opened, err := Open(t.Context(), pkg.Path)
			require.NoError(t, err)
			assert.Equal(t, pkg.Time, opened.Time)
		}
	}
}

// The same moment in another time zone gives the same bytes.
func TestTimeZoneDoesNotMatter(t *testing.T) {
	in, dir := inputOf(t, []byte("x")), t.TempDir()
	for _, f := range packageFormats() {
		var digests []manifest.Digest
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("x", 12*3600)} {
			p, err := New(fixTime.In(zone), WithFormat(f))
			require.NoError(t, err)
			pkg, err := p.Pack(t.Context(), in, dir)
			require.NoError(t, err)
			digests = append(digests, pkg.Digest)
		}
		assert.Equal(t, digests[0], digests[1])
	}
}

func TestInputsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for name, change := range map[string]func(*Input){
		"product":     func(in *Input) { in.Product = "../x" },
		"version":     func(in *Input) { in.Version = "a b" },
		"id":          func(in *Input) { in.ID = "" },
		"target":      func(in *Input) { in.Target = target.Target{} },
		"name":        func(in *Input) { in.Name = "a/b" },
		"traversal":   func(in *Input) { in.Name = ".." },
		"base":        func(in *Input) { in.Base = &manifest.Binary{} },
		"missing":     func(in *Input) { in.Executable += ".missing" },
		"folder":      func(in *Input) { in.Executable = filepath.Dir(in.Executable) },
		"odd product": func(in *Input) { in.Product = "nul" },
	} {
		in := inputOf(t, []byte("x"))
		change(&in)
		_, err := newPacker(t).Pack(t.Context(), in, dir)
		assert.ErrorContains(t, err, "packing", name)
	}
	assertNames(t, dir)
}

func TestExecutableNames(t *testing.T) {
	in := inputOf(t, []byte("x"))
	in.Target = target.MustParse("windows/amd64")
	pkg, err := newPacker(t).Pack(t.Context(), in, t.TempDir())
	require.NoError(t, err)
	f, _ := pkg.Manifest.Executable()
	assert.Equal(t, "bin/payments.exe", f.Path)
	in.Name = "pay"
	pkg, err = newPacker(t).Pack(t.Context(), in, t.TempDir())
	require.NoError(t, err)
	f, _ = pkg.Manifest.Executable()
	assert.Equal(t, "bin/pay", f.Path)
}

func TestNameTemplate(t *testing.T) {
	in := inputOf(t, nil)
	in.Target = target.MustParse("linux/amd64/v3")
	for text, want := range map[string]string{
		DefaultNameTemplate: "payments_1.4.3_linux_amd64_v3.zip",
		"{{.ID}}-{{.OS}}-{{.Arch}}{{with .Variant}}-{{.}}{{end}}": "fix-1-linux-amd64-v3.zip",
		"{{.Format}}": "zip.zip",
	} {
		name, err := newPacker(t, WithFormat(Zip), WithNameTemplate(text)).Name(in)
		require.NoError(t, err)
		assert.Equal(t, want, name)
	}
}

func TestChangedExecutable(t *testing.T) {
	for name, change := range map[string]func(Input) error{
		"other content": func(in Input) error { return os.WriteFile(in.Executable, []byte("BINARY"), 0o600) },
		"other size":    func(in Input) error { return os.WriteFile(in.Executable, []byte("bin"), 0o600) },
	} {
		for _, f := range packageFormats() {
			in, dir := inputOf(t, []byte("binary")), t.TempDir()
			require.NoError(t, change(in))
			_, err := newPacker(t, WithFormat(f)).Pack(t.Context(), in, dir)
			var changed *ChangedError
			require.ErrorAs(t, err, &changed, name)
			assert.Equal(t, in.Executable, changed.Path)
			assert.Equal(t, in.Digest, changed.Want)
			assertNames(t, dir)
		}
	}
}

// A file that grows or shrinks between the look at its size and the read.
func TestFileThatChangesWhileItIsPacked(t *testing.T) {
	for _, size := range []int64{3, 9} {
		m := document("x", []byte("binary"))
		m.file.Size = size
		err := m.copyTo(t.Context(), io.Discard, make([]byte, 4))
		var changed *ChangedError
		require.ErrorAs(t, err, &changed)
		assert.ErrorContains(t, err, "changed its size")
	}
}

func TestMissingDigestIsComputed(t *testing.T) {
	in := inputOf(t, []byte("binary"))
	want, err := newPacker(t).Pack(t.Context(), in, t.TempDir())
	require.NoError(t, err)
	in.Digest = manifest.Digest{}
	got, err := newPacker(t).Pack(t.Context(), in, t.TempDir())
	require.NoError(t, err)
	assert.Equal(t, want.Digest, got.Digest)
}

func TestExtraFilesAreChecked(t *testing.T) {
	for name, fsys := range map[string]fs.FS{
		"elsewhere":      fstest.MapFS{"bin/x": {}},
		"top level":      fstest.MapFS{"x": {}},
		"symbolic link":  fstest.MapFS{"config/x": {Mode: fs.ModeSymlink, Data: []byte("y")}},
		"not portable":   fstest.MapFS{"config/a:b": {}},
		"reserved":       fstest.MapFS{"config/nul": {}},
		"letter case":    fstest.MapFS{"config/a": {}, "config/A": {}},
		"case of folder": fstest.MapFS{"config/a/x": {}, "config/A/y": {}},
		"second verify":  fstest.MapFS{"scripts/verify": {}},
	} {
		dir := t.TempDir()
		_, err := newPacker(t, WithFiles(fsys), WithVerifyScript([]byte("x"))).Pack(t.Context(), inputOf(t, nil), dir)
		assert.Error(t, err, name)
		var refused *RefusedError
		assert.NotErrorAs(t, err, &refused, name)
		assertNames(t, dir)
	}
}

func TestTooManyFiles(t *testing.T) {
	many := fstest.MapFS{}
	for i := range MaxFiles + 1 {
		many[fmt.Sprintf("config/%d", i)] = &fstest.MapFile{}
	}
	_, err := newPacker(t, WithFiles(many)).Pack(t.Context(), inputOf(t, nil), t.TempDir())
	var limit *LimitError
	assert.ErrorAs(t, err, &limit)
}

// Modes of the host and of the file system do not reach the package.
func TestModesAreNormalised(t *testing.T) {
	var digests []manifest.Digest
	for _, mode := range []fs.FileMode{0, 0o666, 0o777} {
		fsys := fstest.MapFS{"config/x": {Mode: mode}, "scripts/x": {Mode: mode}}
		pkg, err := newPacker(t, WithFiles(fsys)).Pack(t.Context(), inputOf(t, nil), t.TempDir())
		require.NoError(t, err)
		digests = append(digests, pkg.Digest)
	}
	assert.Equal(t, digests[0], digests[1])
	assert.Equal(t, digests[0], digests[2])
}

func TestPackAll(t *testing.T) {
	in := inputOf(t, mixed(1, 50_000))
	var ins []Input
	for _, name := range []string{"linux/arm64", "windows/amd64", "linux/amd64", "linux/amd64/v3", "darwin/arm64"} {
		in.Target = target.MustParse(name)
		ins = append(ins, in)
	}
	one, many := t.TempDir(), t.TempDir()
	a, err := newPacker(t, WithParallel(1)).PackAll(t.Context(), ins, one)
	require.NoError(t, err)
	b, err := newPacker(t, WithParallel(8)).PackAll(t.Context(), ins, many)
	require.NoError(t, err)
	for i := range ins {
		assert.Equal(t, ins[i].Target, a[i].Manifest.Target)
		assert.Equal(t, a[i].Digest, b[i].Digest)
	}
	assert.Equal(t, readTree(t, one), readTree(t, many))
}

func TestClashOfNames(t *testing.T) {
	in := inputOf(t, nil)
	other := in
	other.Target = target.MustParse("darwin/arm64")
	dir := t.TempDir()
	_, err := newPacker(t, WithNameTemplate("{{.Product}}")).PackAll(t.Context(), []Input{in, other}, dir)
	assert.ErrorContains(t, err, "would both be packed as payments.tar.zst")
	upper := in
	upper.ID, in.ID = "A", "a"
	_, err = newPacker(t, WithNameTemplate("{{.ID}}")).PackAll(t.Context(), []Input{in, upper}, dir)
	assert.ErrorContains(t, err, "would both be packed")
	assertNames(t, dir)
}

func TestFailureOfOneStopsTheOthers(t *testing.T) {
	good := inputOf(t, []byte("x"))
	bad := good
	bad.Target, bad.Executable = target.MustParse("darwin/arm64"), filepath.Join(t.TempDir(), "missing")
	_, err := newPacker(t, WithParallel(1)).PackAll(t.Context(), []Input{bad, good}, t.TempDir())
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "packing payments for darwin/arm64")
}

func TestCancelledPack(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for _, f := range packageFormats() {
		_, err := newPacker(t, WithFormat(f)).Pack(ctx, inputOf(t, []byte("x")), dir)
		require.ErrorIs(t, err, context.Canceled)
	}
	assertNames(t, dir)
}

// A package that cannot be written leaves the older one of that name.
func TestOlderPackageStays(t *testing.T) {
	in, dir := inputOf(t, []byte("x")), t.TempDir()
	p := newPacker(t)
	pkg, err := p.Pack(t.Context(), in, dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(in.Executable, []byte("y"), 0o600))
	_, err = p.Pack(t.Context(), in, dir)
	require.Error(t, err)
	_, err = Open(t.Context(), pkg.Path, WithDigest(pkg.Digest))
	assert.NoError(t, err)
	assertNames(t, dir, pkg.Name())
}

// fullDisk is an output with room for so many bytes.
type fullDisk struct {
	memoryFile
	room int
}

var errFull = errors.New("no space left on device")

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room-len(d.data))
	_, _ = d.memoryFile.Write(p[:n])
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// Wherever the disk is full, the error comes out.
func TestFullDisk(t *testing.T) {
	members := []member{document("a", mixed(1, 200_000)), document("b", nil)}
	for _, f := range packageFormats() {
		var whole memoryFile
		require.NoError(t, encode(t.Context(), f, fixTime, &whole, members))
		for room := 0; room < len(whole.data); room += 1 + len(whole.data)/50 {
			require.ErrorIs(t, encode(t.Context(), f, fixTime, &fullDisk{room: room}, members), errFull, "%s %d", f, room)
		}
		require.ErrorIs(t, encode(t.Context(), f, fixTime, &fullDisk{room: len(whole.data) - 1}, members), errFull)
		require.NoError(t, encode(t.Context(), f, fixTime, &fullDisk{room: len(whole.data)}, members))
	}
}

// The bytes do not depend on how the content is divided into writes.
func TestChunksDoNotMatter(t *testing.T) {
	content := mixed(5, 400_000)
	for _, f := range Formats() {
		want := container(t, f, fileOf{path: "a", content: string(content)})
		for _, size := range []int{1021, 4096, 65535, 65536, 131072, 131073, len(content)} {
			var out memoryFile
			enc, err := newEncoder(f, &out, func(p []byte, off int64) error { _, err := out.WriteAt(p, off); return err })
			require.NoError(t, err)
			require.NoError(t, enc.create(header{path: "a", mode: manifest.ModeFile, size: int64(len(content)), time: fixTime}))
			for rest := content; len(rest) > 0; {
				n := min(size, len(rest))
				_, err := enc.Write(rest[:n])
				require.NoError(t, err)
				rest = rest[n:]
			}
			require.NoError(t, enc.close())
			require.True(t, bytes.Equal(want, out.data), "%s in chunks of %d", f, size)
		}
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	a := &Package{Path: filepath.Join(dir, "b_1.zip"), Digest: manifest.DigestOf([]byte("b"))}
	b := &Package{Path: filepath.Join(dir, "a_1.zip"), Digest: manifest.DigestOf([]byte("B"))}
	packages := []*Package{a, b}
	require.NoError(t, WriteSums(dir, packages))
	text, err := os.ReadFile(filepath.Join(dir, manifest.SumsName))
	require.NoError(t, err)
	assert.Equal(t, b.Digest.Hex()+"  a_1.zip\n"+a.Digest.Hex()+"  b_1.zip\n", string(text))
	assert.Equal(t, []*Package{a, b}, packages, "the caller's slice is as it was")
	var refused *manifest.SumsError
	assert.ErrorAs(t, WriteSums(dir, []*Package{a, a}), &refused, "one name twice")
	assert.ErrorAs(t, WriteSums(dir, []*Package{{}}), &refused, "no name")
	assert.FileExists(t, filepath.Join(dir, manifest.SumsName), "a refusal leaves the older file")
}

func TestFormatTexts(t *testing.T) {
	for _, f := range Formats() {
		parsed, err := ParseFormat(f.String())
		require.NoError(t, err)
		assert.Equal(t, f, parsed)
		assert.Equal(t, "."+f.String(), f.Extension())
	}
	for _, bad := range []string{"", "ZIP", "tgz", ".zip", strings.Repeat("x", 1000)} {
		_, err := ParseFormat(bad)
		assert.ErrorIs(t, err, errors.ErrUnsupported, bad)
	}
}
