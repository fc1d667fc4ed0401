package hotfix_test

import (
	"os"
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

// publishedDist is an earlier release of the given version.
func publishedDist(t *testing.T, version, says string) *hotfix.Result {
	t.Helper()
	return setup{src: module(t, says), options: []hotfix.Option{hotfix.WithVersion(version), hotfix.WithTime(fixDate), hotfix.WithSequence(0, 1)}}.run(t)
}

// A release for hosts of two versions.
func TestDeltas(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	older, base := publishedDist(t, "v1.4.1", "older"), publishedDist(t, "v1.4.2", "broken")
	fix := setup{base: hotfix.BaseDist(base.Dist), options: []hotfix.Option{
		hotfix.WithDeltas(hotfix.BaseDist(older.Dist), hotfix.BaseDist(base.Dist)), hotfix.WithTime(fixDate), hotfix.WithSigner(signer),
	}}.run(t)
	assert.Empty(t, fix.Warnings)
	deltas := fix.Targets[0].Deltas
	require.Len(t, deltas, 2, "one base was named twice")
	for i, from := range []*hotfix.Result{base, older} {
		assert.Equal(t, *from.Targets[0].Executable, deltas[i].From)
		assert.Contains(t, deltas[i].Package, "_from-"+from.Version+".tar.zst")
		assert.Less(t, deltas[i].Size, fix.Targets[0].Size/20)
		assert.Less(t, deltas[i].Patch, deltas[i].Size)
		assert.True(t, deltas[i].Made)
	}
	assert.Contains(t, fix.String(), ": from v1.4.1: ")
	assertReport(t, fix)

	verified, err := hotfix.VerifyDist(t.Context(), fix.Dist, newVerifier(t, 1, signer))
	require.NoError(t, err)
	require.Len(t, verified.Release.Packages, 3)
	for host, c := range map[string]struct {
		runs string
		took string
	}{
		"the base":  {executableOf(t, base), deltas[0].Package},
		"an older":  {executableOf(t, older), deltas[1].Package},
		"something": {executableOf(t, fix), fix.Targets[0].Package},
	} {
		dest := filepath.Join(t.TempDir(), "version")
		u, err := pack.UnpackSmallest(t.Context(), fix.Dist, verified.Release.Packages, dest, pack.WithBaseFiles(c.runs))
		require.NoError(t, err)
		assert.Equal(t, c.took, u.Package.Name(), host)
		require.NoError(t, verify.Extracted(t.Context(), os.DirFS(dest), u.Package.Manifest))
		f, _ := u.Package.Manifest.Executable()
		assert.Equal(t, fix.Targets[0].Executable.Digest, f.Digest)
	}
	_, err = hotfix.VerifyPackage(t.Context(), filepath.Join(fix.Dist, deltas[0].Package), newVerifier(t, 1, signer))
	require.NoError(t, err)

	t.Run("hotfix of it", func(t *testing.T) { testDeltaOfADistWithDeltas(t, fix, signer) })
	t.Run("lies", func(t *testing.T) { testDeltaThatIsNotWhatTheReleaseSays(t, fix, signer) })
	t.Run("inline", func(t *testing.T) { testInline(t, fix, signer) })
	t.Run("two of one version", func(t *testing.T) {
		err := setup{base: hotfix.BaseDist(older.Dist), options: []hotfix.Option{hotfix.WithBaseVersion("v1.4.2"), hotfix.WithDeltas(hotfix.BaseDist(base.Dist))}}.fail(t, hotfix.StepBase)
		assert.ErrorContains(t, err, "are of version v1.4.2 and differ")
	})
}

// The release as a text: the delta from the base travels, and what was signed of
// the rest.
func testInline(t *testing.T, fix *hotfix.Result, signer hotfix.Signer) {
	t.Helper()
	text, err := hotfix.InlineDist(t.Context(), fix.Dist)
	require.NoError(t, err)
	v := newVerifier(t, 1, signer)
	got, err := hotfix.VerifyInline(t.Context(), text, v)
	require.NoError(t, err)
	assert.Equal(t, readRelease(t, fix.Dist), got.Release)
	require.Len(t, got.Packages, 1)
	assert.Equal(t, fix.Targets[0].Deltas[0].Package, got.Packages[0].Name)
	assert.Equal(t, fix.Targets[0].Deltas[0].Digest, manifest.DigestOf(got.Packages[0].Content))
	again, err := hotfix.InlineDist(t.Context(), fix.Dist, target.Host())
	require.NoError(t, err)
	assert.Equal(t, text, again)
	_, err = hotfix.InlineDist(t.Context(), fix.Dist, otherTarget())
	require.ErrorContains(t, err, "there is no delta package for "+otherTarget().String())
	_, err = hotfix.InlineDist(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "putting")

	// A signer who was fooled: the delta is that of another release.
	lying := readRelease(t, fix.Dist)
	lying.ID = "app-v9"
	dir := t.TempDir()
	for _, e := range lying.Packages {
		copyTo(t, dir, fix.Dist, e.Name)
	}
	signRelease(t, dir, lying, signer)
	text, err = hotfix.InlineDist(t.Context(), dir)
	require.NoError(t, err)
	_, err = hotfix.VerifyInline(t.Context(), text, v)
	var entry *hotfix.EntryError
	require.ErrorAs(t, err, &entry)
	assert.Equal(t, "id", entry.Field)

	// Nobody signed.
	remove(t, filepath.Join(dir, verify.BundleName(signer.Key().ID())))
	_, err = hotfix.InlineDist(t.Context(), dir)
	require.ErrorContains(t, err, "sign the release first")
}

// What a delta leads from is in the full package alone, whatever its name.
func testDeltaOfADistWithDeltas(t *testing.T, fix *hotfix.Result, signer hotfix.Signer) {
	t.Helper()
	release, dir := readRelease(t, fix.Dist), t.TempDir()
	full := release.Packages[0]
	require.False(t, full.Delta)
	full.Name = "z.tar.zst"
	release.Packages = append(release.Packages[1:], full)
	signRelease(t, dir, release, signer)
	for _, e := range release.Packages[:2] {
		copyTo(t, dir, fix.Dist, e.Name)
	}
	require.NoError(t, os.Link(filepath.Join(fix.Dist, fix.Targets[0].Package), filepath.Join(dir, full.Name)))
	next := setup{src: module(t, "better"), base: hotfix.BaseDist(dir), options: []hotfix.Option{hotfix.WithDeltas()}}.run(t)
	assert.Equal(t, *fix.Targets[0].Executable, next.Targets[0].Deltas[0].From)
}

// executableOf takes the executable out of a dist's full package.
func executableOf(t *testing.T, r *hotfix.Result) string {
	t.Helper()
	dest := filepath.Join(t.TempDir(), "version")
	p, err := pack.Unpack(t.Context(), filepath.Join(r.Dist, r.Targets[0].Package), dest)
	require.NoError(t, err)
	f, _ := p.Manifest.Executable()
	return filepath.Join(dest, filepath.FromSlash(f.Path))
}

func TestUnchangedDeltaIsNotMadeAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	s := setup{
		src: module(t, "fixed"), cache: t.TempDir(), base: hotfix.BaseBinaries(executable(t, module(t, "broken"), target.Host())),
		options: []hotfix.Option{hotfix.WithDeltas(), hotfix.WithTime(fixDate), hotfix.WithBaseVersion("v1.4.2")},
	}
	first, second := s.run(t), s.run(t)
	assert.True(t, first.Targets[0].Deltas[0].Made)
	assert.False(t, second.Targets[0].Deltas[0].Made)
	assert.Equal(t, reproduced(t, first.Dist), reproduced(t, second.Dist))
}

// Bases that are built, and executables of unknown version.
func TestDeltasFromAllKindsOfBases(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	one, other := executable(t, module(t, "one"), target.Host()), executable(t, module(t, "other"), target.Host())
	result := setup{base: hotfix.BaseFolder(module(t, "broken")), options: []hotfix.Option{
		hotfix.WithBaseVersion("v1.4.2"), hotfix.WithTime(fixDate),
		hotfix.WithDeltas(hotfix.BaseFolder(module(t, "another")), hotfix.BaseBinaries(one), hotfix.BaseBinaries(other)),
	}}.run(t)
	require.Len(t, result.Targets[0].Deltas, 4)
	digest, _, err := manifest.DigestFile(one)
	require.NoError(t, err)
	assert.Contains(t, result.Targets[0].Deltas[2].Package, "_from-v0.0.0-unknown."+digest.Short())
}

// A base that is the fix already, and one that lacks a target.
func TestNothingToStartFrom(t *testing.T) {
	t.Parallel()
	targets := []target.Target{target.Host(), otherTarget()}
	same := executable(t, module(t, "fixed"), target.Host())
	result := setup{base: hotfix.BaseBinaries(same), targets: targets, options: []hotfix.Option{hotfix.WithDeltas()}}.run(t)
	for i, on := range targets {
		assert.Empty(t, result.Targets[i].Deltas)
		assert.Contains(t, result.Warnings, "there is no delta package for "+on.String()+": no base has another executable for it")
	}
}

func TestDeltasThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []hotfix.Option
		says    string
	}{
		"no base":         {[]hotfix.Option{hotfix.WithDeltas()}, "WithDeltas: a delta leads from a base to the fix, and a first release has none"},
		"none as further": {[]hotfix.Option{hotfix.WithDeltas(hotfix.NoBase())}, "WithDeltas: a further base is none"},
		"nil as further":  {[]hotfix.Option{hotfix.WithDeltas(nil)}, "WithDeltas: a further base is none"},
	} {
		_, err := hotfix.New("app", append(required(t), c.options...)...)
		assert.ErrorContains(t, err, c.says, name)
	}
	_, err := hotfix.New("app", append(required(t), hotfix.WithDeltas(hotfix.BaseDist("dist")))...)
	require.NoError(t, err, "a first release for hosts that run something else")
	base := executable(t, module(t, "broken"), target.Host())
	err = setup{base: hotfix.BaseBinaries(base), options: []hotfix.Option{hotfix.WithDeltas(hotfix.BaseDist(t.TempDir()))}}.fail(t, hotfix.StepBase)
	require.ErrorContains(t, err, "a further base for deltas")
	require.ErrorContains(t, err, "is not a dist folder")
}

// A dry run says what it can, and makes nothing.
func TestDryRunOfDeltas(t *testing.T) {
	t.Parallel()
	result := setup{base: hotfix.BaseFolder(module(t, "broken")), options: []hotfix.Option{
		hotfix.WithDryRun(), hotfix.WithDeltas(hotfix.BaseFolder(module(t, "another"))), hotfix.WithBuild(build.WithParallel(1)),
	}}.run(t)
	assert.Empty(t, result.Targets[0].Deltas)
}

// An attacker who exchanges a delta for a good one of another release gets
// nowhere, and a signer who was fooled is found out.
func testDeltaThatIsNotWhatTheReleaseSays(t *testing.T, fix *hotfix.Result, signer hotfix.Signer) {
	t.Helper()
	release := readRelease(t, fix.Dist)
	for name, lie := range map[string]func(*manifest.Release){
		"a delta passed off as full": func(r *manifest.Release) { r.Packages = r.Packages[2:]; r.Packages[0].Delta = false },
		"a full one as delta":        func(r *manifest.Release) { r.Packages = r.Packages[:1]; r.Packages[0].Delta = true },
	} {
		t.Run(name, func(t *testing.T) {
			lying := release
			lying.Packages = append([]manifest.Entry{}, release.Packages...)
			lie(&lying)
			dir := t.TempDir()
			copyTo(t, dir, fix.Dist, lying.Packages[0].Name)
			signRelease(t, dir, lying, signer)
			_, err := hotfix.VerifyDist(t.Context(), dir, newVerifier(t, 1, signer))
			var entry *hotfix.EntryError
			require.ErrorAs(t, err, &entry)
			assert.Equal(t, "encoding", entry.Field)
		})
	}
}
