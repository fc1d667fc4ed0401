package tests

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/cover"

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

func TestRan(t *testing.T) {
	blocks := []cover.ProfileBlock{
		{StartLine: 1, StartCol: 5, EndLine: 2, EndCol: 8, Count: 1},
		{StartLine: 2, StartCol: 8, EndLine: 2, EndCol: 20, Count: 0},
		{StartLine: 2, StartCol: 22, EndLine: 4, EndCol: 1, Count: 3},
	}
	at := func(line, column int) source.Position { return source.Position{Line: line, Column: column} }
	for name, test := range map[string]struct {
		runs       []source.Position
		yes, known bool
	}{
		"in one":               {[]source.Position{at(1, 5), at(2, 7)}, true, true},
		"in one that did not":  {[]source.Position{at(2, 8)}, false, true},
		"in both":              {[]source.Position{at(2, 7), at(2, 9), at(2, 23)}, false, true},
		"between":              {[]source.Position{at(2, 20), at(2, 21)}, false, false},
		"before":               {[]source.Position{at(1, 4)}, false, false},
		"after":                {[]source.Position{at(4, 1)}, false, false},
		"between and in one":   {[]source.Position{at(2, 20), at(3, 1)}, true, true},
		"nothing on the line":  {nil, false, false},
		"no block of the line": {[]source.Position{at(9, 9)}, false, false},
	} {
		yes, known := ran(source.Code{Runs: test.runs}, blocks)
		assert.Equal(t, []bool{test.yes, test.known}, []bool{yes, known}, name)
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
