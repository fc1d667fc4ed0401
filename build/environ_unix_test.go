//go:build unix

package build_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUmaskHasNoEffect is not parallel: the umask is the process's.
func TestUmaskHasNoEffect(t *testing.T) {
	dir := writeTree(t, hello)
	want := mustBuild(t, newBuilder(t, dir, ".")).Digest
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	artifact := mustBuild(t, newBuilder(t, dir, "."))
	assert.Equal(t, want, artifact.Digest)
	info, err := os.Stat(artifact.Path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())
}
