package hotfix_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestTwoSignersInOneRun(t *testing.T) {
	t.Parallel()
	first, second := newSigner(t), newSigner(t)
	result := setup{options: []hotfix.Option{hotfix.WithSigner(first), hotfix.WithSigner(second)}}.run(t)
	assert.Len(t, result.Signers, 2)
	_, err := hotfix.VerifyDist(t.Context(), result.Dist, newVerifier(t, 2, first, second))
	assert.NoError(t, err)
}

func TestSecondPersonSignsApart(t *testing.T) {
	t.Parallel()
	first, second := newSigner(t), newSigner(t)
	result := setup{options: []hotfix.Option{hotfix.WithSigner(first)}}.run(t)
	both := newVerifier(t, 2, first, second)
	_, err := hotfix.VerifyDist(t.Context(), result.Dist, both)
	require.ErrorIs(t, err, verify.ErrThreshold)

	for range 2 { // to sign again replaces one's own bundle
		release, err := hotfix.SignDist(t.Context(), result.Dist, second)
		require.NoError(t, err)
		assert.Equal(t, result.ID, release.ID)
	}
	verified, err := hotfix.VerifyDist(t.Context(), result.Dist, both)
	require.NoError(t, err)
	assert.Len(t, verified.Signers, 2)
	_, err = hotfix.VerifyPackage(t.Context(), filepath.Join(result.Dist, result.Targets[0].Package), both)
	assert.NoError(t, err)
}

func TestSignDistLooksFirst(t *testing.T) {
	t.Parallel()
	dist := setup{}.run(t)
	path := filepath.Join(dist.Dist, dist.Targets[0].Package)
	flip(t, path)
	before := snapshot(t, dist.Dist)
	_, err := hotfix.SignDist(t.Context(), dist.Dist, newSigner(t))
	var mismatch *verify.MismatchError
	require.ErrorAs(t, err, &mismatch)
	assert.Equal(t, before, snapshot(t, dist.Dist))
	_, err = hotfix.SignDist(t.Context(), t.TempDir(), newSigner(t))
	assert.Error(t, err)
}

// A host fetches one package of many, and the bundles.
func TestVerifyPackageAlone(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	dist := setup{options: []hotfix.Option{hotfix.WithSigner(signer)}}.run(t)
	name := dist.Targets[0].Package
	inbox := t.TempDir()
	copyTo(t, inbox, dist.Dist, name)
	v := newVerifier(t, 1, signer)
	_, err := hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, name), v)
	require.ErrorIs(t, err, verify.ErrThreshold)
	require.ErrorContains(t, err, "keep its bundle with the packages")

	copyTo(t, inbox, dist.Dist, verify.BundleName(signer.Key().ID()))
	result, err := hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, name), v)
	require.NoError(t, err)
	assert.Equal(t, dist.ID, result.Release.ID)

	_, err = hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, name), newVerifier(t, 1, newSigner(t)))
	require.ErrorIs(t, err, verify.ErrThreshold)
	require.NoError(t, os.Rename(filepath.Join(inbox, name), filepath.Join(inbox, "renamed.tar.zst")))
	_, err = hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, "renamed.tar.zst"), v)
	require.Error(t, err)
	_, err = hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, name), v)
	require.ErrorIs(t, err, verify.ErrMissing)
}

func TestVerifyPackageBoundsBundles(t *testing.T) {
	t.Parallel()
	inbox := t.TempDir()
	writeFile(t, filepath.Join(inbox, "app.tar.zst"), "")
	path := filepath.Join(inbox, "hotfix.0123456789abcdef.sigstore.json")
	writeFile(t, path, "")
	require.NoError(t, os.Truncate(path, verify.MaxBundle+1))
	_, err := hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, "app.tar.zst"), newVerifier(t, 1, newSigner(t)))
	assert.ErrorIs(t, err, verify.ErrTooLarge)
}

func TestTamperedDistIsRefused(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	dist := setup{options: []hotfix.Option{hotfix.WithSigner(signer)}}.run(t)
	bundle := verify.BundleName(signer.Key().ID())
	for name, tamper := range map[string]func(t *testing.T, dir string){
		"a changed package":   func(t *testing.T, dir string) { flip(t, filepath.Join(dir, dist.Targets[0].Package)) },
		"a changed bundle":    func(t *testing.T, dir string) { flip(t, filepath.Join(dir, bundle)) },
		"a changed release":   func(t *testing.T, dir string) { flip(t, filepath.Join(dir, verify.ReleaseName)) },
		"changed sums":        func(t *testing.T, dir string) { flip(t, filepath.Join(dir, manifest.SumsName)) },
		"a truncated package": func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, dist.Targets[0].Package)) },
		"a missing package":   func(t *testing.T, dir string) { remove(t, filepath.Join(dir, dist.Targets[0].Package)) },
		"a missing bundle":    func(t *testing.T, dir string) { remove(t, filepath.Join(dir, bundle)) },
		"changed provenance":  func(t *testing.T, dir string) { flip(t, filepath.Join(dir, manifest.ProvenanceName)) },
		"changed bundle of the provenance": func(t *testing.T, dir string) {
			flip(t, filepath.Join(dir, verify.ProvenanceBundleName(signer.Key().ID())))
		},
		"a missing bundle of the provenance": func(t *testing.T, dir string) {
			remove(t, filepath.Join(dir, verify.ProvenanceBundleName(signer.Key().ID())))
		},
		"one more file": func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, "install.sh"), "") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "dist")
			require.NoError(t, os.CopyFS(dir, os.DirFS(dist.Dist)))
			_, err := hotfix.VerifyDist(t.Context(), dir, newVerifier(t, 1, signer))
			require.NoError(t, err)
			tamper(t, dir)
			result, err := hotfix.VerifyDist(t.Context(), dir, newVerifier(t, 1, signer))
			assert.Error(t, err)
			assert.Nil(t, result)
		})
	}
}

// An attacker who cannot sign can still combine what was signed at other times.
func TestMixAndMatchIsRefused(t *testing.T) {
	t.Parallel()
	signer, cache := newSigner(t), t.TempDir()
	options := []hotfix.Option{hotfix.WithSigner(signer), hotfix.WithPack(pack.WithNameTemplate("app"))}
	old := setup{cache: cache, src: module(t, "broken"), options: append(options, hotfix.WithVersion("v1.0.0"))}.run(t)
	fix := setup{cache: cache, src: module(t, "fixed"), options: append(options, hotfix.WithVersion("v1.0.1"))}.run(t)
	name := fix.Targets[0].Package
	require.Equal(t, old.Targets[0].Package, name)
	bundle := verify.BundleName(signer.Key().ID())
	v := newVerifier(t, 1, signer)
	for _, swapped := range [][]string{{name}, {bundle}, {verify.ReleaseName}, {manifest.SumsName}, {name, manifest.SumsName}, {name, verify.ReleaseName, manifest.SumsName}} {
		dir := filepath.Join(t.TempDir(), "dist")
		require.NoError(t, os.CopyFS(dir, os.DirFS(fix.Dist)))
		for _, file := range swapped {
			remove(t, filepath.Join(dir, file))
			copyTo(t, dir, old.Dist, file)
		}
		_, err := hotfix.VerifyDist(t.Context(), dir, v)
		assert.Error(t, err, "%v of the old release", swapped)
	}
	inbox := t.TempDir()
	copyTo(t, inbox, old.Dist, name)
	copyTo(t, inbox, fix.Dist, bundle)
	_, err := hotfix.VerifyPackage(t.Context(), filepath.Join(inbox, name), v)
	var mismatch *verify.MismatchError
	assert.ErrorAs(t, err, &mismatch)
}

// A signer who was fooled: the digests are right, but the packages are of
// something else than the release says.
func TestPackageThatIsNotWhatTheReleaseSays(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several times")
	}
	t.Parallel()
	signer := newSigner(t)
	dist := setup{}.run(t).Dist
	honest := readRelease(t, dist)
	for field, lie := range map[string]func(*manifest.Release){
		"id":      func(r *manifest.Release) { r.ID = "app-v9" },
		"product": func(r *manifest.Release) { r.Product = "other" },
		"version": func(r *manifest.Release) { r.Version = "v9.0.0" },
		"target":  func(r *manifest.Release) { r.Packages[0].Target = otherTarget() },
		"base": func(r *manifest.Release) {
			r.Packages[0].Base = &manifest.Binary{Version: "v0", Digest: manifest.DigestOf(nil)}
		},
		"executable": func(r *manifest.Release) { r.Packages[0].Result = nil },
	} {
		t.Run(field, func(t *testing.T) {
			release := honest
			release.Packages = []manifest.Entry{honest.Packages[0]}
			lie(&release)
			dir := t.TempDir()
			copyTo(t, dir, dist, honest.Packages[0].Name)
			signRelease(t, dir, release, signer)
			_, err := hotfix.VerifyDist(t.Context(), dir, newVerifier(t, 1, signer))
			var entry *hotfix.EntryError
			require.ErrorAs(t, err, &entry)
			assert.Equal(t, field, entry.Field)
		})
	}
}

func signRelease(t *testing.T, dir string, release manifest.Release, signer hotfix.Signer) {
	t.Helper()
	data, err := release.Encode()
	require.NoError(t, err)
	writeFile(t, filepath.Join(dir, verify.ReleaseName), string(data))
	sums, err := release.Sums().Encode()
	require.NoError(t, err)
	writeFile(t, filepath.Join(dir, manifest.SumsName), string(sums))
	bundle, err := signer.Sign(t.Context(), manifest.NewStatement(release))
	require.NoError(t, err)
	writeFile(t, filepath.Join(dir, verify.BundleName(signer.Key().ID())), string(bundle))
}

func copyTo(t *testing.T, dest, src, name string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(src, name))
	require.NoError(t, err)
	writeFile(t, filepath.Join(dest, name), string(data))
}

func flip(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

func truncate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-1))
}

func remove(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.Remove(path))
}
