package hotfix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/delta"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// deltaPackage is a delta that is part of the release.
type deltaPackage struct {
	*pack.Package
	old string // where the executable is that it starts from
}

func (d deltaPackage) result() DeltaResult {
	f, _ := d.Manifest.Executable()
	return DeltaResult{
		From: *d.Manifest.Base, Coder: d.Patch.Coder.String(), Patch: f.Delta.Size,
		Package: d.Name(), Digest: d.Digest, Size: d.Size, Made: !d.Cached,
	}
}

// openDeltaBases resolves what deltas start from besides the base.
func (r *run) openDeltaBases(ctx context.Context) error {
	for n, further := range r.deltaBases {
		b, err := further.resolve(ctx, r, fmt.Sprintf("%s-%d", StepBase, n+2))
		if err != nil {
			return fmt.Errorf("a further base for deltas: %w", err)
		}
		b.nameUnknown()
		r.olders = append(r.olders, b)
	}
	return r.checkDeltaNames()
}

// nameUnknown tells executables apart whose version is not known, since their
// packages are named after it.
func (b *base) nameUnknown() {
	for t, binary := range b.binaries {
		if binary.Version == unknownVersion {
			binary.Version += "." + binary.Digest.Short()
			b.binaries[t] = binary
		}
	}
}

// startingBases returns what deltas start from: the base and the further ones.
func (r *run) startingBases() []*base {
	if !r.withDeltas {
		return nil
	}
	return append([]*base{r.old}, r.olders...)
}

// checkDeltaNames refuses different executables of one version before anything
// is built: their packages would have one name.
func (r *run) checkDeltaNames() error {
	for _, t := range r.targets {
		seen := map[string]manifest.Digest{}
		for _, b := range r.startingBases() {
			binary, ok := b.binaries[t]
			if !ok {
				continue
			}
			if other, ok := seen[binary.Version]; ok && other != binary.Digest {
				return fmt.Errorf("two bases for %s are of version %s and differ: leave one of them out of WithDeltas", t, binary.Version)
			}
			seen[binary.Version] = binary.Digest
		}
	}
	return nil
}

// deltaInputs returns what to pack besides the full packages.
func (r *run) deltaInputs(ctx context.Context, full []pack.Input) ([]pack.Input, error) {
	if !r.withDeltas {
		return nil, nil
	}
	var deltas []pack.Input
	for n, in := range full {
		from, err := r.deltasTo(ctx, in, r.built.artifacts[n].Size)
		if err != nil {
			return nil, err
		}
		if len(from) == 0 {
			r.warn(fmt.Sprintf("there is no delta package for %s: no base has another executable for it", in.Target))
		}
		deltas = append(deltas, from...)
	}
	return deltas, nil
}

// deltasTo returns the inputs of the deltas to one executable, from each other
// one that hosts may have.
func (r *run) deltasTo(ctx context.Context, in pack.Input, size int64) ([]pack.Input, error) {
	var deltas []pack.Input
	seen := map[manifest.Digest]bool{in.Digest: true}
	for _, b := range r.startingBases() {
		binary, ok := b.binaries[in.Target]
		if !ok || seen[binary.Digest] {
			continue
		}
		seen[binary.Digest] = true
		if max(binary.Size, size) > delta.MaxSize {
			r.warnNoDelta(in.Target, binary, "it is for executables of at most 1 GiB")
			continue
		}
		path, err := b.executable(ctx, r, in.Target)
		if err != nil {
			return nil, err
		}
		if path == "" {
			r.warnNoDelta(in.Target, binary, "the base holds no full package for it")
			continue
		}
		in.Base, in.Old = &binary, path
		deltas = append(deltas, in)
	}
	return deltas, nil
}

func (r *run) warnNoDelta(t target.Target, from manifest.Binary, why string) {
	r.warn(fmt.Sprintf("there is no delta package for %s from %s: %s", t, from.Version, why))
}

// keepDeltas keeps the deltas that are smaller than the full packages.
func (r *run) keepDeltas(inputs []pack.Input, packages []*pack.Package) error {
	full := map[target.Target]int64{}
	for _, p := range r.packed.full {
		full[p.Manifest.Target] = p.Size
	}
	for n, p := range packages {
		t := p.Manifest.Target
		if p.Size < full[t] {
			r.packed.deltas = append(r.packed.deltas, deltaPackage{Package: p, old: inputs[n].Old})
			continue
		}
		if err := os.Remove(p.Path); err != nil {
			return err
		}
		r.warnNoDelta(t, *p.Manifest.Base, fmt.Sprintf("it would have %d bytes, and the full package has %d", p.Size, full[t]))
	}
	return nil
}

// verifyDeltas does with the deltas what a host does that has their bases, and
// looks at what comes out.
func (r *run) verifyDeltas(ctx context.Context) error {
	for _, d := range r.packed.deltas {
		path, err := r.unpack(ctx, d.Path, d.Entry(), pack.WithBaseFiles(d.old))
		if err != nil {
			return err
		}
		dir := filepath.Dir(filepath.Dir(path))
		if err := verify.Extracted(ctx, os.DirFS(dir), d.Manifest); err != nil {
			return fmt.Errorf("%s: %w", d.Name(), err)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}
