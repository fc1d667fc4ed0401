package verify_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestSums(t *testing.T) {
	sums := release().Sums()
	folder := dist(t)
	require.NoError(t, verify.Sums(t.Context(), folder, sums))

	folder[amd64] = file([]byte("else"))
	var mismatch *verify.MismatchError
	require.ErrorAs(t, verify.Sums(t.Context(), folder, sums), &mismatch)
	assert.Equal(t, amd64, mismatch.Name)
	assert.Equal(t, manifest.DigestOf([]byte("else")), mismatch.Got)
	assert.Equal(t, manifest.DigestOf(archives()[amd64]), mismatch.Want)
	delete(folder, amd64)
	assert.ErrorIs(t, verify.Sums(t.Context(), folder, sums), verify.ErrMissing)

	var refused *manifest.SumsError
	assert.ErrorAs(t, verify.Sums(t.Context(), folder, nil), &refused, "an empty list proves nothing")
	assert.ErrorAs(t, verify.Sums(t.Context(), folder, manifest.Sums{sums[1], sums[0]}), &refused)
}

// A listed file has no listed size; one that no package may have is refused
// without being read to its end.
func TestSumsOfHugeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes 4 GiB")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "huge")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip("no sparse files here:", err)
	}
	err := verify.Sums(t.Context(), os.DirFS(dir), manifest.Sums{{Name: "huge", Digest: manifest.DigestOf(nil)}})
	assert.ErrorIs(t, err, verify.ErrTooLarge)
}
