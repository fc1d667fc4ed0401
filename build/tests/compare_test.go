package tests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/tests"
	"github.com/gohotfix/hotfix/target"
)

// planner plans with the defaults of the builder.
func planner(dir string, t target.Target) (build.Plan, error) {
	b, err := build.New(dir, ".")
	if err != nil {
		return build.Plan{}, err
	}
	return b.Plan(t)
}

// sides writes the base, and the fix which differs from it by the files of an
// archive; one that holds "gone" is removed.
func sides(t *testing.T, base, difference string) (old, now *change.Tree) {
	t.Helper()
	root := t.TempDir()
	var trees []*change.Tree
	for _, side := range []string{base, base + difference} {
		dir := filepath.Join(root, []string{"base", "fix"}[len(trees)])
		write(t, dir, side)
		tree, err := change.Folder(dir)
		require.NoError(t, err)
		trees = append(trees, tree)
	}
	return trees[0], trees[1]
}

func write(t *testing.T, dir, archive string) {
	t.Helper()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if strings.TrimSpace(string(f.Data)) == "gone" {
			require.NoError(t, os.Remove(name))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, f.Data, 0o644))
	}
}

// program is a module that the cases change.
const program = `
-- go.mod --
module example.com/pay

go 1.24
-- main.go --
package main

func main() {}
-- auth/auth.go --
package auth

func Check(token string) string {
	if token == "" {
		return "empty"
	}
	return "good"
}
-- auth/auth_test.go --
package auth

import "testing"

func TestBreaks(t *testing.T) {
	t.Run("sub test", func(t *testing.T) {
		if Check("x") != "good" {
			t.Error("the token is", Check("x"))
		}
	})
}

func TestMends(t *testing.T) {
	if Check("admin") != "denied" {
		t.Error("admin gets in")
	}
}

func TestFailsAnyway(t *testing.T) { t.Error("as ever") }

func TestPasses(t *testing.T) {}

func TestGoes(t *testing.T) {}

func TestSkips(t *testing.T) {}
-- web/web.go --
package web

import "example.com/pay/auth"

var Check = auth.Check
-- web/web_test.go --
package web_test

import (
	"testing"

	"example.com/pay/web"
)

func TestWeb(t *testing.T) { web.Check("") }
-- other/other_test.go --
package other

import "testing"

func TestOther(t *testing.T) { panic("nothing here can change") }
-- words/words.go --
package words

import _ "embed"

//go:embed words.txt
var Words string
-- words/words.txt --
yes
-- words/words_test.go --
package words

import "testing"

func TestWords(t *testing.T) {
	if Words != "yes\n" {
		t.Error(Words)
	}
}
-- data/data_test.go --
package data

import (
	"os"
	"testing"
)

func TestData(t *testing.T) {
	if text, err := os.ReadFile("testdata/in/a.txt"); err != nil || string(text) != "yes\n" {
		t.Error(string(text), err)
	}
}
-- data/testdata/in/a.txt --
yes
-- broken/broken_test.go --
package broken

import "testing"

func TestBroken(t *testing.T) {}
-- dies/dies_test.go --
package dies

import "testing"

func TestA(t *testing.T) {}

func TestB(t *testing.T) {}
`

const fixed = `
-- auth/auth.go --
package auth

func Check(token string) string {
	if token == "" {
		return "empty"
	}
	if token == "admin" {
		return "denied"
	}
	if token == "never" {
		println("never")
		return "never"
	}
	return "fine"
}
-- auth/auth_test.go --
package auth

import "testing"

func TestBreaks(t *testing.T) {
	t.Run("sub test", func(t *testing.T) {
		if Check("x") != "good" {
			t.Error("the token is", Check("x"))
		}
	})
}

func TestMends(t *testing.T) {
	if Check("admin") != "denied" {
		t.Error("admin gets in")
	}
}

func TestFailsAnyway(t *testing.T) { t.Error("as ever") }

func TestPasses(t *testing.T) {}

func TestComes(t *testing.T) {}

func TestSkips(t *testing.T) { t.Skip() }
-- words/words.txt --
no
-- data/testdata/in/a.txt --
no
-- broken/broken_test.go --
package broken

import "testing"

func TestBroken(t *testing.T) int {}
-- dies/dies_test.go --
package dies

import "testing"

func TestA(t *testing.T) { panic("boom") }

func TestB(t *testing.T) {}
-- new/new_test.go --
package new

import "testing"

func TestNew(t *testing.T) {}
-- auth/auth_plan9.go --
package auth

func plan9() {}
`

func TestCompare(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests")
	}
	t.Parallel()
	base, fix := sides(t, program, fixed)
	var events []tests.Event
	observe := tests.WithObserver(func(e tests.Event) { events = append(events, e) })
	found, err := tests.Compare(t.Context(), base, fix, planner, tests.WithReruns(0), tests.WithoutFixTestsOnBase(), observe)
	require.NoError(t, err)
	assert.Equal(t, target.Host(), found.Target)
	assert.Empty(t, found.Unknown)
	assert.Contains(t, found.Unshown, "on the base with the fix's tests, nothing was run, as was asked for")

	const pay = "example.com/pay/"
	type pkg struct {
		through   []string
		base, fix policy.Outcome
	}
	packages := map[string]pkg{}
	for _, p := range found.Packages {
		packages[p.Path] = pkg{p.Through, p.Base, p.Fix}
	}
	assert.Equal(t, map[string]pkg{
		pay + "auth":   {[]string{pay + "auth"}, policy.Failed, policy.Failed},
		pay + "web":    {[]string{pay + "auth"}, policy.Passed, policy.Passed},
		pay + "words":  {[]string{pay + "words"}, policy.Passed, policy.Failed},
		pay + "data":   {[]string{"data/testdata/in/a.txt"}, policy.Passed, policy.Failed},
		pay + "broken": {[]string{pay + "broken"}, policy.Passed, policy.NotBuilt},
		pay + "new":    {[]string{pay + "new"}, policy.Absent, policy.Passed},
		pay + "dies":   {[]string{pay + "dies"}, policy.Passed, policy.Failed},
	}, packages, "and not those of other, which nothing reaches")

	type test struct{ base, fix policy.Outcome }
	said, output := map[string]test{}, map[string]string{}
	for _, x := range found.Tests {
		name := strings.TrimPrefix(x.Package, pay) + " " + x.Name
		said[name], output[name] = test{x.Base, x.Fix}, x.Output
		assert.False(t, x.Flaky, name)
	}
	assert.Equal(t, map[string]test{
		"auth TestBreaks":          {policy.Passed, policy.Failed},
		"auth TestBreaks/sub_test": {policy.Passed, policy.Failed},
		"auth TestMends":           {policy.Failed, policy.Passed},
		"auth TestFailsAnyway":     {policy.Failed, policy.Failed},
		"auth TestGoes":            {policy.Passed, policy.Absent},
		"auth TestComes":           {policy.Absent, policy.Passed},
		"auth TestSkips":           {policy.Passed, policy.Skipped},
		"words TestWords":          {policy.Passed, policy.Failed},
		"data TestData":            {policy.Passed, policy.Failed},
		"broken ":                  {policy.Passed, policy.NotBuilt},
		"new TestNew":              {policy.Absent, policy.Passed},
		"dies ":                    {policy.Passed, policy.Failed},
		"dies TestA":               {policy.Passed, policy.Failed},
	}, withoutTestB(said))
	assert.Contains(t, output["auth TestBreaks/sub_test"], "the token is fine")
	assert.Contains(t, output["broken "], "broken_test.go:5:")
	assert.Contains(t, output["dies TestA"], "boom")
	assert.Contains(t, output["auth TestMends"], "admin gets in", "where it fails is the base")

	assert.Equal(t, []policy.Uncovered{{File: "auth/auth.go", First: 11, Last: 12, Function: "Check"}}, found.Uncovered)
	assert.Equal(t, policy.Coverage{Total: 6, Covered: 4, Err: found.Lines.Err}, found.Lines)
	assert.Equal(t, []string{"auth/auth_plan9.go"}, found.Excluded)
	assert.Contains(t, found.Lines.Err, "the tests of example.com/pay/broken are not built")
	assert.Contains(t, found.Lines.Err, "the tests of example.com/pay/dies ended early")

	assert.Contains(t, events, tests.Event(tests.TestFailed{Side: tests.Base, Path: pay + "auth", Name: "TestMends"}))
	requireProgress(t, events, tests.Base, len(packages)-1)
	requireProgress(t, events, tests.Fix, len(packages))
	requireProgress(t, events, tests.FixTestsOnBase, 0)
}

// withoutTestB leaves out the test that runs before the panic of another, or does
// not, as the seed has it.
func withoutTestB[T any](said map[string]T) map[string]T {
	delete(said, "dies TestB")
	return said
}

func requireProgress(t *testing.T, events []tests.Event, side tests.Side, packages int) {
	t.Helper()
	started, finished := map[string]bool{}, 0
	for _, e := range events {
		switch e := e.(type) {
		case tests.PackageStarted:
			if e.Side == side {
				started[e.Path] = true
			}
		case tests.PackageFinished:
			if e.Side == side {
				finished++
				assert.Equal(t, []int{finished, packages}, []int{e.Done, e.Total})
			}
		}
	}
	assert.Equal(t, packages, finished)
	assert.Len(t, started, packages)
}

func TestTimeout(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a time limit")
	}
	t.Parallel()
	const before = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n\nfunc TestHangs(t *testing.T) {}\n"
	const after = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n\nfunc TestHangs(t *testing.T) { t.Run(\"x\", func(t *testing.T) { <-t.Context().Done() }) }\n"
	base, fix := sides(t, "-- go.mod --\nmodule m\n\ngo 1.24\n-- a_test.go --\n"+before, "-- a_test.go --\n"+after)
	found, err := tests.Compare(t.Context(), base, fix, planner, tests.WithTimeout(2*time.Second), tests.WithReruns(0), tests.WithoutFixTestsOnBase(), tests.WithSeed(1))
	require.NoError(t, err)
	require.Len(t, found.Packages, 1)
	assert.Equal(t, policy.TimedOut, found.Packages[0].Fix)
	outcomes := map[string]policy.Outcome{}
	for _, x := range found.Tests {
		if x.Name != "TestA" {
			outcomes[x.Name] = x.Fix
			assert.True(t, x.NewlyFails())
		}
	}
	assert.Equal(t, map[string]policy.Outcome{"": policy.TimedOut, "TestHangs": policy.TimedOut, "TestHangs/x": policy.TimedOut}, outcomes)
}

// flaky has a test that fails when it runs for the first time after the change,
// one that always does then, and one that prints the order of the tests.
const flaky = `
-- go.mod --
module m

go 1.24
-- a.go --
package a

const changed = false
-- a_test.go --
package a

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFirst(t *testing.T) { order(t) }

func TestSecond(t *testing.T) { order(t) }

func TestThird(t *testing.T) { order(t) }

func TestFourth(t *testing.T) { order(t) }

func TestFifth(t *testing.T) { order(t) }

func TestSixth(t *testing.T) { order(t) }

func order(t *testing.T) {
	name := "base"
	if changed {
		name = "fix"
	}
	f, err := os.OpenFile(filepath.Join(os.Getenv("OUTSIDE"), name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(t.Name() + " ")
	f.Close()
}

func TestSometimes(t *testing.T) {
	t.Run("a (b)", func(t *testing.T) {
		t.Run("c|d", func(t *testing.T) {
			name := filepath.Join(os.Getenv("OUTSIDE"), t.Name()[:4])
			if _, err := os.Stat(name); err != nil && changed {
				os.WriteFile(name, nil, 0o666)
				t.Error("not yet")
			}
		})
	})
}

func TestAlways(t *testing.T) {
	t.Run("sub", func(t *testing.T) {
		if changed {
			t.Error("never again")
		}
	})
}
`

func TestFlaky(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests several times")
	}
	t.Parallel()
	base, fix := sides(t, flaky, "-- a.go --\npackage a\n\nconst changed = true\n")
	outside := t.TempDir()
	var reruns []tests.TestRerun
	observe := func(e tests.Event) {
		if r, ok := e.(tests.TestRerun); ok {
			reruns = append(reruns, r)
		}
	}
	found, err := tests.Compare(t.Context(), base, fix, planner, tests.WithEnviron("OUTSIDE="+outside), tests.WithObserver(observe))
	require.NoError(t, err)
	states := map[string]bool{}
	for _, x := range found.Tests {
		states[x.Name] = x.Flaky
		assert.Equal(t, !x.Flaky, x.NewlyFails(), x.Name)
	}
	assert.Equal(t, map[string]bool{"TestSometimes": true, "TestSometimes/a_(b)": true, "TestSometimes/a_(b)/c|d": true, "TestAlways": false, "TestAlways/sub": false}, states)
	assert.Len(t, reruns, 2)
	assert.Contains(t, reruns, tests.TestRerun{Path: "m", Name: "TestSometimes/a_(b)/c|d", Passed: true})
	assert.Contains(t, reruns, tests.TestRerun{Path: "m", Name: "TestAlways/sub"})

	old, err := os.ReadFile(filepath.Join(outside, "base"))
	require.NoError(t, err)
	now, err := os.ReadFile(filepath.Join(outside, "fix"))
	require.NoError(t, err)
	assert.Equal(t, string(old), string(now), "both sides have the order of one seed, and what runs again runs alone")
	assert.Len(t, strings.Fields(string(old)), 6)
}
