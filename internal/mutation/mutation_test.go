package main

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mutantsOf returns the mutants of the statements of a function.
func mutantsOf(t *testing.T, signature, body string) []string {
	t.Helper()
	source := []byte("package p\n\nfunc f" + signature + " {\n" + body + "\n}\n")
	found, err := mutants("p.go", source)
	require.NoError(t, err)
	var all []string
	for _, m := range found {
		_, err := format.Source(m.apply(source))
		require.NoError(t, err, m.String())
		all = append(all, fmt.Sprintf("%d: %s: %s → %s", m.Line-3, m.Rule, m.Before, m.After))
	}
	return all
}

func TestRules(t *testing.T) {
	for name, test := range map[string]struct {
		signature, body string
		want            []string
	}{
		"check": {"(err error) error", "if err != nil {\nreturn err\n}\nreturn nil", []string{
			"1: check left out: err != nil → false && (err != nil)",
			"1: comparison exchanged: != → ==",
			"2: error not returned: return err → _ = err; return nil",
		}},
		"negated": {"(ok bool)", "if ok {\nreturn\n}", []string{
			"1: check left out: ok → false && (ok)",
			"1: condition negated: ok → !(ok)",
		}},
		"chain": {"(a, b, c bool) bool", "return a || b || c", []string{
			"1: result negated: a || b || c → !(a || b || c)",
			"1: part of a condition left out: a → (false && (a))",
			"1: and exchanged with or: || → &&",
			"1: part of a condition left out: b → (false && (b))",
			"1: and exchanged with or: || → &&",
			"1: part of a condition left out: c → (false && (c))",
		}},
		"and": {"(a, b bool) bool", "x := a && b\nreturn x", []string{
			"1: part of a condition left out: a → (true || (a))",
			"1: and exchanged with or: && → ||",
			"1: part of a condition left out: b → (true || (b))",
			"2: result negated: x → !(x)",
		}},
		"several results": {"() (int, string, error)", "return g(), `a\nb`, h()", []string{
			"1: error not returned: return g(), `a b`, h() → _ = h(); return g(), `a b`, nil",
		}},
		"results of another call": {"() (int, error)", "return g()", nil},
		"inner function": {"() error", "g(func() bool { h(); return true })\nreturn nil", []string{
			"1: call left out: g(func() bool { h(); return true }) → if false { g(func() bool { h(); return true }) }",
			"1: call left out: h() → if false { h() }",
			"1: result negated: true → !(true)",
		}},
		"numbers": {"(n int) string", "var a [4]int\nfor i := 0; i <= n; i++ {\na[i] = 0x10\n}\nreturn \"7\"", []string{
			"2: number off by one: 0 → (0 + 1)",
			"2: comparison exchanged: <= → <",
			"3: assignment left out: a[i] = 0x10 → if false { a[i] = 0x10 }",
			"3: number off by one: 0x10 → (0x10 + 1)",
			"3: number off by one: 0x10 → (0x10 - 1)",
		}},
		"statements": {"(n int)", "defer g()\ngo g()\nn++\n_ = n\nn += 2.5\nselect {\ncase n = <-c:\ng()\n}", []string{
			"1: call left out: defer g() → if false { defer g() }",
			"2: call left out: go g() → if false { go g() }",
			"3: assignment left out: n++ → if false { n++ }",
			"5: assignment left out: n += 2.5 → if false { n += 2.5 }",
			"8: call left out: g() → if false { g() }",
		}},
		"cases": {"(n int)", "switch {\ncase n > 7, g():\nh()\n}\nswitch n {\ncase m:\n}", []string{
			"2: case left out: n > 7 → false && (n > 7)",
			"2: comparison exchanged: > → >=",
			"2: number off by one: 7 → (7 + 1)",
			"2: number off by one: 7 → (7 - 1)",
			"2: case left out: g() → false && (g())",
			"3: call left out: h() → if false { h() }",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, mutantsOf(t, test.signature, test.body))
		})
	}
}

func TestLongTextsAreCut(t *testing.T) {
	found := mutantsOf(t, "()", "g("+strings.Repeat("ü, ", 200)+"x)")
	require.Len(t, found, 1)
	assert.Less(t, len(found[0]), 300)
}

func TestSpread(t *testing.T) {
	all := make([]Mutant, 10)
	for i := range all {
		all[i].Line = i
	}
	lines := func(chosen []Mutant) (lines []int) {
		for _, m := range chosen {
			lines = append(lines, m.Line)
		}
		return lines
	}
	assert.Equal(t, []int{0, 3, 6}, lines(spread(all, 3)))
	assert.Len(t, spread(all, 0), 10)
	assert.Len(t, spread(all, 11), 10)
}

// tiny is the package of the tests, with the mutants that its tests leave open.
const (
	tiny      = "./testdata/tiny"
	survivors = `github.com/gohotfix/hotfix/internal/mutation/testdata/tiny: 20 of 20 mutants tried: 10 killed, 0 timed out, 9 survived, 1 not compiled; score 52.6 %
testdata/tiny/tiny.go:10: number off by one: 10 → (10 - 1)
testdata/tiny/tiny.go:13: number off by one: 255 → (255 - 1)
testdata/tiny/tiny.go:17: part of a condition left out: n < 1 → (false && (n < 1))
testdata/tiny/tiny.go:17: comparison exchanged: < → <=
testdata/tiny/tiny.go:17: number off by one: 1 → (1 + 1)
testdata/tiny/tiny.go:17: number off by one: 1 → (1 - 1)
testdata/tiny/tiny.go:27: check left out: err != nil → false && (err != nil)
testdata/tiny/tiny.go:28: error not returned: return 0, err → _ = err; return 0, nil
testdata/tiny/tiny.go:28: number off by one: 0 → (0 + 1)
`
)

// The survivors are what the tests leave open, and the package's files stay as
// they are.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a test program for each mutant")
	}
	before, err := os.ReadFile("testdata/tiny/tiny.go")
	require.NoError(t, err)
	done := 0
	report, err := measure(t.Context(), options{pkg: tiny, parallel: 2}, func(n, all int, _ Trial) {
		done++
		assert.Equal(t, []int{done, 20}, []int{n, all})
	})
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, report.write(&text))
	assert.Equal(t, survivors, text.String())
	after, err := os.ReadFile("testdata/tiny/tiny.go")
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

func outcomes(t *testing.T, o options) map[Outcome]int {
	t.Helper()
	o.pkg, o.parallel = tiny, 2
	report, err := measure(t.Context(), o, func(int, int, Trial) {})
	require.NoError(t, err)
	return report.Count
}

func TestOptions(t *testing.T) {
	if testing.Short() {
		t.Skip("builds test programs")
	}
	assert.Equal(t, map[Outcome]int{timedOut: 2}, outcomes(t, options{sample: 2, limit: 1}))
	assert.Equal(t, map[Outcome]int{survived: 2}, outcomes(t, options{sample: 2, tests: "./testdata/untested"}), "whose tests are run is a choice")
}

func TestCovered(t *testing.T) {
	o := options{pkg: tiny, covered: true}
	pkg, _, err := o.packages(t.Context())
	require.NoError(t, err)
	found, err := o.mutants(t.Context(), pkg, t.TempDir())
	require.NoError(t, err)
	lines := map[int]bool{}
	for _, m := range found {
		lines[m.Line] = true
	}
	assert.Equal(t, map[int]bool{17: true, 18: true, 25: true, 27: true, 30: true}, lines, "neither constants nor line 28, which no test runs")
}

func TestMeasureRefuses(t *testing.T) {
	for want, o := range map[string]options{
		"name one":                       {pkg: "../..."},
		"do not pass as they are":        {pkg: "./testdata/failing"},
		"nothing to change in no.go":     {pkg: "./testdata/untested", only: "no.go"},
		"nothing to change in the files": {pkg: "./testdata/untested"},
	} {
		o.parallel = 1
		_, err := measure(t.Context(), o, func(int, int, Trial) {})
		assert.ErrorContains(t, err, want)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := measure(ended, options{pkg: tiny, parallel: 1}, func(int, int, Trial) {})
	assert.ErrorIs(t, err, context.Canceled)
}
