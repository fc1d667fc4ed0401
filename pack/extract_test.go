package pack

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func writeFile(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// Whatever is refused, and however late, leaves nothing behind.
func TestRefusedExtractionLeavesNothing(t *testing.T) {
	for _, f := range Formats() {
		good := container(t, f, paths("a", "b/c")...)
		for name, data := range map[string][]byte{
			"traversal":     container(t, f, paths("a", "b/../../c")...),
			"wrong order":   container(t, f, paths("b", "a")...),
			"trailing data": append(good[:len(good):len(good)], 'x'),
			"cut off":       good[:len(good)-1],
			"empty":         nil,
		} {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				path := writeFile(t, data)
				dir := t.TempDir()
				requireRefused(t, Extract(t.Context(), f, path, filepath.Join(dir, "dest")))
				assertNames(t, dir)

				existing := filepath.Join(dir, "existing")
				require.NoError(t, os.Mkdir(existing, 0o755))
				requireRefused(t, Extract(t.Context(), f, path, existing))
				assertNames(t, dir, "existing")
				assertNames(t, existing)
			})
		}
	}
}

// A package that breaks a rule of packages alone leaves nothing either.
func TestRefusedPackageLeavesNothing(t *testing.T) {
	d := newDraft(t)
	d.files[0].content = "BINARY"
	path := writeFile(t, d.bytes(t, TarZst))
	dir := t.TempDir()
	_, err := Unpack(t.Context(), path, filepath.Join(dir, "dest"))
	requireRefused(t, err)
	assertNames(t, dir)
	require.NoError(t, Extract(t.Context(), TarZst, path, filepath.Join(dir, "dest")), "the container is good")
}

func TestDestinationInUse(t *testing.T) {
	path := writeFile(t, container(t, Tar, paths("a")...))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("mine"), 0o600))
	for name, dest := range map[string]string{"folder with a file": dir, "file": filepath.Join(dir, "file")} {
		err := Extract(t.Context(), Tar, path, dest)
		require.ErrorIs(t, err, ErrDestination, name)
	}
	assertNames(t, dir, "file")
	assert.Error(t, Extract(t.Context(), Tar, path, filepath.Join(dir, "missing", "dest")))
	assertNames(t, dir, "file")
}

func TestSymbolicLinkAsDestination(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "elsewhere"), 0o755))
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil || !isLink(link) {
		t.Skip("no symbolic links here")
	}
	err := Extract(t.Context(), Tar, writeFile(t, container(t, Tar, paths("a")...)), link)
	require.ErrorIs(t, err, ErrDestination)
	assertNames(t, filepath.Join(dir, "elsewhere"))
}

func isLink(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.Mode().Type() == fs.ModeSymlink
}

func TestEmptyDestinationKeepsItsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes")
	}
	dest := filepath.Join(t.TempDir(), "dest")
	require.NoError(t, os.Mkdir(dest, 0o700))
	require.NoError(t, Extract(t.Context(), Tar, writeFile(t, container(t, Tar, paths("a/b")...)), dest))
	for path, want := range map[string]fs.FileMode{dest: 0o700, filepath.Join(dest, "a"): 0o755, filepath.Join(dest, "a/b"): 0o644} {
		fi, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, want, fi.Mode().Perm(), path)
	}
}

func TestExtractUnknownFormat(t *testing.T) {
	dir := t.TempDir()
	err := Extract(t.Context(), "rar", filepath.Join(dir, "x"), filepath.Join(dir, "dest"))
	assert.ErrorContains(t, err, `format "rar"`)
	assertNames(t, dir)
}
