package pack

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime/debug"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// smallContainers returns one small container in each format.
func smallContainers(t testing.TB) map[Format][]byte {
	t.Helper()
	all := map[Format][]byte{}
	for _, f := range Formats() {
		all[f] = container(t, f, fileOf{path: "empty"}, fileOf{path: "scripts/run", content: "exit 0\n", mode: "0755"})
	}
	return all
}

// smallPackages returns the smallest package in each format.
func smallPackages(t testing.TB) map[Format][]byte {
	t.Helper()
	m := manifest.Package{
		Schema: manifest.PackageSchema, ID: "i", Product: "p", Version: "1", Target: target.MustParse("linux/386"),
		Files: []manifest.File{newFile("bin/p", manifest.DigestOf([]byte("p")), 1)},
	}
	text, err := m.Encode()
	require.NoError(t, err)
	all := map[Format][]byte{}
	for _, f := range packageFormats() {
		all[f] = container(t, f, fileOf{path: "bin/p", content: "p", mode: "0755"}, fileOf{path: manifest.ManifestPath, content: string(text)})
	}
	return all
}

// smallDelta returns the smallest package with the draft's patch.
func smallDelta(t testing.TB, f Format, d *draft) []byte {
	t.Helper()
	m := d.manifest
	m.Files = m.Files[:1]
	text, err := m.Encode()
	require.NoError(t, err)
	return container(t, f, d.files[0], fileOf{path: manifest.ManifestPath, content: string(text)})
}

// Every flip of a single bit, every truncation and every appended byte makes
// an archive that is no package.
func TestEveryMutationOfAPackageIsRefused(t *testing.T) {
	collectLessGarbage(t)
	all := map[string][]byte{}
	if !testing.Short() {
		all["delta"] = smallDelta(t, TarZst, deltaDraft(t))
	}
	for f, data := range smallPackages(t) {
		all[f.String()] = data
	}
	for name, data := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := openBytes(data)
			require.NoError(t, err)
			for i := range len(data) * 8 {
				flipped := bytes.Clone(data)
				flipped[i/8] ^= 1 << (i % 8)
				_, err := openBytes(flipped)
				requireRefused(t, err, "bit %d of byte %d", i%8, i/8)
			}
			for n := range data {
				_, err := openBytes(data[:n])
				requireRefused(t, err, "%d bytes", n)
			}
			for b := range 256 {
				_, err := openBytes(append(bytes.Clone(data), byte(b)))
				requireRefused(t, err, "appended byte %#x", b)
			}
		})
	}
}

// The same for containers alone: what is still accepted is what the packer
// writes for other members.
func TestMutatedContainersAreRefusedOrCanonical(t *testing.T) {
	collectLessGarbage(t)
	for f, data := range smallContainers(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			accepted := 0
			for i := range len(data) * 8 {
				flipped := bytes.Clone(data)
				flipped[i/8] ^= 1 << (i % 8)
				if err := readContainer(t.Context(), f, flipped); err == nil {
					accepted++
					require.Equal(t, flipped, repack(t, f, flipped), "bit %d of byte %d", i%8, i/8)
				} else {
					requireRefused(t, err)
				}
			}
			t.Logf("%d of %d flips give another canonical container", accepted, len(data)*8)
			for n := range data {
				requireRefused(t, readContainer(t.Context(), f, data[:n]), "%d bytes", n)
			}
			for b := range 256 {
				requireRefused(t, readContainer(t.Context(), f, append(bytes.Clone(data), byte(b))), "appended byte %#x", b)
			}
		})
	}
}

// collectLessGarbage halves the time of tests that read thousands of tiny
// archives, each with compressors of a megabyte.
func collectLessGarbage(t *testing.T) {
	t.Helper()
	old := debug.SetGCPercent(2000)
	t.Cleanup(func() { debug.SetGCPercent(old) })
}

func requireRefused(t *testing.T, err error, what ...any) {
	t.Helper()
	var refused *RefusedError
	require.ErrorAs(t, err, &refused, what...)
}

// The same members compressed by other software, or at another level, are not
// our archive.
func TestOtherCompressorsAreRefused(t *testing.T) {
	plain := container(t, Tar, fileOf{path: "a", content: string(mixed(7, 500_000))})
	through := func(w func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		zw := w(&b)
		_, err := zw.Write(plain)
		require.NoError(t, err)
		require.NoError(t, zw.Close())
		return b.Bytes()
	}
	gzipAt := func(level int) []byte {
		return through(func(w io.Writer) io.WriteCloser {
			zw, err := gzip.NewWriterLevel(w, level)
			require.NoError(t, err)
			return zw
		})
	}
	zstdWith := func(opts ...zstd.EOption) []byte {
		return through(func(w io.Writer) io.WriteCloser {
			zw, err := zstd.NewWriter(w, append([]zstd.EOption{zstd.WithEncoderConcurrency(1)}, opts...)...)
			require.NoError(t, err)
			return zw
		})
	}
	for name, c := range map[string]struct {
		format Format
		data   []byte
	}{
		"standard gzip, level 0":  {TarGz, gzipAt(0)},
		"standard gzip, level 6":  {TarGz, gzipAt(6)},
		"standard gzip, level 9":  {TarGz, gzipAt(9)},
		"zstd, fastest":           {TarZst, zstdWith(zstd.WithEncoderLevel(zstd.SpeedFastest))},
		"zstd, best":              {TarZst, zstdWith(zstd.WithEncoderLevel(zstd.SpeedBestCompression))},
		"zstd without checksum":   {TarZst, zstdWith(zstd.WithEncoderCRC(false))},
		"zstd with a wide window": {TarZst, zstdWith(zstd.WithWindowSize(16 << 20))},
		"zstd with padding":       {TarZst, zstdWith(zstd.WithEncoderPadding(512))},
	} {
		t.Run(name, func(t *testing.T) {
			requireRefused(t, readContainer(t.Context(), c.format, c.data))
		})
	}
	assert.NoError(t, readContainer(t.Context(), TarZst, zstdWith()), "the same compressor with our settings")
}
