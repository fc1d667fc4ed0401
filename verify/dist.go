package verify

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Names of the other files of a dist folder.
const (
	ReleaseName    = "hotfix.json" // the predicate of the signed statement, to read
	ReportHTMLName = "report.html" // not verified; people read it
	ReportJSONName = "report.json" // not verified; people and scripts read it
)

// VerifyDist checks a dist folder, as [os.DirFS] or [os.Root.FS] gives it: the
// signatures, then hotfix.json and SHA256SUMS byte for byte against the signed
// statement, then size and digest of every package. A provenance must agree with
// the release, and have as many signatures. Apart from those and the two reports
// the folder must be empty. Archives are not opened.
//
// Errors are those of [Verifier.Verify], [*FileError], [*MismatchError] and
// [*ProvenanceError].
func (v *Verifier) VerifyDist(ctx context.Context, fsys fs.FS) (*Result, error) {
	if err := v.ready(); err != nil {
		return nil, err
	}
	names, err := listDist(fsys)
	if err != nil {
		return nil, err
	}
	result, err := v.verifyBundles(ctx, fsys, names)
	if err != nil {
		return nil, err
	}
	if err := checkDist(ctx, fsys, names, result.Release); err != nil {
		return nil, err
	}
	if err := checkProvenanceFile(ctx, fsys, names, result.Provenance); err != nil {
		return nil, err
	}
	return result, nil
}

// VerifyPackage checks one package by the bundles that lie beside it, as
// [Verifier.VerifyDist] does for all. Other files in the folder are not looked
// at. It returns the package's entry in the release.
func (v *Verifier) VerifyPackage(ctx context.Context, fsys fs.FS, name string) (*Result, manifest.Entry, error) {
	result, err := v.VerifyRelease(ctx, fsys)
	if err != nil {
		return nil, manifest.Entry{}, err
	}
	entry, ok := result.Release.Entry(name)
	if !ok {
		return nil, manifest.Entry{}, &FileError{Name: name, Err: ErrUnexpected}
	}
	if err := checkFile(ctx, fsys, entry.Name, entry.Digest, entry.Size); err != nil {
		return nil, manifest.Entry{}, err
	}
	return result, entry, nil
}

// VerifyRelease checks the bundles in a folder, and those over its provenance,
// and looks at nothing else in it: whoever goes on to use a package has its
// content checked with [Result.VerifyContent].
func (v *Verifier) VerifyRelease(ctx context.Context, fsys fs.FS) (*Result, error) {
	if err := v.ready(); err != nil {
		return nil, err
	}
	names, err := fs.Glob(fsys, "*"+bundleSuffix)
	if err != nil {
		return nil, err
	}
	return v.verifyBundles(ctx, fsys, names)
}

// verifyBundles checks those of the named files that are bundles.
func (v *Verifier) verifyBundles(ctx context.Context, fsys fs.FS, names []string) (*Result, error) {
	bundles, err := v.readBundles(ctx, fsys, names)
	if err != nil {
		return nil, err
	}
	provenance, err := v.readProvenanceBundles(ctx, fsys, names)
	if err != nil {
		return nil, err
	}
	return v.verify(ctx, bundles, provenance)
}

// DistWithoutSignaturesUnsafe checks a dist folder as [Verifier.VerifyDist]
// does, but takes hotfix.json at its word: the folder is complete and agrees
// with itself, and anybody may have made it. It is for those who are about to
// sign and for tools that show what a folder holds, never for hosts.
func DistWithoutSignaturesUnsafe(ctx context.Context, fsys fs.FS) (manifest.Release, error) {
	names, err := listDist(fsys)
	if err != nil {
		return manifest.Release{}, err
	}
	data, err := readFile(ctx, fsys, ReleaseName, manifest.MaxDocument)
	if err != nil {
		return manifest.Release{}, err
	}
	release, err := manifest.DecodeRelease(data)
	if err != nil {
		return manifest.Release{}, err
	}
	if _, err := readProvenance(ctx, fsys, names, release); err != nil {
		return manifest.Release{}, err
	}
	if err := checkDist(ctx, fsys, names, release); err != nil {
		return manifest.Release{}, err
	}
	return release, nil
}

// listDist returns the names in the folder, all of them regular files.
func listDist(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("verify: the dist folder cannot be read: %w; check its path", err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		if !entry.Type().IsRegular() {
			return nil, &FileError{Name: entry.Name(), Err: ErrNotRegular}
		}
		names[i] = entry.Name()
	}
	return names, nil
}

// readBundles reads the bundle files, each of which must be named after its key.
func (v *Verifier) readBundles(ctx context.Context, fsys fs.FS, names []string) ([]namedBundle, error) {
	return v.readBundlesNamed(ctx, fsys, names, IsBundleName, BundleName)
}

// readBundlesNamed reads the bundle files of one kind, each of which must have the
// name that its key gives it.
func (v *Verifier) readBundlesNamed(ctx context.Context, fsys fs.FS, names []string, isOne func(string) bool, nameOf func(KeyID) string) ([]namedBundle, error) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isOne(name) })
	if err := checkBundleCount(len(names)); err != nil {
		return nil, err
	}
	bundles := make([]namedBundle, len(names))
	for i, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := readFile(ctx, fsys, name, MaxBundle)
		if err != nil {
			return nil, err
		}
		b, err := v.parse(ctx, name, data)
		if err != nil {
			return nil, err
		}
		if want := nameOf(b.Key); name != want {
			return nil, &BundleError{Bundle: b.name, Reason: "claims the key of " + want + "; give it that name"}
		}
		bundles[i] = b
	}
	return bundles, nil
}

// checkDist compares the files of a dist folder with its release.
func checkDist(ctx context.Context, fsys fs.FS, names []string, release manifest.Release) error {
	if err := checkNames(names, release); err != nil {
		return err
	}
	predicate, err := release.Encode()
	if err != nil {
		return err
	}
	if err := checkBytes(ctx, fsys, ReleaseName, predicate); err != nil {
		return err
	}
	sums, err := release.Sums().Encode()
	if err != nil {
		return err
	}
	if err := checkBytes(ctx, fsys, manifest.SumsName, sums); err != nil {
		return err
	}
	for _, entry := range release.Packages {
		if err := checkFile(ctx, fsys, entry.Name, entry.Digest, entry.Size); err != nil {
			return err
		}
	}
	return nil
}

func checkNames(names []string, release manifest.Release) error {
	for _, name := range names {
		if _, listed := release.Entry(name); !listed && !IsDistFile(name) {
			return &FileError{Name: name, Err: ErrUnexpected}
		}
	}
	return nil
}

// IsDistFile reports whether a file of the given name, which is no package, can
// belong to a dist folder.
func IsDistFile(name string) bool {
	switch name {
	case ReleaseName, manifest.SumsName, manifest.ProvenanceName, ReportHTMLName, ReportJSONName:
		return true
	}
	return IsBundleName(name) || IsProvenanceBundleName(name)
}
