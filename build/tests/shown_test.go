package tests_test

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/tests"
)

// leeway is a module with a fault, whose tests the fix changes in several ways.
const leeway = `
-- go.mod --
module m

go 1.24
-- limit/limit.go --
package limit

const Max = 90
-- limit/old_test.go --
package limit

import "testing"

func TestHelped(t *testing.T) { help(t) }
-- limit/help_test.go --
package limit

import "testing"

func help(t *testing.T) {}

func TestMended(t *testing.T) {
	if Max == 90 {
		t.Error("the test is wrong, not the code")
	}
}
-- limit/goes_test.go --
package limit

import "testing"

func TestGoes(t *testing.T) { var _ int = Max }
-- same/same_test.go --
package same

import (
	"testing"

	"m/limit"
)

func TestSame(t *testing.T) {
	if limit.Max != 9 {
		t.Error("too much")
	}
}
-- fresh/fresh.go --
package fresh
-- data/data_test.go --
package data

import (
	"os"
	"testing"

	"m/limit"
)

func TestData(t *testing.T) {
	if text, _ := os.ReadFile("testdata/max.txt"); string(text) != "9\n" || limit.Max != 9 {
		t.Error(string(text))
	}
}
-- data/testdata/max.txt --
90
`

const lessLeeway = `
-- limit/limit.go --
package limit

const Max = 9
-- limit/new_test.go --
package limit

import "testing"

func TestShows(t *testing.T) {
	t.Run("sub", func(t *testing.T) {
		if Max != 9 {
			t.Error("the limit is", Max)
		}
	})
}

func TestShowsNothing(t *testing.T) {}

func TestFailsAnyway(t *testing.T) { t.Error("as ever") }
-- limit/help_test.go --
package limit

import "testing"

func help(t *testing.T) {
	if Max > 9 {
		t.Error("help says no")
	}
}

func TestMended(t *testing.T) {}
-- limit/goes_test.go --
gone
-- fresh/fresh.go --
package fresh

func Fresh() {}
-- fresh/fresh_test.go --
package fresh

import "testing"

func TestFresh(t *testing.T) { Fresh() }
-- data/testdata/max.txt --
9
-- new/new_test.go --
package new

import "testing"

func TestNew(t *testing.T) {}
`

func TestShown(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests")
	}
	t.Parallel()
	base, fix := sides(t, leeway, lessLeeway)
	before := filesOf(t, base.Dir())
	var events []tests.Event
	found, err := tests.Compare(t.Context(), base, fix, planner, tests.WithReruns(0), tests.WithObserver(func(e tests.Event) { events = append(events, e) }))
	require.NoError(t, err)
	assert.Equal(t, before, filesOf(t, base.Dir()), "the base is as it was")
	assert.Empty(t, found.Unknown)

	type test struct {
		base, fix, shown policy.Outcome
		shows            bool
	}
	said, output := map[string]test{}, map[string]string{}
	for _, x := range found.Tests {
		name := strings.TrimPrefix(x.Package, "m/") + " " + x.Name
		said[name], output[name] = test{x.Base, x.Fix, x.Shown, x.ShowsFault()}, x.Output
	}
	assert.Equal(t, map[string]test{
		"limit TestShows":        {policy.Absent, policy.Passed, policy.Failed, true},
		"limit TestShows/sub":    {policy.Absent, policy.Passed, policy.Failed, true},
		"limit TestShowsNothing": {policy.Absent, policy.Passed, policy.Passed, false},
		"limit TestFailsAnyway":  {policy.Absent, policy.Failed, policy.Failed, false},
		"limit TestHelped":       {policy.Passed, policy.Passed, policy.Failed, true},
		"limit TestGoes":         {policy.Passed, policy.Absent, policy.Absent, false},
		"same TestSame":          {policy.Failed, policy.Passed, policy.Failed, true},
		"fresh TestFresh":        {policy.Absent, policy.Passed, policy.NotBuilt, false},
		"data TestData":          {policy.Failed, policy.Passed, policy.UnknownOutcome, false},
		"limit TestMended":       {policy.Failed, policy.Passed, policy.Passed, false},
		"new TestNew":            {policy.Absent, policy.Passed, policy.UnknownOutcome, false},
	}, said)
	assert.Contains(t, output["limit TestShows/sub"], "the limit is 90")
	assert.Contains(t, output["limit TestHelped"], "help says no")
	assert.Contains(t, output["same TestSame"], "too much")

	packages := map[string]policy.Outcome{}
	for _, p := range found.Packages {
		packages[strings.TrimPrefix(p.Path, "m/")] = p.Shown
	}
	assert.Equal(t, map[string]policy.Outcome{
		"limit": policy.Failed, "same": policy.Failed, "fresh": policy.NotBuilt, "data": policy.UnknownOutcome, "new": policy.Failed,
	}, packages)
	require.Len(t, found.Unshown, 3)
	assert.Equal(t, "tests of m/data fail with the code of the base, maybe for want of the fix's test data, as data/testdata/max.txt", found.Unshown[0])
	assert.Contains(t, found.Unshown[1], "the tests of m/fresh do not compile with the code of the base: ")
	assert.Contains(t, found.Unshown[1], "undefined: Fresh")
	assert.Equal(t, "the tests of m/new end early with the code of the base", found.Unshown[2])

	requireProgress(t, events, tests.Base, 3)
	requireProgress(t, events, tests.Fix, 5)
	requireProgress(t, events, tests.FixTestsOnBase, 3)
	assert.Contains(t, events, tests.Event(tests.TestFailed{Side: tests.FixTestsOnBase, Path: "m/limit", Name: "TestShows"}))
}

// filesOf are the digests of all files of a folder.
func filesOf(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	files := map[string][sha256.Size]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = sha256.Sum256(data)
		return err
	}))
	return files
}

// A fault that ends the tests.
func TestShownByPanic(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests")
	}
	t.Parallel()
	const before = "-- go.mod --\nmodule m\n\ngo 1.24\n-- a.go --\npackage a\n\nfunc F() { panic(\"boom\") }\n"
	const after = "-- a.go --\npackage a\n\nfunc F() {}\n-- a_test.go --\npackage a\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) { F() }\n"
	base, fix := sides(t, before, after)
	found, err := tests.Compare(t.Context(), base, fix, planner)
	require.NoError(t, err)
	assert.Empty(t, found.Unshown)
	require.Len(t, found.Tests, 1)
	assert.True(t, found.Tests[0].ShowsFault())
	assert.Contains(t, found.Tests[0].Output, "panic: boom")
}
