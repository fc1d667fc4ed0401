package pack

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// alternatives are a full package and two deltas to one result, in one folder.
func alternatives(t *testing.T) (dir string, full, from, fromOlder *Package) {
	t.Helper()
	dir = t.TempDir()
	packages, err := newPacker(t, fullOptions...).PackAll(t.Context(), []Input{
		inputOf(t, newContent), deltaInput(t, "1.4.2", oldContent, newContent), deltaInput(t, "1.4.1", olderOne, newContent),
	}, dir)
	require.NoError(t, err)
	return dir, packages[0], packages[1], packages[2]
}

func entriesOf(packages ...*Package) []manifest.Entry {
	var entries []manifest.Entry
	for _, p := range packages {
		entries = append(entries, p.Entry())
	}
	return entries
}

func TestSmallestPackageThatCanBeUsed(t *testing.T) {
	dir, full, from, fromOlder := alternatives(t)
	entries := entriesOf(full, from, fromOlder)
	isMissing := func(err error) bool { m := new(MissingBaseError); return assert.ErrorAs(t, err, &m) }
	for name, c := range map[string]struct {
		bases   []string
		damage  *Package
		took    *Package
		skipped []*Package
	}{
		"the base":              {[]string{fileWith(t, oldContent)}, nil, from, []*Package{fromOlder}},
		"the older base":        {[]string{fileWith(t, olderOne)}, nil, fromOlder, []*Package{from}},
		"no base":               {nil, nil, full, []*Package{from, fromOlder}},
		"another base":          {[]string{fileWith(t, newContent)}, nil, full, []*Package{from, fromOlder}},
		"a delta that is bad":   {[]string{fileWith(t, oldContent)}, from, full, []*Package{from, fromOlder}},
		"a delta that is there": {[]string{fileWith(t, oldContent)}, fromOlder, from, []*Package{fromOlder}},
	} {
		t.Run(name, func(t *testing.T) {
			copied := t.TempDir()
			require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
			if c.damage != nil {
				require.NoError(t, flip(filepath.Join(copied, c.damage.Name())))
			}
			dest := filepath.Join(t.TempDir(), "dest")
			u, err := UnpackSmallest(t.Context(), copied, entries, dest, WithBaseFiles(c.bases...))
			require.NoError(t, err)
			assert.Equal(t, c.took.Name(), u.Package.Name())
			assert.Contains(t, u.String(), "took "+c.took.Name())
			assert.Equal(t, string(newContent), readTree(t, dest)["bin/payments"])
			for _, s := range u.Skipped {
				assert.True(t, slices.ContainsFunc(c.skipped, func(p *Package) bool { return p.Name() == s.Name }), s.Name)
				assert.Contains(t, u.String(), s.Name+", because "+s.Err.Error())
				if c.damage == nil || s.Name != c.damage.Name() {
					isMissing(s.Err)
				} else {
					requireRefused(t, s.Err)
				}
			}
			if c.took == full {
				assert.Len(t, u.Skipped, 2, "both are smaller")
			}
		})
	}
}

// A host that has fetched one package alone.
func TestPackagesThatAreNotThere(t *testing.T) {
	dir, full, from, fromOlder := alternatives(t)
	entries := entriesOf(full, from, fromOlder)
	require.NoError(t, os.Remove(full.Path))
	base := WithBaseFiles(fileWith(t, oldContent))
	u, err := UnpackSmallest(t.Context(), dir, entries, filepath.Join(t.TempDir(), "dest"), base)
	require.NoError(t, err)
	assert.Equal(t, from.Name(), u.Package.Name())

	parent := t.TempDir()
	_, err = UnpackSmallest(t.Context(), dir, entries, filepath.Join(parent, "dest"))
	var none *SkippedError
	require.ErrorAs(t, err, &none)
	assert.Len(t, none.Skipped, 3)
	assert.ErrorContains(t, err, "fetch the full package again")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assertNames(t, parent)
}

// Entries that a signer was made to sign, or that the caller mixed up.
func TestAlternativesThatDoNotBelongTogether(t *testing.T) {
	dir, full, from, _ := alternatives(t)
	parent := t.TempDir()
	dest := filepath.Join(parent, "dest")
	_, err := UnpackSmallest(t.Context(), dir, nil, dest)
	require.ErrorContains(t, err, "no package was given")

	entries := entriesOf(full, from)
	entries[1].Result = &manifest.Result{Version: "1.4.3", Digest: manifest.DigestOf(nil), Mode: "0755"}
	_, err = UnpackSmallest(t.Context(), dir, entries, dest)
	require.ErrorContains(t, err, "do not lead to one result")

	lying := full.Entry()
	lying.Base = &manifest.Binary{Version: "1.4.1", Digest: manifest.DigestOf(olderOne), Size: int64(len(olderOne))}
	_, err = UnpackSmallest(t.Context(), dir, []manifest.Entry{lying}, dest)
	require.ErrorContains(t, err, "holds something else than its release says")
	assertNames(t, parent)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = UnpackSmallest(ctx, dir, entriesOf(full, from), dest)
	require.ErrorIs(t, err, context.Canceled)
	var none *SkippedError
	require.NotErrorAs(t, err, &none, "a host that gives up has not tried")
}
