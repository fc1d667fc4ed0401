package hotfix

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// packed is what the pack step hands on.
type packed struct {
	full       []*pack.Package // in the order of the targets
	deltas     []deltaPackage  // in the order of the targets, and of the bases
	release    manifest.Release
	provenance manifest.Provenance
}

func (p *packed) all() []*pack.Package {
	all := slices.Clone(p.full)
	for _, d := range p.deltas {
		all = append(all, d.Package)
	}
	return all
}

func (r *run) packAll(ctx context.Context) error {
	packer, err := r.packer(r.about.created)
	if err != nil {
		return err
	}
	dir, err := r.openStaging()
	if err != nil {
		return err
	}
	inputs := make([]pack.Input, len(r.built.artifacts))
	for n, a := range r.built.artifacts {
		inputs[n] = pack.Input{
			ID: r.about.id, Product: r.product, Version: r.about.version, Target: a.Target,
			Executable: a.Path, Name: a.Target.Executable(r.builder.Name()), Digest: a.Digest, Base: r.old.binary(a.Target),
		}
	}
	deltas, err := r.deltaInputs(ctx, inputs)
	if err != nil {
		return err
	}
	packages, err := packer.PackAll(ctx, append(inputs, deltas...), dir)
	if err != nil {
		return err
	}
	r.packed = &packed{full: packages[:len(r.targets)]}
	if err := r.keepDeltas(deltas, packages[len(r.targets):]); err != nil {
		return err
	}
	all := r.packed.all()
	for _, p := range all {
		r.emit(Packed{Package: p})
	}
	r.packed.release = r.release(all)
	if r.packed.provenance, err = r.describeBuild(r.packed.release); err != nil {
		return err
	}
	r.recordPacked()
	return writeRelease(dir, r.packed.release, r.packed.provenance, all)
}

// packer returns the Packer of a release of the given date. Unchanged packages
// are kept in the cache.
func (r *run) packer(created time.Time) (*pack.Packer, error) {
	options := append([]pack.Option{pack.WithCache(filepath.Join(r.cache, string(StepPack)))}, r.packOptions...)
	return pack.New(created, options...)
}

func (b *base) binary(t target.Target) *manifest.Binary {
	if binary, ok := b.binaries[t]; ok {
		return &binary
	}
	return nil
}

func (r *run) recordPacked() {
	r.result.Staging = r.staging
	r.result.Provenance = &ProvenanceResult{
		Builder: r.packed.provenance.RunDetails.Builder.ID, Inputs: len(r.packed.provenance.BuildDefinition.ResolvedDependencies),
	}
	for i, pkg := range r.packed.full {
		t := &r.result.Targets[i]
		t.Package, t.Digest, t.Size, t.Packed = pkg.Name(), pkg.Digest, pkg.Size, !pkg.Cached
		for _, d := range r.packed.deltas {
			if d.Manifest.Target == t.Target {
				t.Deltas = append(t.Deltas, d.result())
			}
		}
	}
}

func (r *run) sign(ctx context.Context) error {
	if len(r.signers) == 0 {
		r.warn("the release is not signed: no host takes it before somebody signs the dist folder")
	}
	for _, signer := range r.signers {
		if err := writeBundles(ctx, r.staging, r.packed.release, &r.packed.provenance, signer); err != nil {
			return err
		}
	}
	return nil
}
