package change

import (
	"cmp"
	"context"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/build/policy"
)

// compareAPI compares what the changed packages export, on each target.
func (c *comparison) compareAPI(ctx context.Context) error {
	c.forget(policy.PartAPI)
	candidates := c.candidates()
	if len(candidates) == 0 || c.onlyBodies() {
		return nil
	}
	seen := map[string]bool{} // packages that exist on a target
	for _, p := range c.programs {
		base, err := c.exports(ctx, p.base, candidates)
		if err != nil {
			return err
		}
		fix, err := c.exports(ctx, p.fix, candidates)
		if err != nil {
			return err
		}
		for _, name := range candidates {
			c.comparePackage(name, base[name], fix[name])
			seen[name] = seen[name] || base[name].state != absent || fix[name].state != absent
		}
	}
	for _, name := range candidates {
		if !seen[name] {
			c.unknown(policy.PartAPI, "", "package "+name+" is not built on any of the targets")
		}
	}
	slices.SortFunc(c.change.API, compareAPI)
	c.change.API = slices.Compact(c.change.API)
	return nil
}

func compareAPI(a, b policy.API) int {
	compatible := func(a policy.API) int {
		if a.Compatible {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(compatible(a), compatible(b)), cmp.Compare(a.Message, b.Message))
}

// candidates are the changed packages of the main module that have more than
// tests.
func (c *comparison) candidates() []string {
	tests := map[string]bool{}
	for _, f := range c.change.Files {
		tests[f.Path] = f.Test
	}
	var names []string
	for _, p := range c.change.Packages {
		onlyTests := !slices.ContainsFunc(p.Files, func(file string) bool { return !tests[file] })
		if !onlyTests && c.inMainModule(p.Path) && (p.Status != policy.Changed || slices.ContainsFunc(p.Files, declares)) {
			names = append(names, p.Path)
		}
	}
	return names
}

// declares reports whether a file can change what a package exports.
func declares(file string) bool {
	return slices.Contains([]string{".go", ".c", ".h", ".swig", ".swigcxx"}, path.Ext(file))
}

// inMainModule reports whether the go command finds a package in the module
// itself. Another module below its folder is built with a program only if the
// program imports it.
func (c *comparison) inMainModule(name string) bool {
	below, ok := strings.CutPrefix(name, c.change.Module)
	if !ok || below != "" && below[0] != '/' {
		return slices.ContainsFunc(c.programs, func(p pair) bool { return p.base.inModule(name) || p.fix.inModule(name) })
	}
	for dir := strings.TrimPrefix(below, "/"); dir != "" && dir != "."; dir = path.Dir(dir) {
		for _, side := range []*Tree{c.base, c.fix} {
			if _, err := os.Stat(filepath.Join(side.dir, filepath.FromSlash(dir), "go.mod")); err == nil {
				return false
			}
		}
	}
	return true
}

// inModule is for the base's packages of a module that was renamed.
func (p *program) inModule(name string) bool {
	found := p.packages[name]
	return found != nil && found.Module != nil && found.Module.Main
}

// state is what there is of a package's API on one side.
type state int

const (
	unknown state = iota // the reason says why
	absent               // there is no such package on this target
	command              // nobody can import it
	known
)

// exported is the API of a package on one side.
type exported struct {
	state  state
	types  *types.Package
	reason string
}

// exports loads the API of packages. Their dependencies come from export data,
// so that nothing is type-checked that the build does not compile.
func (c *comparison) exports(ctx context.Context, p *program, names []string) (map[string]exported, error) {
	all := map[string]exported{}
	const mode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedTypes | packages.NeedModule
	found, err := load(ctx, p.plan, mode, names...)
	if stop := stopped(ctx); stop != nil {
		return nil, stop
	}
	for _, name := range names {
		all[name] = exported{reason: p.explain("it cannot be listed")}
		if err != nil {
			all[name] = exported{reason: p.explain(err.Error())}
		}
	}
	for _, loaded := range found {
		all[loaded.PkgPath] = p.exported(loaded)
	}
	return all, nil
}

func (p *program) exported(loaded *packages.Package) exported {
	listing := func(e packages.Error) bool { return e.Kind == packages.ListError || e.Kind == packages.UnknownError }
	switch {
	case len(loaded.GoFiles) == 0 && !slices.ContainsFunc(loaded.Errors, func(e packages.Error) bool { return !listing(e) }):
		return exported{state: absent}
	case len(loaded.Errors) > 0:
		return exported{reason: p.explain(loaded.Errors[0].Error())}
	case loaded.Name == "main":
		return exported{state: command}
	case loaded.Types == nil || loaded.IllTyped:
		return exported{reason: p.explain("it does not type-check")}
	}
	return exported{state: known, types: loaded.Types}
}

// comparePackage adds the differences of one package on one target.
func (c *comparison) comparePackage(name string, base, fix exported) {
	add := func(message string, compatible bool) {
		c.change.API = append(c.change.API, policy.API{Package: name, Message: message, Compatible: compatible})
	}
	switch {
	case base.state == unknown:
		c.unknown(policy.PartAPI, "", "package "+name+": "+base.reason)
	case fix.state == unknown:
		c.unknown(policy.PartAPI, "", "package "+name+": "+fix.reason)
	case base.state == known && fix.state == known:
		for _, d := range apidiff.Changes(base.types, fix.types).Changes {
			add(d.Message, d.Compatible)
		}
	case base.state == known:
		add("package removed", false)
	case fix.state == known:
		add("package added", true)
	}
}
