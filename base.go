package hotfix

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// Base is the release in production that is being fixed: one of
// [BaseRevision], [BaseDist], [BaseBinaries] and [NoBase].
type Base interface {
	resolve(ctx context.Context, r *run) (*base, error)
}

// base is what a Base turned out to be.
type base struct {
	version   string                            // "" if unknown
	toolchain string                            // "" if unknown or not a release of Go
	binaries  map[target.Target]manifest.Binary // by target; not all targets need be there
	release   *manifest.Release                 // nil unless the base is a dist folder
}

// BaseRevision is a base that is built from a git revision of the source's
// repository, with the plan of the fix.
func BaseRevision(revision string) Base { return baseRevision(revision) }

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
	baseDist     string
	baseBinaries []string
	noBase       struct{}
)

func (noBase) resolve(context.Context, *run) (*base, error) { return &base{}, nil }

func (revision baseRevision) resolve(ctx context.Context, r *run) (*base, error) {
	tree, err := r.export(ctx, string(revision))
	if err != nil {
		return nil, err
	}
	b := &base{version: string(revision), binaries: map[target.Target]manifest.Binary{}}
	if !semver.IsValid(b.version) {
		b.version = tree.versionTag()
	}
	if b.version == "" {
		b.version = "v0.0.0-" + tree.commit[:12]
	}
	if r.dryRun {
		return b, nil
	}
	builder, err := r.builder(StepBase, tree.dir, b.version, "")
	if err != nil {
		return nil, err
	}
	artifacts, err := builder.BuildAll(ctx, r.targets)
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", revision, err)
	}
	for _, a := range artifacts {
		b.toolchain = a.Toolchain
		b.binaries[a.Target] = manifest.Binary{Version: b.version, Digest: a.Digest, Size: a.Size}
	}
	return b, nil
}

func (dir baseDist) resolve(ctx context.Context, r *run) (*base, error) {
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
	b := &base{version: release.Version, toolchain: release.Toolchain, release: &release, binaries: map[target.Target]manifest.Binary{}}
	for _, e := range release.Packages {
		if e.Result != nil {
			b.binaries[e.Target] = manifest.Binary{Version: e.Result.Version, Digest: e.Result.Digest, Size: e.Result.Size}
		}
	}
	return b, nil
}

func (paths baseBinaries) resolve(ctx context.Context, r *run) (*base, error) {
	b := &base{binaries: map[target.Target]manifest.Binary{}}
	from := map[target.Target]string{}
	for i, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		t, version, toolchain, err := readExecutable(path)
		if err != nil {
			return nil, fmt.Errorf("the base: %w", err)
		}
		if other, ok := from[t]; ok {
			return nil, fmt.Errorf("the base has two executables for %s: %s and %s", t, other, path)
		}
		from[t] = path
		if i == 0 {
			b.version, b.toolchain = version, toolchain
		}
		if toolchain != b.toolchain {
			return nil, fmt.Errorf("the base was built by several toolchains: %s by %s, %s by %s: fix these targets apart", paths[0], b.toolchain, path, toolchain)
		}
		digest, size, err := manifest.DigestFile(path)
		if err != nil {
			return nil, fmt.Errorf("the base: %w", err)
		}
		b.binaries[t] = manifest.Binary{Digest: digest, Size: size}
	}
	if b.version == "" {
		b.version = unknownVersion
	}
	for t, binary := range b.binaries {
		binary.Version = b.version
		b.binaries[t] = binary
	}
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

func readExecutable(path string) (t target.Target, version, toolchain string, err error) {
	if t, err = build.TargetOf(path); err != nil {
		return t, "", "", err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return t, "", "", fmt.Errorf("%s: %w", path, err)
	}
	if semver.IsValid(info.Main.Version) && manifest.CheckVersion(info.Main.Version) == nil {
		version = info.Main.Version
	}
	toolchain, _, _ = strings.Cut(info.GoVersion, " ")
	return t, version, toolchain, nil
}

// resolveBase resolves the base and warns of what it lacks.
func (r *run) resolveBase(ctx context.Context) (*base, error) {
	b, err := r.base.resolve(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.baseVersion != "" {
		b.version = r.baseVersion
		for t, binary := range b.binaries {
			binary.Version = r.baseVersion
			b.binaries[t] = binary
		}
	}
	if len(b.binaries) == 0 {
		return b, nil
	}
	for _, t := range r.targets {
		if _, ok := b.binaries[t]; !ok {
			r.warn(fmt.Sprintf("the base has no executable for %s: its package names none to go back to", t))
		}
	}
	return b, nil
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
