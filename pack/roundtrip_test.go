package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

func TestRoundTrip(t *testing.T) {
	for _, f := range packageFormats() {
		t.Run(f.String(), func(t *testing.T) {
			content := mixed(1, 300_000)
			pkg := packed(t, f, content)
			assert.Equal(t, "payments_1.4.3_linux_amd64"+f.Extension(), pkg.Name())
			assertNames(t, filepath.Dir(pkg.Path), pkg.Name())

			opened, err := Open(t.Context(), pkg.Path)
			require.NoError(t, err)
			assert.Equal(t, pkg, opened)

			dest := filepath.Join(t.TempDir(), "dest")
			unpacked, err := Unpack(t.Context(), pkg.Path, dest, WithDigest(pkg.Digest))
			require.NoError(t, err)
			assert.Equal(t, pkg, unpacked)
			checkTree(t, dest, pkg, content)

			again := filepath.Join(t.TempDir(), "again")
			require.NoError(t, os.Mkdir(again, 0o755))
			require.NoError(t, Extract(t.Context(), f, pkg.Path, again))
			assert.Equal(t, readTree(t, dest), readTree(t, again))
			assertNames(t, filepath.Dir(again), "again")
		})
	}
}

// checkTree requires that dir holds the members of the package, with their modes.
func checkTree(t *testing.T, dir string, pkg *Package, content []byte) {
	t.Helper()
	tree := readTree(t, dir)
	assert.Equal(t, string(content), tree["bin/payments"])
	assert.Equal(t, "{}\n", tree["config/app.json"])
	assert.Equal(t, len(pkg.Manifest.Files)+1, len(tree))
	for _, f := range pkg.Manifest.Files {
		assert.Equal(t, f.Digest, manifest.DigestOf([]byte(tree[f.Path])), f.Path)
		if runtime.GOOS == "windows" {
			continue
		}
		fi, err := os.Stat(filepath.Join(dir, f.Path))
		require.NoError(t, err)
		assert.EqualValues(t, modeBits(f.Mode), fi.Mode().Perm(), f.Path)
	}
}

// Other software must be able to read what we write.
func TestStandardReadersReadOurArchives(t *testing.T) {
	content := mixed(2, 200_000)
	for _, f := range packageFormats() {
		t.Run(f.String(), func(t *testing.T) {
			data, err := os.ReadFile(packed(t, f, content).Path)
			require.NoError(t, err)
			assert.Equal(t, content, foreignRead(t, f, data)["bin/payments"])
		})
	}
}

func foreignRead(t *testing.T, f Format, data []byte) map[string][]byte {
	t.Helper()
	switch f {
	case TarGz:
		r, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		return foreignTar(t, r)
	case TarZst:
		r, err := zstd.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		defer r.Close()
		return foreignTar(t, r)
	}
	return foreignZip(t, data)
}

func foreignTar(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		assert.True(t, h.ModTime.Equal(fixTime))
		assert.Zero(t, h.Uid+h.Gid)
		assert.Empty(t, h.Uname+h.Gname)
		files[h.Name], err = io.ReadAll(tr)
		require.NoError(t, err)
	}
}

func foreignZip(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, m := range zr.File {
		assert.True(t, m.Modified.Equal(fixTime), m.Modified)
		assert.True(t, m.Mode().IsRegular())
		r, err := m.Open()
		require.NoError(t, err)
		files[m.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return files
}

func TestSameBytesFromOtherPlaces(t *testing.T) {
	content := mixed(3, 100_000)
	for _, f := range packageFormats() {
		a, b := packed(t, f, content), packed(t, f, content)
		assert.NotEqual(t, a.Path, b.Path)
		assert.Equal(t, a.Digest, b.Digest)
	}
}

func TestZipKeepsEvenSeconds(t *testing.T) {
	p, err := New(fixTime.Add(time.Second), WithFormat(Zip))
	require.NoError(t, err)
	pkg, err := p.Pack(t.Context(), inputOf(t, []byte("x")), t.TempDir())
	require.NoError(t, err)
	assert.Equal(t, fixTime, pkg.Time)
	_, err = Open(t.Context(), pkg.Path)
	assert.NoError(t, err)
}

// Sizes around the block sizes of the compressors, compressible and not.
func TestContentOfManySizes(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses many megabytes")
	}
	sizes := []int{0, 1, 511, 512, 513, 65534, 65535, 65536, 131071, 131072, 131073, 1 << 20, 3<<20 + 1}
	for _, f := range Formats() {
		for _, size := range sizes {
			for _, content := range [][]byte{mixed(uint64(size), size), make([]byte, size), random(uint64(size), size)} {
				data := container(t, f, fileOf{path: "a", content: string(content)}, fileOf{path: "b", content: "b"})
				require.NoError(t, readContainer(t.Context(), f, data), "%s of %d bytes", f, size)
			}
		}
	}
}
