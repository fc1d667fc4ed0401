package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/policy/policytest"
	"github.com/gohotfix/hotfix/target"
)

// good is a case that every policy of the table lets pass.
func good() policy.Case {
	plan := policytest.Plan()
	built := func() policy.Build { return policy.Build{Toolchain: plan.Toolchain, Flags: plan.Flags()} }
	return policy.Case{
		Version: "v1.4.3", Plans: []build.Plan{plan}, Base: built(), Fix: built(), Now: policytest.Now(), Proofs: []*build.Proof{policytest.Proof()},
		Change: policy.Change{
			Base: policy.Revision{Name: "v1.4.2", Commit: "1111", Version: "v1.4.2"}, Fix: policy.Revision{Name: "hotfix", Commit: "2222"},
			Ancestry: policy.Descends, Module: "example.com/pay",
			Files: []policy.File{
				{Path: "internal/auth/auth.go", Status: policy.Changed, Added: 2, Removed: 1},
				{Path: "internal/auth/auth_test.go", Status: policy.Added, Added: 90, Test: true},
			},
			Packages: []policy.Package{
				{Path: "example.com/pay/internal/auth", Status: policy.Changed, Files: []string{"internal/auth/auth.go", "internal/auth/auth_test.go"}, Functions: []string{"Check"}},
			},
			Main:     "example.com/pay",
			Affected: []policy.Affected{{Target: plan.Target, Changed: []string{"example.com/pay/internal/auth"}, Through: []string{"example.com/pay"}}},
		},
		Effects: []*compare.Report{{
			New: compare.Executable{Target: plan.Target},
			Functions: []compare.Function{
				{Name: "example.com/pay/internal/auth.Check", Package: "example.com/pay/internal/auth", Status: compare.Edited},
				{Name: "main.main", Package: "main", Status: compare.Inlined},
				{Name: "strings.Cut", Package: "strings", Status: compare.Added},
				{Name: "type:.eq.example.com/pay.T", Status: compare.Edited, Generated: true},
			},
		}},
		Tests: &policy.Tests{
			Target:   plan.Target,
			Packages: []policy.TestPackage{{Path: "example.com/pay/internal/auth", Base: policy.Passed, Fix: policy.Passed}},
			Tests: []policy.Test{
				{Package: "example.com/pay/internal/auth", Name: "TestMends", Base: policy.Failed, Fix: policy.Passed, Shown: policy.Failed},
				{Package: "example.com/pay/internal/auth", Name: "TestNew", Base: policy.Absent, Fix: policy.Passed, Shown: policy.Passed},
			},
			Lines: policy.Coverage{Total: 3, Covered: 3},
		},
	}
}

// stockTest is one policy with a case that breaks it.
type stockTest struct {
	name   string
	policy policy.Policy
	mutate func(*policy.Case)
	want   string // part of the one finding
}

func stock() []stockTest {
	module := func(m policy.Module) func(*policy.Case) {
		return func(c *policy.Case) { c.Change.Modules = []policy.Module{m} }
	}
	file := func(f policy.File) func(*policy.Case) {
		return func(c *policy.Case) { c.Change.Files = append(c.Change.Files, f) }
	}
	note := func(n policy.Note) func(*policy.Case) {
		return func(c *policy.Case) { c.Change.Notes = []policy.Note{n} }
	}
	unknown := func(p policy.Part) func(*policy.Case) {
		return func(c *policy.Case) {
			c.Change.Unknown = []policy.Unknown{{Part: p, File: "a.go", Why: "a.go:1:1: no"}}
		}
	}
	imported := func(path string) func(*policy.Case) {
		return func(c *policy.Case) {
			c.Change.Imports = []policy.Import{{Package: "example.com/pay/internal/auth", Path: path, File: "internal/auth/auth.go", Line: 7}}
		}
	}
	plan := func(mutate func(*build.Plan)) func(*policy.Case) {
		return func(c *policy.Case) { mutate(&c.Plans[0]) }
	}
	test := func(tests ...policy.Test) func(*policy.Case) {
		return func(c *policy.Case) { c.Tests.Tests = append(c.Tests.Tests, tests...) }
	}
	lines := func(covered, total int, uncovered ...policy.Uncovered) func(*policy.Case) {
		return func(c *policy.Case) {
			c.Tests.Lines, c.Tests.Uncovered = policy.Coverage{Covered: covered, Total: total}, uncovered
		}
	}
	shown := func(o policy.Outcome, unshown ...string) func(*policy.Case) {
		return func(c *policy.Case) { c.Tests.Tests[0].Shown, c.Tests.Unshown = o, unshown }
	}
	noTests := func(c *policy.Case) { c.Tests = nil }
	noPlans := func(c *policy.Case) { c.Plans = nil }
	proof := func(v build.Verdict, causes ...build.Cause) func(*policy.Case) {
		return func(c *policy.Case) { c.Proofs[0].Verdict, c.Proofs[0].Causes = v, causes }
	}
	toolchain := build.Cause{Kind: build.CauseToolchain, What: "it was built by go1.26.5", Remedy: "pin the toolchain to go1.26.5"}
	tags := build.Cause{Kind: build.CauseFlags, What: "-tags is \"a\"", Remedy: "rebuild with -tags=a"}
	return []stockTest{
		{"another package", policy.OnlyPackages("internal/auth/..."), func(c *policy.Case) {
			c.Change.Packages = append(c.Change.Packages, policy.Package{Path: "example.com/pay/internal/authority", Status: policy.Removed, Files: []string{"internal/authority/a.go"}})
		}, "block: only-packages: internal/authority/a.go: package example.com/pay/internal/authority is removed, which is outside internal/auth/...: take"},
		{"a package that embeds", policy.OnlyPackages("example.com/pay/internal/auth"), note(policy.Note{Kind: policy.Embed, Package: "example.com/pay/web", File: "web/a.html"}), "web/a.html: package example.com/pay/web"},
		{"a path outside", policy.OnlyPaths("internal/**"), file(policy.File{Path: "../lib/a.go", Status: policy.Changed}), "../lib/a.go: the file is changed, and none of internal/** allows it"},
		{"a forbidden path", policy.ForbiddenPaths(policy.MigrationPaths()...), file(policy.File{Path: "db/migrations/1.sql", Status: policy.Added}), `db/migrations/1.sql: the file is added, which "**/migrations/**" forbids`},
		{"lines", policy.MaxLines(3), file(policy.File{Path: "a.go", Added: 1}), "4 lines are added or removed outside tests, and a hotfix may change 3"},
		{"a binary file", policy.MaxLines(3), file(policy.File{Path: "a.png", Binary: true, Status: policy.Changed}), "a.png: a binary file is changed"},
		{"files", policy.MaxFiles(1), file(policy.File{Path: "README.md"}), "2 files differ, tests aside, and a hotfix may change 1"},
		{"packages", policy.MaxPackages(1), func(c *policy.Case) {
			c.Change.Packages = append(c.Change.Packages, policy.Package{Path: "x", Files: []string{"x/x.go"}})
		}, "2 packages differ"},
		{"functions", policy.MaxFunctions(1), func(c *policy.Case) { c.Change.Packages[0].Functions = []string{"A", "B"} }, "2 functions differ"},
		{"functions of no Go", policy.MaxFunctions(1), unknown(policy.PartSource), "a.go: cannot tell whether the rule holds, since the declarations are not known in full: a.go:1:1: no"},
		{"code alone", policy.TestsChange(), func(c *policy.Case) { c.Change.Files = c.Change.Files[:1] }, "internal/auth/auth.go: code changes and no test does"},
		{"a test goes away", policy.TestsChange(), file(policy.File{Path: "b_test.go", Test: true, Status: policy.Removed, Removed: 9}), "b_test.go: the hotfix removes a file of tests"},

		{"a module", policy.NoModuleChanges(), module(policy.Module{Path: "example.com/log", Old: "v1.0.0", New: "v1.0.1"}), "go.mod: module example.com/log (v1.0.0, now v1.0.1) is not what the base was built with"},
		{"vendored code", policy.NoModuleChanges(), file(policy.File{Path: "vendor/a/a.go", Status: policy.Added}), "vendor/a/a.go: the file is added, and it decides"},
		{"modules not known", policy.NoModuleChanges(), unknown(policy.PartModules), "module versions are not known in full"},
		{"a minor version", policy.OnlyPatchBumps(), module(policy.Module{Path: "m", Old: "v1.0.9", New: "v1.1.0"}), "changes by more than a patch release"},
		{"a downgrade", policy.OnlyPatchBumps(), module(policy.Module{Path: "m", Old: "v1.0.9", New: "v1.0.8"}), "goes back to an older version"},
		{"a pseudo-version", policy.OnlyPatchBumps(), module(policy.Module{Path: "m", Old: "v1.0.9", New: "v1.0.10-0.20260101000000-123456789012"}), "is not a release"},
		{"a module that is no bump", policy.OnlyPatchBumps(), module(policy.Module{Path: "m", New: "v1.0.0"}), "is not in both build lists"},
		{"a replaced bump", policy.OnlyPatchBumps(), module(policy.Module{Path: "m", Old: "v1.0.0", New: "v1.0.1", NewPath: "../m"}), "is replaced by something else"},
		{"a new module", policy.NoNewModules(), module(policy.Module{Path: "m", New: "v1.0.0"}), "m (absent, now v1.0.0) is new"},
		{"a replaced module", policy.NoReplacedModules(), module(policy.Module{Path: "m", Old: "v1.0.0", New: "v1.0.0", NewPath: "../m"}), "m (v1.0.0, now v1.0.0 replaced by ../m) is replaced"},
		{"another licence", policy.AllowedLicenses("MIT"), module(policy.Module{Path: "m", New: "v1.0.0", License: "AGPL-3.0-only"}), `has the licence "AGPL-3.0-only", which is not one of MIT`},
		{"an unknown licence", policy.AllowedLicenses("MIT"), module(policy.Module{Path: "m", New: "v1.0.0"}), "has a licence that is not known"},

		{"another toolchain", policy.SameToolchain(), plan(func(p *build.Plan) { p.Toolchain = "go1.26.9" }), "the plan for linux/amd64 uses go1.26.9, and the base was built by go1.26.8"},
		{"no pin", policy.SameToolchain(), plan(func(p *build.Plan) { p.Toolchain = "" }), "cannot tell which toolchain the plan for linux/amd64 uses"},
		{"toolchain of the base", policy.SameToolchain(), func(c *policy.Case) { c.Base.Toolchain = "" }, "cannot tell the toolchain of the base"},
		{"toolchain of the fix", policy.SameToolchain(), func(c *policy.Case) { c.Fix, c.Plans = policy.Build{}, nil }, "cannot tell the toolchain of the fix"},
		{"a flag more", policy.SameFlags(), plan(func(p *build.Plan) { p.Tags = []string{"debug"} }), `the plan for linux/amd64 has the flag "-tags=debug", which the base was built without`},
		{"a flag less", policy.SameFlags(), plan(func(p *build.Plan) { p.Ldflags = []string{"-s"} }), `lacks the flag "-ldflags: -w"`},
		{"flags of the base", policy.SameFlags(), func(c *policy.Case) { c.Base.Flags = nil }, "cannot tell the flags of the base"},
		{"flags of the fix", policy.SameFlags(), func(c *policy.Case) { c.Fix.Flags, c.Plans = nil, nil }, "cannot tell the flags of the fix"},
		{"a variable", policy.SameFlags(), func(c *policy.Case) { c.Fix.Flags = append(c.Fix.Flags, "-ldflags=-X main.a=1") }, `the fix has the flag "-ldflags: -X main.a"`},
		{"flags in another order", policy.SameFlags(), func(c *policy.Case) {
			c.Base.Flags, c.Fix.Flags, c.Plans = []string{"-tags=a", "-tags=b"}, []string{"-tags=b", "-tags=a"}, nil
		}, "the fix has the flags of the base in another order or number"},
		{"a quote without an end", policy.SameFlags(), func(c *policy.Case) {
			c.Base.Flags, c.Fix.Flags, c.Plans = []string{}, []string{"-ldflags='-s"}, nil
		}, `the fix has the flag "-ldflags='-s"`},
		{"a directive", policy.NoDirectiveChanges(), func(c *policy.Case) {
			c.Change.Directives = []policy.Directive{{Name: "go", Old: "1.25", New: "1.26"}}
		}, `go.mod: the line "go" was "1.25" and is now "1.26"`},

		{"API", policy.CompatibleAPI(), func(c *policy.Case) { c.Change.API = []policy.API{{Package: "p", Message: "F: removed"}} }, "package p: F: removed, so callers no longer compile"},
		{"API not known", policy.CompatibleAPI(), unknown(policy.PartAPI), "the differences of the exported API are not known"},
		{"an import", policy.NoSensitiveImports(), imported("golang.org/x/sys/unix"), `internal/auth/auth.go:7: package example.com/pay/internal/auth now imports "golang.org/x/sys/unix"`},
		{"an import of a list", policy.NoSensitiveImports("reflect"), imported("reflect"), `now imports "reflect"`},
		{"imports of no Go", policy.NoSensitiveImports(), unknown(policy.PartSource), "a.go: cannot tell"},
		{"a note", policy.NoHiddenEffects(), note(policy.Note{Kind: policy.Variable, Name: "n", Status: policy.Added, File: "a.go", Line: 3}), "a.go:3: package variable n added: it is set before main"},
		{"a note of a kind", policy.NoNotes(policy.Init), note(policy.Note{Kind: policy.Init, Status: policy.Removed}), "init function removed"},
		{"generated without a note", policy.NoNotes(policy.Generated), file(policy.File{Path: "a.pb.go", Gen: true, Status: policy.Changed}), "a.pb.go: generated code changed"},

		{"a test that breaks", policy.NoNewFailures(), test(policy.Test{Package: "p", Name: "TestA", Base: policy.Passed, Fix: policy.Failed, Output: "=== RUN   TestA\n  got 2\n  want 1\n--- FAIL: TestA (0.00s)\n"}), "test TestA of package p fails on the fix, and on the base it passed: want 1: mend"},
		{"a subtest that breaks", policy.NoNewFailures(), test(policy.Test{Package: "p", Name: "TestA", Fix: policy.Failed}, policy.Test{Package: "p", Name: "TestA/b", Fix: policy.Failed}), "test TestA/b of package p fails on the fix, and on the base it is not known to fail: mend"},
		{"a new test that fails", policy.NoNewFailures(), test(policy.Test{Package: "p", Name: "TestA", Base: policy.Absent, Fix: policy.Failed}), "and on the base it is not there"},
		{"tests that do not compile", policy.NoNewFailures(), test(policy.Test{Package: "p", Base: policy.Passed, Fix: policy.NotBuilt, Output: "a.go:1: no"}), "package p does not compile with its tests on the fix, and on the base it passed: a.go:1: no"},
		{"a test that hangs", policy.NoNewFailures(), test(policy.Test{Package: "p", Name: "TestA", Base: policy.Skipped, Fix: policy.TimedOut}), "test TestA of package p runs longer than it may on the fix, and on the base it is skipped"},
		{"a test that panics", policy.NoNewFailures(), test(policy.Test{Package: "p", Name: "TestA", Base: policy.Passed, Fix: policy.Failed, Output: "--- FAIL: TestA\npanic: boom [recovered]\n\ngoroutine 1 [running]:\n\ta.go:1\n"}), "it passed: panic: boom [recovered]: mend"},
		{"a package that ends early", policy.NoNewFailures(), test(policy.Test{Package: "p", Base: policy.Passed, Fix: policy.Failed, Output: "-test.shuffle 1\nexit status 3\nFAIL\tp\t0.01s\n"}), "package p fails on the fix, and on the base it passed: mend"},
		{"a result that is not known", policy.NoNewFailures(), test(policy.Test{Package: "p", Base: policy.Passed}), "package p has no known result on the fix"},
		{"results that are not known", policy.NoNewFailures(), func(c *policy.Case) { c.Tests.Unknown = []string{"there are too many"} }, "cannot tell whether the fix breaks a test: there are too many"},
		{"no tests", policy.NoNewFailures(), noTests, "cannot tell whether the fix breaks a test, since none were run"},
		{"nothing that was run shows the fault", policy.FaultShown(), shown(policy.Passed), "no test of the package that was tested fails with the code of the base and passes on the fix, so that nothing shows the fault: add a test that fails"},
		{"a test that does not compile on the base", policy.FaultShown(), shown(policy.NotBuilt, "a does not compile"), "cannot tell whether a test of the package that was tested shows the fault: a does not compile: add"},
		{"tests that were not run on the base", policy.FaultShown(), shown(policy.UnknownOutcome, "a", "b", "c", "d", "e"), "shows the fault: a; b; c; and 2 more: add"},
		{"a test that fails on the fix too", policy.FaultShown(), func(c *policy.Case) {
			c.Tests.Tests[0].Fix = policy.Failed
			c.Tests.Packages = append(c.Tests.Packages, policy.TestPackage{Path: "p"})
		}, "no test of the 2 packages that were tested fails"},
		{"no tests of the change", policy.FaultShown(), func(c *policy.Case) { c.Tests = &policy.Tests{} }, "no test shows the fault, since the change reaches no package with tests: add"},
		{"no tests, no fault", policy.FaultShown(), noTests, "cannot tell whether a test shows the fault, since none were run: run the tests"},
		{"lines that no test runs", policy.ChangedLinesCovered(100), lines(2, 3, policy.Uncovered{File: "a.go", First: 7, Last: 7, Function: "(*T).M"}), "a.go:7: no test runs line 7 of (*T).M: tests run 2 of 3 changed lines, and a hotfix must have 100 % of them run: add"},
		{"too many lines that no test runs", policy.ChangedLinesCovered(67), lines(2, 3, policy.Uncovered{File: "a.go", First: 7, Last: 9}), "a.go:7: no test runs lines 7 to 9: tests run 2 of 3"},
		{"lines that are not listed", policy.ChangedLinesCovered(1), lines(0, 3), "tests run 0 of 3 changed lines"},
		{"lines that are not known", policy.ChangedLinesCovered(0), func(c *policy.Case) { c.Tests.Lines.Err = "they ended early" }, "cannot tell whether tests run the changed lines: they ended early"},
		{"a file of another system", policy.ChangedLinesCovered(0), func(c *policy.Case) { c.Tests.Excluded = []string{"a_windows.go"} }, "a_windows.go: cannot tell what the change does here, since the file is not compiled for linux/amd64"},
		{"no tests, no lines", policy.ChangedLinesCovered(50), noTests, "cannot tell whether tests run the changed lines, since none were run"},

		{"dirty", policy.CleanTree(), func(c *policy.Case) { c.Change.Fix.Dirty = true }, `the tree of the fix "hotfix" holds changes that are in no commit`},
		{"a folder", policy.CleanTree(), func(c *policy.Case) { c.Change.Base.Commit = "" }, `cannot tell whether the base "v1.4.2" is committed`},
		{"no tag", policy.TaggedBase(), func(c *policy.Case) { c.Change.Base.Version = "" }, `the base "v1.4.2" has no version tag`},
		{"diverged", policy.BaseIsAncestor(), func(c *policy.Case) { c.Change.Ancestry = policy.Diverged }, `the fix "hotfix" is on another branch than the base "v1.4.2"`},
		{"older", policy.BaseIsAncestor(), func(c *policy.Case) { c.Change.Ancestry = policy.Precedes }, `is older than the base`},
		{"not related", policy.BaseIsAncestor(), func(c *policy.Case) { c.Change.Ancestry = "" }, `cannot tell whether the fix "hotfix" descends`},
		{"code of another release", policy.HotfixVersion(), func(c *policy.Case) { c.Change.Fix.Version = "v1.5.0" }, `the fix "hotfix" is tagged v1.5.0, so it is the code of another release than v1.4.3`},
		{"version of another base", policy.HotfixVersion(), func(c *policy.Case) { c.Change.Base.Version = "v1.3.0" }, "v1.4.3 is not a version for a hotfix of v1.3.0: use v1.3.0+hotfix.1 or v1.3.1"},
		{"version without a base", policy.HotfixVersion(), func(c *policy.Case) { c.Change.Base.Version = "" }, "cannot tell whether v1.4.3 is a hotfix"},
		{"no version", policy.HotfixVersion(), func(c *policy.Case) { c.Version = "1.4.3" }, `the result has the version "1.4.3", which nobody can compare`},
		{"version on another branch", policy.HotfixVersion(), func(c *policy.Case) { c.Change.Ancestry = policy.Diverged }, "hotfix-version: the fix \"hotfix\" is on another branch"},
		{"nobody rebuilt", policy.BaseProven(), func(c *policy.Case) { c.Proofs = nil }, "block: base-proven: cannot tell whether the base's source makes what runs, since nobody rebuilt it: give the executable"},
		{"a target without a proof", policy.BaseProven(), plan(func(p *build.Plan) { p.Target = target.MustParse("linux/arm64") }), "what runs on linux/arm64, since nobody rebuilt it for that: give"},
		{"a proof that is not there", policy.BaseProven(), func(c *policy.Case) { c.Proofs[0] = nil }, "what runs on linux/amd64, since nobody rebuilt it for that: give"},
		{"another toolchain ran", policy.BaseProven(), proof(build.Different, toolchain, tags), "the base rebuilt for linux/amd64 is not what runs: toolchain: it was built by go1.26.5; flags: -tags is \"a\": pin the toolchain to go1.26.5; rebuild with -tags=a"},
		{"many causes", policy.BaseProven(), proof(build.Different, toolchain, tags, tags, tags, tags), "flags: -tags is \"a\"; and 2 more causes: pin the toolchain to go1.26.5; rebuild with -tags=a"},
		{"no cause", policy.BaseProven(), proof(build.Different), "is not what runs, and no cause is known: find out how"},
		{"packed", policy.BaseProven(), proof(build.CannotTell, build.Cause{Kind: build.CauseRecords, What: "it is packed", Remedy: "unpack it"}), "cannot tell whether the base rebuilt for linux/amd64 is what runs: records: it is packed: unpack it"},
		{"no verdict", policy.BaseProven(), proof(""), "cannot tell whether the base rebuilt for linux/amd64 is what runs"},

		{"an effect elsewhere", policy.ExpectedEffects(), func(c *policy.Case) {
			c.Effects[0].Functions = append(c.Effects[0].Functions, compare.Function{Name: "net.Dial", Package: "net", Status: compare.Edited})
		}, "net.Dial is edited for linux/amd64, though neither its package nor any that it imports has changed: find what else differs"},
		{"no effects", policy.ExpectedEffects(), func(c *policy.Case) { c.Effects = nil }, "cannot tell what differs between the executables for linux/amd64, since they were not compared"},
		{"no effects and no plans", policy.ExpectedEffects(), func(c *policy.Case) { c.Effects, c.Plans = nil, nil }, "since none were compared"},
		{"effects of what is not known", policy.ExpectedEffects(), func(c *policy.Case) { c.Change.Affected[0].Err = "no" }, "cannot tell whether the differences for linux/amd64 are meant"},
		{"many effects", policy.MaxEffects(2), func(c *policy.Case) { c.Effects[0].Functions[1].Status = compare.Edited }, "3 functions are added, removed or edited in the executable for linux/amd64, and a hotfix may change 2"},
		{"effects that were not counted", policy.MaxEffects(9), func(c *policy.Case) { c.Effects = nil }, "cannot tell what differs"},

		{"paths", policy.Trimpath(), plan(func(p *build.Plan) { p.Trimpath = false }), "the plan for linux/amd64 writes paths of the build host into the executable: build with -trimpath"},
		{"no plans", policy.Trimpath(), noPlans, "cannot tell how the fix is built, since there are no plans"},
		{"cgo", policy.NoCgo(), plan(func(p *build.Plan) { p.Cgo = &build.Cgo{} }), "compiles C code"},
		{"race", policy.NoRace(), plan(func(p *build.Plan) { p.Race = true }), "has the race detector on"},
		{"old Go", policy.MinGo("go1.26.3"), plan(func(p *build.Plan) { p.Toolchain = "go1.26.2" }), "uses go1.26.2, which is older than go1.26.3"},
		{"some Go", policy.MinGo("go1.26.3"), plan(func(p *build.Plan) { p.Toolchain = "" }), "does not say which toolchain"},
		{"odd Go", policy.MinGo("go1.26.3"), plan(func(p *build.Plan) { p.Toolchain = "devel" }), "whose version cannot be read"},
		{"debugging", policy.NoDebugFlags(), plan(func(p *build.Plan) { p.Gcflags = []string{"all=-N", "-l"} }), `turns optimisations off with "-N"`},
		{"no inlining", policy.NoDebugFlags(), plan(func(p *build.Plan) { p.Gcflags = []string{"-m", "-l=4", "-l"} }), `turns optimisations off with "-l"`},
		{"workspace", policy.Reproducible(), plan(func(p *build.Plan) { p.Workspace = "/src/go.work" }), "uses a workspace"},
		{"stamp", policy.Reproducible(), plan(func(p *build.Plan) { p.StampVCS = true }), "state of the checkout"},
		{"module mode", policy.Reproducible(), plan(func(p *build.Plan) { p.Module = "mod" }), "builds with -mod=mod"},
		{"toolchain to choose", policy.Reproducible(), plan(func(p *build.Plan) { p.Toolchain = "" }), "does not pin the toolchain"},
		{"target that fails", policy.AffectedKnown(), func(c *policy.Case) { c.Change.Affected[0].Err = "it does not compile" }, "cannot tell whether linux/amd64 is affected: it does not compile"},
		{"target not looked at", policy.AffectedKnown(), plan(func(p *build.Plan) { p.Target = target.MustParse("windows/amd64") }), "cannot tell whether windows/amd64 is affected, since it was not looked at"},
		{"no targets", policy.AffectedKnown(), func(c *policy.Case) { c.Change.Affected = nil }, "none was looked at"},
		{"vulnerability", answered(vulnConfig + `{"finding":{"osv":"GO-2024-2687","trace":[{"module":"stdlib","package":"net/http","function":"Get"}]}}`), func(*policy.Case) {}, "GO-2024-2687 in net/http"},
	}
}

// Every policy passes where its rule is kept, blocks where it is broken, and
// does not block where that is waived.
func TestStock(t *testing.T) {
	for _, test := range stock() {
		t.Run(test.policy.Rule()+"/"+strings.ReplaceAll(test.name, " ", "-"), func(t *testing.T) {
			require.NoError(t, policy.Validate(test.policy))
			if test.policy.Rule() != "vulnerabilities" { // its input is the stream, not the case
				policytest.Pass(t, test.policy, good())
			}
			bad := good()
			test.mutate(&bad)
			found, err := policy.Check(t.Context(), bad, test.policy)
			require.NoError(t, err)
			require.Len(t, found, 1)
			assert.True(t, found.Blocked())
			assert.Contains(t, found[0].String(), test.want)
			assert.NotEmpty(t, found[0].Remedy)

			waived := policy.Waive(test.policy, "the release engineer", "the incident allows it", policytest.Now().Add(time.Hour))
			policytest.Allows(t, waived, bad)
			found, err = policy.Check(t.Context(), bad, waived)
			require.NoError(t, err)
			assert.Equal(t, policy.Info, found[0].Severity)
			assert.Contains(t, found[0].String(), "(waived by the release engineer until 2026-03-02: the incident allows it)")
		})
	}
}

// A rule that is kept in a way that looks like breaking it.
func TestStockPasses(t *testing.T) {
	for _, test := range []stockTest{
		{name: "the whole module", policy: policy.OnlyPackages("./...")},
		{name: "the package at the root", policy: policy.OnlyPackages("."), mutate: func(c *policy.Case) { c.Change.Packages[0].Path = "example.com/pay" }},
		{name: "a bump is no replacement", policy: policy.NoReplacedModules(), mutate: func(c *policy.Case) {
			c.Change.Modules = []policy.Module{{Path: "m", Old: "v1.0.0", New: "v1.0.1", OldPath: "../m", NewPath: "../m"}}
		}},
		{name: "a replacement is dropped with care", policy: policy.OnlyPatchBumps(), mutate: func(c *policy.Case) {
			c.Change.Modules = []policy.Module{{Path: "m", Old: "v1.0.0", New: "v1.0.0", OldPath: "m v1.0.1", NewPath: "m v1.0.1"}}
		}},
		{name: "optimisations that are wanted", policy: policy.NoDebugFlags(), mutate: func(c *policy.Case) { c.Plans[0].Gcflags = []string{"all=-B", "-l=4"} }},
		{name: "tests alone", policy: policy.TestsChange(), mutate: func(c *policy.Case) { c.Change.Files = c.Change.Files[1:] }},
		{name: "an import path", policy: policy.OnlyPackages("example.com/pay/...")},
		{name: "tests are not counted", policy: policy.MaxLines(3)},
		{name: "a patch release", policy: policy.OnlyPatchBumps(), mutate: func(c *policy.Case) {
			c.Change.Modules = []policy.Module{{Path: "m", Old: "v2.0.9+incompatible", New: "v2.0.10+incompatible"}}
		}},
		{name: "another module goes", policy: policy.NoNewModules(), mutate: func(c *policy.Case) { c.Change.Modules = []policy.Module{{Path: "m", Old: "v1.0.0"}} }},
		{name: "an allowed licence", policy: policy.AllowedLicenses("mit"), mutate: func(c *policy.Case) {
			c.Change.Modules = []policy.Module{{Path: "m", New: "v1.0.0", License: "MIT"}, {Path: "n", Old: "v1.0.0"}}
		}},
		{name: "a compatible change", policy: policy.CompatibleAPI(), mutate: func(c *policy.Case) {
			c.Change.API = []policy.API{{Package: "p", Message: "F: added", Compatible: true}}
		}},
		{name: "a version that may differ", policy: policy.SameFlags("main.version"), mutate: func(c *policy.Case) {
			c.Base.Flags = []string{"-ldflags=-s -X main.version=1", "-trimpath"}
			c.Fix.Flags, c.Plans = []string{"-ldflags=-s '-X=main.version=2 beta'", "-trimpath"}, nil
		}},
		{name: "lines enough", policy: policy.ChangedLinesCovered(66), mutate: func(c *policy.Case) {
			c.Tests.Lines, c.Tests.Uncovered = policy.Coverage{Covered: 2, Total: 3}, []policy.Uncovered{{File: "a.go", First: 1, Last: 1}}
		}},
		{name: "no lines", policy: policy.ChangedLinesCovered(100), mutate: func(c *policy.Case) { c.Tests.Lines = policy.Coverage{} }},
		{name: "no tests are reached", policy: policy.NoNewFailures(), mutate: func(c *policy.Case) { c.Tests = &policy.Tests{} }},
		{name: "a test that hangs on the base", policy: policy.FaultShown(), mutate: func(c *policy.Case) { c.Tests.Tests[0].Shown = policy.TimedOut }},
		{name: "a new test that fails on the base", policy: policy.FaultShown(), mutate: func(c *policy.Case) {
			c.Tests.Tests, c.Tests.Unshown = c.Tests.Tests[1:], []string{"others do not compile"}
			c.Tests.Tests[0].Shown = policy.Failed
		}},
		{name: "a note of another kind", policy: policy.NoNotes(policy.Init), mutate: func(c *policy.Case) { c.Change.Notes = []policy.Note{{Kind: policy.Embed}} }},
		{name: "the next patch", policy: policy.HotfixVersion()},
		{name: "a hotfix of the base", policy: policy.HotfixVersion(), mutate: func(c *policy.Case) { c.Version = "v1.4.2+hotfix.7" }},
		{name: "a hotfix that is tagged already", policy: policy.HotfixVersion(), mutate: func(c *policy.Case) { c.Change.Fix.Version = "v1.4.3" }},
		{name: "changes on the base's commit", policy: policy.HotfixVersion(), mutate: func(c *policy.Case) { c.Change.Fix = c.Change.Base }},
		{name: "a base that was signed", policy: policy.BaseProven(), mutate: func(c *policy.Case) { c.Proofs[0].Verdict = build.IdenticalButSignature }},
		{name: "a proof more", policy: policy.BaseProven(), mutate: func(c *policy.Case) {
			more := *c.Proofs[0]
			more.Target = target.MustParse("linux/arm64")
			c.Proofs = append(c.Proofs, &more)
		}},
		{name: "other packages of a name", policy: policy.NoSensitiveImports("net"), mutate: func(c *policy.Case) { c.Change.Imports = []policy.Import{{Path: "net/url"}} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := good()
			if test.mutate != nil {
				test.mutate(&c)
			}
			policytest.Pass(t, test.policy, c)
		})
	}
}

func TestSameFlagsWarnsOfValues(t *testing.T) {
	c := good()
	c.Base.Flags = append(c.Base.Flags, "-ldflags=-X main.version=v1.4.2")
	c.Fix.Flags, c.Plans = append(c.Fix.Flags, "-ldflags=-X main.version=v1.4.3"), nil
	policytest.Finds(t, policy.SameFlags(), c,
		`warn: same-flags: the fix sets main.version to "v1.4.3", which was "v1.4.2" in the base: make sure that this is meant, and name the variable: SameFlags("main.version")`)
}

func TestBaseProvenWarnsOfBuildID(t *testing.T) {
	c := good()
	c.Proofs[0].Verdict = build.IdenticalButBuildID
	c.Proofs[0].Causes = []build.Cause{{Kind: build.CauseBuildID, What: "the linker was given another -buildid", Remedy: "spell the flags as they were"}}
	policytest.Finds(t, policy.BaseProven(), c,
		"warn: base-proven: the base rebuilt for linux/amd64 is what runs but for the build id: build id: the linker was given another -buildid: spell the flags as they were")
}

func TestNoNewFailuresWarns(t *testing.T) {
	c := good()
	c.Tests.Tests = []policy.Test{
		{Package: "p", Name: "TestA", Base: policy.Passed, Fix: policy.Failed, Flaky: true, Output: "no"},
		{Package: "p", Name: "TestB", Base: policy.Failed, Fix: policy.TimedOut, Output: "never"},
		{Package: "p", Name: "TestC", Base: policy.Passed, Fix: policy.Absent},
		{Package: "p", Name: "TestD", Base: policy.Passed, Fix: policy.Skipped, Output: "later"},
	}
	c.Tests.Excluded = []string{"a_plan9.go"}
	policytest.Allows(t, policy.NoNewFailures(), c)
	policytest.Finds(t, policy.NoNewFailures(), c,
		"warn: no-new-failures: test TestA of package p failed on the fix and passed when it ran again: no: make the test steady, and look whether the change made it flaky",
		"warn: no-new-failures: test TestB of package p fails on the base and on the fix, so it says nothing about the change: never: mend the test, or find out what else it would have shown",
		"warn: no-new-failures: test TestC of package p passed on the base and is absent on the fix: keep the tests of the base, so that they can be run on the fix",
		"warn: no-new-failures: test TestD of package p passed on the base and is skipped on the fix: keep the tests of the base, so that they can be run on the fix",
		"warn: no-new-failures: a_plan9.go: cannot tell what the change does here, since the file is not compiled for linux/amd64, where the tests ran: run the tests on a system that the file is for")
	assert.Equal(t, policy.AfterTests, policy.StageOf(policy.NoNewFailures()))
	assert.Equal(t, policy.AfterTests, policy.StageOf(policy.ChangedLinesCovered(1)))
	assert.Equal(t, policy.AfterTests, policy.StageOf(policy.FaultShown()))
	assert.Empty(t, policy.Of(policy.AfterTests, policy.Default()...), "nobody has to run tests")
}

func TestInternalAPIWarns(t *testing.T) {
	c := good()
	c.Change.API = []policy.API{{Package: "example.com/pay/internal/auth", Message: "F: removed"}}
	policytest.Allows(t, policy.CompatibleAPI(), c)
}

func TestHotfixVersions(t *testing.T) {
	for _, test := range []struct {
		base, version string
		ok            bool
	}{
		{"v1.4.2", "v1.4.3", true},
		{"v1.4.2", "v1.4.2+hotfix.1", true},
		{"v1.4.2+hotfix.1", "v1.4.2+hotfix.2", true},
		{"v1.4.2+hotfix.1", "v1.4.3", true},
		{"v1.4.2-rc.1", "v1.4.2-rc.1+hotfix.1", true},
		{"v1.4.2", "v1.4.2", false},
		{"v1.4.2", "v1.4.4", false},
		{"v1.4.2", "v1.5.0", false},
		{"v1.4.2", "v1.4.1", false},
		{"v1.4.2", "v1.4.3-rc.1", false},
		{"v1.4.2", "v1.4.3+hotfix.1", false},
		{"v1.4.2", "v1.4.2+hotfix.0", false},
		{"v1.4.2", "v1.4.2+hotfix.01", false},
		{"v1.4.2", "v1.4.2+build.1", false},
		{"v1.4.2+hotfix.2", "v1.4.2+hotfix.2", false},
		{"v1.4.2+hotfix.2", "v1.4.2+hotfix.1", false},
		{"v1.4.2-rc.1", "v1.4.2", false},
		{"v1.4", "v1.4.1", false},
	} {
		c := good()
		c.Change.Base.Version = test.base
		c.Version = test.version
		found, err := policy.Check(t.Context(), c, policy.HotfixVersion())
		require.NoError(t, err)
		assert.Equal(t, test.ok, !found.Blocked(), "%s for %s", test.version, test.base)
	}
}

// A policy with a wrong argument is named before the work, and never passes.
func TestWrongArguments(t *testing.T) {
	until := policytest.Now()
	for _, test := range []struct {
		policy policy.Policy
		want   string
	}{
		{policy.OnlyPackages(), "OnlyPackages: no packages"},
		{policy.OnlyPackages("a...b"), `OnlyPackages: "a...b" is not a pattern`},
		{policy.OnlyPaths(), "OnlyPaths: no patterns"},
		{policy.ForbiddenPaths("a["), `ForbiddenPaths: "a[" is not a pattern`},
		{policy.MaxLines(-1), "MaxLines: -1 is no limit"},
		{policy.MaxFunctions(-2), "MaxFunctions: -2 is no limit"},
		{policy.AllowedLicenses(), "AllowedLicenses: no licence"},
		{policy.NoSensitiveImports(""), `NoSensitiveImports: "" is not a pattern`},
		{policy.SameFlags(""), "SameFlags: a variable without a name"},
		{policy.ChangedLinesCovered(101), "ChangedLinesCovered: 101 is no share"},
		{policy.ChangedLinesCovered(-1), "ChangedLinesCovered: -1 is no share"},
		{policy.NoNotes(), "NoNotes: no kinds"},
		{policy.NoNotes("int"), `NoNotes: "int" is no kind`},
		{policy.MinGo("1.26"), `MinGo: "1.26" is no version of Go`},
		{policy.Vulnerabilities(nil), "Vulnerabilities: nothing opens"},
		{policy.All("none"), `All: "none" has no policies`},
		{policy.Any("No Name", policy.NoCgo()), `Any: "No Name" does not name a rule`},
		{policy.All("inner", policy.MaxLines(-1)), "MaxLines: -1"},
		{policy.All("nothing", nil), "one of the policies is nil"},
		{policy.AsWarning(nil), "one of the policies is nil"},
		{policy.AsWarning(policy.MaxFiles(-1)), "MaxFiles: -1"},
		{policy.Func("", nil), "the policy has no function"},
		{policy.Waive(policy.NoCgo(), " ", "why", until), "Waive: nobody takes the blame"},
		{policy.Waive(policy.NoCgo(), "who", "", until), "Waive: the waiver of who has no reason"},
		{policy.Waive(policy.NoCgo(), "who", "why", time.Time{}), "Waive: the waiver of who has no end"},
	} {
		err := policy.Validate(test.policy)
		var argument *policy.ArgumentError
		require.ErrorAs(t, err, &argument, test.want)
		assert.ErrorContains(t, err, test.want)
		_, err = policy.Check(t.Context(), good(), test.policy)
		assert.ErrorContains(t, err, test.want)
	}
	assert.ErrorContains(t, policy.Validate(nil), "nil")
}
