package hotfix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/gitrepo"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// ErrNotRebuildable says that a release cannot be built again, so that nothing is
// known of whether its source makes it: it has no provenance, its source is no commit,
// or a file that it was built with is not part of that.
var ErrNotRebuildable = errors.New("the release cannot be built again")

// Rebuilt is what building a release again has shown.
type Rebuilt struct {
	Package   string         `json:"package"`   // import path of the main package
	Commit    string         `json:"commit"`    // that was built
	Toolchain string         `json:"toolchain"` // Go version that built it again
	Proofs    []*build.Proof `json:"proofs"`    // one a target, in their order
}

// Err is nil if every executable of the release is what its source makes, to the last
// byte; else a [*RebuildError]. A nil Rebuilt, of which nobody asked, has none.
func (r *Rebuilt) Err() error {
	if r == nil {
		return nil
	}
	failed := &RebuildError{Commit: r.Commit}
	for _, p := range r.Proofs {
		if p.Verdict != build.Identical {
			failed.Targets = append(failed.Targets, p.Target)
		}
	}
	if len(failed.Targets) == 0 {
		return nil
	}
	return failed
}

// String tells of each target whether it is identical, and why it is not.
func (r *Rebuilt) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "built %s again from commit %s by %s\n", r.Package, r.Commit, r.Toolchain)
	for _, p := range r.Proofs {
		if p.Verdict == build.Identical {
			fmt.Fprintf(&b, "%s: identical: %s\n", p.Target, p.Rebuilt.Short())
			continue
		}
		fmt.Fprintf(&b, "%s: differs: %s in the release, %s rebuilt: %s\n", p.Target, p.Executable.Short(), p.Rebuilt.Short(), p.Verdict)
		for _, c := range p.Causes {
			fmt.Fprintf(&b, "  %s\n", c)
		}
	}
	return b.String()
}

// RebuildError says for which targets a release holds something else than what its
// source makes.
type RebuildError struct {
	Commit  string // that was built again
	Targets []target.Target
}

func (e *RebuildError) Error() string {
	names := make([]string, len(e.Targets))
	for i, t := range e.Targets {
		names[i] = t.String()
	}
	return fmt.Sprintf("the executable for %s is not what commit %s makes: do not install it before it is known why", strings.Join(names, ", "), e.Commit)
}

// Rebuild builds the executables of a release again, from the source at the commit
// that its provenance names, with its toolchain and flags, and compares them. The
// folder src lies in a git repository that has the commit; nothing in it is changed.
// Where an executable differs, that of the release is taken out of its package to
// tell why.
//
// The release is what [VerifyDist] has returned for the folder dist; the provenance
// there may be anybody's. It can lead to a rebuild that differs, never to one that
// is identical. Further options follow those that the provenance gives: a profile that
// is no part of the source, an observer, a memory budget.
//
// That executables differ is no error; see [Rebuilt.Err]. Errors wrap
// [ErrNotRebuildable], [change.ErrNoRevision] for a commit that the repository
// lacks, and what [build.Builder] returns.
func Rebuild(ctx context.Context, dist string, release manifest.Release, src string, options ...build.Option) (rebuilt *Rebuilt, err error) {
	temp, err := os.MkdirTemp("", "hotfix-rebuild-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	r := &rebuild{dist: dist, release: release, temp: temp}
	if rebuilt, err = r.run(ctx, src, options); err != nil {
		return nil, fmt.Errorf("building %s again: %w", release.ID, err)
	}
	return rebuilt, nil
}

// rebuild is one rebuild of a release.
type rebuild struct {
	dist       string
	release    manifest.Release
	provenance *manifest.Provenance
	temp       string
	top        string // of the exported source
	module     string // its folder
}

func (r *rebuild) run(ctx context.Context, src string, options []build.Option) (*Rebuilt, error) {
	if err := r.readProvenance(ctx); err != nil {
		return nil, err
	}
	if err := r.export(ctx, src); err != nil {
		return nil, err
	}
	builder, err := r.builder(options)
	if err != nil {
		return nil, err
	}
	parameters := r.provenance.BuildDefinition.ExternalParameters
	artifacts, err := builder.BuildAll(ctx, parameters.Targets)
	if err != nil {
		return nil, err
	}
	result := &Rebuilt{Package: parameters.Source.Package, Commit: parameters.Source.Commit, Toolchain: artifacts[0].Toolchain}
	for _, a := range artifacts {
		proof, err := r.compare(ctx, a)
		if err != nil {
			return nil, err
		}
		result.Proofs = append(result.Proofs, proof)
	}
	return result, nil
}

func notRebuildable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotRebuildable, fmt.Sprintf(format, args...))
}

func (r *rebuild) readProvenance(ctx context.Context) (err error) {
	if r.provenance, err = DistProvenance(ctx, r.dist, r.release); err != nil {
		return err
	}
	if r.provenance == nil {
		return notRebuildable("%s has no %s: ask whoever made it for one", r.dist, manifest.ProvenanceName)
	}
	if commit := r.release.Source.Commit; !manifest.IsCommit(commit) {
		return notRebuildable("its source is %s: have it made of a commit, which is named with WithFix", cmp.Or(commit, "a folder that is in no commit"))
	}
	return nil
}

// export writes the source at the commit into the temporary folder.
func (r *rebuild) export(ctx context.Context, src string) error {
	around, err := gitrepo.Open(ctx, src, os.Environ())
	if err != nil {
		return err
	}
	repo, err := gitrepo.Open(ctx, around.Root(), os.Environ())
	if err != nil {
		return err
	}
	source := r.provenance.BuildDefinition.ExternalParameters.Source
	commit, err := repo.Commit(ctx, source.Commit)
	if err != nil {
		return err
	}
	if r.top, err = filepath.EvalSymlinks(r.temp); err != nil {
		return err
	}
	r.top = filepath.Join(r.top, "source")
	if err := os.Mkdir(r.top, 0o755); err != nil {
		return err
	}
	if _, err := repo.Export(ctx, commit, r.top); err != nil {
		return err
	}
	// Without a directory in the provenance the folder that was named is the
	// module's: its path may be one that no document can hold.
	r.module = filepath.Join(r.top, filepath.FromSlash(cmp.Or(source.Directory, around.Prefix())))
	if source.Directory == "" && !isModule(r.module) {
		r.module = r.top
	}
	return nil
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// builder plans what the provenance says.
func (r *rebuild) builder(further []build.Option) (*build.Builder, error) {
	definition := r.provenance.BuildDefinition
	toolchain := definition.InternalParameters.Toolchain
	if err := build.CheckToolchain(toolchain); err != nil {
		return nil, notRebuildable("it was built by %q, which is not a release of Go", toolchain)
	}
	flags, lacks, err := r.flags()
	if err != nil {
		return nil, err
	}
	options, err := build.FlagOptions(flags)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotRebuildable, err)
	}
	workspace, err := r.workspace()
	if err != nil {
		return nil, err
	}
	options = slices.Concat(options, workspace, []build.Option{build.WithToolchain(toolchain)}, further, []build.Option{build.WithOutput(filepath.Join(r.temp, "built"))})
	builder, err := build.New(r.module, definition.ExternalParameters.Source.Package, options...)
	if err != nil {
		return nil, err
	}
	plan, err := builder.Plan(definition.ExternalParameters.Targets[0])
	if err == nil && lacks != nil && plan.PGO == "" {
		return nil, lacks
	}
	return builder, err
}

// flags returns the flags of the build, with the profile's path. If that is no part of
// the source, they leave it out; then lacks says so.
func (r *rebuild) flags() (flags []string, lacks, err error) {
	parameters := r.provenance.BuildDefinition.ExternalParameters
	for _, f := range parameters.Flags {
		profile, named := strings.CutPrefix(f, "-pgo=")
		if !named || profile == "auto" || profile == "off" {
			flags = append(flags, f)
			continue
		}
		if parameters.Source.Profile == "" {
			lacks = notRebuildable("it was built with the profile %q, which is no part of the source: give it with build.WithPGO", profile)
			continue
		}
		path, err := r.input(manifest.ProfileInput, parameters.Source.Profile)
		if err != nil {
			return nil, nil, err
		}
		flags = append(flags, "-pgo="+path)
	}
	if len(parameters.Tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(parameters.Tags, ","))
	}
	return append(flags, parameters.Environment...), lacks, nil
}

func (r *rebuild) workspace() ([]build.Option, error) {
	place := r.provenance.BuildDefinition.ExternalParameters.Source.Workspace
	if place == "" {
		if _, used := r.provenance.Input(manifest.GoWorkInput); used {
			return nil, notRebuildable("it was built in a workspace whose go.work is no part of the source")
		}
		return nil, nil
	}
	path, err := r.input(manifest.GoWorkInput, place)
	if err != nil {
		return nil, err
	}
	return []build.Option{build.WithWorkspace(path)}, nil
}

// input returns the path of a file of the source, which must be the one that was used.
func (r *rebuild) input(name, place string) (string, error) {
	used, ok := r.provenance.Input(name)
	path := filepath.Join(r.top, filepath.FromSlash(place))
	digest, _, err := manifest.DigestFile(path)
	if err != nil {
		return "", notRebuildable("the %s that it was built with, %s, cannot be read in the source: %v", name, place, err)
	}
	if !ok || digest.Hex() != used.Digest.SHA256 {
		return "", notRebuildable("the %s that it was built with, %s, is another one in the source", name, place)
	}
	return path, nil
}

// compare tells whether the release holds what was built, and if not, why.
func (r *rebuild) compare(ctx context.Context, a *build.Artifact) (*build.Proof, error) {
	entry, err := r.entry(a.Target)
	if err != nil {
		return nil, err
	}
	if entry.Result.Digest == a.Digest {
		return &build.Proof{Target: a.Target, Executable: a.Digest, Rebuilt: a.Digest, Verdict: build.Identical, Causes: []build.Cause{}}, nil
	}
	path, err := unpackExecutable(ctx, filepath.Join(r.dist, entry.Name), filepath.Join(r.temp, "unpacked", entry.Digest.Hex()), entry)
	if err != nil {
		return nil, err
	}
	proof, err := build.Prove(ctx, path, a, build.WithCommit(r.release.Source.Commit))
	if err != nil {
		return nil, err
	}
	if proof.Executable != entry.Result.Digest {
		return nil, &EntryError{Name: entry.Name, Field: "executable"}
	}
	return proof, nil
}

// entry returns the full package for a target.
func (r *rebuild) entry(t target.Target) (manifest.Entry, error) {
	i := slices.IndexFunc(r.release.Packages, func(e manifest.Entry) bool { return e.Target == t && e.Result != nil && !e.Delta })
	if i < 0 {
		return manifest.Entry{}, notRebuildable("it has no full package for %s", t)
	}
	return r.release.Packages[i], nil
}

// unpackExecutable takes a package apart in a new folder, and returns where its
// executable is.
func unpackExecutable(ctx context.Context, path, dest string, e manifest.Entry, options ...pack.ReadOption) (string, error) {
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return "", err
	}
	p, err := pack.Unpack(ctx, path, dest, append(options, pack.WithDigest(e.Digest))...)
	if err != nil {
		return "", err
	}
	name, ok := p.Manifest.Executable()
	if !ok {
		return "", fmt.Errorf("%s holds no executable", e.Name)
	}
	return filepath.Join(dest, filepath.FromSlash(name.Path)), nil
}
