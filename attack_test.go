package hotfix_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// exchanged is two packages of one name, each in a dist of its own that the same
// person signed.
type exchanged struct {
	signer hotfix.Signer
	fix    *hotfix.Result
	name   string
	entry  manifest.Entry // of the fix
	other  string         // path of the other package
}

func newExchanged(t *testing.T) exchanged {
	t.Helper()
	signer, cache := newSigner(t), t.TempDir()
	options := []hotfix.Option{hotfix.WithSigner(signer), hotfix.WithPack(pack.WithNameTemplate("app"))}
	old := setup{cache: cache, src: module(t, "broken"), options: append(options, hotfix.WithVersion("v1.0.0"))}.run(t)
	fix := setup{cache: cache, src: module(t, "fixed"), options: append(options, hotfix.WithVersion("v1.0.1"))}.run(t)
	name := fix.Targets[0].Package
	require.Equal(t, old.Targets[0].Package, name)
	return exchanged{signer: signer, fix: fix, name: name, entry: readRelease(t, fix.Dist).Packages[0], other: filepath.Join(old.Dist, name)}
}

// exchange replaces the package in a dist folder as a rename does: at once.
func (x exchanged) exchange(t *testing.T, dist string) {
	t.Helper()
	data, err := os.ReadFile(x.other)
	require.NoError(t, err)
	path := filepath.Join(dist, x.name)
	require.NoError(t, os.WriteFile(path+".new", data, 0o644))
	require.NoError(t, os.Rename(path+".new", path))
}

func (x exchanged) copy(t *testing.T) string {
	t.Helper()
	dist := filepath.Join(t.TempDir(), "dist")
	require.NoError(t, os.CopyFS(dist, os.DirFS(x.fix.Dist)))
	return dist
}

// A package that is exchanged after its digest was checked is not used, though it is
// a good one, signed by the same person.
func TestPackageExchangedBeforeUse(t *testing.T) {
	t.Parallel()
	x := newExchanged(t)
	dist := x.copy(t)
	result, err := hotfix.VerifyDist(t.Context(), dist, newVerifier(t, 1, x.signer))
	require.NoError(t, err)
	x.exchange(t, dist)
	path, entry := filepath.Join(dist, x.name), result.Release.Packages[0]
	for name, use := range map[string]func(dest string) error{
		"opened": func(string) error { _, err := pack.Open(t.Context(), path, pack.WithDigest(entry.Digest)); return err },
		"unpacked": func(dest string) error {
			_, err := pack.Unpack(t.Context(), path, dest, pack.WithDigest(entry.Digest))
			return err
		},
		"the smallest unpacked": func(dest string) error {
			_, err := pack.UnpackSmallest(t.Context(), dist, result.Release.Packages, dest)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dest := filepath.Join(parent, "dest")
			require.NoError(t, os.Mkdir(dest, 0o755))
			err := use(dest)
			var digest *pack.DigestError
			require.ErrorAs(t, err, &digest)
			assert.Equal(t, entry.Digest, digest.Want)
			assertOnly(t, dest)
			assertOnly(t, parent, "dest")
		})
	}
}

// watched calls a function whenever somebody asks whether the context has ended,
// which happens between any two reads.
type watched struct {
	context.Context
	asked func()
}

func (w watched) Err() error {
	w.asked()
	return w.Context.Err()
}

// Whenever in the course of a verification the package is exchanged, either the
// verification fails, or all has been read by then.
func TestPackageExchangedWhileVerifying(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is being read cannot be replaced there")
	}
	t.Parallel()
	x := newExchanged(t)
	v := newVerifier(t, 1, x.signer)
	var atDigest, atOpening, after int
	for moment := 1; after == 0; moment++ {
		dist, asked := x.copy(t), 0
		ctx := watched{t.Context(), func() {
			if asked++; asked == moment {
				x.exchange(t, dist)
			}
		}}
		_, err := hotfix.VerifyDist(ctx, dist, v)
		var mismatch *verify.MismatchError
		var opened *pack.DigestError
		switch {
		case errors.As(err, &mismatch):
			atDigest++
		case errors.As(err, &opened):
			atOpening++
		case err == nil:
			after++
		default:
			require.NoError(t, err)
		}
	}
	assert.Positive(t, atDigest)
	assert.Positive(t, atOpening, "the digest is checked of what is opened")
}

func assertOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	assert.ElementsMatch(t, names, there)
}

// archived is a tar.gz with one header after the other, and a content for each.
func archived(t *testing.T, headers []tar.Header, content func(h tar.Header) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	compressor, err := gzip.NewWriterLevel(&out, 6)
	require.NoError(t, err)
	compressor.OS = 255
	w := tar.NewWriter(compressor)
	for _, h := range headers {
		h.ModTime, h.Format = time.Unix(fixDate.Unix(), 0), tar.FormatUSTAR
		data := content(h)
		if h.Size == 0 {
			h.Size = int64(len(data))
		}
		require.NoError(t, w.WriteHeader(&h))
		_, err := w.Write(data)
		require.NoError(t, err)
	}
	if err := w.Flush(); err == nil { // a bomb ends before its size
		require.NoError(t, w.Close())
	}
	require.NoError(t, compressor.Close())
	return out.Bytes()
}

// An archive by a person whom the host trusts, who was fooled or is an attacker: the
// signature is good, and the archive is refused, and leaves nothing behind.
func TestHostileArchiveUnderValidSignature(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	v := newVerifier(t, 1, signer)
	regular := func(names ...string) (headers []tar.Header) {
		for _, name := range names {
			headers = append(headers, tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644})
		}
		return headers
	}
	for name, test := range map[string]struct {
		headers []tar.Header
		reason  string
	}{
		"zip slip":       {regular("../../escaped"), "relative path"},
		"absolute path":  {regular("/tmp/escaped"), "relative path"},
		"hidden slip":    {regular("bin/app", "config/../../../escaped"), "relative path"},
		"same name":      {regular("config/a", "config/a"), "twice"},
		"symbolic link":  {[]tar.Header{{Typeflag: tar.TypeSymlink, Name: "bin", Linkname: "/"}}, "link"},
		"hard link":      {[]tar.Header{{Typeflag: tar.TypeLink, Name: "bin/app", Linkname: "/etc/passwd"}}, "link"},
		"device":         {[]tar.Header{{Typeflag: tar.TypeBlock, Name: "bin/app", Devmajor: 8}}, "device"},
		"named pipe":     {[]tar.Header{{Typeflag: tar.TypeFifo, Name: "bin/app"}}, "named pipe"},
		"set user":       {[]tar.Header{{Typeflag: tar.TypeReg, Name: "bin/app", Mode: 0o4755}}, "mode"},
		"bomb":           {[]tar.Header{{Typeflag: tar.TypeReg, Name: "bin/app", Mode: 0o755, Size: 1 << 32}}, "cut"},
		"bomb too large": {[]tar.Header{{Typeflag: tar.TypeReg, Name: "bin/app", Mode: 0o755, Size: 1<<33 - 1}}, "in one file"},
	} {
		t.Run(name, func(t *testing.T) {
			data := archived(t, test.headers, func(h tar.Header) []byte {
				switch {
				case h.Typeflag != tar.TypeReg:
					return nil
				case h.Size > 0:
					return make([]byte, 32<<20)
				}
				return []byte("hostile")
			})
			dist := filepath.Join(t.TempDir(), "dist")
			release := signHostile(t, dist, data, signer)
			_, err := v.VerifyDist(t.Context(), os.DirFS(dist))
			require.NoError(t, err, "the signature and the digest are good")

			var refused *pack.RefusedError
			_, err = hotfix.VerifyDist(t.Context(), dist, v)
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, strings.ToLower(refused.Reason), test.reason)

			parent := t.TempDir()
			dest := filepath.Join(parent, "sub", "dest")
			require.NoError(t, os.MkdirAll(dest, 0o755))
			_, err = pack.UnpackSmallest(t.Context(), dist, release.Packages, dest)
			require.ErrorAs(t, err, &refused)
			require.ErrorAs(t, pack.Extract(t.Context(), pack.TarGz, filepath.Join(dist, release.Packages[0].Name), dest), &refused)
			assertOnly(t, parent, "sub")
			assertOnly(t, filepath.Dir(dest), "dest")
			assertOnly(t, dest)
		})
	}
}

// signHostile makes a dist folder with whatever is given as its one package.
func signHostile(t *testing.T, dist string, archive []byte, signer hotfix.Signer) manifest.Release {
	t.Helper()
	const name = "app_v1_hostile.tar.gz"
	writeFile(t, filepath.Join(dist, name), string(archive))
	release := manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "app", Channel: "stable", ID: "app-v1", Version: "v1", Sequence: 1, Created: fixDate,
		Packages: []manifest.Entry{{Name: name, Digest: manifest.DigestOf(archive), Size: int64(len(archive)), Target: target.Host()}},
		Source:   manifest.Source{Package: "example.com/app"}, Toolchain: "go1.26.0", Flags: []string{},
	}
	signRelease(t, dist, release, signer)
	return release
}
