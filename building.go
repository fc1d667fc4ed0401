package hotfix

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// built is what the build step hands on.
type built struct {
	main      build.Main
	artifacts []*build.Artifact // in the order of the targets
}

// buildAll builds the fix for all targets.
func (r *run) buildAll(ctx context.Context) error {
	artifacts, err := r.builder.BuildAll(ctx, r.targets)
	if err != nil {
		return err
	}
	for _, a := range artifacts {
		if old, ok := r.old.binaries[a.Target]; ok && old.Digest == a.Digest {
			r.warn(fmt.Sprintf("the executable for %s is that of the base, byte for byte: nothing is fixed there", a.Target))
		}
	}
	main, err := r.builder.Main(ctx, r.targets[0])
	if err != nil {
		return err
	}
	r.built = &built{main: main, artifacts: artifacts}
	r.recordBuilt()
	return nil
}

// newBuilder returns the Builder of a base or the fix. Each keeps its outputs in
// a folder of the cache; the toolchain is the base's, if it is a release of Go, unless
// the caller pinned another.
func (r *run) newBuilder(step Step, output, dir, version, toolchain string) (*build.Builder, error) {
	options := []build.Option{build.WithLogger(r.logger)}
	if build.CheckToolchain(toolchain) == nil {
		options = append(options, build.WithToolchain(toolchain))
	}
	options = append(options, r.buildOptions...)
	options = append(options,
		build.WithEnviron(r.environ),
		build.WithOutput(filepath.Join(r.cache, output)),
		build.WithObserver(func(e build.Event) { r.emit(Building{Step: step, Event: e}) }),
	)
	if r.versionVariable != "" {
		options = append(options, build.WithVariable(r.versionVariable, version))
	}
	return build.New(dir, r.pkg, options...)
}

func (r *run) recordBuilt() {
	artifacts := r.built.artifacts
	r.result.Toolchain, r.result.Flags = artifacts[0].Toolchain, artifacts[0].Plan.Flags()
	for i, a := range artifacts {
		t := &r.result.Targets[i]
		t.Executable = &manifest.Binary{Version: r.about.version, Digest: a.Digest, Size: a.Size}
		t.Path, t.Built, t.CPUSeconds = a.Path, !a.Cached, a.CPU.Seconds()
	}
}
