package policy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/policy/policytest"
)

// finds makes a policy that finds something of each severity given.
func finds(rule string, severities ...policy.Severity) policy.Policy {
	return policy.Func(rule, func(context.Context, policy.Case) ([]policy.Finding, error) {
		var found []policy.Finding
		for _, s := range severities {
			found = append(found, policy.Finding{Severity: s, Message: "a fault", Remedy: "mend it"})
		}
		return found, nil
	})
}

var errNoData = errors.New("no data")

func fails(rule string) policy.Policy {
	return policy.Func(rule, func(context.Context, policy.Case) ([]policy.Finding, error) { return nil, errNoData })
}

func TestAll(t *testing.T) {
	policytest.Pass(t, policy.All("both", finds("a"), finds("b")), policy.Case{})
	policytest.Finds(t, policy.All("both", finds("a", policy.Warn), finds("b", policy.Block)), policy.Case{},
		"block: both/b: a fault: mend it", "warn: both/a: a fault: mend it")
	err := policytest.Fails(t, policy.All("both", finds("a"), fails("b")), policy.Case{})
	assert.ErrorIs(t, err, errNoData)
	assert.ErrorContains(t, err, "policy both could not be checked: policy b could not be checked: no data")
}

func TestAny(t *testing.T) {
	either := func(p ...policy.Policy) policy.Policy { return policy.Any("either", p...) }
	policytest.Pass(t, either(finds("a", policy.Block), finds("b")), policy.Case{})
	policytest.Pass(t, either(fails("a"), finds("b")), policy.Case{})
	policytest.Finds(t, either(finds("a", policy.Block), finds("b", policy.Warn)), policy.Case{}, "warn: either/b: a fault: mend it")
	policytest.Finds(t, either(finds("a", policy.Block, policy.Block), finds("b", policy.Block)), policy.Case{},
		"block: either/b: a fault (none of 2 rules holds, of which one would do; this one is the nearest): mend it")
	assert.ErrorIs(t, policytest.Fails(t, either(fails("a"), finds("b", policy.Block)), policy.Case{}), errNoData)
}

func TestAsWarning(t *testing.T) {
	policytest.Finds(t, policy.AsWarning(finds("a", policy.Block, policy.Info)), policy.Case{},
		"warn: a: a fault: mend it", "info: a: a fault: mend it")
	assert.ErrorIs(t, policytest.Fails(t, policy.AsWarning(fails("a")), policy.Case{}), errNoData)
}

func TestWaive(t *testing.T) {
	until := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	waived := policy.Waive(finds("a", policy.Block, policy.Warn), "the owner", "it is reviewed", until)
	at := func(now time.Time) policy.Case { return policy.Case{Now: now} }
	const end = " (waived by the owner until 2026-03-02: it is reviewed)"
	policytest.Finds(t, waived, at(until), "info: a: a fault: mend it"+end, "info: a: a fault: mend it"+end)
	policytest.Finds(t, waived, at(until.Add(1)),
		"block: a: a fault (the waiver of the owner expired on 2026-03-02): mend it",
		"warn: a: a fault (the waiver of the owner expired on 2026-03-02): mend it")
	assert.ErrorIs(t, policytest.Fails(t, waived, policy.Case{}), policy.ErrNoTime)
	assert.ErrorIs(t, policytest.Fails(t, policy.Waive(fails("a"), "w", "y", until), at(until)), errNoData)
}

// The waiver that ends first is not prolonged by a second, and either is enough.
func TestWaiversNest(t *testing.T) {
	now := policytest.Now()
	inner := policy.Waive(finds("a", policy.Block), "the owner", "first", now.Add(-time.Hour))
	found, err := policy.Check(t.Context(), policy.Case{Now: now}, policy.Waive(inner, "the auditor", "second", now.Add(time.Hour)))
	require.NoError(t, err)
	assert.Equal(t, "the auditor", found[0].Waived.Who)
	assert.Contains(t, found[0].Message, "the waiver of the owner expired")
}

// What a caller does to findings or lists must not reach the policy.
func TestPoliciesAreImmutable(t *testing.T) {
	parts := []policy.Policy{finds("a", policy.Block)}
	paths := []string{"internal/**"}
	all, only := policy.All("all", parts...), policy.OnlyPaths(paths...)
	parts[0], paths[0] = finds("b"), "**"
	policytest.Blocks(t, all, policy.Case{})
	policytest.Blocks(t, only, policy.Case{Change: policy.Change{Files: []policy.File{{Path: "a"}}}})

	waived := policy.Waive(finds("a", policy.Block), "the owner", "why", policytest.Now())
	found, err := policy.Check(t.Context(), policy.Case{Now: policytest.Now()}, waived)
	require.NoError(t, err)
	found[0].Waived.Who = "somebody else"
	found, err = policy.Check(t.Context(), policy.Case{Now: policytest.Now()}, waived)
	require.NoError(t, err)
	assert.Equal(t, "the owner", found[0].Waived.Who)
}

func TestCheck(t *testing.T) {
	found, err := policy.Check(t.Context(), policy.Case{}, finds("c", policy.Info, policy.Warn), fails("d"), finds("b", policy.Block), finds("a", policy.Block))
	var unchecked *policy.UncheckedError
	require.ErrorAs(t, err, &unchecked)
	assert.Equal(t, "d", unchecked.Rule)
	var rules []string
	for _, f := range found {
		rules = append(rules, string(f.Severity)+" "+f.Rule)
	}
	assert.Equal(t, []string{"block a", "block b", "warn c", "info c"}, rules)
}

func TestCheckOfNil(t *testing.T) {
	_, err := policy.Check(t.Context(), policy.Case{}, nil, finds("a"))
	assert.ErrorContains(t, err, "one of the policies is nil: leave it out")
}

// A severity that nobody knows, and a finding without one, forbid the hotfix.
func TestUnknownSeverityBlocks(t *testing.T) {
	assert.True(t, policy.Findings{{Severity: "blok"}}.Blocked())
	assert.False(t, policy.Findings{{Severity: policy.Warn}, {Severity: policy.Info}}.Blocked())
	policytest.Blocks(t, finds("a", ""), policy.Case{})
}

func TestFindingIsOneLine(t *testing.T) {
	f := policy.Finding{Rule: "a", Severity: policy.Block, File: "a\n\x1b[31m\u202eb.go", Line: 3, Message: "m", Remedy: "r"}
	assert.Equal(t, "block: a: a\uFFFD\uFFFD[31m\uFFFDb.go:3: m: r", f.String())
}

func TestGlobs(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"a/**", "a/b/c.go", true},
		{"a/**", "a", true},
		{"a/**", "ab/c", false},
		{"**/*.sql", "x.sql", true},
		{"**/*.sql", "../db/x.sql", true},
		{"**/m/**", "a/m/b/c", true},
		{"*.go", "a/b.go", false},
		{"**", "a/b", true},
		{"a/**/b/**/c", "a/x/b/y/z/c", true},
		{"a/**/b/**/c", "a/x/y/z/c", false},
		{"a/[bc].go", "a/c.go", true},
	} {
		c := policy.Case{Change: policy.Change{Files: []policy.File{{Path: test.path}}}}
		found, err := policy.Check(t.Context(), c, policy.ForbiddenPaths(test.pattern))
		require.NoError(t, err)
		assert.Equal(t, test.want, found.Blocked(), "%s %s", test.pattern, test.path)
	}
	deep := policy.Case{Change: policy.Change{Files: []policy.File{{Path: strings.Repeat("a/", 10_000) + "b"}}}}
	policytest.Pass(t, policy.ForbiddenPaths(strings.Repeat("**/a/", 20)+"c"), deep)
}
