package verify_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

var errDisk = errors.New("disk is gone")

// closed cannot open one of its files, although it is there.
type closed struct {
	fstest.MapFS
	name string
}

func (c closed) Open(name string) (fs.File, error) {
	if name == c.name {
		return nil, errDisk
	}
	return c.MapFS.Open(name)
}

func (c closed) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == c.name {
		return nil, errDisk
	}
	return c.MapFS.ReadDir(name)
}

// Each file that cannot be opened or read is named, with the system's reason.
func TestUnreadableFiles(t *testing.T) {
	folder, v := provenDist(engineer()), newVerifier(t, 1, engineer())
	bundle := verify.BundleName(engineer().key.ID())
	for _, name := range []string{bundle, provenanceBundle(), verify.ReleaseName, manifest.SumsName, manifest.ProvenanceName, amd64} {
		for kind, fsys := range map[string]fs.FS{"open": closed{folder, name}, "read": failing{folder, errDisk, name}} {
			result, err := v.VerifyDist(t.Context(), fsys)
			var refused *verify.FileError
			require.ErrorAs(t, err, &refused, "%s %s", kind, name)
			assert.ErrorIs(t, err, errDisk)
			assert.Equal(t, name, refused.Name)
			assert.Nil(t, result)
			if _, err = verify.DistWithoutSignaturesUnsafe(t.Context(), fsys); name != bundle {
				require.ErrorIs(t, err, errDisk, "%s %s", kind, name)
			}
			if name == bundle || name == provenanceBundle() || name == amd64 {
				result, entry, err := v.VerifyPackage(t.Context(), fsys, amd64)
				require.ErrorIs(t, err, errDisk, "%s %s", kind, name)
				assert.Nil(t, result)
				assert.Equal(t, manifest.Entry{}, entry)
			}
		}
	}
}

func TestUnreadableExtracted(t *testing.T) {
	folder, m := extracted(t)
	for _, name := range []string{"bin", "config/a", "bin/payments", manifest.ManifestPath} {
		err := verify.Extracted(t.Context(), closed{folder, name}, m)
		require.ErrorIs(t, err, errDisk, name)
		assert.ErrorContains(t, err, name)
	}
	err := verify.Extracted(t.Context(), vanishing{folder, "bin/payments", new(int)}, m)
	require.ErrorIs(t, err, verify.ErrMissing)
	var refused *verify.FileError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "bin/payments", refused.Name)
}

// vanishing no longer has a file after it was looked at once.
type vanishing struct {
	fstest.MapFS
	name string
	seen *int
}

func (v vanishing) Lstat(name string) (fs.FileInfo, error) {
	if name == v.name {
		if *v.seen++; *v.seen > 1 {
			return nil, fs.ErrNotExist
		}
	}
	return v.MapFS.Lstat(name)
}

// counting knows how many of its files are open.
type counting struct {
	fstest.MapFS
	open *int
}

func (c counting) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	*c.open++
	if dir, ok := f.(fs.ReadDirFile); ok {
		return countedDir{dir, c.open}, nil
	}
	return counted{f, c.open}, nil
}

type counted struct {
	fs.File
	open *int
}

func (c counted) Close() error {
	*c.open--
	return c.File.Close()
}

type countedDir struct {
	fs.ReadDirFile
	open *int
}

func (c countedDir) Close() error {
	*c.open--
	return c.ReadDirFile.Close()
}

// A host that verifies for months does not run out of files.
func TestFilesAreClosed(t *testing.T) {
	open := 0
	folder := counting{provenDist(engineer()), &open}
	_, err := newVerifier(t, 1, engineer()).VerifyDist(t.Context(), folder)
	require.NoError(t, err)
	assert.Zero(t, open)
	folder.MapFS[amd64].Data[0] ^= 1
	_, err = newVerifier(t, 1, engineer()).VerifyDist(t.Context(), folder)
	require.Error(t, err)
	assert.Zero(t, open)
}

// A document of exactly the limit is read, and compared.
func TestDocumentOfTheLimit(t *testing.T) {
	folder := dist(t, engineer())
	folder[verify.ReleaseName] = file(make([]byte, manifest.MaxDocument))
	_, err := newVerifier(t, 1, engineer()).VerifyDist(t.Context(), folder)
	var mismatch *verify.MismatchError
	require.ErrorAs(t, err, &mismatch)
	assert.Equal(t, verify.ReleaseName, mismatch.Name)
	assert.EqualValues(t, manifest.MaxDocument, mismatch.GotSize)
	assert.EqualValues(t, -1, mismatch.WantSize)
	assert.Equal(t, manifest.DigestOf(folder[verify.ReleaseName].Data), mismatch.Got)
}
