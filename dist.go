package hotfix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// ErrOutput says that the output folder holds something that is not an earlier
// dist of the product, and was left alone.
var ErrOutput = errors.New("output folder holds something else")

// stagingSuffix marks a dist folder that is not finished.
const stagingSuffix = ".partial"

// openStaging checks the output folder and makes the folder beside it in which
// the dist grows, so that one rename publishes it.
func (r *run) openStaging() (string, error) {
	if err := checkOutput(r.output, r.product); err != nil {
		return "", err
	}
	parent := filepath.Dir(r.output)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("making the output folder: %w", err)
	}
	dir, err := os.MkdirTemp(parent, filepath.Base(r.output)+".*"+stagingSuffix)
	if err != nil {
		return "", fmt.Errorf("making the output folder: %w", err)
	}
	r.staging = dir
	return dir, os.Chmod(dir, 0o755)
}

// checkOutput allows a folder that does not exist, is empty, or holds a dist of
// the product and nothing else.
func checkOutput(dir, product string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the output folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is a file or a link: %w: give the path of a folder", dir, ErrOutput)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking at the output folder: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(dir, verify.ReleaseName))
	if err != nil {
		return fmt.Errorf("%s has %s and no %s: %w: give an empty or a new folder", dir, entries[0].Name(), verify.ReleaseName, ErrOutput)
	}
	release, err := manifest.DecodeRelease(data)
	if err != nil {
		return fmt.Errorf("%s: %w: its %s cannot be read: %w", dir, ErrOutput, verify.ReleaseName, err)
	}
	if release.Product != product {
		return fmt.Errorf("%s is a dist of the product %s: %w: give a folder of its own to %s", dir, release.Product, ErrOutput, product)
	}
	return checkOnlyDist(dir, entries, release)
}

func checkOnlyDist(dir string, entries []fs.DirEntry, release manifest.Release) error {
	for _, e := range entries {
		if _, ok := release.Entry(e.Name()); !ok && !verify.IsDistFile(e.Name()) {
			return fmt.Errorf("%s has %s, which is not part of a dist: %w: move it away or give another folder", dir, e.Name(), ErrOutput)
		}
	}
	return nil
}

// writeRelease writes hotfix.json, provenance.json and SHA256SUMS beside the packages.
func writeRelease(dir string, release manifest.Release, provenance manifest.Provenance, packages []*pack.Package) error {
	for _, file := range []struct {
		name   string
		encode func() ([]byte, error)
	}{{verify.ReleaseName, release.Encode}, {manifest.ProvenanceName, provenance.Encode}} {
		data, err := file.encode()
		if err != nil {
			return err
		}
		if err := atomicfile.WriteFile(filepath.Join(dir, file.name), data, 0o644); err != nil {
			return err
		}
	}
	return pack.WriteSums(dir, packages)
}

// writeBundles signs the statement over a release, and the one over its provenance if
// there is one, and writes the bundles.
func writeBundles(ctx context.Context, dir string, release manifest.Release, provenance *manifest.Provenance, signer Signer) error {
	id := signer.Key().ID()
	if err := writeBundle(ctx, filepath.Join(dir, verify.BundleName(id)), manifest.NewStatement(release), signer); err != nil {
		return err
	}
	if provenance == nil {
		return nil
	}
	return writeBundle(ctx, filepath.Join(dir, verify.ProvenanceBundleName(id)), manifest.NewProvenanceStatement(release, *provenance), signer)
}

func writeBundle(ctx context.Context, path string, statement manifest.Attestation, signer Signer) error {
	bundle, err := signer.Sign(ctx, statement)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(path, bundle, 0o644)
}

// DistProvenance reads the provenance in a dist folder, which must agree with the
// release there; nil if there is none, as in dists of earlier versions. Signatures
// are not looked at: verify the folder first.
func DistProvenance(ctx context.Context, dir string, release manifest.Release) (*manifest.Provenance, error) {
	p, err := verify.ProvenanceWithoutSignaturesUnsafe(ctx, os.DirFS(dir), release)
	var missing *verify.FileError
	switch {
	case errors.As(err, &missing) && missing.Name == manifest.ProvenanceName && errors.Is(err, verify.ErrMissing):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the provenance in %s: %w", dir, err)
	}
	return &p, nil
}

// SignDist adds a signer's bundles, over release and provenance, to a finished dist
// folder, after it has checked that the folder is complete and agrees with itself. It
// returns what was signed. Bundles of the same key are replaced.
func SignDist(ctx context.Context, dir string, signer Signer) (manifest.Release, error) {
	release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(dir))
	if err != nil {
		return manifest.Release{}, fmt.Errorf("signing %s: %w", dir, err)
	}
	if err := openPackages(ctx, dir, release, nil); err != nil {
		return manifest.Release{}, fmt.Errorf("signing %s: %w", dir, err)
	}
	provenance, err := DistProvenance(ctx, dir, release)
	if err == nil {
		err = writeBundles(ctx, dir, release, provenance, signer)
	}
	if err != nil {
		return manifest.Release{}, fmt.Errorf("signing %s: %w", dir, err)
	}
	return release, nil
}
