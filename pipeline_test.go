package hotfix_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

func TestRun(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	targets := []target.Target{target.Host(), otherTarget()}
	before := module(t, "broken")
	result := setup{
		base:    hotfix.BaseBinaries(executable(t, before, targets[0]), executable(t, before, targets[1])),
		targets: targets,
		options: []hotfix.Option{
			hotfix.WithBaseVersion("v1.4.2"), hotfix.WithVersionVariable("main.version"), hotfix.WithTime(fixDate), hotfix.WithSigner(signer),
		},
	}.run(t)
	assert.Equal(t, "app-v1.4.2+hotfix.1", result.ID)
	assert.Equal(t, "v1.4.2", result.Base.Version)
	assert.Equal(t, fixDate.Unix(), result.Sequence)
	assert.Equal(t, []verify.KeyID{signer.Key().ID()}, result.Signers)
	assert.Empty(t, result.Warnings)

	verified, err := hotfix.VerifyDist(t.Context(), result.Dist, newVerifier(t, 1, signer))
	require.NoError(t, err)
	assert.Equal(t, readRelease(t, result.Dist), verified.Release)
	assert.Equal(t, "example.com/app", verified.Release.Source.Package)
	for i, want := range targets {
		got := result.Targets[i]
		entry, ok := verified.Release.Entry(got.Package)
		require.True(t, ok)
		assert.Equal(t, want, entry.Target)
		assert.Equal(t, got.Base, entry.Base)
		assert.NotEqual(t, entry.Base.Digest, entry.Result.Digest)
	}
	assert.Equal(t, "fixed v1.4.2+hotfix.1\n", unpackAndRun(t, result))
	assertReport(t, result)
}

// unpackAndRun does with this machine's package what a host does.
func unpackAndRun(t *testing.T, result *hotfix.Result) string {
	t.Helper()
	dest := filepath.Join(t.TempDir(), "version")
	p, err := pack.Unpack(t.Context(), filepath.Join(result.Dist, result.Targets[0].Package), dest, pack.WithDigest(result.Targets[0].Digest))
	require.NoError(t, err)
	require.NoError(t, verify.Extracted(t.Context(), os.DirFS(dest), p.Manifest))
	entry, ok := p.Manifest.Executable()
	require.True(t, ok)
	out, err := exec.CommandContext(t.Context(), filepath.Join(dest, filepath.FromSlash(entry.Path))).Output()
	require.NoError(t, err)
	return string(out)
}

func assertReport(t *testing.T, result *hotfix.Result) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(result.Dist, verify.ReportJSONName))
	require.NoError(t, err)
	var report hotfix.Result
	require.NoError(t, json.Unmarshal(data, &report))
	assert.NoError(t, schema(t).Validate(asJSON(t, data)))
	assert.Equal(t, hotfix.ReportSchema, report.Schema)
	assert.Equal(t, result.Targets[0].Digest, report.Targets[0].Digest)
	assert.Len(t, report.Steps, len(hotfix.Steps())-1, "the last step writes it")
	assert.NotContains(t, string(data), filepath.Dir(result.Dist), "no path of the machine")
	assert.Contains(t, result.String(), "made app v1.4.2+hotfix.1")
}

func TestUnchangedIsNeitherBuiltNorPackedAgain(t *testing.T) {
	t.Parallel()
	s := setup{src: module(t, "fixed"), out: filepath.Join(t.TempDir(), "dist"), cache: t.TempDir(), options: []hotfix.Option{hotfix.WithTime(fixDate)}}
	first := s.run(t)
	files := reproduced(t, first.Dist)
	assert.True(t, first.Targets[0].Built)
	assert.True(t, first.Targets[0].Packed)
	second := s.run(t)
	assert.False(t, second.Targets[0].Built)
	assert.False(t, second.Targets[0].Packed)
	assert.Contains(t, second.String(), "unchanged\n")
	assert.Equal(t, files, reproduced(t, second.Dist))

	// An executable that was changed in the cache is not believed.
	require.NoError(t, os.WriteFile(second.Targets[0].Path, []byte("changed"), 0o755))
	third := s.run(t)
	assert.True(t, third.Targets[0].Built)
	assert.Equal(t, files, reproduced(t, third.Dist))
}

func TestChainOfHotfixes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	out, cache := filepath.Join(t.TempDir(), "dist"), t.TempDir()
	release := setup{out: out, cache: cache, src: module(t, "0"), options: []hotfix.Option{hotfix.WithVersion("v1.4.2"), hotfix.WithSequence(3, 7)}}.run(t)
	assert.Equal(t, "v1.4.2", release.Version)
	previous := release
	for i := 1; i <= 2; i++ {
		next := setup{out: out, cache: cache, src: module(t, fmt.Sprint(i)), base: hotfix.BaseDist(out)}.run(t)
		assert.Equal(t, fmt.Sprintf("v1.4.2+hotfix.%d", i), next.Version)
		assert.Equal(t, int64(3), next.Epoch)
		assert.Greater(t, next.Sequence, previous.Sequence)
		assert.Equal(t, previous.Targets[0].Executable, next.Targets[0].Base)
		assert.Equal(t, previous.Toolchain, next.Base.Toolchain)
		previous = next
	}
	err := setup{base: hotfix.BaseDist(out), options: []hotfix.Option{hotfix.WithSequence(3, previous.Sequence)}}.fail(t, hotfix.StepBase)
	assert.ErrorContains(t, err, "is not above the base's")
	setup{base: hotfix.BaseDist(out), options: []hotfix.Option{hotfix.WithSequence(4, 1)}}.run(t)
}

func TestBasesThatAreRefused(t *testing.T) {
	t.Parallel()
	other := setup{}.run(t)
	require.NoError(t, os.WriteFile(filepath.Join(other.Dist, manifest.SumsName), []byte("changed"), 0o644))
	host := executable(t, module(t, "broken"), target.Host())
	foreign := executable(t, module(t, "broken"), otherTarget())
	script := filepath.Join(t.TempDir(), "script")
	writeFile(t, script, "#!/bin/sh\n")
	for name, test := range map[string]struct {
		base hotfix.Base
		says string
	}{
		"not a Go executable":       {hotfix.BaseBinaries(script), "is not a Go executable"},
		"missing file":              {hotfix.BaseBinaries(script + ".no"), script + ".no"},
		"another target":            {hotfix.BaseBinaries(foreign), "which is not among the targets"},
		"two for one target":        {hotfix.BaseBinaries(host, host), "two executables"},
		"not a dist":                {hotfix.BaseDist(t.TempDir()), "is not a dist folder"},
		"a dist that was changed":   {hotfix.BaseDist(other.Dist), manifest.SumsName},
		"a revision of no checkout": {hotfix.BaseRevision("v1.0.0"), "not in a git repository"},
	} {
		t.Run(name, func(t *testing.T) {
			step := hotfix.StepBase
			if name == "a revision of no checkout" {
				step = hotfix.StepSource
			}
			out := filepath.Join(t.TempDir(), "dist")
			assert.ErrorContains(t, setup{base: test.base, out: out}.fail(t, step), test.says)
			assert.NoDirExists(t, out)
		})
	}
}

func TestDistOfAnotherProductIsNoBase(t *testing.T) {
	t.Parallel()
	dist := setup{}.run(t).Dist
	p, err := hotfix.New("other", append(required(t), hotfix.WithBase(hotfix.BaseDist(dist)))...)
	require.NoError(t, err)
	_, err = p.Run(t.Context())
	assert.ErrorContains(t, err, "is of the product app, not of other")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	src := module(t, "fixed")
	same := executable(t, src, target.Host())
	result := setup{src: src, base: hotfix.BaseBinaries(same), targets: []target.Target{target.Host(), otherTarget()}}.run(t)
	for _, want := range []string{
		"the base has no executable for " + otherTarget().String(),
		"is that of the base, byte for byte",
		"dated 1980-01-01",
		"is not signed",
	} {
		assert.Contains(t, result.String(), want)
	}
	assert.Len(t, result.Warnings, 4)
	assert.Equal(t, "v0.0.0-unknown+hotfix.1", result.Version)
}

// The fix is built by what built the base, unless the caller says otherwise.
func TestToolchainOfTheBase(t *testing.T) {
	t.Parallel()
	base := executable(t, module(t, "broken"), target.Host())
	result := setup{base: hotfix.BaseBinaries(base)}.run(t)
	assert.Equal(t, result.Base.Toolchain, result.Toolchain)
	err := setup{base: hotfix.BaseBinaries(base), options: []hotfix.Option{hotfix.WithBuild(build.WithToolchain("go1.99.0"))}}.fail(t, hotfix.StepBuild)
	assert.ErrorContains(t, err, "go1.99.0")
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	s := setup{
		out: filepath.Join(parent, "dist"), cache: filepath.Join(parent, "cache"),
		base:    hotfix.BaseBinaries(executable(t, module(t, "broken"), target.Host())),
		options: []hotfix.Option{hotfix.WithBaseVersion("v1.4.2"), hotfix.WithDryRun(), hotfix.WithSigner(newSigner(t))},
	}
	result := s.run(t)
	assert.Empty(t, snapshotBelow(t, parent))
	assert.True(t, result.DryRun)
	assert.Contains(t, result.String(), "would make app v1.4.2+hotfix.1")
	assert.Contains(t, result.String(), "planned")
	assert.Empty(t, result.Dist)
}

// snapshotBelow is snapshot without the folder itself.
func snapshotBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := snapshot(t, dir)
	delete(files, ".")
	return files
}

func TestEventsInOrder(t *testing.T) {
	t.Parallel()
	var got []string
	var result *hotfix.Result
	observe := func(e hotfix.Event) {
		switch e := e.(type) {
		case hotfix.StepStarted:
			got = append(got, "start "+string(e.Step))
		case hotfix.StepFinished:
			got = append(got, "finish "+string(e.Step))
			assert.NoError(t, e.Err)
		case hotfix.Packed:
			got = append(got, "packed "+e.Package.Manifest.Target.String())
		case hotfix.Warned:
			got = append(got, "warned")
		case hotfix.Building:
			switch b := e.Event.(type) {
			case build.TargetStarted:
				got = append(got, string(e.Step)+" starts "+b.Target.String())
			case build.TargetFinished:
				got = append(got, string(e.Step)+" finishes "+b.Target.String())
			}
		}
	}
	result = setup{options: []hotfix.Option{
		hotfix.WithTime(fixDate), hotfix.WithObserver(observe),
		hotfix.WithBefore(hotfix.StepPack, hookThat(&got, "hook before pack")), hotfix.WithAfter(hotfix.StepPack, hookThat(&got, "hook after pack")),
	}}.run(t)
	host := target.Host().String()
	assert.Equal(t, []string{
		"start source", "finish source", "start base", "finish base", "start prove", "finish prove",
		"start change", "finish change", "start policies", "finish policies", "start test", "finish test",
		"start build", "build starts " + host, "build finishes " + host, "finish build",
		"start compare", "finish compare",
		"start pack", "hook before pack", "packed " + host, "hook after pack", "finish pack",
		"start sign", "warned", "finish sign", "start verify", "finish verify", "start publish", "finish publish",
	}, got)
	for i, step := range result.Steps {
		assert.Equal(t, hotfix.Steps()[i], step.Step)
	}
}

// A pipeline is immutable: it can run twice, and after an error.
func TestPipelineRunsTwice(t *testing.T) {
	t.Parallel()
	p := setup{options: []hotfix.Option{hotfix.WithTime(fixDate)}}.pipeline(t)
	first, err := p.Run(t.Context())
	require.NoError(t, err)
	second, err := p.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, first.Targets[0].Digest, second.Targets[0].Digest)
	assert.Len(t, second.Steps, len(first.Steps))
	assert.Len(t, second.Warnings, len(first.Warnings))
}

func TestHooksSeeWhatIsKnown(t *testing.T) {
	t.Parallel()
	var executableSeen, stagingSeen string
	var basedOn *manifest.Binary
	setup{
		base: hotfix.BaseBinaries(executable(t, module(t, "broken"), target.Host())),
		options: []hotfix.Option{
			hotfix.WithAfter(hotfix.StepBase, onResult(func(r *hotfix.Result) { basedOn = r.Targets[0].Base })),
			hotfix.WithAfter(hotfix.StepBuild, onResult(func(r *hotfix.Result) { executableSeen = r.Targets[0].Path })),
			hotfix.WithAfter(hotfix.StepSign, onResult(func(r *hotfix.Result) { stagingSeen = r.Staging })),
		},
	}.run(t)
	assert.NotNil(t, basedOn)
	assert.FileExists(t, executableSeen)
	assert.NotEmpty(t, stagingSeen)
	assert.NoDirExists(t, stagingSeen)
}
