package layers

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a program that only verifies may weigh: it is linked into the agents of
// whole fleets.
const (
	maxVerifyModules = 14        // in the program, without this module
	maxVerifySize    = 7_000_000 // bytes, stripped, for linux/amd64
)

func TestVerifyingIsLight(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for linux/amd64")
	}
	program := filepath.Join(t.TempDir(), "verifyonly")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./testdata/verifyonly")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	info, err := buildinfo.ReadFile(program)
	require.NoError(t, err)
	modules := make([]string, len(info.Deps))
	for i, m := range info.Deps {
		modules[i] = m.Path
	}
	stat, err := os.Stat(program)
	require.NoError(t, err)
	t.Logf("%d modules, %d bytes", len(modules), stat.Size())
	assert.NotEmpty(t, modules)
	assert.LessOrEqual(t, len(modules), maxVerifyModules, modules)
	assert.LessOrEqual(t, stat.Size(), int64(maxVerifySize))
}

// opensSockets reports whether a package of the standard library can reach the
// network.
func opensSockets(imported string) bool {
	return imported == "net" || strings.HasPrefix(imported, "net/") && !slices.Contains([]string{"net/netip", "net/url"}, imported)
}

// Libraries may import package net for its types; our own code has no use for it
// where it decides what to trust.
func TestVerifyingHasNoNetworkCode(t *testing.T) {
	ours := map[string]bool{}
	for _, p := range list(t, "linux", "-deps", "./verify", "./verify/inline", "./verify/audit") {
		path, ok := p.path()
		if !ok {
			continue
		}
		ours[path] = true
		for _, imported := range p.Imports {
			assert.False(t, opensSockets(imported), "%s imports %s", path, imported)
		}
	}
	assert.Subset(t, ours, map[string]bool{"verify": true, "verify/inline": true, "verify/audit": true, "pack/manifest": true})
	assert.True(t, opensSockets("net") && opensSockets("net/http") && !opensSockets("net/url") && !opensSockets("network"))
}
