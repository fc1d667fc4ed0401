package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/policy/policytest"
)

// harmless is a hotfix as it should be: one line of one function, with a test.
const harmless = `
-- base/go.mod --
module example.com/pay

go 1.26

require example.com/log v1.2.0
-- base/main.go --
package main

import "example.com/pay/internal/auth"

var limit = 3

func init() { limit = 4 }

func main() { auth.Check("") }
-- base/internal/auth/auth.go --
package auth

// Check says whether a token is good.
func Check(token string) bool { return true }
-- base/internal/auth/auth_test.go --
package auth
-- base/asset/page.html --
<p>old</p>
-- base/web/web.go --
package web

import _ "embed"

//go:embed static
var Page string
-- base/web/static/page.html --
<p>old</p>
-- fix/go.mod --
module example.com/pay

go 1.26

require example.com/log v1.2.0
-- fix/main.go --
package main

import "example.com/pay/internal/auth"

var limit = 3

func init() { limit = 4 }

func main() { auth.Check("") }
-- fix/internal/auth/auth.go --
package auth

// Check says whether a token is good.
func Check(token string) bool { return token != "" }
-- fix/internal/auth/auth_test.go --
package auth

import "testing"

func TestCheck(t *testing.T) { _ = Check("") }
-- fix/asset/page.html --
<p>old</p>
-- fix/web/web.go --
package web

import _ "embed"

//go:embed static
var Page string
-- fix/web/static/page.html --
<p>old</p>
`

// edit replaces text that must be in the fix of the harmless change.
func edit(t *testing.T, old, replacement string) string {
	t.Helper()
	at := strings.Index(harmless, "-- fix/go.mod --")
	require.Contains(t, harmless[at:], old)
	return harmless[:at] + strings.Replace(harmless[at:], old, replacement, 1)
}

const inAuth = "func Check(token string) bool { return token != \"\" }\n"

// extended adds lines to the end of the package that the harmless change edits.
func extended(t *testing.T, lines string) string { return edit(t, inAuth, inAuth+lines) }

// with adds files to the fix of the harmless change.
func with(files string) string { return harmless + files }

func TestHarmlessChangePasses(t *testing.T) {
	c := policytest.Case(t, harmless)
	require.NoError(t, policy.Validate(policy.Default()...))
	for _, p := range policy.Default() {
		policytest.Pass(t, p, c)
	}
	assert.Len(t, c.Change.Files, 2)
	assert.Equal(t, []string{"Check"}, c.Change.Packages[0].Functions)
	assert.Equal(t, []string{"example.com/pay/internal/auth"}, c.Change.Affected[0].Changed)
}

// Each mutation is caught by the default set, by the rule that is meant for it.
func TestMutationsAreCaught(t *testing.T) {
	for _, test := range []struct {
		name, archive, rule, message string
	}{
		{"new dependency", edit(t, "v1.2.0\n", "v1.2.0\nrequire example.com/new v0.1.0\n"), "no-module-changes", "example.com/new (absent, now v0.1.0)"},
		{"newer dependency", edit(t, "v1.2.0\n", "v1.2.1\n"), "no-module-changes", "example.com/log (v1.2.0, now v1.2.1)"},
		{"replaced module", edit(t, "v1.2.0\n", "v1.2.0\nreplace example.com/log => ../log\n"), "no-module-changes", "replaced by ../log"},
		{"removed dependency", edit(t, "require example.com/log v1.2.0\n", ""), "no-module-changes", "(v1.2.0, now absent)"},
		{"other sums", with("-- fix/go.sum --\nexample.com/log v1.2.0 h1:other\n"), "no-module-changes", "decides what the code of other modules is"},
		{"vendored code", with("-- fix/vendor/example.com/log/log.go --\npackage log\n"), "no-module-changes", "decides what the code of other modules is"},
		{"toolchain line", edit(t, "go 1.26\n", "go 1.26\n\ntoolchain go1.26.9\n"), "no-directive-changes", `"toolchain" was "" and is now "go1.26.9"`},
		{"go line", edit(t, "go 1.26\n", "go 1.27\n"), "no-directive-changes", `"go" was "1.26"`},
		{"godebug line", edit(t, "go 1.26\n", "go 1.26\n\ngodebug tlsmaxrsasize=1\n"), "no-directive-changes", `"godebug tlsmaxrsasize"`},
		{"another module", edit(t, "module example.com/pay\n", "module example.com/play\n"), "no-directive-changes", `"module" was "example.com/pay"`},
		{"new init", extended(t, "func init() { println() }\n"), "no-hidden-effects", "init function added"},
		{"edited init", edit(t, "limit = 4", "limit = 5"), "no-hidden-effects", "init function changed"},
		{"removed init", edit(t, "func init() { limit = 4 }\n", ""), "no-hidden-effects", "init function removed"},
		{"package variable", extended(t, "var tries = 3\n"), "no-hidden-effects", "package variable tries added"},
		{"edited variable", edit(t, "limit = 3", "limit = 5"), "no-hidden-effects", "package variable limit changed"},
		{"hidden initialiser", extended(t, "var _ = func() int { println(); return 0 }()\n"), "no-hidden-effects", "package variable _ added"},
		{"sensitive import", edit(t, "package auth\n\n", "package auth\n\nimport _ \"os/exec\"\n\n"), "no-sensitive-imports", `now imports "os/exec"`},
		{"embedded file", edit(t, "-- fix/web/static/page.html --\n<p>old</p>", "-- fix/web/static/page.html --\n<p>new</p>"), "no-hidden-effects", "embedded file page.html changed"},
		{"more embedded files", with("-- fix/web/static/more.html --\n"), "no-hidden-effects", "embedded file more.html added"},
		{"embed directive", edit(t, "//go:embed static", "//go:embed static web.go"), "no-hidden-effects", "embedded file static web.go added"},
		{"build tag", edit(t, "package auth\n", "//go:build linux\n\npackage auth\n"), "no-hidden-effects", "build constraint linux added"},
		{"file for one system", with("-- fix/internal/auth/more_windows.go --\npackage auth\n"), "no-hidden-effects", "build constraint _windows.go added"},
		{"linkname", extended(t, "//go:linkname nanotime runtime.nanotime\nfunc nanotime() int64\n"), "no-hidden-effects", "go:linkname nanotime runtime.nanotime added"},
		{"generated code", edit(t, "package auth\n", "// Code generated by tool. DO NOT EDIT.\n\npackage auth\n"), "no-hidden-effects", "generated code auth.go changed"},
		{"cgo", edit(t, "package auth\n\n", "package auth\n\n// int f() { return 1; }\nimport \"C\"\n\n"), "no-hidden-effects", "cgo C added"},
		{"C file", with("-- fix/internal/auth/f.c --\nint f;\n"), "no-hidden-effects", "cgo f.c added"},
		{"assembly", with("-- fix/internal/auth/f_amd64.s --\nTEXT ·f(SB),0,$0\n"), "no-hidden-effects", "assembly f_amd64.s added"},
		{"object file", with("-- fix/internal/auth/f.syso --\nbytes\n"), "no-hidden-effects", "assembly f.syso added"},
		{"profile", with("-- fix/default.pgo --\nbytes\n"), "no-hidden-effects", "profile default.pgo added"},
		{"compiler directive", edit(t, "func Check", "//\n//go:noinline\nfunc Check"), "no-hidden-effects", "compiler directive //go:noinline Check added"},
		{"no Go", edit(t, "func Check", "fun Check"), "no-hidden-effects", "cannot tell whether the rule holds"},
		{"migration", with("-- fix/db/migrations/7.sql --\ndrop table users;\n"), "forbidden-paths", "forbids"},
		{"CI", with("-- fix/.github/workflows/ci.yml --\non: push\n"), "forbidden-paths", "forbids"},
		{"many lines", extended(t, strings.Repeat("// padding\n", policy.DefaultMaxLines)), "max-lines", "a hotfix may change 400"},
		{"binary file", with("-- fix/blob.bin --\n\x00\x00\n"), "max-lines", "cannot be measured"},
	} {
		t.Run(test.name, func(t *testing.T) {
			requireBlocked(t, policytest.Case(t, test.archive), test.rule, test.message)
		})
	}
}

// requireBlocked asserts that the default set blocks a case by a rule.
func requireBlocked(t *testing.T, c policy.Case, rule, message string) {
	t.Helper()
	found, err := policy.Check(t.Context(), c, policy.Default()...)
	require.NoError(t, err)
	for _, f := range found {
		if f.Severity == policy.Block && f.Rule == rule && strings.Contains(f.Message, message) {
			return
		}
	}
	assert.Failf(t, "not caught", "no finding of %s has %q: %v", rule, message, found)
}

// What source does not show is mutated as data.
func TestMutatedCasesAreCaught(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		mutate     func(*policy.Case)
	}{
		{"API break", "compatible-api", func(c *policy.Case) {
			c.Change.API = []policy.API{{Package: "example.com/pay/web", Message: "Page: removed"}}
		}},
		{"API unknown", "compatible-api", func(c *policy.Case) {
			c.Change.Unknown = []policy.Unknown{{Part: policy.PartAPI, Why: "the base does not compile"}}
		}},
		{"modules unknown", "no-module-changes", func(c *policy.Case) {
			c.Change.Unknown = []policy.Unknown{{Part: policy.PartModules, Why: "no module cache"}}
		}},
		{"many files", "max-files", func(c *policy.Case) {
			c.Change.Files = append(c.Change.Files, make([]policy.File, policy.DefaultMaxFiles)...)
		}},
		{"dirty tree", "clean-tree", func(c *policy.Case) { c.Change.Fix.Dirty = true }},
		{"no commit", "clean-tree", func(c *policy.Case) { c.Change.Base.Commit = "" }},
		{"untagged base", "tagged-base", func(c *policy.Case) { c.Change.Base.Version = "" }},
		{"another branch", "hotfix-version", func(c *policy.Case) { c.Change.Ancestry = policy.Diverged }},
		{"older code", "hotfix-version", func(c *policy.Case) { c.Change.Ancestry = policy.Precedes }},
		{"shallow clone", "hotfix-version", func(c *policy.Case) { c.Change.Ancestry = policy.UnknownAncestry }},
		{"version of the next release", "hotfix-version", func(c *policy.Case) { c.Version = "v1.5.0" }},
		{"code of the next release", "hotfix-version", func(c *policy.Case) { c.Change.Fix.Version = "v1.5.0" }},
		{"no version", "hotfix-version", func(c *policy.Case) { c.Version = "" }},
		{"other toolchain", "same-toolchain", func(c *policy.Case) { c.Plans[0].Toolchain = "go1.26.9" }},
		{"toolchain of the base unknown", "same-toolchain", func(c *policy.Case) { c.Base.Toolchain = "" }},
		{"other flags", "same-flags", func(c *policy.Case) { c.Plans[0].Tags = []string{"debug"} }},
		{"flags of the base unknown", "same-flags", func(c *policy.Case) { c.Base.Flags = nil }},
		{"race detector", "no-race", func(c *policy.Case) { c.Plans[0].Race = true }},
		{"no optimisation", "no-debug-flags", func(c *policy.Case) { c.Plans[0].Gcflags = []string{"all=-N -l"} }},
		{"paths in the executable", "reproducible", func(c *policy.Case) { c.Plans[0].Trimpath = false }},
		{"no plans", "reproducible", func(c *policy.Case) { c.Plans = nil }},
		{"target that does not load", "affected-known", func(c *policy.Case) { c.Change.Affected[0].Err = "it does not compile" }},
		{"no target looked at", "affected-known", func(c *policy.Case) { c.Change.Affected = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := policytest.Case(t, harmless)
			test.mutate(&c)
			requireBlocked(t, c, test.rule, "")
		})
	}
}

// A hotfix without a test may go out, and is not passed over in silence.
func TestChangeWithoutATestWarns(t *testing.T) {
	c := policytest.Case(t, edit(t, "\nimport \"testing\"\n\nfunc TestCheck(t *testing.T) { _ = Check(\"\") }\n", ""))
	found, err := policy.Check(t.Context(), c, policy.Default()...)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, policy.Warn, found[0].Severity)
	assert.Equal(t, "tests-change", found[0].Rule)
}

// A base that nobody rebuilt, or that is not what runs, may be fixed, and is not
// passed over in silence.
func TestUnprovenBaseWarns(t *testing.T) {
	for _, mutate := range []func(*policy.Case){
		func(c *policy.Case) { c.Proofs = nil },
		func(c *policy.Case) { c.Proofs[0].Verdict = build.Different },
	} {
		c := policytest.Case(t, harmless)
		mutate(&c)
		found, err := policy.Check(t.Context(), c, policy.Default()...)
		require.NoError(t, err)
		require.Len(t, found, 1)
		assert.Equal(t, policy.Warn, found[0].Severity)
		assert.Equal(t, "base-proven", found[0].Rule)
	}
}

// Where no target holds the change there is nothing to ship, which is worth a
// warning and no more.
func TestChangeOfNothingWarns(t *testing.T) {
	c := policytest.Case(t, harmless)
	c.Change.Affected[0].Changed = nil
	policytest.Finds(t, policy.AffectedKnown(), c,
		"warn: affected-known: the change is in no target's executable, so the hotfix would change nothing: check that the fix is in code that the program uses, on the targets that are built")
}
