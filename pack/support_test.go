package pack

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// fixTime is the time of the fix in all tests. It is even, so that a zip keeps it.
var fixTime = time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC)

// fileOf describes a member of a container that a test writes by hand.
type fileOf struct {
	path    string
	content string
	mode    manifest.Mode // 0644 if empty
	time    time.Time     // fixTime if zero
}

// memoryFile is an output in memory.
type memoryFile struct{ data []byte }

func (m *memoryFile) Write(p []byte) (int, error) { m.data = append(m.data, p...); return len(p), nil }
func (m *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	return copy(m.data[off:], p), nil
}
func (m *memoryFile) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.data).ReadAt(p, off)
}

// container returns the canonical container of the given members, in the order
// in which they are given, without checking any rule.
func container(t testing.TB, f Format, files ...fileOf) []byte {
	t.Helper()
	var out memoryFile
	enc, err := newEncoder(f, &out, func(p []byte, off int64) error { _, err := out.WriteAt(p, off); return err })
	require.NoError(t, err)
	for _, file := range files {
		if file.mode == "" {
			file.mode = manifest.ModeFile
		}
		if file.time.IsZero() {
			file.time = fixTime
		}
		require.NoError(t, enc.create(header{path: file.path, mode: file.mode, size: int64(len(file.content)), time: file.time}))
		_, err := enc.Write([]byte(file.content))
		require.NoError(t, err)
	}
	require.NoError(t, enc.close())
	return out.data
}

// mixed returns bytes of which about half can be compressed.
func mixed(seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, 0, size+64)
	for len(b) < size {
		if r.IntN(2) == 0 || len(b) < 64 {
			b = binary.LittleEndian.AppendUint64(b, r.Uint64())
			continue
		}
		from := r.IntN(len(b) - 32)
		b = append(b, b[from:from+32]...)
	}
	return b[:size]
}

var extraFiles = fstest.MapFS{
	"config/app.json":      {Data: []byte("{}\n"), Mode: 0o600},
	"config/tls/ca.pem":    {Data: []byte("pem\n"), Mode: 0o755},
	"scripts/migrate.sh":   {Data: []byte("#!/bin/sh\n"), Mode: 0o644},
	"scripts/lib/empty.sh": {Data: nil, Mode: 0o644},
}

// inputOf returns an input whose executable has the given content.
func inputOf(t testing.TB, content []byte) Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.WriteFile(path, content, 0o755))
	return Input{
		ID: "fix-1", Product: "payments", Version: "1.4.3", Target: target.MustParse("linux/amd64"),
		Executable: path, Digest: manifest.DigestOf(content),
		Base: &manifest.Binary{Version: "1.4.2", Digest: manifest.DigestOf([]byte("base")), Size: 4},
	}
}

// packed packs an input with all kinds of members.
func packed(t testing.TB, f Format, content []byte, opts ...Option) *Package {
	t.Helper()
	p := newPacker(t, append([]Option{
		WithFormat(f), WithFiles(extraFiles), WithVerifyScript([]byte("#!/bin/sh\nexit 0\n")),
		WithRestart(manifest.Restart{Unit: "payments.service"}), WithCheck(manifest.Check{URL: "http://127.0.0.1/healthz", Seconds: 5}),
	}, opts...)...)
	pkg, err := p.Pack(t.Context(), inputOf(t, content), t.TempDir())
	require.NoError(t, err)
	return pkg
}

func newPacker(t testing.TB, opts ...Option) *Packer {
	t.Helper()
	p, err := New(fixTime, opts...)
	require.NoError(t, err)
	return p
}

// readTree returns the content of all regular files below dir, by path.
func readTree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		files[path] = string(data)
		return err
	}))
	return files
}

// assertNothingBeside requires that dir holds exactly the given names.
func assertNames(t testing.TB, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	assert.ElementsMatch(t, names, got)
}

// readContainer applies the rules of the container to data.
func readContainer(ctx context.Context, f Format, data []byte) error {
	_, err := scan(ctx, source{r: bytes.NewReader(data), size: int64(len(data))}, f, Limits{}.bounded(), newInventory())
	return err
}

// openBytes applies the rules of a package to data.
func openBytes(data []byte) (*Package, error) {
	return OpenReader(context.Background(), bytes.NewReader(data), int64(len(data)))
}

// random returns bytes that cannot be compressed.
func random(seed uint64, size int) []byte {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}

// recorder is a sink that keeps all members.
type recorder struct{ files []fileOf }

func (r *recorder) begin(h header) error {
	r.files = append(r.files, fileOf{path: h.path, mode: h.mode, time: h.time})
	return nil
}

func (r *recorder) Write(p []byte) (int, error) {
	r.files[len(r.files)-1].content += string(p)
	return len(p), nil
}

func (r *recorder) end() error { return nil }

// repack writes again what was read from data, which must be accepted.
func repack(t testing.TB, f Format, data []byte) []byte {
	t.Helper()
	var r recorder
	_, err := scan(t.Context(), source{r: bytes.NewReader(data), size: int64(len(data))}, f, Limits{}.bounded(), &r)
	require.NoError(t, err)
	return container(t, f, r.files...)
}
