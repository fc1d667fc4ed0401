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

// writeRelease writes hotfix.json and SHA256SUMS beside the packages.
func writeRelease(dir string, release manifest.Release, packages []*pack.Package) error {
	data, err := release.Encode()
	if err != nil {
		return err
	}
	if err := atomicfile.WriteFile(filepath.Join(dir, verify.ReleaseName), data, 0o644); err != nil {
		return err
	}
	return pack.WriteSums(dir, packages)
}

// writeBundle signs the statement over a release and writes the bundle.
func writeBundle(ctx context.Context, dir string, release manifest.Release, signer Signer) error {
	bundle, err := signer.Sign(ctx, manifest.NewStatement(release))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, verify.BundleName(signer.Key().ID()))
	return atomicfile.WriteFile(path, bundle, 0o644)
}

// SignDist adds a signer's bundle to a finished dist folder, after it has
// checked that the folder is complete and agrees with itself. It returns what
// was signed. A bundle of the same key is replaced.
func SignDist(ctx context.Context, dir string, signer Signer) (manifest.Release, error) {
	release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(dir))
	if err != nil {
		return manifest.Release{}, fmt.Errorf("signing %s: %w", dir, err)
	}
	if err := openPackages(ctx, dir, release, nil); err != nil {
		return manifest.Release{}, fmt.Errorf("signing %s: %w", dir, err)
	}
	if err := writeBundle(ctx, dir, release, signer); err != nil {
		return manifest.Release{}, fmt.Errorf("signing %s: %w", dir, err)
	}
	return release, nil
}
