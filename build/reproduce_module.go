package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// download is what "go mod download -json" prints of a module.
type download struct {
	Version string
	Error   string
	Dir     string
	Sum     string
	Origin  struct{ Hash, Subdir string }

	unchecked bool // the checksum database does not know the version
}

// fetch downloads a module. A version may also be a revision.
func (r *rebuilder) fetch(ctx context.Context, version string) (*download, error) {
	d, err := r.download(ctx, version)
	if err == nil && d.Error != "" && notInDatabase(d.Error) {
		d, err = r.download(ctx, version, "GONOSUMDB="+r.recipe.module)
		if err == nil {
			d.unchecked = true
		}
	}
	if err != nil {
		return nil, err
	}
	if d.Error != "" {
		return nil, &MissingError{What: strings.Join(strings.Fields(d.Error), " "), Hint: "give a checkout with WithSource", Err: ErrFetch}
	}
	return d, nil
}

// notInDatabase recognises a module version that the checksum database does
// not have, which is not one whose sum is wrong.
func notInDatabase(message string) bool {
	return strings.Contains(message, "/lookup/") && containsAny(message, "404 Not Found", "410 Gone") && !strings.Contains(message, "SECURITY ERROR")
}

func (r *rebuilder) download(ctx context.Context, version string, env ...string) (*download, error) {
	arg := r.recipe.module + "@" + version
	out, err := r.goCommand(ctx, goRun{dir: r.temp, env: env, args: []string{"mod", "download", "-json", arg}, tolerant: true})
	if err != nil {
		return nil, err
	}
	d := &download{}
	if err := json.Unmarshal(out, d); err != nil {
		return nil, fmt.Errorf("reading what go mod download printed of %s: %w", arg, err)
	}
	return d, nil
}

// installSource is a module version that was built by its name, outside of any
// checkout, as "go install path@version" does.
func (r *rebuilder) installSource(ctx context.Context) ([]*source, error) {
	main := r.recipe.main
	if !semver.IsValid(main.Version) {
		return nil, missing("give a checkout with WithSource", "the version %.80q of the module cannot be fetched", main.Version)
	}
	d, err := r.fetch(ctx, main.Version)
	if err != nil {
		return nil, err
	}
	if d.Sum != main.Sum {
		return nil, missing("", "the module proxy has other content of %s@%s (%s) than the file was built from (%s)", main.Path, main.Version, d.Sum, main.Sum)
	}
	env := []string{"GOPATH=" + filepath.Join(r.temp, "gopath"), "GOMODCACHE=" + r.places.GOMODCACHE}
	if d.unchecked {
		env = append(env, "GONOSUMDB="+main.Path)
	}
	return []*source{{
		name: main.Path + "@" + main.Version, dir: r.temp, verb: []string{"install"}, args: []string{r.recipe.pkg + "@" + main.Version},
		env: env, module: d.Dir, version: main.Version, caveats: d.caveats(),
	}}, nil
}

func (d *download) caveats() []string {
	if !d.unchecked {
		return nil
	}
	return []string{"the checksum database does not know " + d.Version + ": the source is what the module proxy served"}
}

// moduleSources are checkouts that are made from module versions.
func (r *rebuilder) moduleSources(ctx context.Context) ([]*source, error) {
	if other := r.recipe.workspaceModule(); other != "" {
		return nil, missing("give a checkout with WithSource", "it was built in a workspace (go.work) with %s, and module archives have no workspaces", other)
	}
	versions, note, err := r.versions(ctx)
	if err != nil {
		return nil, err
	}
	var sources []*source
	for _, version := range versions {
		src, err := r.moduleSource(ctx, version)
		if err != nil {
			return nil, err
		}
		if note != "" {
			src.caveats = append(src.caveats, fmt.Sprintf(note, src.version))
		}
		sources = append(sources, src)
	}
	return sources, nil
}

func (r *rebuilder) moduleSource(ctx context.Context, version string) (*source, error) {
	d, err := r.fetch(ctx, version)
	if err != nil {
		return nil, err
	}
	root, err := r.workFolder()
	if err != nil {
		return nil, err
	}
	subdir := d.Origin.Subdir
	if subdir != "" && !filepath.IsLocal(filepath.FromSlash(subdir)) {
		return nil, missing("", "the module proxy says that the module lies in %q of its repository", subdir)
	}
	if err := copyTree(d.Dir, filepath.Join(root, filepath.FromSlash(subdir))); err != nil {
		return nil, fmt.Errorf("copying the module: %w", err)
	}
	src, err := r.checkoutSource(ctx, root, subdir, d.Version)
	if err != nil {
		return nil, err
	}
	src.name, src.caveats = r.recipe.module+"@"+d.Version, append(src.caveats, d.caveats()...)
	if r.recipe.stamp == nil {
		return src, nil
	}
	if err := r.forgeStamp(ctx, root, subdir); err != nil {
		return nil, err
	}
	src.caveats = append(src.caveats, r.revisionCaveats(d.Origin.Hash)...)
	return src, nil
}

// revisionCaveats says what is known of the recorded revision.
func (r *rebuilder) revisionCaveats(origin string) []string {
	s, source := r.recipe.stamp, "the revision and its time were taken from the file and not checked against a repository"
	switch {
	case origin == s.revision:
		source = "the module proxy names the same revision as the file, but no repository was asked"
	case origin != "":
		source = fmt.Sprintf("the module proxy names revision %s, the file %s", origin, s.revision)
	}
	caveats := []string{source}
	if s.modified {
		caveats = append(caveats, "the file was built from a checkout with changes, which are not recorded")
	}
	return caveats
}

// versions returns the versions of the main module that the file may have been
// built from, and a format for what to say of them.
func (r *rebuilder) versions(ctx context.Context) (versions []string, note string, err error) {
	recorded, _, _ := strings.Cut(r.recipe.main.Version, "+dirty")
	recorded, _, _ = strings.Cut(recorded, ".dirty")
	switch {
	case r.version != "":
		return []string{r.version}, "", nil
	case semver.IsValid(recorded):
		return []string{recorded}, "", nil
	case r.recipe.stamp != nil && r.recipe.stamp.isGit():
		versions, err := r.versionOfRevision(ctx, r.recipe.stamp.revision)
		return versions, "", err
	}
	versions, err = r.guessVersions(ctx, "")
	return versions, "the file records no version of its module; %s was found by its dependencies and its number", err
}

const (
	maxListed  = 60 // versions whose go.mod files are read
	maxGuessed = 3  // versions that are built
)

// versionOfRevision asks the module proxy for the version of a revision. A proxy
// that cannot look one up may still name the revision of each version.
func (r *rebuilder) versionOfRevision(ctx context.Context, revision string) ([]string, error) {
	d, err := r.fetch(ctx, revision)
	if err == nil {
		return []string{d.Version}, nil
	}
	if versions, guessErr := r.guessVersions(ctx, revision); guessErr == nil {
		return versions, nil
	}
	return nil, err
}

// guessVersions returns the versions whose go.mod has the recorded
// dependencies, the latest first: of those whose number is in the file or, if
// there is none, of all. If a revision is given, only versions of it count.
func (r *rebuilder) guessVersions(ctx context.Context, revision string) ([]string, error) {
	hint := "give the version with WithModuleVersion, or a checkout with WithSource"
	out, err := r.goCommand(ctx, goRun{dir: r.temp, args: []string{"list", "-m", "-versions", "-json", r.recipe.module}})
	if err != nil {
		return nil, &MissingError{What: "the build info records no version of " + r.recipe.module, Hint: hint, Err: err}
	}
	var listed struct{ Versions []string }
	if err := json.Unmarshal(out, &listed); err != nil {
		return nil, fmt.Errorf("reading what go list printed of %s: %w", r.recipe.module, err)
	}
	semver.Sort(listed.Versions)
	slices.Reverse(listed.Versions)
	inFile := slices.DeleteFunc(slices.Clone(listed.Versions), func(v string) bool { return !bytes.Contains(r.subject.data, []byte(v[1:])) })
	for _, candidates := range [][]string{inFile, listed.Versions} {
		fit, err := r.consistent(ctx, candidates[:min(len(candidates), maxListed)], revision)
		if err != nil {
			return nil, err
		}
		if len(fit) > 0 {
			return fit[:min(len(fit), maxGuessed)], nil
		}
	}
	return nil, missing(hint, "the build info records no version of %s, and none of its versions has the recorded dependencies", r.recipe.module)
}

// consistent returns the versions whose go.mod requires what the file records.
func (r *rebuilder) consistent(ctx context.Context, versions []string, revision string) ([]string, error) {
	if len(versions) == 0 {
		return nil, nil
	}
	args := []string{"list", "-m", "-e", "-json"}
	for _, v := range versions {
		args = append(args, r.recipe.module+"@"+v)
	}
	out, err := r.goCommand(ctx, goRun{dir: r.temp, args: args})
	if err != nil {
		return nil, err
	}
	var fit []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Version, GoMod string
			Origin         struct{ Hash string }
		}
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return fit, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list printed of %s: %w", r.recipe.module, err)
		}
		if m.GoMod != "" && (revision == "" || m.Origin.Hash == revision) && r.requiresRecorded(m.GoMod) {
			fit = append(fit, m.Version)
		}
	}
}

// requiresRecorded reports whether a go.mod leads to the recorded dependencies:
// it names none in another version and, since Go 1.17, it names all.
func (r *rebuilder) requiresRecorded(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	file, err := modfile.ParseLax(path, data, nil)
	if err != nil {
		return false
	}
	required := map[string]string{}
	for _, m := range file.Require {
		required[m.Mod.Path] = m.Mod.Version
	}
	complete := file.Go != nil && semver.Compare("v"+file.Go.Version, "v1.17") >= 0
	for _, dep := range r.recipe.deps {
		version, ok := required[dep.Path]
		if ok && version != dep.Version || !ok && complete && dep.Path != r.recipe.module {
			return false
		}
	}
	return true
}

// tagsFor returns the tags with which the go command derives the recorded
// version of the main module: one on the revision, or one on its parent.
func tagsFor(version, subdir string) (here, parent string) {
	version, _, _ = strings.Cut(version, "+")
	if !semver.IsValid(version) {
		return "", ""
	}
	prefix := ""
	if subdir != "" && subdir != "." {
		prefix = subdir + "/"
	}
	if !module.IsPseudoVersion(version) {
		return prefix + version, ""
	}
	base, err := module.PseudoVersionBase(version)
	if err != nil || base == "" {
		return "", ""
	}
	return "", prefix + base
}
