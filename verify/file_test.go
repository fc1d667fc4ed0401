package verify_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "package")
	content := make([]byte, 1<<20+7)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	want, size := manifest.DigestOf(content), int64(len(content))

	require.NoError(t, verify.File(t.Context(), path, want, size))

	var mismatch *verify.MismatchError
	for name, err := range map[string]error{
		"ends after": verify.File(t.Context(), path, want, size+1),
		"longer":     verify.File(t.Context(), path, want, size-1),
		"digest":     verify.File(t.Context(), path, manifest.DigestOf(nil), size),
		"listed":     verify.File(t.Context(), path, want, 0),
	} {
		require.ErrorAs(t, err, &mismatch)
		assert.Equal(t, "package", mismatch.Name)
		assert.ErrorContains(t, err, name)
	}
	assert.Error(t, verify.File(t.Context(), path, want, -1), "a size is required")
	assert.Error(t, verify.File(t.Context(), path, want, -2), "a size is required")
	assert.ErrorIs(t, verify.File(t.Context(), filepath.Join(dir, "none"), want, size), verify.ErrMissing)
	assert.ErrorIs(t, verify.File(t.Context(), dir, want, size), verify.ErrNotRegular)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	for cause, ctx := range map[error]context.Context{context.Canceled: ctx, context.DeadlineExceeded: late} {
		err := verify.File(ctx, path, want, size)
		require.ErrorIs(t, err, cause)
		var refused *verify.FileError
		assert.False(t, errors.As(err, &refused), "the file is not to blame")
	}
}

func extracted(t *testing.T) (fstest.MapFS, manifest.Package) {
	t.Helper()
	folder := fstest.MapFS{
		"bin/payments":   {Data: []byte("program"), Mode: 0o755},
		"config/a/b.ini": {Data: []byte("x=1"), Mode: 0o644},
		"rollback.json":  {Data: []byte("{}"), Mode: 0o644},
	}
	m := manifest.Package{
		Schema: manifest.PackageSchema, ID: "payments-1.4.3", Product: "payments", Version: "1.4.3", Target: target.MustParse("linux/amd64"),
	}
	for _, path := range []string{"bin/payments", "config/a/b.ini", "rollback.json"} {
		mode := manifest.ModeFile
		if folder[path].Mode&0o100 != 0 {
			mode = manifest.ModeExecutable
		}
		m.Files = append(m.Files, manifest.File{
			Path: path, Digest: manifest.DigestOf(folder[path].Data), Size: int64(len(folder[path].Data)), Mode: mode, Encoding: manifest.EncodingIdentity,
		})
	}
	encoded, err := m.Encode()
	require.NoError(t, err)
	folder[manifest.ManifestPath] = &fstest.MapFile{Data: encoded, Mode: 0o644}
	return folder, m
}

func TestExtracted(t *testing.T) {
	folder, m := extracted(t)
	require.NoError(t, verify.Extracted(t.Context(), folder, m))
	var invalid *manifest.InvalidError
	assert.ErrorAs(t, verify.Extracted(t.Context(), folder, manifest.Package{}), &invalid, "a manifest that is not valid")

	tests := map[string]struct {
		attack func(fstest.MapFS)
		want   error // nil for a MismatchError
		name   string
	}{
		"file altered":      {func(d fstest.MapFS) { d["bin/payments"].Data = []byte("Program") }, nil, "bin/payments"},
		"file cut":          {func(d fstest.MapFS) { d["bin/payments"].Data = nil }, nil, "bin/payments"},
		"file missing":      {func(d fstest.MapFS) { delete(d, "rollback.json") }, verify.ErrMissing, "rollback.json"},
		"extra file":        {func(d fstest.MapFS) { d["bin/other"] = file(nil) }, verify.ErrUnexpected, "bin/other"},
		"extra file at top": {func(d fstest.MapFS) { d["run.sh"] = file(nil) }, verify.ErrUnexpected, "run.sh"},
		"empty folder":      {func(d fstest.MapFS) { d["scripts"] = &fstest.MapFile{Mode: os.ModeDir | 0o755} }, verify.ErrUnexpected, "scripts"},
		"folder for a file": {func(d fstest.MapFS) { d["rollback.json"] = &fstest.MapFile{Mode: os.ModeDir | 0o755} }, verify.ErrNotRegular, "rollback.json"},
		"file for a folder": {func(d fstest.MapFS) {
			delete(d, "config/a/b.ini")
			d["config/a"] = file(nil)
		}, verify.ErrNotRegular, "config/a"},
		"link": {func(d fstest.MapFS) {
			d["rollback.json"] = &fstest.MapFile{Data: []byte("bin/payments"), Mode: os.ModeSymlink}
		}, verify.ErrNotRegular, "rollback.json"},
		"manifest missing":   {func(d fstest.MapFS) { delete(d, manifest.ManifestPath) }, verify.ErrMissing, "manifest.json"},
		"manifest respelled": {func(d fstest.MapFS) { d[manifest.ManifestPath] = file(append(d[manifest.ManifestPath].Data, ' ')) }, nil, "manifest.json"},
	}
	if runtime.GOOS != "windows" {
		type row = struct {
			attack func(fstest.MapFS)
			want   error
			name   string
		}
		tests["not executable"] = row{func(d fstest.MapFS) { d["bin/payments"].Mode = 0o644 }, verify.ErrMode, "bin/payments"}
		tests["executable"] = row{func(d fstest.MapFS) { d["rollback.json"].Mode = 0o755 }, verify.ErrMode, "rollback.json"}
		tests["setuid"] = row{func(d fstest.MapFS) { d["bin/payments"].Mode |= os.ModeSetuid }, verify.ErrMode, "bin/payments"}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder, m := extracted(t)
			test.attack(folder)
			err := verify.Extracted(t.Context(), folder, m)
			require.ErrorContains(t, err, test.name)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
				return
			}
			var mismatch *verify.MismatchError
			assert.ErrorAs(t, err, &mismatch)
		})
	}
}
