package hotfix

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
)

// InlineDist puts a finished dist folder into one block of text, which can
// travel through a chat or a ticket: the signed statement, all signatures and,
// for each of the given targets, the delta package from the release's base. The
// default is all targets. The folder is checked as [SignDist] does it; somebody
// must have signed.
func InlineDist(ctx context.Context, dir string, targets ...target.Target) ([]byte, error) {
	text, err := inlineDist(ctx, dir, targets)
	if err != nil {
		return nil, fmt.Errorf("putting %s into a text: %w", dir, err)
	}
	return text, nil
}

func inlineDist(ctx context.Context, dir string, targets []target.Target) ([]byte, error) {
	release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	bundles, err := readBundles(dir)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		targets = targetsOf(release)
	}
	var packages [][]byte
	for _, t := range targets {
		entry, err := deltaFor(release, t)
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name))
		if err != nil {
			return nil, err
		}
		packages = append(packages, content)
	}
	return inline.Encode(bundles, packages)
}

func readBundles(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var bundles [][]byte
	for _, e := range entries {
		if !verify.IsBundleName(e.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, data)
	}
	return bundles, nil
}

func targetsOf(r manifest.Release) []target.Target {
	var all []target.Target
	for _, e := range r.Packages {
		all = append(all, e.Target)
	}
	slices.SortFunc(all, target.Compare)
	return slices.Compact(all)
}

// deltaFor returns the delta from the base of the full package; if there is
// none, the smallest.
func deltaFor(r manifest.Release, t target.Target) (best manifest.Entry, err error) {
	full := slices.IndexFunc(r.Packages, func(e manifest.Entry) bool { return e.Target == t && !e.Delta })
	for _, e := range r.Packages {
		switch {
		case e.Target != t || !e.Delta:
		case full >= 0 && reflect.DeepEqual(e.Base, r.Packages[full].Base):
			return e, nil
		case best.Name == "" || e.Size < best.Size:
			best = e
		}
	}
	if best.Name == "" {
		return best, fmt.Errorf("there is no delta package for %s, and full ones are too large for a text: make deltas, or leave that target out", t)
	}
	return best, nil
}

// VerifyInline verifies a text with a block in it as [VerifyDist] does a folder:
// signatures, statement, digests, and only then each package that the block
// carries, by the strict reader.
func VerifyInline(ctx context.Context, text []byte, v *verify.Verifier) (*inline.Release, error) {
	r, err := inline.Verify(ctx, text, v)
	if err != nil {
		return nil, err
	}
	for _, p := range r.Packages {
		opened, err := pack.OpenReader(ctx, bytes.NewReader(p.Content), p.Size, pack.WithDigest(p.Digest))
		if err != nil {
			return nil, fmt.Errorf("verifying %s in the text: %w", p.Name, err)
		}
		if err := checkEntry(opened, r.Release, p.Entry); err != nil {
			return nil, err
		}
	}
	return r, nil
}
