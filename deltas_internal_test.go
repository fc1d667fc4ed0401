package hotfix

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// A delta is there to be smaller.
func TestLargeDeltaIsLeftOut(t *testing.T) {
	dir, on := t.TempDir(), target.MustParse("linux/amd64")
	packageOf := func(name string, size int64) *pack.Package {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o644))
		return &pack.Package{Path: path, Size: size, Manifest: manifest.Package{Target: on, Base: &manifest.Binary{Version: name}}}
	}
	r := &run{result: &Result{}, packed: &packed{full: []*pack.Package{packageOf("full", 100)}}}
	small, large := packageOf("v1", 99), packageOf("v2", 100)
	require.NoError(t, r.keepDeltas([]pack.Input{{Old: "old"}, {}}, []*pack.Package{small, large}))
	assert.Equal(t, []deltaPackage{{Package: small, old: "old"}}, r.packed.deltas)
	assert.Equal(t, []string{"there is no delta package for linux/amd64 from v2: it would have 100 bytes, and the full package has 100"}, r.result.Warnings)
	assert.FileExists(t, small.Path)
	assert.NoFileExists(t, large.Path)
}
