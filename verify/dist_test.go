package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

const amd64 = "payments-1.4.3-linux-amd64.tar.gz"

func TestVerifyDist(t *testing.T) {
	folder := dist(t, engineer(), reviewer(), stranger())
	result, err := newVerifier(t, 2, engineer(), reviewer()).VerifyDist(t.Context(), folder)
	require.NoError(t, err)
	assert.Equal(t, release(), result.Release)
	assert.Len(t, result.Signers, 2)
	require.Len(t, result.Uncounted, 1)
	assert.Equal(t, stranger().key.ID(), result.Uncounted[0].Signer)

	delete(folder, verify.ReportHTMLName)
	delete(folder, verify.ReportJSONName)
	_, err = newVerifier(t, 1, engineer()).VerifyDist(t.Context(), folder)
	require.NoError(t, err, "reports may be missing")
}

func TestVerifyDistOnDisk(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, dist(t, engineer())))
	_, err := newVerifier(t, 1, engineer()).VerifyDist(t.Context(), os.DirFS(dir))
	require.NoError(t, err)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	_, err = newVerifier(t, 1, engineer()).VerifyDist(t.Context(), root.FS())
	require.NoError(t, err)
}

func TestVerifyDistUnreadable(t *testing.T) {
	_, err := newVerifier(t, 1, engineer()).VerifyDist(t.Context(), os.DirFS(filepath.Join(t.TempDir(), "none")))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = verify.DistWithoutSignaturesUnsafe(t.Context(), os.DirFS(filepath.Join(t.TempDir(), "none")))
	assert.ErrorIs(t, err, fs.ErrNotExist)

	failed := errors.New("disk is gone")
	_, err = newVerifier(t, 1, engineer()).VerifyDist(t.Context(), failing{dist(t, engineer()), failed, amd64})
	assert.ErrorIs(t, err, failed)
	var refused *verify.FileError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, amd64, refused.Name)
}

// failing cannot read one of its files.
type failing struct {
	fstest.MapFS
	err  error
	name string
}

func (f failing) Open(name string) (fs.File, error) {
	opened, err := f.MapFS.Open(name)
	if name != f.name || err != nil {
		return opened, err
	}
	return unreadable{opened, f.err}, nil
}

type unreadable struct {
	fs.File
	err error
}

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }

func TestVerifyDistRefusesLinks(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, dist(t, engineer())))
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.Rename(filepath.Join(dir, amd64), outside))
	if err := os.Symlink(outside, filepath.Join(dir, amd64)); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if info, err := os.Lstat(filepath.Join(dir, amd64)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Skip("no symbolic links here")
	}
	_, err := newVerifier(t, 1, engineer()).VerifyDist(t.Context(), os.DirFS(dir))
	assert.ErrorIs(t, err, verify.ErrNotRegular)
	assert.ErrorIs(t, verify.Sums(t.Context(), os.DirFS(dir), release().Sums()), verify.ErrNotRegular)
}

func TestAttacksOnDist(t *testing.T) {
	other := release()
	other.Version = "6.6.6"
	otherJSON, err := other.Encode()
	require.NoError(t, err)
	bundleName := verify.BundleName(engineer().key.ID())
	tests := map[string]struct {
		attack func(fstest.MapFS)
		want   error // nil for a MismatchError
		name   string
	}{
		"no bundle":             {func(d fstest.MapFS) { delete(d, bundleName) }, verify.ErrThreshold, ""},
		"bundle renamed":        {func(d fstest.MapFS) { d["hotfix.x.sigstore.json"] = d[bundleName]; delete(d, bundleName) }, errBundle, "hotfix.x"},
		"bundle in upper case":  {func(d fstest.MapFS) { d[strings.ToUpper(bundleName)] = d[bundleName] }, verify.ErrUnexpected, ""},
		"bundle twice":          {func(d fstest.MapFS) { d["hotfix.x.sigstore.json"] = d[bundleName] }, errBundle, "hotfix.x"},
		"bundle without a name": {func(d fstest.MapFS) { d["hotfix..sigstore.json"] = d[bundleName] }, verify.ErrUnexpected, ""},
		"bundle is garbage":     {func(d fstest.MapFS) { d["hotfix.x.sigstore.json"] = file([]byte("{}")) }, errBundle, "hotfix.x"},
		"bundle too large":      {func(d fstest.MapFS) { d["hotfix.x.sigstore.json"] = file(make([]byte, verify.MaxBundle+1)) }, verify.ErrTooLarge, "hotfix.x"},
		"too many bundles": {func(d fstest.MapFS) {
			for i := range verify.MaxBundles {
				d[fmt.Sprintf("hotfix.%d.sigstore.json", i)] = file(nil)
			}
		}, errBundle, "is one too many; a release has at most 64"},
		"bundle of a stranger": {func(d fstest.MapFS) { delete(d, bundleName); replaceAll(d, dist(t, stranger())) }, verify.ErrThreshold, ""},
		"bundle is a folder":   {func(d fstest.MapFS) { d[bundleName] = &fstest.MapFile{Mode: fs.ModeDir} }, verify.ErrNotRegular, bundleName},
		"package altered":      {func(d fstest.MapFS) { d[amd64] = file(bytes.ToUpper(d[amd64].Data)) }, nil, amd64},
		"package cut":          {func(d fstest.MapFS) { d[amd64] = file(d[amd64].Data[1:]) }, nil, amd64},
		"package extended":     {func(d fstest.MapFS) { d[amd64] = file(append(bytes.Clone(d[amd64].Data), 0)) }, nil, amd64},
		"package missing":      {func(d fstest.MapFS) { delete(d, amd64) }, verify.ErrMissing, amd64},
		"packages swapped":     {func(d fstest.MapFS) { d[amd64] = d["payments-1.4.3-linux-arm64.tar.gz"] }, nil, amd64},
		"package is a link": {func(d fstest.MapFS) {
			d[amd64] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(manifest.SumsName)}
		}, verify.ErrNotRegular, amd64},
		"package is a device":    {func(d fstest.MapFS) { d[amd64] = &fstest.MapFile{Mode: fs.ModeDevice} }, verify.ErrNotRegular, amd64},
		"extra file":             {func(d fstest.MapFS) { d["install.sh"] = file(nil) }, verify.ErrUnexpected, "install.sh"},
		"extra package":          {func(d fstest.MapFS) { d["payments-1.4.3-linux-arm.tar.gz"] = file(nil) }, verify.ErrUnexpected, "linux-arm.tar.gz"},
		"extra folder":           {func(d fstest.MapFS) { d["old/file"] = file(nil) }, verify.ErrNotRegular, "old"},
		"hotfix.json missing":    {func(d fstest.MapFS) { delete(d, verify.ReleaseName) }, verify.ErrMissing, verify.ReleaseName},
		"hotfix.json of another": {func(d fstest.MapFS) { d[verify.ReleaseName] = file(otherJSON) }, nil, verify.ReleaseName},
		"hotfix.json respelled":  {func(d fstest.MapFS) { d[verify.ReleaseName].Data = append(d[verify.ReleaseName].Data, '\n') }, nil, verify.ReleaseName},
		"hotfix.json too large":  {func(d fstest.MapFS) { d[verify.ReleaseName] = file(make([]byte, manifest.MaxDocument+1)) }, verify.ErrTooLarge, verify.ReleaseName},
		"hotfix.json other case": {func(d fstest.MapFS) { d["HOTFIX.json"] = d[verify.ReleaseName] }, verify.ErrUnexpected, "HOTFIX.json"},
		"sums missing":           {func(d fstest.MapFS) { delete(d, manifest.SumsName) }, verify.ErrMissing, manifest.SumsName},
		"sums empty":             {func(d fstest.MapFS) { d[manifest.SumsName] = file(nil) }, nil, manifest.SumsName},
		"sums in other spelling": {func(d fstest.MapFS) {
			d[manifest.SumsName].Data = bytes.ReplaceAll(d[manifest.SumsName].Data, []byte("  "), []byte(" *"))
		}, nil, manifest.SumsName},
		"sums with another line": {func(d fstest.MapFS) {
			d[manifest.SumsName].Data = append(d[manifest.SumsName].Data, manifest.DigestOf(nil).Hex()+"  report.html\n"...)
		}, nil, manifest.SumsName},
		"sums lack a line": {func(d fstest.MapFS) {
			d[manifest.SumsName].Data = d[manifest.SumsName].Data[bytes.IndexByte(d[manifest.SumsName].Data, '\n')+1:]
		}, nil, manifest.SumsName},
		"sums with another digest": {func(d fstest.MapFS) { d[manifest.SumsName].Data[0] ^= 1 }, nil, manifest.SumsName},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := dist(t, engineer())
			test.attack(folder)
			result, err := newVerifier(t, 1, engineer()).VerifyDist(t.Context(), folder)
			require.Error(t, err)
			assert.Nil(t, result)
			assert.ErrorContains(t, err, test.name)
			switch {
			case test.want == nil:
				var mismatch *verify.MismatchError
				assert.ErrorAs(t, err, &mismatch)
			case errors.Is(test.want, errBundle):
				var refused *verify.BundleError
				assert.ErrorAs(t, err, &refused)
			default:
				assert.ErrorIs(t, err, test.want)
			}
		})
	}
}

var errBundle = errors.New("any *verify.BundleError")

func replaceAll(d, by fstest.MapFS) {
	for name, f := range by {
		d[name] = f
	}
}

func TestDistWithoutSignaturesUnsafe(t *testing.T) {
	folder := dist(t)
	got, err := verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	require.NoError(t, err)
	assert.Equal(t, release(), got)

	folder[amd64] = file([]byte("something else"))
	_, err = verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	var mismatch *verify.MismatchError
	require.ErrorAs(t, err, &mismatch)

	folder[verify.ReleaseName] = file([]byte("{}"))
	_, err = verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	require.Error(t, err)
	var refused *manifest.InvalidError
	require.ErrorAs(t, err, &refused)
	delete(folder, verify.ReleaseName)
	_, err = verify.DistWithoutSignaturesUnsafe(t.Context(), folder)
	assert.ErrorIs(t, err, verify.ErrMissing)
}

func TestResultFiles(t *testing.T) {
	result, err := newVerifier(t, 1, engineer()).Verify(t.Context(), [][]byte{engineer().bundle(payload(t, release()))})
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, amd64)
	require.NoError(t, os.WriteFile(path, archives()[amd64], 0o600))

	entry, err := result.VerifyFile(t.Context(), path)
	require.NoError(t, err)
	assert.Equal(t, "linux/amd64", entry.Target.String())
	entry, err = result.VerifyContent(t.Context(), amd64, bytes.NewReader(archives()[amd64]))
	require.NoError(t, err)
	assert.Equal(t, amd64, entry.Name)

	_, err = result.VerifyFile(t.Context(), filepath.Join(dir, "payments-1.4.3-linux-arm64.tar.gz"))
	assert.ErrorIs(t, err, verify.ErrMissing)
	_, err = result.VerifyFile(t.Context(), filepath.Join(dir, "other.tar.gz"))
	assert.ErrorIs(t, err, verify.ErrUnexpected)
	_, err = result.VerifyContent(t.Context(), "other.tar.gz", strings.NewReader(""))
	assert.ErrorIs(t, err, verify.ErrUnexpected)
	_, err = result.VerifyContent(t.Context(), amd64, endless{})
	var mismatch *verify.MismatchError
	require.ErrorAs(t, err, &mismatch)
	assert.Equal(t, int64(len(archives()[amd64])+1), mismatch.GotSize)
	_, err = new(verify.Result).VerifyContent(t.Context(), "", strings.NewReader(""))
	assert.ErrorIs(t, err, verify.ErrUnexpected, "the zero Result accepts nothing")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestVerifyPackage(t *testing.T) {
	other := release()
	other.ID = "payments-other"
	for name, tc := range map[string]struct {
		change func(fstest.MapFS)
		name   string
		want   error
	}{
		"alone with its bundle":                 {func(d fstest.MapFS) { delete(d, verify.ReleaseName); delete(d, manifest.SumsName) }, amd64, nil},
		"among other files":                     {func(d fstest.MapFS) { d["notes.txt"] = file([]byte("kept")) }, amd64, nil},
		"no bundle":                             {func(d fstest.MapFS) { delete(d, verify.BundleName(engineer().key.ID())) }, amd64, verify.ErrThreshold},
		"changed":                               {func(d fstest.MapFS) { d[amd64].Data[0] ^= 1 }, amd64, &verify.MismatchError{}},
		"missing":                               {func(d fstest.MapFS) { delete(d, amd64) }, amd64, verify.ErrMissing},
		"garbage as a bundle":                   {func(d fstest.MapFS) { d["hotfix.x.sigstore.json"] = file([]byte("{}")) }, amd64, &verify.BundleError{}},
		"garbage as a bundle of the provenance": {func(d fstest.MapFS) { d["provenance.x.sigstore.json"] = file([]byte("{}")) }, amd64, &verify.BundleError{}},
		"not in the release":                    {func(d fstest.MapFS) { d["other.zip"] = d[amd64] }, "other.zip", verify.ErrUnexpected},
		"of a stranger's key alone": {func(d fstest.MapFS) {
			delete(d, verify.BundleName(engineer().key.ID()))
			d[verify.BundleName(stranger().key.ID())] = file(stranger().bundle(payload(t, other)))
		}, amd64, verify.ErrThreshold},
	} {
		t.Run(name, func(t *testing.T) {
			folder := dist(t, engineer())
			tc.change(folder)
			result, entry, err := newVerifier(t, 1, engineer()).VerifyPackage(t.Context(), folder, tc.name)
			var mismatch *verify.MismatchError
			var bundle *verify.BundleError
			switch {
			case errors.As(tc.want, &bundle):
				assert.ErrorAs(t, err, &bundle)
			case tc.want == nil:
				require.NoError(t, err)
				assert.Equal(t, amd64, entry.Name)
				assert.Equal(t, release(), result.Release)
				return
			case errors.As(tc.want, &mismatch):
				assert.ErrorAs(t, err, &mismatch)
			default:
				assert.ErrorIs(t, err, tc.want)
			}
			assert.Nil(t, result)
		})
	}
	_, _, err := (&verify.Verifier{}).VerifyPackage(t.Context(), dist(t, engineer()), amd64)
	assert.ErrorIs(t, err, verify.ErrNoKeys)
}
