package pack

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// cachedPack packs with a cache and returns the package.
func cachedPack(t *testing.T, cache string, in Input, dir string, opts ...Option) *Package {
	t.Helper()
	pkg, err := newPacker(t, append(opts, WithCache(cache))...).Pack(t.Context(), in, dir)
	require.NoError(t, err)
	return pkg
}

func TestUnchangedInputIsNotPackedAgain(t *testing.T) {
	for _, f := range packageFormats() {
		cache, dir, in := t.TempDir(), t.TempDir(), inputOf(t, mixed(1, 10_000))
		first := cachedPack(t, cache, in, dir, WithFormat(f))
		require.False(t, first.Cached)
		for _, dir := range []string{dir, t.TempDir()} { // where it is, and where it is not
			again := cachedPack(t, cache, in, dir, WithFormat(f))
			require.True(t, again.Cached)
			opened, err := Open(t.Context(), again.Path, WithDigest(first.Digest))
			require.NoError(t, err)
			again.Cached = false
			assert.Equal(t, opened, again)
			assertNames(t, dir, again.Name())
		}
	}
}

func TestChangedInputIsPackedAgain(t *testing.T) {
	in := inputOf(t, []byte("x"))
	for name, change := range map[string]func(*Input) []Option{
		"executable": func(in *Input) []Option { *in = inputOf(t, []byte("y")); return nil },
		"version":    func(in *Input) []Option { in.Version = "9"; return nil },
		"base":       func(in *Input) []Option { in.Base = nil; return nil },
		"id":         func(in *Input) []Option { in.ID = "other"; return nil },
		"format":     func(in *Input) []Option { return []Option{WithFormat(TarGz)} },
		"files":      func(in *Input) []Option { return []Option{WithFiles(extraFiles)} },
		"script":     func(in *Input) []Option { return []Option{WithVerifyScript([]byte("x"))} },
		"restart":    func(in *Input) []Option { return []Option{WithRestart(manifest.Restart{Unit: "x"})} },
	} {
		cache, changed := t.TempDir(), in
		cachedPack(t, cache, in, t.TempDir())
		opts := change(&changed)
		assert.False(t, cachedPack(t, cache, changed, t.TempDir(), opts...).Cached, name)
	}
}

func TestChangedTimeIsPackedAgain(t *testing.T) {
	cache, in := t.TempDir(), inputOf(t, []byte("x"))
	cachedPack(t, cache, in, t.TempDir())
	p, err := New(fixTime.AddDate(0, 0, 1), WithCache(cache))
	require.NoError(t, err)
	pkg, err := p.Pack(t.Context(), in, t.TempDir())
	require.NoError(t, err)
	assert.False(t, pkg.Cached)
}

// A cache that was damaged in any way is not believed.
func TestDamagedCache(t *testing.T) {
	in := inputOf(t, mixed(1, 10_000))
	for name, damage := range map[string]func(entry string) error{
		"archive":      func(entry string) error { return flip(filepath.Join(entry, cacheArchiveName)) },
		"archive gone": func(entry string) error { return os.Remove(filepath.Join(entry, cacheArchiveName)) },
		"archive cut":  func(entry string) error { return os.Truncate(filepath.Join(entry, cacheArchiveName), 10) },
		"record": func(entry string) error {
			return os.WriteFile(filepath.Join(entry, cacheRecordName), []byte("{"), 0o600)
		},
		"record gone": func(entry string) error { return os.Remove(filepath.Join(entry, cacheRecordName)) },
		"other digest": func(entry string) error {
			return os.WriteFile(filepath.Join(entry, cacheRecordName), fmt.Appendf(nil, `{"digest":%q,"size":1}`, manifest.DigestOf(nil)), 0o600)
		},
	} {
		cache, dir := t.TempDir(), t.TempDir()
		first := cachedPack(t, cache, in, t.TempDir())
		entries, err := filepath.Glob(filepath.Join(cache, "payments", "linux_amd64", "*"))
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.NoError(t, damage(entries[0]))
		again := cachedPack(t, cache, in, dir)
		assert.False(t, again.Cached, name)
		assert.Equal(t, first.Digest, again.Digest)
		assertNames(t, dir, again.Name())
		assert.True(t, cachedPack(t, cache, in, t.TempDir()).Cached, "%s: the cache is good again", name)
	}
}

// flip changes one byte in the middle of a file.
func flip(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(path, data, 0o600)
}

// A package in the folder that is no longer what was packed is replaced.
func TestDamagedPackageIsReplaced(t *testing.T) {
	cache, dir, in := t.TempDir(), t.TempDir(), inputOf(t, mixed(1, 10_000))
	first := cachedPack(t, cache, in, dir)
	require.NoError(t, flip(first.Path))
	again := cachedPack(t, cache, in, dir)
	assert.True(t, again.Cached)
	_, err := Open(t.Context(), again.Path, WithDigest(first.Digest))
	assert.NoError(t, err)
}

func TestCacheIsBounded(t *testing.T) {
	cache, dir, in := t.TempDir(), t.TempDir(), inputOf(t, []byte("x"))
	for i := range CacheEntries + 3 {
		in.Version = fmt.Sprint(i)
		cachedPack(t, cache, in, dir)
	}
	entries, err := os.ReadDir(filepath.Join(cache, "payments", "linux_amd64"))
	require.NoError(t, err)
	assert.Len(t, entries, CacheEntries)
	assert.True(t, cachedPack(t, cache, in, dir).Cached, "the newest is kept")
}

// A cache that cannot be written costs time and nothing else.
func TestUnwritableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	dir := t.TempDir()
	for range 2 {
		assert.False(t, cachedPack(t, filepath.Join(file, "cache"), inputOf(t, []byte("x")), dir).Cached)
	}
}
