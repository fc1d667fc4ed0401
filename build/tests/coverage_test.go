package tests

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/policy"
)

// What three versions of the coverage tool, which cut code into other blocks,
// say about one file.
func TestRecordedProfiles(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "profiles", "a.go.txt"))
	require.NoError(t, err)
	code, err := source.ChangedCode(fstest.MapFS{}, fstest.MapFS{"a/a.go": {Data: text}}, "a/a.go")
	require.NoError(t, err)
	for _, version := range []string{"go1.21", "go1.26", "go1.27"} {
		blocks, err := readProfile(filepath.Join("testdata", "profiles", version+".cov"))
		require.NoError(t, err)
		c := &comparison{}
		c.count("a/a.go", code, func(l source.Code) (bool, bool) { return ran(l, blocks["example.com/c/a/a.go"]) })
		assert.Equal(t, []policy.Uncovered{
			{File: "a/a.go", First: 8, Last: 8, Function: "F"},
			{File: "a/a.go", First: 13, Last: 13, Function: "F"}, // the condition ran, and not what it guards
			{File: "a/a.go", First: 15, Last: 17, Function: "F"},
			{File: "a/a.go", First: 21, Last: 22, Function: "F"},
			{File: "a/a.go", First: 25, Last: 25, Function: "G"},
		}, c.result.Uncovered, version)
		assert.Equal(t, policy.Coverage{Total: 16, Covered: 8}, c.result.Lines, version)
	}
}

func TestProfileThatCannotBeRead(t *testing.T) {
	blocks, err := readProfile(filepath.Join(t.TempDir(), "none"))
	require.NoError(t, err)
	assert.Empty(t, blocks)
	_, err = readProfile(t.TempDir())
	require.Error(t, err)
	name := filepath.Join(t.TempDir(), "profile")
	for _, text := range []string{"x", "mode: set\na.go:1.1,2.2 1", "mode: set\na.go:1.1,2.2 1 99999999999999999999"} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		_, err = readProfile(name)
		assert.ErrorContains(t, err, "reading the coverage profile", text)
	}
	require.NoError(t, os.Truncate(name, maxProfile+1))
	_, err = readProfile(name)
	assert.ErrorContains(t, err, "longer than")
}
