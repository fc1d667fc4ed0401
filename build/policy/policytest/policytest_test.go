package policytest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/policy/policytest"
)

const archive = `
-- base/go.mod --
module example.com/app

go 1.26
-- base/main.go --
package main

func main() { println(1) }
-- fix/go.mod --
module example.com/app

go 1.26
-- fix/main.go --
package main

func main() { println(2) }
`

// recorder is a test that says what is wrong with it instead of failing.
type recorder struct {
	testing.TB
	said []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r)
}

// said runs assertions and returns what they complain of.
func said(assertions func(testing.TB)) (lines []string) {
	r := &recorder{}
	defer func() {
		if stopped := recover(); stopped != nil && stopped != r {
			panic(stopped)
		}
		lines = r.said
	}()
	assertions(r)
	return r.said
}

func warns(context.Context, policy.Case) ([]policy.Finding, error) {
	return []policy.Finding{{Severity: policy.Warn, Message: "m", Remedy: "r"}}, nil
}

func fails(context.Context, policy.Case) ([]policy.Finding, error) {
	return nil, errors.New("no data")
}

// Each assertion holds where it should, and fails where it should not hold.
func TestAssertions(t *testing.T) {
	c := policytest.Case(t, archive)
	warning, broken := policy.Func("warning", warns), policy.Func("broken", fails)
	assert.Empty(t, said(func(tb testing.TB) {
		policytest.Pass(tb, policy.NoCgo(), c)
		policytest.Allows(tb, warning, c)
		policytest.Blocks(tb, policy.MaxFunctions(0), c)
		policytest.Finds(tb, warning, c, "warn: warning: m: r")
		policytest.Finds(tb, policy.NoCgo(), c)
		assert.ErrorContains(t, policytest.Fails(tb, broken, c), "no data")
	}))
	for _, test := range []struct {
		want      string
		assertion func(testing.TB)
	}{
		{"warning should pass, and found: warn: warning: m: r", func(tb testing.TB) { policytest.Pass(tb, warning, c) }},
		{"warning should block, and found: [warn: warning: m: r]", func(tb testing.TB) { policytest.Blocks(tb, warning, c) }},
		{"max-functions should not block, and found: block: max-functions: 1 functions", func(tb testing.TB) { policytest.Allows(tb, policy.MaxFunctions(0), c) }},
		{`missing: ["x"]`, func(tb testing.TB) { policytest.Finds(tb, warning, c, "x") }},
		{"warning should fail", func(tb testing.TB) { _ = policytest.Fails(tb, warning, c) }},
		{"policy broken could not be checked: no data", func(tb testing.TB) { policytest.Pass(tb, broken, c) }},
		{"policytest: reading the base: .: ", func(tb testing.TB) { policytest.Change(tb, "nothing") }},
		{"policytest: cannot create fs.FS", func(tb testing.TB) { policytest.Change(tb, "-- /a --\n") }},
	} {
		lines := said(test.assertion)
		if assert.Len(t, lines, 1, test.want) {
			assert.Contains(t, lines[0], test.want)
		}
	}
}

// Two lists of one case must not share memory: a test appends to one of them.
func TestCasesAreApart(t *testing.T) {
	c := policytest.Case(t, archive)
	c.Base.Flags = append(c.Base.Flags, "-a")
	c.Fix.Flags = append(c.Fix.Flags, "-b")
	assert.NotEqual(t, c.Base.Flags, c.Fix.Flags)
	assert.NotContains(t, policytest.Case(t, archive).Fix.Flags, "-b")
}

// A policy is tested in a line: what a hotfix changes is an archive of text.
func ExampleChange() {
	t := &testing.T{} // a test has its own
	c := policytest.Change(t, archive)
	fmt.Println(c.Module, c.Packages[0].Functions)
	// Output: example.com/app [main]
}

func ExampleFinds() {
	t := &testing.T{} // a test has its own
	c := policytest.Case(t, archive)
	policytest.Pass(t, policy.OnlyPackages("./..."), c)
	c.Plans[0].Race = true
	policytest.Finds(t, policy.NoRace(), c,
		"block: no-race: the plan for linux/amd64 has the race detector on, which is for tests: build without -race")
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
