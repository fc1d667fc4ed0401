package hotfix_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

func readProvenance(t testing.TB, dist string) manifest.Provenance {
	t.Helper()
	p, err := hotfix.DistProvenance(t.Context(), dist, readRelease(t, dist))
	require.NoError(t, err)
	require.NotNil(t, p)
	return *p
}

func TestProvenanceOfARevision(t *testing.T) {
	t.Parallel()
	r := newRepository(t, t.TempDir())
	src := writeModule(t, filepath.Join(r.dir, "services", "app"), "fixed")
	fix := r.commit("v1.0.0")
	targets := []target.Target{target.MustParse("windows/arm64"), target.MustParse("linux/amd64")}
	result := setup{src: src, targets: targets, options: []hotfix.Option{
		hotfix.WithFix("v1.0.0"), hotfix.WithBuilder("https://ci.example.com"), hotfix.WithVersionVariable("main.version"),
		hotfix.WithBuild(build.WithTags("b", "a")),
	}}.run(t)
	p, release := readProvenance(t, result.Dist), readRelease(t, result.Dist)
	require.NoError(t, verify.CheckProvenance(manifest.NewProvenanceStatement(release, p), release, manifest.ProvenanceDemand{
		Builders: []string{"https://ci.example.com"}, Packages: []string{"example.com/app"},
	}))
	parameters := p.BuildDefinition.ExternalParameters
	assert.Equal(t, manifest.BuiltSource{Package: "example.com/app", Commit: fix, Directory: "services/app"}, parameters.Source)
	assert.Equal(t, []target.Target{targets[1], targets[0]}, parameters.Targets)
	assert.Equal(t, []string{"a", "b"}, parameters.Tags)
	assert.Equal(t, []string{"CGO_ENABLED=0"}, parameters.Environment)
	assert.Equal(t, []string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w -X main.version=v1.0.0"}, parameters.Flags)
	assert.Equal(t, result.Toolchain, p.BuildDefinition.InternalParameters.Toolchain)
	source, ok := p.Input(manifest.SourceInput)
	assert.True(t, ok)
	assert.Equal(t, fix, source.Digest.GitCommit)
	goMod, err := os.ReadFile(filepath.Join(src, "go.mod"))
	require.NoError(t, err)
	module, _ := p.Input(manifest.GoModInput)
	assert.Equal(t, manifest.DigestOf(goMod).Hex(), module.Digest.SHA256)
	_, ok = p.Input(manifest.GoSumInput)
	assert.False(t, ok, "there is none")
	assert.Equal(t, &hotfix.ProvenanceResult{Builder: "https://ci.example.com", Inputs: 3}, result.Provenance)
	assert.Zero(t, p.RunDetails.Metadata)
	assert.NotContains(t, string(mustEncode(t, p)), r.dir)
}

func mustEncode(t testing.TB, p manifest.Provenance) []byte {
	t.Helper()
	data, err := p.Encode()
	require.NoError(t, err)
	return data
}

// withModules is a program of two modules, one of which a folder replaces.
func withModules(t testing.TB, dir string) string {
	writeFile(t, filepath.Join(dir, "go.mod"), `module example.com/app

go 1.26.0

require (
	example.com/lib v1.2.3
	golang.org/x/mod v0.42.0
)

replace example.com/lib => ./lib
`)
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	for line := range strings.Lines(string(sums)) {
		if strings.HasPrefix(line, "golang.org/x/mod v0.42.0") {
			file, err := os.ReadFile(filepath.Join(dir, "go.sum"))
			if err != nil {
				file = nil
			}
			writeFile(t, filepath.Join(dir, "go.sum"), string(file)+line)
		}
	}
	writeFile(t, filepath.Join(dir, "lib", "go.mod"), "module example.com/lib\n\ngo 1.24\n")
	writeFile(t, filepath.Join(dir, "lib", "lib.go"), "package lib\n\nconst Text = \"text\"\n")
	writeFile(t, filepath.Join(dir, "main.go"), `package main

import (
	"example.com/lib"
	"golang.org/x/mod/semver"
)

func main() { println(lib.Text, semver.IsValid("v1.0.0")) }
`)
	return dir
}

func TestProvenanceNamesModules(t *testing.T) {
	t.Parallel()
	src := withModules(t, t.TempDir())
	profile := filepath.Join(t.TempDir(), "cpu.pprof")
	writeFile(t, profile, "")
	result := setup{src: src, options: []hotfix.Option{hotfix.WithBuild(build.WithPGO(profile))}}.run(t)
	p := readProvenance(t, result.Dist)
	var names []string
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		names = append(names, d.Name)
	}
	assert.Equal(t, []string{"example.com/lib@v1.2.3", "go.mod", "go.sum", "golang.org/x/mod@v0.42.0", "profile", "source", "toolchain"}, names)
	mod, _ := p.Input("golang.org/x/mod@v0.42.0")
	sum, ok := manifest.ModuleDigest(sumOf(t, "golang.org/x/mod v0.42.0 "))
	assert.True(t, ok)
	assert.Equal(t, manifest.Dependency{Name: "golang.org/x/mod@v0.42.0", URI: "pkg:golang/golang.org/x/mod@v0.42.0", Digest: sum}, mod)
	lib, _ := p.Input("example.com/lib@v1.2.3")
	assert.Equal(t, manifest.Dependency{Name: "example.com/lib@v1.2.3", URI: "pkg:golang/example.com/lib", Annotations: manifest.DependencyNotes{ReplacedBy: "./lib"}}, lib)
	used, _ := p.Input(manifest.ProfileInput)
	assert.Equal(t, manifest.DigestOf(nil).Hex(), used.Digest.SHA256)
	source, _ := p.Input(manifest.SourceInput)
	assert.Zero(t, source.Digest, "a folder is no commit")
	assert.Empty(t, p.BuildDefinition.ExternalParameters.Source.Profile, "it is no part of the source")
}

func sumOf(t testing.TB, prefix string) string {
	t.Helper()
	data, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		if sum, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(sum)
		}
	}
	return ""
}

func TestDistOfBeforeProvenance(t *testing.T) {
	t.Parallel()
	signer, second := newSigner(t), newSigner(t)
	result := setup{options: []hotfix.Option{hotfix.WithSigner(signer)}}.run(t)
	remove(t, filepath.Join(result.Dist, manifest.ProvenanceName))
	remove(t, filepath.Join(result.Dist, verify.ProvenanceBundleName(signer.Key().ID())))
	release, err := hotfix.SignDist(t.Context(), result.Dist, second)
	require.NoError(t, err)
	_, err = hotfix.VerifyDist(t.Context(), result.Dist, newVerifier(t, 2, signer, second))
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(result.Dist, verify.ProvenanceBundleName(second.Key().ID())))
	p, err := hotfix.DistProvenance(t.Context(), result.Dist, release)
	require.NoError(t, err)
	assert.Nil(t, p)
	_, err = hotfix.Rebuild(t.Context(), result.Dist, release, ".")
	assert.ErrorIs(t, err, hotfix.ErrNotRebuildable)
}

// A profile that an option names in the work tree is found in the commit.
func TestRebuildWithProfile(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r := newRepository(t, t.TempDir())
	src := writeModule(t, filepath.Join(r.dir, "app"), "fixed")
	profile := filepath.Join(r.dir, "profiles", "cpu.pprof")
	writeFile(t, profile, "")
	r.commit("v1.0.0")
	result := setup{src: src, options: []hotfix.Option{hotfix.WithFix("v1.0.0"), hotfix.WithBuild(build.WithPGO(profile))}}.run(t)
	assert.Equal(t, "profiles/cpu.pprof", readProvenance(t, result.Dist).BuildDefinition.ExternalParameters.Source.Profile)
	rebuilt, err := hotfix.Rebuild(t.Context(), result.Dist, readRelease(t, result.Dist), r.dir)
	require.NoError(t, err)
	require.NoError(t, rebuilt.Err(), rebuilt)
	assert.Contains(t, rebuilt.String(), target.Host().String()+": identical")

	// Another one in its place is no part of the commit.
	require.NoError(t, os.WriteFile(profile, emptyProfile(t), 0o644))
	result = setup{src: src, options: []hotfix.Option{hotfix.WithFix("v1.0.0"), hotfix.WithBuild(build.WithPGO(profile))}}.run(t)
	assert.Empty(t, readProvenance(t, result.Dist).BuildDefinition.ExternalParameters.Source.Profile)
}

// emptyProfile is a profile without a sample.
func emptyProfile(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&b))
	pprof.StopCPUProfile()
	return b.Bytes()
}

// A program that takes a module from the workspace that it is in. No revision can be
// built in a workspace, so that the commit is written into the documents.
func TestRebuildWithWorkspace(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r := newRepository(t, t.TempDir())
	writeFile(t, filepath.Join(r.dir, "go.work"), "go 1.26.0\n\nuse (\n\t./app\n\t./lib\n)\n")
	src := withModules(t, filepath.Join(r.dir, "app"))
	writeFile(t, filepath.Join(r.dir, "lib", "go.mod"), "module example.com/lib\n\ngo 1.26.0\n")
	writeFile(t, filepath.Join(r.dir, "lib", "lib.go"), "package lib\n\nconst Text = \"of the workspace\"\n")
	commit := r.commit("v1.0.0")
	work := filepath.Join(r.dir, "go.work")
	result := setup{src: src, options: []hotfix.Option{hotfix.WithBuild(build.WithWorkspace(work))}}.run(t)
	release, p := readRelease(t, result.Dist), readProvenance(t, result.Dist)
	used, ok := p.Input(manifest.GoWorkInput)
	assert.True(t, ok)
	digest, _, err := manifest.DigestFile(work)
	require.NoError(t, err)
	assert.Equal(t, digest.Hex(), used.Digest.SHA256)

	setCommit(&release, &p, commit)
	p.BuildDefinition.ExternalParameters.Source.Directory, p.BuildDefinition.ExternalParameters.Source.Workspace = "app", "go.work"
	writeFile(t, filepath.Join(result.Dist, manifest.ProvenanceName), string(mustEncode(t, p)))
	rebuilt, err := hotfix.Rebuild(t.Context(), result.Dist, release, r.dir)
	require.NoError(t, err)
	require.NoError(t, rebuilt.Err(), rebuilt)
}

// A release that cannot be built again says why; nothing is taken for identical.
func TestRebuildThatCannotBe(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r, _ := released(t)
	profile := filepath.Join(t.TempDir(), "cpu.pprof")
	writeFile(t, profile, "")
	result := setup{src: r.dir, options: []hotfix.Option{hotfix.WithFix("HEAD"), hotfix.WithBuild(build.WithPGO(profile))}}.run(t)
	release := readRelease(t, result.Dist)
	_, err := hotfix.Rebuild(t.Context(), result.Dist, release, r.dir)
	require.ErrorIs(t, err, hotfix.ErrNotRebuildable)
	require.ErrorContains(t, err, "cpu.pprof")
	rebuilt, err := hotfix.Rebuild(t.Context(), result.Dist, release, r.dir, build.WithPGO(profile))
	require.NoError(t, err)
	require.NoError(t, rebuilt.Err())

	for name, test := range map[string]struct {
		change func(*manifest.Release, *manifest.Provenance)
		is     error
		says   string
	}{
		"a commit that is missing": {func(r *manifest.Release, p *manifest.Provenance) { setCommit(r, p, strings.Repeat("0", 40)) }, change.ErrNoRevision, "no such revision"},
		"a tree with changes":      {func(r *manifest.Release, p *manifest.Provenance) { setCommit(r, p, r.Source.Commit+"+dirty") }, hotfix.ErrNotRebuildable, "+dirty"},
		"no commit":                {func(r *manifest.Release, p *manifest.Provenance) { setCommit(r, p, "") }, hotfix.ErrNotRebuildable, "in no commit"},
		"a toolchain of one's own": {func(r *manifest.Release, p *manifest.Provenance) {
			r.Toolchain = "devel"
			p.BuildDefinition.InternalParameters.Toolchain = "devel"
		}, hotfix.ErrNotRebuildable, `"devel", which is not a release of Go`},
		"a flag that runs a program": {func(r *manifest.Release, p *manifest.Provenance) {
			r.Flags = append(r.Flags, "-toolexec=/bin/sh")
			p.BuildDefinition.ExternalParameters.Flags = append(p.BuildDefinition.ExternalParameters.Flags, "-toolexec=/bin/sh")
		}, hotfix.ErrNotRebuildable, "-toolexec"},
		"a workspace elsewhere": {func(_ *manifest.Release, p *manifest.Provenance) {
			d := &p.BuildDefinition.ResolvedDependencies
			*d = append([]manifest.Dependency{(*d)[0], {Name: manifest.GoWorkInput, Digest: (*d)[0].Digest}}, (*d)[1:]...)
		}, hotfix.ErrNotRebuildable, "go.work is no part of the source"},
		"a workspace that is not there": {func(_ *manifest.Release, p *manifest.Provenance) {
			p.BuildDefinition.ExternalParameters.Source.Workspace = "go.work"
		}, hotfix.ErrNotRebuildable, "cannot be read in the source"},
		"another profile": {func(_ *manifest.Release, p *manifest.Provenance) {
			p.BuildDefinition.ExternalParameters.Source.Profile = "main.go"
		}, hotfix.ErrNotRebuildable, "is another one in the source"},
		"a provenance of another release": {func(r *manifest.Release, _ *manifest.Provenance) { r.Toolchain = "go1.25.0" }, verify.ErrProvenance, "go1.25.0"},
		"a folder without a module": {func(_ *manifest.Release, p *manifest.Provenance) {
			p.BuildDefinition.ExternalParameters.Source.Directory = "docs"
		}, nil, "go.mod"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			altered, p := readRelease(t, result.Dist), readProvenance(t, result.Dist)
			test.change(&altered, &p)
			writeFile(t, filepath.Join(dir, manifest.ProvenanceName), string(mustEncode(t, p)))
			rebuilt, err := hotfix.Rebuild(t.Context(), dir, altered, r.dir)
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, rebuilt)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
		})
	}
}

func setCommit(r *manifest.Release, p *manifest.Provenance, commit string) {
	r.Source.Commit, p.BuildDefinition.ExternalParameters.Source.Commit = commit, commit
	for i, d := range p.BuildDefinition.ResolvedDependencies {
		if d.Name != manifest.SourceInput {
			continue
		}
		p.BuildDefinition.ResolvedDependencies[i].Digest = manifest.DependencyDigest{}
		if manifest.IsCommit(commit) {
			p.BuildDefinition.ResolvedDependencies[i].Digest.GitCommit = commit
		}
	}
}

// The signed release says which executable is right: the folder cannot.
func TestRebuildThatDiffers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	r, fix := released(t)
	// The folder is another tree than its commit, and is not said to be one.
	other := setup{src: r.dir, options: []hotfix.Option{hotfix.WithFix("v1.4.2"), hotfix.WithVersion("v1.4.3")}}.run(t)
	release, p := readRelease(t, other.Dist), readProvenance(t, other.Dist)
	setCommit(&release, &p, fix)
	writeFile(t, filepath.Join(other.Dist, manifest.ProvenanceName), string(mustEncode(t, p)))
	rebuilt, err := hotfix.Rebuild(t.Context(), other.Dist, release, r.dir)
	require.NoError(t, err)
	var differs *hotfix.RebuildError
	require.ErrorAs(t, rebuilt.Err(), &differs)
	assert.Equal(t, &hotfix.RebuildError{Commit: fix, Targets: []target.Target{target.Host()}}, differs)
	require.Len(t, rebuilt.Proofs, 1)
	assert.NotEmpty(t, rebuilt.Proofs[0].Causes)
	assert.Contains(t, rebuilt.String(), target.Host().String()+": differs")

	flip(t, filepath.Join(other.Dist, other.Targets[0].Package))
	_, err = hotfix.Rebuild(t.Context(), other.Dist, release, r.dir)
	assert.Error(t, err, "the package is not what the release says")
}
