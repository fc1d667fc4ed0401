package hotfix_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// defaultPolicies are those of most projects, with a test's absence waived for
// nobody: it only warns.
func defaultPolicies() hotfix.Option { return hotfix.WithPolicies(policy.Default()...) }

// buildsOften leaves a test out that says nothing about races that others do not.
func buildsOften(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs again and again")
	}
}

func verdict(t testing.TB, r *hotfix.Result, rule string) hotfix.PolicyVerdict {
	t.Helper()
	for _, p := range r.Policies {
		if p.Rule == rule {
			return p.Verdict
		}
	}
	t.Fatalf("%s was not asked: %v", rule, r.Policies)
	return ""
}

// A fix of a revision passes the default policies, and the result says what
// changes in the source and in the executable.
func TestJudgedRevision(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	var found []policy.Finding
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{
		hotfix.WithFix(fix), defaultPolicies(), hotfix.WithObserver(func(e hotfix.Event) {
			if e, ok := e.(hotfix.Found); ok {
				found = append(found, e.Finding)
			}
		}),
	}}.run(t)

	require.NotNil(t, result.Change)
	assert.Equal(t, policy.Descends, result.Change.Ancestry)
	assert.Equal(t, []string{"main"}, result.Change.Packages[0].Functions)
	assert.Len(t, result.Policies, len(policy.Default()))
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "same-flags"))
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "expected-effects"))
	assert.Equal(t, hotfix.PolicyWarned, verdict(t, result, "tests-change"))
	assert.Equal(t, hotfix.PolicyWarned, verdict(t, result, "base-proven"), "there is nothing that runs to compare with")
	assert.Equal(t, found, []policy.Finding(result.Findings))

	effect := result.Targets[0].Effect
	require.NotNil(t, effect)
	var edited []string
	for _, f := range effect.Edited() {
		edited = append(edited, f.Name)
	}
	assert.Equal(t, []string{"main.main"}, edited)
	assert.NotContains(t, effect.New.Path, string(filepath.Separator), "the report names no folder of the host")
}

// What a policy forbids is not built, and the earlier dist stays.
func TestBlockedBeforeTheBuild(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	out := filepath.Join(t.TempDir(), "dist")
	result, err := setup{src: r.dir, out: out, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithPolicies(policy.MaxLines(1), policy.NoCgo(), policy.OnlyPaths("docs/**")),
		hotfix.WithBefore(hotfix.StepBuild, onResult(func(*hotfix.Result) { t.Error("it is built") })),
	}}.pipeline(t).Run(t.Context())
	var failed *hotfix.StepError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, hotfix.StepPolicies, failed.Step)
	var blocked *hotfix.BlockedError
	require.ErrorAs(t, err, &blocked)
	assert.Len(t, blocked.Findings, 2)
	assert.EqualError(t, err, "policies: the policy max-lines blocks the hotfix: 2 lines are added or removed outside tests, and a hotfix may change 1: "+
		"take out what the fault does not need, or raise the limit (and 1 more finding blocks it)")
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "no-cgo"))
	assert.Equal(t, hotfix.PolicyBlocked, verdict(t, result, "only-paths"))
	assert.NoDirExists(t, out)
}

func TestBlockedAfterTheBuild(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	refuse := policy.Func("no-main", func(_ context.Context, c policy.Case) ([]policy.Finding, error) {
		var found []policy.Finding
		for _, e := range c.Effects {
			for _, f := range e.Edited() {
				found = append(found, policy.Finding{Message: f.Name + " differs", Remedy: "keep it"})
			}
		}
		return found, nil
	})
	out := filepath.Join(t.TempDir(), "dist")
	err := setup{src: r.dir, out: out, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithPolicies(policy.At(policy.AfterBuild, refuse)),
	}}.fail(t, hotfix.StepCompare)
	assert.ErrorContains(t, err, "the policy no-main blocks the hotfix: main.main differs: keep it")
	assert.NoDirExists(t, out)
}

func TestWaivedFindingIsReported(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	r, fix := released(t)
	waived := policy.Waive(policy.MaxLines(0), "release manager", "the incident allows it", time.Now().Add(time.Hour))
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{hotfix.WithFix(fix), hotfix.WithPolicies(waived)}}.run(t)
	assert.Equal(t, hotfix.PolicyWaived, verdict(t, result, "max-lines"))
	require.Len(t, result.Findings, 1)
	assert.Equal(t, "release manager", result.Findings[0].Waived.Who)
}

// Executables that run are proven to be what a revision makes; then their flags
// are known as well.
func TestProvenBinaries(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r, fix := released(t)
	r.git("checkout", "-q", "v1.4.2")
	running := executable(t, r.dir, target.Host())
	r.git("checkout", "-q", "main")
	result := setup{src: r.dir, base: hotfix.BaseBinaries(running), options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithBaseSourceRevision("v1.4.2"), defaultPolicies(),
	}}.run(t)
	require.NotNil(t, result.Targets[0].Proof)
	assert.Equal(t, build.Identical, result.Targets[0].Proof.Verdict)
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "base-proven"))
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "same-flags"))
	assert.NotEmpty(t, result.Base.Commit)

	// The source stands for what the base lacks.
	result = setup{src: r.dir, base: hotfix.BaseBinaries(running), targets: []target.Target{target.Host(), otherTarget()}, options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithBaseSourceRevision("v1.4.2"), defaultPolicies(),
	}}.run(t)
	assert.Nil(t, result.Targets[1].Proof)
	assert.Nil(t, result.Targets[1].Base, "hosts are told of none")
	assert.NotNil(t, result.Targets[1].Effect)
	assert.Contains(t, result.String(), "is told against one that was built from the base's source")
	assert.Equal(t, "v1.4.2+hotfix.1", result.Version, "the tag of the source names what does not name itself")
}

// What runs was built in another way than the hotfix is going to be: each cause
// is named, and what policies ask of it decides.
func TestBinariesThatAreNotProven(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	r, fix := released(t)
	proven, cache := hotfix.WithPolicies(policy.BaseProven()), t.TempDir()
	prove := func(running string, options ...hotfix.Option) error {
		options = append(options, hotfix.WithFix(fix), hotfix.WithBaseSourceRevision("v1.4.2"), proven)
		return setup{src: r.dir, cache: cache, base: hotfix.BaseBinaries(running), options: options}.fail(t, hotfix.StepPolicies)
	}
	r.git("checkout", "-q", "v1.4.2")
	flagged := executable(t, r.dir, target.Host(), build.WithTags("debug"))
	plain := executable(t, r.dir, target.Host())
	writeModule(t, r.dir, "dirty")
	dirty := executable(t, r.dir, target.Host())
	r.git("checkout", "-q", "-f", "main")

	assert.ErrorContains(t, prove(flagged), "-tags")
	assert.ErrorContains(t, prove(dirty), "dirty tree")
	assert.ErrorContains(t, prove(plain, hotfix.WithVersionVariable("main.version"), hotfix.WithBaseVersion("v1.4.2")), "-X")

	// Policies that do not ask let it pass, and the report says it.
	result := setup{src: r.dir, cache: cache, base: hotfix.BaseBinaries(dirty), options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithBaseSourceRevision("v1.4.2"),
	}}.run(t)
	assert.Equal(t, build.Different, result.Targets[0].Proof.Verdict)

	// Nobody asks for a proof that was not wanted.
	result = setup{src: r.dir, cache: cache, base: hotfix.BaseBinaries(dirty), options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithBaseSourceRevision("v1.4.2"), hotfix.WithoutProof(), hotfix.WithoutComparison(),
	}}.run(t)
	assert.Nil(t, result.Targets[0].Proof)
	assert.Nil(t, result.Targets[0].Effect)
	assert.NotNil(t, result.Change)
}

func TestBaseWhoseSourceDoesNotBuild(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	broken := module(t, "released")
	running := executable(t, broken, target.Host())
	writeFile(t, filepath.Join(broken, "main.go"), "package main\n\nfunc main() { undefined() }\n")
	base := hotfix.BaseBinaries(running)
	result := setup{base: base, options: []hotfix.Option{hotfix.WithBaseSourceFolder(broken)}}.run(t)
	require.NotNil(t, result.Targets[0].Proof)
	assert.Equal(t, build.CannotTell, result.Targets[0].Proof.Verdict)
	assert.Contains(t, result.Targets[0].Proof.Causes[0].What, "undefined")
	err := setup{base: base, options: []hotfix.Option{hotfix.WithBaseSourceFolder(broken), hotfix.WithPolicies(policy.BaseProven())}}.fail(t, hotfix.StepPolicies)
	assert.ErrorContains(t, err, "does not build")
}

// A dist folder says from which commit it was built, and holds the executables.
func TestProvenDist(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	r, fix := released(t)
	cache := t.TempDir()
	first := setup{src: r.dir, cache: cache, options: []hotfix.Option{hotfix.WithFix("v1.4.2")}}.run(t)
	result := setup{src: r.dir, cache: cache, base: hotfix.BaseDist(first.Dist), options: []hotfix.Option{hotfix.WithFix(fix), defaultPolicies()}}.run(t)
	assert.Equal(t, build.Identical, result.Targets[0].Proof.Verdict)
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "same-toolchain"))
	assert.NotNil(t, result.Targets[0].Effect)

	// The same without the proof: the executable comes out of its package.
	result = setup{src: r.dir, cache: cache, base: hotfix.BaseDist(first.Dist), options: []hotfix.Option{hotfix.WithoutProof()}}.run(t)
	require.NotNil(t, result.Targets[0].Effect)
	assert.Len(t, result.Targets[0].Effect.Edited(), 1)
	assert.Nil(t, result.Change, "the fix is a plain folder")

	// A dist of another repository.
	clone, _ := released(t)
	writeModule(t, clone.dir, "elsewhere")
	third := clone.commit("")
	foreign := setup{src: clone.dir, options: []hotfix.Option{hotfix.WithFix(third)}}.run(t)
	result = setup{src: r.dir, cache: cache, base: hotfix.BaseDist(foreign.Dist), options: []hotfix.Option{hotfix.WithFix(fix)}}.run(t)
	assert.Contains(t, result.String(), "which the repository of the source lacks")
	err := setup{src: r.dir, base: hotfix.BaseDist(foreign.Dist), options: []hotfix.Option{hotfix.WithFix(fix), defaultPolicies()}}.fail(t, hotfix.StepChange)
	assert.ErrorContains(t, err, "WithBaseSourceRevision")
}

// A base whose source nobody knows can be fixed, but not judged.
func TestSourceOfTheBaseIsNotKnown(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	running := executable(t, module(t, "released"), target.Host())
	result := setup{base: hotfix.BaseBinaries(running)}.run(t)
	assert.Nil(t, result.Change)
	assert.NotNil(t, result.Targets[0].Effect)
	err := setup{base: hotfix.BaseBinaries(running), options: []hotfix.Option{hotfix.WithPolicies(policy.NoCgo())}}.fail(t, hotfix.StepChange)
	assert.ErrorContains(t, err, "the source of the base is not known, so that policies have no change to judge")
	err = setup{base: hotfix.BaseBinaries(running), options: []hotfix.Option{hotfix.WithTests()}}.fail(t, hotfix.StepChange)
	assert.ErrorContains(t, err, "the source of the base is not known")
}

func TestBaseFolder(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	result := setup{base: hotfix.BaseFolder(module(t, "released")), options: []hotfix.Option{hotfix.WithBaseVersion("v1.4.2")}}.run(t)
	assert.Equal(t, "v1.4.2+hotfix.1", result.Version)
	assert.NotNil(t, result.Targets[0].Effect)
	require.NotNil(t, result.Change)
	assert.Equal(t, policy.UnknownAncestry, result.Change.Ancestry)
	err := setup{base: hotfix.BaseFolder(t.TempDir())}.fail(t, hotfix.StepBase)
	assert.ErrorContains(t, err, "no go.mod")
}

// A dry run judges and builds nothing.
func TestJudgedDryRun(t *testing.T) {
	t.Parallel()
	r, fix := released(t)
	parent := t.TempDir()
	dry := setup{src: r.dir, out: filepath.Join(parent, "dist"), cache: filepath.Join(parent, "cache"), base: hotfix.BaseRevision("v1.4.2")}
	dry.options = []hotfix.Option{hotfix.WithFix(fix), hotfix.WithDryRun(), defaultPolicies()}
	result := dry.run(t)
	assert.NotNil(t, result.Change)
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "same-flags"))
	dry.options = append(dry.options, hotfix.WithPolicies(policy.MaxFiles(0)))
	assert.ErrorContains(t, dry.fail(t, hotfix.StepPolicies), "max-files")
	assert.Empty(t, snapshotBelow(t, parent))
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "hotfix-run-*", "hotfix-change-*", "main.go"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestJudgesThatCanNeverBeAsked(t *testing.T) {
	t.Parallel()
	src, host := module(t, "fixed"), target.Host()
	for _, test := range []struct {
		base    hotfix.Base
		options []hotfix.Option
		want    string
	}{
		{hotfix.NoBase(), []hotfix.Option{hotfix.WithPolicies(policy.NoCgo())}, "WithPolicies: policies judge what changes, and a first release has no base"},
		{hotfix.NoBase(), []hotfix.Option{hotfix.WithTests()}, "WithTests: the tests of base and fix are compared"},
		{hotfix.BaseRevision("v1"), []hotfix.Option{hotfix.WithBaseSourceRevision("v1")}, "the base is its source already"},
		{hotfix.BaseBinaries("a"), []hotfix.Option{hotfix.WithBaseSourceRevision("v1"), hotfix.WithBaseSourceFolder("b")}, "give one of the two"},
		{hotfix.BaseBinaries("a"), []hotfix.Option{hotfix.WithPolicies(policy.NoNewFailures())}, "no-new-failures judges tests, and none are run: give WithTests"},
		{hotfix.BaseBinaries("a"), []hotfix.Option{hotfix.WithPolicies(policy.MaxLines(-1))}, "MaxLines: -1 is no limit"},
		{hotfix.BaseBinaries("a"), []hotfix.Option{hotfix.WithBaseSourceRevision("")}, "the revision is empty"},
		{hotfix.BaseBinaries("a"), []hotfix.Option{hotfix.WithBaseSourceFolder("")}, "the folder is empty"},
	} {
		options := append([]hotfix.Option{hotfix.WithSource(src, "."), hotfix.WithBase(test.base), hotfix.WithTargets(host), hotfix.WithOutput(t.TempDir())}, test.options...)
		_, err := hotfix.New("app", options...)
		assert.ErrorContains(t, err, test.want)
	}
}

// checked is a repository whose fix has tests: one that shows the fault and one
// that the fix must not break.
func checked(t *testing.T, broken bool) (r *repository, fix string) {
	t.Helper()
	r = newRepository(t, t.TempDir())
	writeModule(t, r.dir, "broken")
	writeFile(t, filepath.Join(r.dir, "double.go"), "package main\n\nfunc double(n int) int { return n }\n")
	writeFile(t, filepath.Join(r.dir, "double_test.go"), `package main

import "testing"

func TestDouble(t *testing.T) {
	if double(2) != 4 {
		t.Error("double(2) is not 4")
	}
}

func TestZero(t *testing.T) {
	if double(0) != 0 {
		t.Error("double(0) is not 0")
	}
}
`)
	r.commit("v1.4.2")
	body := "return 2 * n"
	if broken {
		body = "return n + 2"
	}
	writeFile(t, filepath.Join(r.dir, "double.go"), "package main\n\nfunc double(n int) int { "+body+" }\n")
	return r, r.commit("")
}

func TestTestedFix(t *testing.T) {
	t.Parallel()
	r, fix := checked(t, false)
	events := 0
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{
		hotfix.WithFix(fix), hotfix.WithTests(), hotfix.WithPolicies(policy.ChangedLinesCovered(100)), hotfix.WithObserver(func(e hotfix.Event) {
			if _, ok := e.(hotfix.Testing); ok {
				events++
			}
		}),
	}}.run(t)
	require.NotNil(t, result.Tests)
	require.Len(t, result.Tests.Tests, 1)
	assert.True(t, result.Tests.Tests[0].NewlyPasses())
	assert.Equal(t, policy.Coverage{Total: 1, Covered: 1}, result.Tests.Lines)
	assert.Positive(t, events)
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "changed-lines-covered"))
	assert.Equal(t, hotfix.PolicyPassed, verdict(t, result, "no-new-failures"), "other policies about tests do not replace it")
}

func TestFixThatBreaksATest(t *testing.T) {
	t.Parallel()
	buildsOften(t)
	r, fix := checked(t, true)
	err := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{hotfix.WithFix(fix), hotfix.WithTests()}}.fail(t, hotfix.StepTest)
	var blocked *hotfix.BlockedError
	require.ErrorAs(t, err, &blocked)
	assert.ErrorContains(t, err, "no-new-failures")
	assert.ErrorContains(t, err, "TestZero")

	// A policy of the same rule takes its place.
	lenient := hotfix.WithPolicies(policy.AsWarning(policy.NoNewFailures()))
	result := setup{src: r.dir, base: hotfix.BaseRevision("v1.4.2"), options: []hotfix.Option{hotfix.WithFix(fix), hotfix.WithTests(), lenient}}.run(t)
	assert.Equal(t, hotfix.PolicyWarned, verdict(t, result, "no-new-failures"))
}
