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
	name      string // of the executable, without ".exe"
	main      build.Main
	artifacts []*build.Artifact // in the order of the targets
	version   string
}

func (r *run) buildAll(ctx context.Context, s *source, b *base, i identity) (*built, error) {
	builder, err := r.builder(StepBuild, s.dir, i.version, b.toolchain)
	if err != nil {
		return nil, err
	}
	artifacts, err := builder.BuildAll(ctx, r.targets)
	if err != nil {
		return nil, err
	}
	for _, a := range artifacts {
		if old, ok := b.binaries[a.Target]; ok && old.Digest == a.Digest {
			r.warn(fmt.Sprintf("the executable for %s is that of the base, byte for byte: nothing is fixed there", a.Target))
		}
	}
	main, err := builder.Main(ctx, r.targets[0])
	if err != nil {
		return nil, err
	}
	return &built{name: builder.Name(), main: main, artifacts: artifacts, version: i.version}, nil
}

// builder returns the Builder of the base or the fix. Both keep their outputs
// in the cache; the toolchain is the base's unless the caller pinned another.
func (r *run) builder(step Step, dir, version, toolchain string) (*build.Builder, error) {
	options := []build.Option{build.WithLogger(r.logger)}
	if toolchain != "" {
		if err := build.CheckToolchain(toolchain); err != nil {
			r.warn(fmt.Sprintf("the base was built by %q, which is not a release of Go: the fix is built by the toolchain that go.mod asks for", toolchain))
		} else {
			options = append(options, build.WithToolchain(toolchain))
		}
	}
	options = append(options, r.buildOptions...)
	options = append(options,
		build.WithEnviron(r.environ),
		build.WithOutput(filepath.Join(r.cache, string(step))),
		build.WithObserver(func(e build.Event) { r.emit(Building{Step: step, Event: e}) }),
	)
	if r.versionVariable != "" {
		options = append(options, build.WithVariable(r.versionVariable, version))
	}
	return build.New(dir, r.pkg, options...)
}

func (r *run) recordBuilt(result *Result, b *built) {
	result.Toolchain, result.Flags = b.artifacts[0].Toolchain, b.artifacts[0].Plan.Flags()
	for i, a := range b.artifacts {
		t := &result.Targets[i]
		t.Executable = &manifest.Binary{Version: b.version, Digest: a.Digest, Size: a.Size}
		t.Path, t.Built, t.CPUSeconds = a.Path, !a.Cached, a.CPU.Seconds()
	}
}
