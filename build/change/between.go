package change

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// Planner says how a target is built from the module in a folder. A
// [build.Builder] of that folder knows it; nothing of the plan is run but its
// flags and environment, by "go list".
type Planner func(dir string, t target.Target) (build.Plan, error)

// Between finds the change from base to fix, for the programs that are built by
// these plans for these targets. The package comment says what it holds.
func Between(ctx context.Context, base, fix *Tree, plan Planner, targets ...target.Target) (policy.Change, error) {
	switch {
	case len(targets) == 0:
		return policy.Change{}, ErrNoTarget
	case base.dir == "" || fix.dir == "":
		return policy.Change{}, ErrClosed
	}
	c := &comparison{base: base, fix: fix, digests: digests{}}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return c.load(ctx, plan, targets) },
		c.compareSource, c.compareModules, c.compareAPI, c.compareRevisions,
	} {
		if err := step(ctx); err != nil {
			return policy.Change{}, err
		}
	}
	for _, p := range c.programs {
		c.change.Affected = append(c.change.Affected, c.affected(p))
	}
	c.sort()
	return c.change, nil
}

// comparison is one run of [Between].
type comparison struct {
	base, fix *Tree
	programs  []pair // one a target
	digests   digests
	change    policy.Change
}

// pair is both programs of one target.
type pair struct {
	target    target.Target
	base, fix *program
}

// load lists both programs of each target. A main package that one side lacks
// on all targets is an error; one that only some lack is not, since its files
// may be for some systems only.
func (c *comparison) load(ctx context.Context, plan Planner, targets []target.Target) error {
	missing := 0
	var first *MissingMainError
	for _, t := range targets {
		p := pair{target: t}
		var err error
		if p.base, err = loadProgram(ctx, "base", c.base, plan, t); err != nil {
			return err
		}
		if p.fix, err = loadProgram(ctx, "fix", c.fix, plan, t); err != nil {
			return err
		}
		c.programs = append(c.programs, p)
		c.change.Main = cmp.Or(c.change.Main, p.fix.main, p.base.main)
		if lacks := cmp.Or(p.base.missing, p.fix.missing); lacks != nil {
			missing++
			first = cmp.Or(first, lacks)
		}
	}
	if missing == len(targets) {
		return first
	}
	return nil
}

// compareSource reads the two trees. It comes after the programs are known,
// since an ignored file counts if it is built into one.
func (c *comparison) compareSource(context.Context) error {
	found, err := source.Compare(os.DirFS(c.base.dir), os.DirFS(c.fix.dir), source.WithoutFiles(c.skip()))
	if err != nil {
		return err
	}
	found.Main = c.change.Main
	c.change = found
	return nil
}

// skip tells which files are in no commit and in no program.
func (c *comparison) skip() func(string) bool {
	kept, withGo := map[string]bool{}, map[string]bool{}
	for _, p := range c.programs {
		for file := range p.files() {
			kept[file] = true
			withGo[path.Dir(file)] = withGo[path.Dir(file)] || path.Ext(file) == ".go"
		}
	}
	return func(p string) bool {
		ignored := c.base.ignores(p) || c.fix.ignores(p)
		return ignored && !kept[p] && !withGo[path.Dir(p)] && path.Ext(p) != ".go"
	}
}

func (c *comparison) compareRevisions(ctx context.Context) (err error) {
	c.change.Base, c.change.Fix = c.base.revision, c.fix.revision
	c.change.Ancestry, err = ancestry(ctx, c.base, c.fix)
	return err
}

func (c *comparison) unknown(part policy.Part, file, why string) {
	c.change.Unknown = append(c.change.Unknown, policy.Unknown{Part: part, File: file, Why: oneLine(why)})
}

// forget drops what source could not find out about a part, and this package
// can.
func (c *comparison) forget(part policy.Part) {
	c.change.Unknown = slices.DeleteFunc(c.change.Unknown, func(u policy.Unknown) bool { return u.Part == part })
}

// sort brings what was merged into order; all other lists come in theirs.
func (c *comparison) sort() {
	slices.SortStableFunc(c.change.Packages, func(a, b policy.Package) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(c.change.Imports, func(a, b policy.Import) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Path, b.Path))
	})
	slices.SortStableFunc(c.change.Notes, func(a, b policy.Note) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	compare := func(a, b policy.Unknown) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.File, b.File), cmp.Compare(a.Why, b.Why))
	}
	slices.SortFunc(c.change.Unknown, compare)
	c.change.Unknown = slices.Compact(c.change.Unknown)
	if len(c.change.Unknown) == 0 {
		c.change.Unknown = nil
	}
}

// stopped returns why the context ended, if it did.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("comparing base and fix was stopped: %w", context.Cause(ctx))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
