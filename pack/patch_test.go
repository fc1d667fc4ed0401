package pack

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// The executables of these tests: a fix of a base, and an older base.
var (
	oldContent  = mixed(21, 40_000)
	newContent  = edited(oldContent, "the fix")
	olderOne    = edited(oldContent, "an older one")
	fullOptions = []Option{
		WithFiles(extraFiles), WithVerifyScript([]byte("#!/bin/sh\nexit 0\n")),
		WithRestart(manifest.Restart{Unit: "payments.service"}), WithCheck(manifest.Check{URL: "http://127.0.0.1/healthz", Seconds: 5}),
	}
)

// edited is content with a text somewhere in it.
func edited(content []byte, text string) []byte {
	at := len(content) / 3
	return append(append(bytes.Clone(content[:at]), text...), content[at:]...)
}

// fileWith returns the path of a file with the given content.
func fileWith(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, content, 0o755))
	return path
}

// deltaInput is an input that leads from a base of the given version.
func deltaInput(t testing.TB, version string, old, content []byte) Input {
	t.Helper()
	in := inputOf(t, content)
	in.Base = &manifest.Binary{Version: version, Digest: manifest.DigestOf(old), Size: int64(len(old))}
	in.Old = fileWith(t, old)
	return in
}

// packedDelta packs the delta from oldContent to newContent.
func packedDelta(t testing.TB, f Format, opts ...Option) *Package {
	t.Helper()
	p := newPacker(t, append(append([]Option{WithFormat(f)}, fullOptions...), opts...)...)
	pkg, err := p.Pack(t.Context(), deltaInput(t, "1.4.2", oldContent, newContent), t.TempDir())
	require.NoError(t, err)
	return pkg
}

func TestDeltaRoundTrip(t *testing.T) {
	for _, f := range packageFormats() {
		t.Run(f.String(), func(t *testing.T) {
			pkg, full := packedDelta(t, f), packed(t, f, newContent)
			assert.Equal(t, "payments_1.4.3_linux_amd64_from-1.4.2"+f.Extension(), pkg.Name())
			assert.Less(t, pkg.Size, full.Size/5)
			assert.Equal(t, delta.Generic, pkg.Patch.Coder)
			entry := pkg.Entry()
			assert.True(t, entry.Delta)
			assert.Equal(t, full.Entry().Result, entry.Result)
			_, ok := pkg.Manifest.File(manifest.SBOMPath)
			assert.False(t, ok, "the full package has it")

			opened, err := Open(t.Context(), pkg.Path)
			require.NoError(t, err)
			assert.Equal(t, pkg, opened)

			dir := t.TempDir()
			unpacked, err := Unpack(t.Context(), pkg.Path, filepath.Join(dir, "dest"), WithDigest(pkg.Digest), WithBaseFiles(fileWith(t, olderOne), fileWith(t, oldContent)))
			require.NoError(t, err)
			assert.Equal(t, pkg, unpacked)
			assertNames(t, dir, "dest")
			checkTree(t, filepath.Join(dir, "dest"), pkg, newContent)
		})
	}
}

func TestDeltaInputsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"no base":          {func(in *Input) { in.Base = nil }, "leads from a base to an executable"},
		"no executable":    {func(in *Input) { in.Executable = "" }, "leads from a base to an executable"},
		"another base":     {func(in *Input) { in.Old = fileWith(t, olderOne) }, "was to be packed"},
		"another size":     {func(in *Input) { in.Base.Size++ }, "were announced"},
		"a negative size":  {func(in *Input) { in.Base.Size = -1 }, "were announced"},
		"missing":          {func(in *Input) { in.Old += ".no" }, "no such file|cannot find"},
		"a folder":         {func(in *Input) { in.Old = filepath.Dir(in.Old) }, "is no file of at most"},
		"changed":          {func(in *Input) { in.Digest = manifest.DigestOf(nil) }, "was to be packed"},
		"odd base version": {func(in *Input) { in.Base.Version = "a/b" }, "not a file name alone|not portable"},
	} {
		in := deltaInput(t, "1.4.2", oldContent, newContent)
		c.change(&in)
		_, err := newPacker(t).Pack(t.Context(), in, dir)
		if assert.Error(t, err, name) {
			assert.Regexp(t, c.want, err.Error(), name)
		}
	}
	assertNames(t, dir)
}

func TestFullAndDeltasTogether(t *testing.T) {
	full := inputOf(t, newContent)
	ins := []Input{full, deltaInput(t, "1.4.2", oldContent, newContent), deltaInput(t, "1.4.1", olderOne, newContent)}
	packages, err := newPacker(t).PackAll(t.Context(), ins, t.TempDir())
	require.NoError(t, err)
	var names []string
	for _, p := range packages {
		names = append(names, p.Name())
		assert.Equal(t, packages[0].Entry().Result, p.Entry().Result)
	}
	assert.Equal(t, []string{"payments_1.4.3_linux_amd64.tar.zst", "payments_1.4.3_linux_amd64_from-1.4.2.tar.zst", "payments_1.4.3_linux_amd64_from-1.4.1.tar.zst"}, names)

	ins[2].Base.Version = "1.4.2"
	_, err = newPacker(t).PackAll(t.Context(), ins, t.TempDir())
	assert.ErrorContains(t, err, "give bases different versions")
}

func TestNameOfALongBase(t *testing.T) {
	in := deltaInput(t, strings.Repeat("9", manifest.MaxVersion), oldContent, newContent)
	name, err := newPacker(t).Name(in)
	require.NoError(t, err)
	assert.Equal(t, "payments_1.4.3_linux_amd64_from-"+manifest.DigestOf(oldContent).Short()+".tar.zst", name)
}

// A user who has the packages of old versions.
func TestInputWithBasePackage(t *testing.T) {
	older := packed(t, TarGz, oldContent)
	in := inputOf(t, newContent)
	in.Version, in.Base = "1.4.4", nil
	with, err := in.WithBase(t.Context(), older.Path, filepath.Join(t.TempDir(), "old"), WithDigest(older.Digest))
	require.NoError(t, err)
	assert.Nil(t, in.Base, "the value is as it was")
	pkg, err := newPacker(t).Pack(t.Context(), with, t.TempDir())
	require.NoError(t, err)
	assert.Equal(t, "payments_1.4.4_linux_amd64_from-1.4.3.tar.zst", pkg.Name())

	other := in
	other.Target = target.MustParse("darwin/arm64")
	dir := t.TempDir()
	_, err = other.WithBase(t.Context(), older.Path, filepath.Join(dir, "old"))
	require.ErrorContains(t, err, "holds no executable of payments for darwin/arm64")
	assertNames(t, dir)
}

// Without the base there is an error that says which one is wanted, and nothing
// is left behind.
func TestMissingBase(t *testing.T) {
	pkg := packedDelta(t, TarZst)
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		option ReadOption
		cause  error
	}{
		"no option":    {WithLimits(Limits{}), nil},
		"other files":  {WithBaseFiles(fileWith(t, olderOne), fileWith(t, nil)), fs.ErrNotExist},
		"same size":    {WithBaseFiles(fileWith(t, random(1, len(oldContent)))), fs.ErrNotExist},
		"no such file": {WithBaseFiles("nowhere"), fs.ErrNotExist},
		"a fault":      {WithBases(func(context.Context, manifest.Binary) (BaseFile, error) { return nil, fault }), fault},
		"a wrong file": {WithBases(func(context.Context, manifest.Binary) (BaseFile, error) { return os.Open(fileWith(t, olderOne)) }), nil},
	} {
		dir := t.TempDir()
		_, err := Unpack(t.Context(), pkg.Path, filepath.Join(dir, "dest"), c.option)
		var missing *MissingBaseError
		require.ErrorAs(t, err, &missing, name)
		assert.Equal(t, *pkg.Manifest.Base, missing.Base, name)
		assert.ErrorContains(t, err, manifest.DigestOf(oldContent).String(), name)
		assert.ErrorContains(t, err, "take the full package", name)
		assert.NotContains(t, err.Error(), "\n", name)
		if c.cause != nil {
			assert.ErrorIs(t, err, c.cause, name)
		}
		assertNames(t, dir)
	}
	_, err := Unpack(t.Context(), pkg.Path, filepath.Join(t.TempDir(), "dest"), WithBases(nil))
	assert.ErrorContains(t, err, "WithBases")
}

// countedBase tells whether it was closed.
type countedBase struct {
	*bytes.Reader
	closed *int
}

func (b countedBase) Close() error { *b.closed++; return nil }

func TestBaseIsAskedForAndClosed(t *testing.T) {
	pkg, closed := packedDelta(t, TarZst), 0
	find := func(_ context.Context, base manifest.Binary) (BaseFile, error) {
		assert.Equal(t, *pkg.Manifest.Base, base)
		return countedBase{bytes.NewReader(oldContent), &closed}, nil
	}
	_, err := Unpack(t.Context(), pkg.Path, filepath.Join(t.TempDir(), "dest"), WithBases(find))
	require.NoError(t, err)
	assert.Equal(t, 1, closed)
	_, err = Open(t.Context(), packed(t, TarZst, newContent).Path, WithBases(func(context.Context, manifest.Binary) (BaseFile, error) {
		t.Error("a full package needs no base")
		return nil, fs.ErrNotExist
	}))
	assert.NoError(t, err)
}

// patchOf makes a patch.
func patchOf(old, new string) string {
	var b bytes.Buffer
	if _, err := delta.Diff(context.Background(), []byte(old), []byte(new), &b); err != nil {
		panic(err)
	}
	return b.String()
}

// smallPatch is that of deltaDraft.
var smallPatch = sync.OnceValue(func() string { return patchOf("base", "binary") })

// deltaDraft is a delta package that a test writes by hand.
func deltaDraft(t testing.TB) *draft {
	t.Helper()
	d := newDraft(t)
	d.manifest.Files[0].Encoding = manifest.EncodingDelta
	d.setPatch(smallPatch())
	return d
}

// setPatch makes the draft agree with itself.
func (d *draft) setPatch(patch string) {
	d.files[0].content = patch
	d.manifest.Files[0].Delta = &manifest.Delta{Base: d.manifest.Base.Digest, Digest: manifest.DigestOf([]byte(patch)), Size: int64(len(patch))}
}

// Containers that are canonical and whose manifests are valid, but whose patches
// are not what the manifest says. Without the base all but the last show.
func TestDeltaPackageRules(t *testing.T) {
	good := smallPatch()
	_, err := openBytes(deltaDraft(t).bytes(t, TarZst))
	require.NoError(t, err, "the draft itself")
	for name, a := range map[string]struct {
		change func(*draft)
		want   expectation
	}{
		"other patch":      {func(d *draft) { d.files[0].content = patchOf("base", "BINARY") }, expectation{"bin/p", "has digest", nil}},
		"longer patch":     {func(d *draft) { d.files[0].content += "x" }, expectation{"bin/p", "manifest.json says", nil}},
		"no patch":         {func(d *draft) { d.setPatch("binary") }, expectation{"bin/p", "should be a patch", delta.ErrNotPatch}},
		"nothing":          {func(d *draft) { d.setPatch("") }, expectation{"bin/p", "should be a patch", nil}},
		"cut header":       {func(d *draft) { d.setPatch(good[:20]) }, expectation{"bin/p", "should be a patch", delta.ErrCorrupt}},
		"other result":     {func(d *draft) { d.setPatch(patchOf("base", "BINARY")) }, expectation{"bin/p", "between other files", nil}},
		"longer result":    {func(d *draft) { d.setPatch(patchOf("base", "binary!")) }, expectation{"bin/p", "between other files", nil}},
		"other base":       {func(d *draft) { d.setPatch(patchOf("BASE", "binary")) }, expectation{"bin/p", "between other files", nil}},
		"size of the base": {func(d *draft) { d.manifest.Base.Size++ }, expectation{"rollback.json", "another binary", nil}},
		"patch, in full": {func(d *draft) {
			d.manifest.Files[0] = newFile("bin/p", manifest.DigestOf([]byte("binary")), 6)
		}, expectation{"bin/p", "manifest.json says 6", nil}},
		"damaged body": {func(d *draft) { d.setPatch(good[:len(good)-1] + "\x00") }, expectation{"bin/p", "cannot be applied", delta.ErrCorrupt}},
	} {
		t.Run(name, func(t *testing.T) {
			d := deltaDraft(t)
			a.change(d)
			_, err := openBytes(d.bytes(t, TarZst))
			if name == "damaged body" {
				require.NoError(t, err)
			} else {
				a.want.check(t, err)
			}
			dir := t.TempDir()
			_, err = Unpack(t.Context(), writeFile(t, d.bytes(t, TarZst)), filepath.Join(dir, "dest"), WithBaseFiles(fileWith(t, []byte("base"))))
			a.want.check(t, err)
			assertNames(t, dir)
		})
	}
}

// What a host gets is limited, and not only what it reads.
func TestLimitsOfAResult(t *testing.T) {
	pkg := packedDelta(t, TarZst)
	for name, l := range map[string]Limits{"file": {File: int64(len(newContent)) - 1}, "total": {Total: int64(len(newContent))}} {
		_, err := Open(t.Context(), pkg.Path, WithLimits(l))
		var limit *LimitError
		assert.ErrorAs(t, err, &limit, name)
	}
	_, err := Open(t.Context(), pkg.Path, WithLimits(Limits{File: int64(len(newContent))}))
	assert.NoError(t, err)
}

func TestUnchangedPatchIsNotMadeAgain(t *testing.T) {
	cache, in := t.TempDir(), deltaInput(t, "1.4.2", oldContent, newContent)
	first := cachedPack(t, cache, in, t.TempDir())
	require.False(t, first.Cached)
	again := cachedPack(t, cache, in, t.TempDir())
	assert.True(t, again.Cached)
	assert.Equal(t, first.Digest, again.Digest)
	assert.Equal(t, first.Patch, again.Patch)

	other := in
	other.ID, other.Version = "fix-2", "1.4.4" // the executables are the same
	assert.True(t, cachedPack(t, cache, other, t.TempDir()).Cached)
	assert.False(t, cachedPack(t, cache, deltaInput(t, "1.4.2", olderOne, newContent), t.TempDir()).Cached, "another base")
	assert.False(t, cachedPack(t, cache, deltaInput(t, "1.4.2", oldContent, olderOne), t.TempDir()).Cached, "another result")

	// What lies in the cache is believed by its digest alone, and only if it fits.
	kept, err := filepath.Glob(filepath.Join(cache, "payments", "linux_amd64.patches", "*", cacheArchiveName))
	require.NoError(t, err)
	require.Len(t, kept, 3)
	for _, path := range kept {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		data[len(data)-1] ^= 1 // not in the header
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	repaired := cachedPack(t, cache, in, t.TempDir())
	assert.False(t, repaired.Cached)
	assert.Equal(t, first.Digest, repaired.Digest)
	assert.True(t, cachedPack(t, cache, in, t.TempDir()).Cached)
}

func TestUnwritableCacheOfPatches(t *testing.T) {
	file := fileWith(t, nil)
	for range 2 {
		assert.False(t, cachedPack(t, filepath.Join(file, "cache"), deltaInput(t, "1.4.2", oldContent, newContent), t.TempDir()).Cached)
	}
}

func TestPatchesWaitForMemory(t *testing.T) {
	p := newPacker(t)
	require.NoError(t, p.patching.Acquire(t.Context(), patchMemory))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Pack(ctx, deltaInput(t, "1.4.2", oldContent, newContent), t.TempDir())
	require.ErrorIs(t, err, context.Canceled)
	p.patching.Release(patchMemory)
	_, err = p.Pack(t.Context(), deltaInput(t, "1.4.2", oldContent, newContent), t.TempDir())
	assert.NoError(t, err)
}
