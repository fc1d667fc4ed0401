package source

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gohotfix/hotfix/build/policy"
)

// modulePathOf returns what a go.mod file calls its module, "" for nothing.
func modulePathOf(data []byte) string { return modfile.ModulePath(data) }

// goMod is what a go.mod file says.
type goMod struct {
	path       string
	directives map[string]string // by name
	versions   map[string]string // of required modules, by path
	indirect   map[string]bool
	replaced   map[module.Version]string // a version is empty where all are replaced
	complete   bool                      // it lists all modules of the build
	outside    []string                  // replacements by folders that are outside the tree
}

func (t *tree) goMod() (goMod, error) {
	const name = "go.mod"
	if !t.has(name) || t.isLink(name) {
		_, _, err := t.module(".")
		return goMod{}, err
	}
	c, err := t.read(name)
	if err != nil {
		return goMod{}, err
	}
	f, err := modfile.Parse(name, c.data, nil)
	if err != nil {
		return goMod{}, t.fail(name, err)
	}
	if f.Module == nil {
		_, _, err := t.module(".")
		return goMod{}, err
	}
	m := goMod{path: f.Module.Mod.Path, directives: directives(f), versions: map[string]string{}, indirect: map[string]bool{}, replaced: map[module.Version]string{}}
	m.complete = f.Go != nil && semver.Compare("v"+f.Go.Version, "v1.17") >= 0
	for _, r := range f.Require {
		if semver.Compare(r.Mod.Version, m.versions[r.Mod.Path]) >= 0 {
			m.versions[r.Mod.Path], m.indirect[r.Mod.Path] = r.Mod.Version, r.Indirect
		}
	}
	for _, r := range f.Replace {
		m.replaced[r.Old] = strings.TrimSuffix(r.New.Path+" "+r.New.Version, " ")
		if modfile.IsDirectoryPath(r.New.Path) && !inTree(r.New.Path) {
			m.outside = append(m.outside, r.Old.Path+" => "+r.New.Path)
		}
	}
	return m, nil
}

// inTree reports whether a folder that replaces a module is in the tree, and
// thus compared as part of it.
func inTree(folder string) bool {
	return fs.ValidPath(path.Clean(strings.ReplaceAll(folder, `\`, "/"))) && !strings.Contains(folder, ":")
}

func directives(f *modfile.File) map[string]string {
	all := map[string]string{"module": f.Module.Mod.Path}
	if f.Go != nil {
		all["go"] = f.Go.Version
	}
	if f.Toolchain != nil {
		all["toolchain"] = f.Toolchain.Name
	}
	for _, g := range f.Godebug {
		all["godebug "+g.Key] = g.Value
	}
	return all
}

// replacement is what is built in the place of a module.
func (m goMod) replacement(modulePath string) string {
	exact := module.Version{Path: modulePath, Version: m.versions[modulePath]}
	return cmp.Or(m.replaced[exact], m.replaced[module.Version{Path: modulePath}])
}

// modules compares what two go.mod files require and replace. A replacement of
// a module that is not required is compared too: other modules may require it.
func modules(base, fix goMod) []policy.Module {
	paths := map[string]bool{}
	for _, m := range []goMod{base, fix} {
		for p := range m.versions {
			paths[p] = true
		}
		for r := range m.replaced {
			paths[r.Path] = true
		}
	}
	var changed []policy.Module
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		m := policy.Module{
			Path: p, Old: base.versions[p], New: fix.versions[p], OldPath: base.replacement(p), NewPath: fix.replacement(p),
			Indirect: fix.indirect[p] || base.indirect[p] && fix.versions[p] == "",
		}
		if m.Old != m.New || m.OldPath != m.NewPath {
			changed = append(changed, m)
		}
	}
	return changed
}

func changedDirectives(base, fix goMod) []policy.Directive {
	names := maps.Clone(base.directives)
	maps.Copy(names, fix.directives)
	var changed []policy.Directive
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d := (policy.Directive{Name: name, Old: base.directives[name], New: fix.directives[name]}); d.Old != d.New {
			changed = append(changed, d)
		}
	}
	return changed
}

// addModules compares the two go.mod files.
func (c *comparison) addModules() error {
	base, err := c.base.goMod()
	if err != nil {
		return err
	}
	fix, err := c.fix.goMod()
	if err != nil {
		return err
	}
	c.change.Module, c.change.Modules, c.change.Directives = fix.path, modules(base, fix), changedDirectives(base, fix)
	if !base.complete || !fix.complete {
		c.unknown(policy.PartModules, "go.mod", "before go 1.17 a go.mod file does not list all modules: raise its go line, or compare with the go command")
	}
	for _, replacement := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(base.outside, fix.outside)))) {
		c.unknown(policy.PartModules, "go.mod", "the folder of "+replacement+" is outside what is compared")
	}
	return nil
}
