package pack

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// benchmarkInput returns the executable of the test itself as input.
func benchmarkInput(b *testing.B) Input {
	b.Helper()
	path, err := os.Executable()
	require.NoError(b, err)
	data, err := os.ReadFile(path)
	require.NoError(b, err)
	in := inputOf(b, data)
	in.Digest = manifest.DigestOf(data)
	b.SetBytes(int64(len(data)))
	return in
}

func BenchmarkPack(b *testing.B) {
	for _, f := range packageFormats() {
		b.Run(f.String(), func(b *testing.B) {
			in, p, dir := benchmarkInput(b), newPacker(b, WithFormat(f)), b.TempDir()
			b.ReportAllocs()
			for b.Loop() {
				pkg, err := p.Pack(b.Context(), in, dir)
				require.NoError(b, err)
				b.ReportMetric(float64(pkg.Size), "bytes/package")
			}
		})
	}
}

// BenchmarkPackCached packs what is in the cache and in the folder already.
func BenchmarkPackCached(b *testing.B) {
	in, p, dir := benchmarkInput(b), newPacker(b, WithCache(b.TempDir())), b.TempDir()
	_, err := p.Pack(b.Context(), in, dir)
	require.NoError(b, err)
	for b.Loop() {
		pkg, err := p.Pack(b.Context(), in, dir)
		require.NoError(b, err)
		require.True(b, pkg.Cached)
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, f := range packageFormats() {
		b.Run(f.String(), func(b *testing.B) {
			pkg, err := newPacker(b, WithFormat(f)).Pack(b.Context(), benchmarkInput(b), b.TempDir())
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				_, err := Open(b.Context(), pkg.Path)
				require.NoError(b, err)
			}
		})
	}
}
