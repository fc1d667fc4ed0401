package hotfix

import (
	"context"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// packed is what the pack step hands on.
type packed struct {
	packages []*pack.Package // in the order of the targets
	release  manifest.Release
}

func (r *run) packAll(ctx context.Context, s *source, b *base, i identity, built *built) (*packed, error) {
	packer, err := r.packer(i.created)
	if err != nil {
		return nil, err
	}
	dir, err := r.openStaging()
	if err != nil {
		return nil, err
	}
	inputs := make([]pack.Input, len(built.artifacts))
	for n, a := range built.artifacts {
		inputs[n] = pack.Input{
			ID: i.id, Product: r.product, Version: i.version, Target: a.Target,
			Executable: a.Path, Name: a.Target.Executable(built.name), Digest: a.Digest, Base: baseOf(b, a.Target),
		}
	}
	packages, err := packer.PackAll(ctx, inputs, dir)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		r.emit(Packed{Package: p})
	}
	release := r.release(i, s, built.main, built.artifacts, packages)
	return &packed{packages: packages, release: release}, writeRelease(dir, release, packages)
}

// packer returns the Packer of a release of the given date. Unchanged packages
// are kept in the cache.
func (r *run) packer(created time.Time) (*pack.Packer, error) {
	options := append([]pack.Option{pack.WithCache(filepath.Join(r.cache, string(StepPack)))}, r.packOptions...)
	return pack.New(created, options...)
}

func baseOf(b *base, t target.Target) *manifest.Binary {
	if binary, ok := b.binaries[t]; ok {
		return &binary
	}
	return nil
}

func (r *run) recordPacked(result *Result, p *packed) {
	result.Staging = r.staging
	for i, pkg := range p.packages {
		t := &result.Targets[i]
		t.Package, t.Digest, t.Size, t.Packed = pkg.Name(), pkg.Digest, pkg.Size, !pkg.Cached
	}
}

func (r *run) sign(ctx context.Context, p *packed) error {
	if len(r.signers) == 0 {
		r.warn("the release is not signed: no host takes it before somebody signs the dist folder")
	}
	for _, signer := range r.signers {
		if err := writeBundle(ctx, r.staging, p.release, signer); err != nil {
			return err
		}
	}
	return nil
}
