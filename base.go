package hotfix

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// Base is the release in production that is being fixed: one of
// [BaseRevision], [BaseFolder], [BaseDist], [BaseBinaries] and [NoBase].
type Base interface {
	// resolve may keep what it builds in the named folder of the cache.
	resolve(ctx context.Context, r *run, output string) (*base, error)
}

// base is what a Base turned out to be.
type base struct {
	version   string                            // "" if unknown
	toolchain string                            // "" if unknown
	flags     []string                          // as a plan lists them; nil if unknown
	binaries  map[target.Target]manifest.Binary // by target; not all targets need be there
	dist      string                            // the dist folder; "" unless the base is one
	release   *manifest.Release                 // nil unless the base is a dist folder
	commit    string                            // that it says it was built from; "" if it says none
	source    *source                           // that it was built from; nil if it is not known
	files     map[target.Target]string          // the executables that are at hand
	builder   *build.Builder                    // of the source; nil if that is not known
	planned   bool                              // it is, or in a dry run would be, built from the source by this run
}

// BaseRevision is a base that is built from a git revision of the source's
// repository, with the plan of the fix.
func BaseRevision(revision string) Base { return baseRevision(revision) }

// BaseFolder is a base that is built from the folder of a module, with the plan
// of the fix. Its version is not known; see [WithBaseVersion].
func BaseFolder(dir string) Base { return baseFolder(dir) }

// BaseDist is a base that an earlier run wrote: a dist folder. It must agree
// with itself; its signatures are not looked at.
func BaseDist(dir string) Base { return baseDist(dir) }

// BaseBinaries is a base of the very executables that run in production, at
// most one for each target.
func BaseBinaries(paths ...string) Base { return baseBinaries(paths) }

// NoBase is for the first release of a product: there is nothing to go back to.
func NoBase() Base { return noBase{} }

type (
	baseRevision string
	baseFolder   string
	baseDist     string
	baseBinaries []string
	noBase       struct{}
)

func (noBase) resolve(context.Context, *run, string) (*base, error) { return &base{}, nil }

func (revision baseRevision) resolve(ctx context.Context, r *run, output string) (*base, error) {
	source, err := r.export(ctx, string(revision))
	if err != nil {
		return nil, err
	}
	version := string(revision)
	if !semver.IsValid(version) {
		version = cmp.Or(source.Revision().Version, "v0.0.0-"+source.commit[:12])
	}
	return r.makeBase(ctx, string(revision), version, source, output)
}

func (dir baseFolder) resolve(ctx context.Context, r *run, output string) (*base, error) {
	source, err := folder(string(dir))
	if err != nil {
		return nil, err
	}
	return r.makeBase(ctx, string(dir), unknownVersion, source, output)
}

// makeBase builds a base from its source, with the plan of the fix. A dry run
// only asks which toolchain would.
func (r *run) makeBase(ctx context.Context, name, version string, source *source, output string) (b *base, err error) {
	b = &base{version: version, source: source, planned: true, binaries: map[target.Target]manifest.Binary{}, files: map[target.Target]string{}}
	if b.builder, err = r.newBuilder(StepBase, output, source.Dir(), version, ""); err != nil {
		return nil, err
	}
	if b.toolchain, err = b.builder.Toolchain(ctx, r.targets[0]); err != nil {
		return nil, fmt.Errorf("the base %s: %w", name, err)
	}
	if r.dryRun {
		return b, nil
	}
	artifacts, err := b.builder.BuildAll(ctx, r.targets)
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", name, err)
	}
	for _, a := range artifacts {
		b.toolchain, b.files[a.Target] = a.Toolchain, a.Path
		b.binaries[a.Target] = manifest.Binary{Version: version, Digest: a.Digest, Size: a.Size}
	}
	return b, nil
}

func (dir baseDist) resolve(ctx context.Context, r *run, _ string) (*base, error) {
	if _, err := os.Stat(filepath.Join(string(dir), verify.ReleaseName)); err != nil {
		return nil, fmt.Errorf("the base %s is not a dist folder: it has no %s: give a folder that an earlier run wrote, executables, or a revision", string(dir), verify.ReleaseName)
	}
	release, err := verify.DistWithoutSignaturesUnsafe(ctx, os.DirFS(string(dir)))
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", string(dir), err)
	}
	if release.Product != r.product {
		return nil, fmt.Errorf("the base %s is of the product %s, not of %s: give a dist folder of %s", string(dir), release.Product, r.product, r.product)
	}
	b := &base{
		version: release.Version, toolchain: release.Toolchain, flags: release.Flags, dist: string(dir), release: &release, commit: release.Source.Commit,
		binaries: map[target.Target]manifest.Binary{}, files: map[target.Target]string{},
	}
	for _, e := range release.Packages {
		if e.Result != nil {
			b.binaries[e.Target] = manifest.Binary{Version: e.Result.Version, Digest: e.Result.Digest, Size: e.Result.Size}
		}
	}
	return b, nil
}

func (paths baseBinaries) resolve(ctx context.Context, r *run, _ string) (*base, error) {
	b := &base{binaries: map[target.Target]manifest.Binary{}, files: map[target.Target]string{}}
	for i, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		e, err := readExecutable(path)
		if err != nil {
			return nil, fmt.Errorf("the base: %w", err)
		}
		if other, ok := b.files[e.target]; ok {
			return nil, fmt.Errorf("the base has two executables for %s: %s and %s", e.target, other, path)
		}
		if i == 0 {
			b.version, b.toolchain, b.commit = e.version, e.toolchain, e.commit
		}
		if e.toolchain != b.toolchain {
			return nil, fmt.Errorf("the base was built by several toolchains: %s by %s, %s by %s: fix these targets apart", paths[0], b.toolchain, path, e.toolchain)
		}
		if e.commit != b.commit {
			return nil, fmt.Errorf("the base was built from several commits: %s from %s, %s from %s: fix these targets apart", paths[0], known(b.commit), path, known(e.commit))
		}
		digest, size, err := manifest.DigestFile(path)
		if err != nil {
			return nil, fmt.Errorf("the base: %w", err)
		}
		b.files[e.target], b.binaries[e.target] = path, manifest.Binary{Digest: digest, Size: size}
	}
	if b.version == "" {
		b.version = unknownVersion
	}
	b.name(b.version)
	return b, r.checkOverlap(b)
}

// unknownVersion stands for a base whose build info has no version. The
// digest identifies it all the same.
const unknownVersion = "v0.0.0-unknown"

// checkOverlap refuses executables none of which is for a wanted target.
func (r *run) checkOverlap(b *base) error {
	var have []string
	for t := range b.binaries {
		for _, wanted := range r.targets {
			if wanted == t {
				return nil
			}
		}
		have = append(have, t.String())
	}
	return fmt.Errorf("the base is for %s, which is not among the targets: give the executable of a target, or that target", strings.Join(have, ", "))
}

func known(commit string) string { return cmp.Or(commit, "a commit that it does not name") }

// executable is what a file tells of itself.
type executable struct {
	target                     target.Target
	version, toolchain, commit string // "" if it does not tell
}

func readExecutable(path string) (e executable, err error) {
	if e.target, err = build.TargetOf(path); err != nil {
		return e, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return e, fmt.Errorf("%s: %w", path, err)
	}
	if semver.IsValid(info.Main.Version) && manifest.CheckVersion(info.Main.Version) == nil {
		e.version = info.Main.Version
	}
	e.toolchain, _, _ = strings.Cut(info.GoVersion, " ")
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			e.commit = s.Value
		}
	}
	return e, nil
}

// openBase resolves the base, opens its source, and decides what the release is
// called.
func (r *run) openBase(ctx context.Context) (err error) {
	if r.old, err = r.base.resolve(ctx, r, string(StepBase)); err != nil {
		return err
	}
	if r.baseVersion != "" {
		r.old.name(r.baseVersion)
	}
	r.warnOfBase()
	if err := r.openBaseSource(ctx); err != nil {
		return fmt.Errorf("the source of the base: %w", err)
	}
	if r.about, err = r.identify(); err != nil {
		return err
	}
	if r.builder, err = r.newBuilder(StepBuild, string(StepBuild), r.fix.Dir(), r.about.version, r.old.toolchain); err != nil {
		return err
	}
	r.recordIdentity()
	return r.openDeltaBases(ctx)
}

// name sets the version of the base and its executables.
func (b *base) name(version string) {
	b.version = version
	for t, binary := range b.binaries {
		binary.Version = version
		b.binaries[t] = binary
	}
}

// warnOfBase says what the base lacks.
func (r *run) warnOfBase() {
	if toolchain := r.old.toolchain; toolchain != "" && build.CheckToolchain(toolchain) != nil {
		r.warn(fmt.Sprintf("the base was built by %q, which is not a release of Go: the fix is built by the toolchain that go.mod asks for", toolchain))
	}
	if len(r.old.binaries) == 0 {
		return
	}
	for _, t := range r.targets {
		if _, ok := r.old.binaries[t]; !ok {
			r.warn(fmt.Sprintf("the base has no executable for %s: its package names none to go back to", t))
		}
	}
}

// openBaseSource opens what the base was built from: what an option names, or
// the commit that the base itself names, if the fix is a revision too.
func (r *run) openBaseSource(ctx context.Context) (err error) {
	b := r.old
	switch {
	case b.source != nil:
		return nil
	case r.sourceFolder != "":
		b.source, err = folder(r.sourceFolder)
	case r.sourceRevision != "":
		b.source, err = r.export(ctx, r.sourceRevision)
	case r.fixRevision != "" && b.commit != "" && !strings.HasSuffix(b.commit, "+dirty"):
		b.source, err = r.export(ctx, b.commit)
		if errors.Is(err, change.ErrNoRevision) {
			r.warn(fmt.Sprintf("the base was built from commit %s, which the repository of the source lacks: what changes cannot be told; fetch it, or give WithBaseSourceRevision", b.commit))
			return nil
		}
	}
	if err != nil || b.source == nil {
		return err
	}
	if tag := b.source.Revision().Version; b.version == unknownVersion && tag != "" {
		b.name(tag)
	}
	b.builder, err = r.newBuilder(StepBase, string(StepBase), b.source.Dir(), b.version, b.toolchain)
	return err
}

// executable returns where a base's executable for a target is, and takes it out
// of its full package if need be; "" if there is none.
func (b *base) executable(ctx context.Context, r *run, t target.Target) (string, error) {
	if path, ok := b.files[t]; ok || b.release == nil {
		return path, nil
	}
	for _, e := range b.release.Packages {
		if e.Target != t || e.Result == nil || e.Delta {
			continue
		}
		path, err := r.unpack(ctx, filepath.Join(b.dist, e.Name), e)
		if err != nil {
			return "", fmt.Errorf("taking the executable for %s out of the base: %w", t, err)
		}
		b.files[t] = path
		return path, nil
	}
	return "", nil
}

// unpack takes a package apart in the run's temporary folder, and returns where
// its executable is.
func (r *run) unpack(ctx context.Context, path string, e manifest.Entry, options ...pack.ReadOption) (string, error) {
	temp, err := r.tempDir()
	if err != nil {
		return "", err
	}
	return unpackExecutable(ctx, path, filepath.Join(temp, "unpacked", e.Digest.Hex()), e, options...)
}

// nextVersion returns the version of a hotfix of the given version:
// v1.4.2 → v1.4.2+hotfix.1 → v1.4.2+hotfix.2.
func nextVersion(base string) string {
	if m := regexp.MustCompile(`^(.*[+.]hotfix\.)(\d{1,9})$`).FindStringSubmatch(base); m != nil {
		n, _ := strconv.Atoi(m[2])
		return m[1] + strconv.Itoa(n+1)
	}
	if strings.Contains(base, "+") {
		return base + ".hotfix.1"
	}
	return base + "+hotfix.1"
}
