package hotfix

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/purl"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// ProvenanceResult is what a run says of its own provenance, which is written in full
// as provenance.json.
type ProvenanceResult struct {
	Builder string `json:"builder"` // id of who is said to have built
	Inputs  int    `json:"inputs"`  // source, toolchain, files and modules that are named
}

// describeBuild tells how the packages of a release were made.
func (r *run) describeBuild(release manifest.Release) (manifest.Provenance, error) {
	inputs, source, err := r.inputs()
	if err != nil {
		return manifest.Provenance{}, fmt.Errorf("describing the build: %w", err)
	}
	flags, tags, environment := manifest.SplitFlags(release.Flags)
	executables := slices.SortedFunc(slices.Values(r.built.artifacts), func(a, b *build.Artifact) int { return target.Compare(a.Target, b.Target) })
	p := manifest.Provenance{
		BuildDefinition: manifest.BuildDefinition{
			BuildType: manifest.BuildType,
			ExternalParameters: manifest.ExternalParameters{
				Release: manifest.BuiltRelease{Product: release.Product, ID: release.ID, Version: release.Version, Created: release.Created},
				Source:  source, Flags: flags, Tags: tags, Environment: environment,
			},
			InternalParameters:   manifest.InternalParameters{Toolchain: release.Toolchain},
			ResolvedDependencies: inputs,
		},
		RunDetails: manifest.RunDetails{Builder: manifest.Builder{ID: r.builderID}},
	}
	for _, a := range executables {
		e := &p.BuildDefinition.ExternalParameters
		e.Targets = append(e.Targets, a.Target)
		p.RunDetails.Byproducts = append(p.RunDetails.Byproducts, manifest.Subject{
			Name: a.Target.String(), Digest: manifest.SubjectDigest{SHA256: a.Digest.Hex()},
		})
	}
	return p, nil
}

// inputs returns what was built from, sorted by name, and where the source is.
func (r *run) inputs() ([]manifest.Dependency, manifest.BuiltSource, error) {
	modules, err := linkedModules(r.built.artifacts)
	if err != nil {
		return nil, manifest.BuiltSource{}, err
	}
	files, source, err := r.inputFiles(r.built.artifacts[0].Plan)
	if err != nil {
		return nil, manifest.BuiltSource{}, err
	}
	inputs := append(modules, files...)
	inputs = append(inputs, r.sourceInput(), manifest.Dependency{
		Name: manifest.ToolchainInput, URI: purl.Generic("go", strings.TrimPrefix(r.built.artifacts[0].Toolchain, "go")),
	})
	slices.SortFunc(inputs, func(a, b manifest.Dependency) int { return cmp.Compare(a.Name, b.Name) })
	return inputs, source, nil
}

// sourceInput is the commit that was built, if it was one without changes.
func (r *run) sourceInput() manifest.Dependency {
	main := r.built.main
	d := manifest.Dependency{Name: manifest.SourceInput, URI: purl.Go(cmp.Or(main.Module, main.ImportPath), main.Version)}
	if manifest.IsCommit(r.fix.commit) {
		d.Digest.GitCommit = r.fix.commit
	}
	return d
}

// inputFiles are the files beside the source code that decide what is built, of which
// go.mod alone must be there.
func (r *run) inputFiles(plan build.Plan) (inputs []manifest.Dependency, source manifest.BuiltSource, err error) {
	source = manifest.BuiltSource{Package: r.built.main.ImportPath, Commit: r.fix.commit, Directory: portable(r.fix.Prefix())}
	profile := plan.PGO
	if profile == "auto" || profile == "off" {
		profile = ""
	}
	for _, f := range []struct {
		name, path string
		place      *string // where it is in the source; nil if its name says it
	}{
		{manifest.GoModInput, filepath.Join(plan.Dir, "go.mod"), nil}, {manifest.GoSumInput, filepath.Join(plan.Dir, "go.sum"), nil},
		{manifest.GoWorkInput, plan.Workspace, &source.Workspace}, {manifest.ProfileInput, profile, &source.Profile},
	} {
		if f.path == "" {
			continue
		}
		digest, _, err := manifest.DigestFile(f.path)
		if f.name == manifest.GoSumInput && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, source, err
		}
		if f.place != nil {
			*f.place = r.placeInSource(f.path, digest)
		}
		inputs = append(inputs, manifest.Dependency{Name: f.name, Digest: manifest.DependencyDigest{SHA256: digest.Hex()}})
	}
	return inputs, source, nil
}

// placeInSource returns where a file that an option named is in the tree that was
// built, which may be the export of a commit and not the folder that it was named
// in; "" if the tree has no such file, or another content in its place.
func (r *run) placeInSource(file string, digest manifest.Digest) string {
	top := topOf(r.fix.Dir(), r.fix.Prefix())
	for _, dir := range []string{r.fix.Dir(), r.dir} {
		rel, err := filepath.Rel(resolved(topOf(dir, r.fix.Prefix())), resolved(file))
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if got, _, err := manifest.DigestFile(filepath.Join(top, rel)); err == nil && got == digest {
			return portable(filepath.ToSlash(rel))
		}
	}
	return ""
}

// topOf returns the top of the repository in which a folder has the given path.
func topOf(dir, prefix string) string {
	for ; prefix != "" && prefix != "."; prefix = path.Dir(prefix) {
		dir = filepath.Dir(dir)
	}
	return dir
}

// resolved is the absolute path of a file without links, as far as that can be told.
func resolved(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	return file
}

// portable leaves out a path that no document can hold. It is a help to find the
// source again, and no claim.
func portable(p string) string {
	if manifest.CheckPath(p) != nil {
		return ""
	}
	return p
}

// linkedModules returns the modules in the executables, each once.
func linkedModules(artifacts []*build.Artifact) ([]manifest.Dependency, error) {
	modules := map[string]manifest.Dependency{}
	for _, a := range artifacts {
		info, err := goexe.BuildInfo(a.Path)
		if err != nil {
			return nil, fmt.Errorf("reading the modules of %s: %w", a.Path, err)
		}
		for _, m := range info.Deps {
			d := moduleInput(m)
			modules[d.Name] = d
		}
	}
	return slices.Collect(maps.Values(modules)), nil
}

// moduleInput describes the module that was linked: the replacement, if there is one.
// That by a folder has neither version nor sum, and is part of the source or lies
// beside it.
func moduleInput(m *debug.Module) manifest.Dependency {
	d := manifest.Dependency{Name: m.Path + "@" + m.Version, URI: purl.Go(m.Path, m.Version)}
	switch by := m.Replace; {
	case by == nil:
		d.Digest, _ = manifest.ModuleDigest(m.Sum)
	case by.Version == "" || by.Version == "(devel)":
		d.URI, d.Annotations.ReplacedBy = purl.Go(m.Path, ""), ascii(by.Path)
	default:
		d.URI, d.Annotations.ReplacedBy = purl.Go(by.Path, by.Version), ascii(by.Path+"@"+by.Version)
		d.Digest, _ = manifest.ModuleDigest(by.Sum)
	}
	return d
}

// ascii spells a path with the characters of documents.
func ascii(s string) string { return strings.Trim(strconv.QuoteToASCII(s), `"`) }
