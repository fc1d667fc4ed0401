package change

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/policy"
)

// builtFrom is a module as a program is built from it.
type builtFrom struct {
	version, replaced, dir string
	indirect               bool
}

// modulesOf are the modules of one side's programs of all targets, without the
// main module.
func (c *comparison) modulesOf(side func(pair) *program) map[string]builtFrom {
	all := map[string]builtFrom{}
	for _, p := range c.programs {
		for _, found := range side(p).packages {
			if m := found.Module; m != nil && !m.Main {
				all[m.Path] = builtFrom{m.Version, replacement(m), folderOf(m), m.Indirect}
			}
		}
	}
	return all
}

func folderOf(m *packages.Module) string {
	if m.Replace != nil {
		return cmp.Or(m.Replace.Dir, m.Dir)
	}
	return m.Dir
}

// compareModules completes what the two go.mod files say by what the programs
// are built from.
func (c *comparison) compareModules(ctx context.Context) error {
	c.forget(policy.PartModules)
	base := c.modulesOf(func(p pair) *program { return p.base })
	fix := c.modulesOf(func(p pair) *program { return p.fix })
	listed, err := c.listsAll()
	if err != nil {
		return err
	}
	c.mergeModules(base, fix, listed)
	c.license(fix)
	if broken := c.broken(); broken != "" && !listed {
		c.unknown(policy.PartModules, "go.mod", "before go 1.17 a go.mod file does not list all modules, and "+broken)
	}
	return c.compareFolders(ctx, base, fix)
}

// broken is why a program may be incomplete, "" if none is.
func (c *comparison) broken() string {
	for _, p := range c.programs {
		if p.broken() != "" {
			return p.broken()
		}
	}
	return ""
}

// listsAll reports whether both go.mod files list every module of the build.
func (c *comparison) listsAll() (bool, error) {
	for _, tree := range []*Tree{c.base, c.fix} {
		f, err := readModule(tree)
		if err != nil {
			return false, err
		}
		if f.Go == nil || semver.Compare("v"+f.Go.Version, "v1.17") < 0 {
			return false, nil
		}
	}
	return true, nil
}

func readModule(tree *Tree) (*modfile.File, error) {
	name := filepath.Join(tree.dir, "go.mod")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.Parse("go.mod", data, nil)
}

// mergeModules corrects versions by those that were selected, and adds modules
// that only the programs show. Where a go.mod file lists all, a module that one
// program alone has was in the build list before.
func (c *comparison) mergeModules(base, fix map[string]builtFrom, listed bool) {
	known := map[string]bool{}
	merged := slices.Clone(c.change.Modules)
	for i, m := range merged {
		known[m.Path] = true
		if old, ok := base[m.Path]; ok {
			merged[i].Old, merged[i].OldPath = old.version, old.replaced
		}
		if now, ok := fix[m.Path]; ok {
			merged[i].New, merged[i].NewPath = now.version, now.replaced
		}
	}
	for _, name := range slices.Sorted(maps.Keys(union(base, fix))) {
		old, inBase := base[name]
		now, inFix := fix[name]
		if known[name] || listed && inBase != inFix || old.version == now.version && old.replaced == now.replaced {
			continue
		}
		merged = append(merged, policy.Module{
			Path: name, Old: old.version, New: now.version, OldPath: old.replaced, NewPath: now.replaced,
			Indirect: inFix && now.indirect || !inFix && old.indirect,
		})
	}
	merged = slices.DeleteFunc(merged, func(m policy.Module) bool { return m.Old == m.New && m.OldPath == m.NewPath })
	slices.SortFunc(merged, func(a, b policy.Module) int { return cmp.Compare(a.Path, b.Path) })
	if c.change.Modules = merged; len(merged) == 0 {
		c.change.Modules = nil
	}
}

func union(a, b map[string]builtFrom) map[string]builtFrom {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// license reads the licences of what the fix is built from.
func (c *comparison) license(fix map[string]builtFrom) {
	for i, m := range c.change.Modules {
		if built, ok := fix[m.Path]; ok && built.dir != "" && (m.New != "" || m.NewPath != "") {
			c.change.Modules[i].License = licenseOf(built.dir)
		}
	}
}

// compareFolders looks at the folders outside of the trees that replace
// modules. One folder for both sides cannot tell what the base was built from.
func (c *comparison) compareFolders(ctx context.Context, base, fix map[string]builtFrom) error {
	replaced, err := c.outside()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(replaced)) {
		folder := replaced[name]
		old, now := base[name], fix[name]
		switch {
		case old.dir == "" && now.dir == "" && c.broken() == "": // no part of any program
		case old.dir == "" || now.dir == "" || old.replaced != now.replaced:
			// One side has none or another: a changed module, not a changed folder.
			if c.broken() != "" {
				c.unknown(policy.PartModules, "go.mod", fmt.Sprintf("the folder of %s => %s cannot be compared, since %s", name, folder, c.broken()))
			}
		case old.dir == now.dir:
			c.unknown(policy.PartModules, "go.mod", fmt.Sprintf("the folder of %s => %s is outside what is compared: what it held for the base is not known", name, folder))
		default:
			if err := c.addFolder(ctx, old.dir, now.dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// outside are the folders outside of the trees that replace modules.
func (c *comparison) outside() (map[string]string, error) {
	all := map[string]string{}
	for _, tree := range []*Tree{c.base, c.fix} {
		f, err := readModule(tree)
		if err != nil {
			return nil, err
		}
		for _, r := range f.Replace {
			local := filepath.FromSlash(strings.ReplaceAll(r.New.Path, `\`, "/"))
			if modfile.IsDirectoryPath(r.New.Path) && !filepath.IsLocal(local) {
				all[r.Old.Path] = r.New.Path
			}
		}
	}
	return all, nil
}

// addFolder adds what differs in a folder that each side has its own of. What
// its go.mod file says decides nothing: that of the main module does.
func (c *comparison) addFolder(ctx context.Context, old, now string) error {
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	found, err := source.Compare(os.DirFS(old), os.DirFS(now))
	if errors.Is(err, fs.ErrNotExist) {
		c.unknown(policy.PartModules, "go.mod", "the folder that replaces a module has no go.mod file")
		return nil
	}
	if err != nil {
		return err
	}
	below, err := filepath.Rel(c.fix.dir, now)
	if err != nil {
		return err
	}
	c.change.Files = append(c.change.Files, moved(found, filepath.ToSlash(below), &c.change)...)
	slices.SortFunc(c.change.Files, func(a, b policy.File) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// moved adds the parts of a change below another folder to a change, and
// returns its files.
func moved(found policy.Change, folder string, to *policy.Change) []policy.File {
	in := func(p string) string { return path.Join(folder, p) }
	for i := range found.Files {
		found.Files[i].Path = in(found.Files[i].Path)
	}
	for _, p := range found.Packages {
		for i := range p.Files {
			p.Files[i] = in(p.Files[i])
		}
		to.Packages = append(to.Packages, p)
	}
	for _, i := range found.Imports {
		i.File = in(i.File)
		to.Imports = append(to.Imports, i)
	}
	for _, n := range found.Notes {
		n.File = in(n.File)
		to.Notes = append(to.Notes, n)
	}
	for _, u := range found.Unknown {
		if u.Part == policy.PartSource {
			u.File = in(u.File)
			to.Unknown = append(to.Unknown, u)
		}
	}
	return found.Files
}
