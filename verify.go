package hotfix

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// VerifyDist verifies a dist folder as a host does: signatures, statement,
// digests, and only then each package by the strict reader, which must hold
// what the statement says. Errors are those of [verify.Verifier.VerifyDist] and
// [pack.Open], and [*EntryError].
func VerifyDist(ctx context.Context, dir string, v *verify.Verifier) (*verify.Result, error) {
	result, err := v.VerifyDist(ctx, os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("verifying %s: %w", dir, err)
	}
	if err := openPackages(ctx, dir, result.Release, nil); err != nil {
		return nil, fmt.Errorf("verifying %s: %w", dir, err)
	}
	return result, nil
}

// VerifyPackage verifies one package by the bundles in its folder, which may
// hold the rest of the dist or not.
func VerifyPackage(ctx context.Context, path string, v *verify.Verifier) (*verify.Result, error) {
	dir, name := filepath.Split(path)
	result, entry, err := v.VerifyPackage(ctx, os.DirFS(cmp.Or(dir, ".")), name)
	if err != nil {
		return nil, fmt.Errorf("verifying %s: %w", path, err)
	}
	if err := openPackage(ctx, path, result.Release, entry); err != nil {
		return nil, fmt.Errorf("verifying %s: %w", path, err)
	}
	return result, nil
}

// EntryError says that a package holds something other than what the signed
// release says of it.
type EntryError struct {
	Name  string // of the package
	Field string // what differs
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("package %s differs from the release in its %s: it belongs to another release; fetch the dist again", e.Name, e.Field)
}

// openPackages reads the packages of a release strictly, but for those that
// are known to be good already.
func openPackages(ctx context.Context, dir string, release manifest.Release, known map[string]bool) error {
	for _, entry := range release.Packages {
		if known[entry.Name] {
			continue
		}
		if err := openPackage(ctx, filepath.Join(dir, entry.Name), release, entry); err != nil {
			return err
		}
	}
	return nil
}

func openPackage(ctx context.Context, path string, release manifest.Release, entry manifest.Entry) error {
	p, err := pack.Open(ctx, path, pack.WithDigest(entry.Digest))
	if err != nil {
		return err
	}
	return checkEntry(p, release, entry)
}

// checkEntry requires that a package is what its release says of it.
func checkEntry(p *pack.Package, release manifest.Release, entry manifest.Entry) error {
	m, actual := p.Manifest, p.Entry()
	for _, field := range []struct {
		name string
		same bool
	}{
		{"id", m.ID == release.ID},
		{"product", m.Product == release.Product},
		{"version", m.Version == release.Version},
		{"target", actual.Target == entry.Target},
		{"encoding", actual.Delta == entry.Delta},
		{"base", reflect.DeepEqual(actual.Base, entry.Base)},
		{"executable", reflect.DeepEqual(actual.Result, entry.Result)},
	} {
		if !field.same {
			return &EntryError{Name: entry.Name, Field: field.name}
		}
	}
	return nil
}

// verifyStaging verifies what a run wrote, with the keys of its own signers.
func (r *run) verifyStaging(ctx context.Context) error {
	release, err := r.verifyStatement(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, p := range r.packed.full {
		known[p.Name()] = p.Cached
	}
	if err := openPackages(ctx, r.staging, release, known); err != nil {
		return err
	}
	return r.verifyDeltas(ctx)
}

// verifyStatement verifies the signatures, if there are any, and the digests of
// all files.
func (r *run) verifyStatement(ctx context.Context) (manifest.Release, error) {
	if len(r.signers) == 0 {
		return verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(r.staging))
	}
	keys := make([]verify.Key, len(r.signers))
	for i, s := range r.signers {
		keys[i] = s.Key()
	}
	v, err := verify.New(verify.WithKeys(keys...), verify.WithThreshold(len(keys)), verify.WithClock(r.firstMoment))
	if err != nil {
		return manifest.Release{}, err
	}
	result, err := v.VerifyDist(ctx, os.DirFS(r.staging))
	if err != nil {
		return manifest.Release{}, err
	}
	for _, s := range result.Signers {
		r.result.Signers = append(r.result.Signers, s.Signer)
	}
	return result.Release, nil
}

// firstMoment is when a host can take the release at the earliest: it may be made
// long before.
func (r *run) firstMoment() time.Time {
	if r.notBefore.After(r.about.created) {
		return r.notBefore
	}
	return r.about.created
}
