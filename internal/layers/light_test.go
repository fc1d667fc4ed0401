package layers

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What programs of hosts may weigh: they are linked into the agents of whole
// fleets. Bytes are those of a stripped program for linux/amd64, modules those in
// it without this one.
func TestHostsAreLight(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs for linux/amd64")
	}
	for program, limit := range map[string]struct {
		modules int
		bytes   int64
	}{
		"./testdata/verifyonly": {2, 4_400_000},
		"./testdata/hostonly":   {4, 6_500_000},
		"../../apply/agent":     {4, 8_000_000},
	} {
		t.Run(path.Base(program), func(t *testing.T) {
			modules, size := weigh(t, program)
			t.Logf("%d modules, %d bytes", len(modules), size)
			assert.NotEmpty(t, modules)
			assert.LessOrEqual(t, len(modules), limit.modules, modules)
			assert.LessOrEqual(t, size, limit.bytes)
		})
	}
}

// weigh builds a program, and returns the modules in it and its size.
func weigh(t *testing.T, pkg string) (modules []string, size int64) {
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, pkg)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	info, err := buildinfo.ReadFile(program)
	require.NoError(t, err)
	for _, m := range info.Deps {
		modules = append(modules, m.Path)
	}
	stat, err := os.Stat(program)
	require.NoError(t, err)
	return modules, stat.Size()
}

// What serves or asks by HTTP and TLS is in packages of its own. One import of them
// would cost the agent a megabyte or two, of which the init tasks alone are a part.
func TestAgentHasNoHTTPOfTheStandardLibrary(t *testing.T) {
	for _, p := range list(t, "linux", "-deps", "./apply/agent") {
		for _, imported := range p.Imports {
			assert.NotContains(t, []string{"net/http", "crypto/tls"}, imported, p.ImportPath)
		}
	}
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
