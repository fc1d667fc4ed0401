package change

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/gocmd"
	"github.com/gohotfix/hotfix/target"
)

// program is all packages of one side's executable for one target.
type program struct {
	side     string
	dir      string // of the module
	plan     build.Plan
	main     string                       // import path; "" if it is not known
	packages map[string]*packages.Package // by import path; of tests, by ID
	tests    map[string]*packages.Package // generated main packages of tests, by the import path of what they test
	missing  *MissingMainError            // there is no main package on this target
	err      string                       // why packages may be incomplete
}

// listing asks for all of a package that is known without compiling it.
const listing = packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule | packages.NeedEmbedFiles

// newProgram plans one side, and lists nothing yet.
func newProgram(side string, tree *Tree, planner Planner, t target.Target) (*program, error) {
	plan, err := planner(tree.dir, t)
	if err != nil {
		return nil, fmt.Errorf("planning %s of the %s: %w", t, side, err)
	}
	if _, err := gocmd.LookPath(plan.Environ(), "go"); err != nil {
		return nil, &build.ToolchainError{Err: err}
	}
	return &program{side: side, dir: tree.dir, plan: plan, packages: map[string]*packages.Package{}}, nil
}

// loadProgram asks the go command, without compiling anything, what a program
// consists of. What is wrong with the code is noted in the program; the error is
// about everything else.
func loadProgram(ctx context.Context, side string, tree *Tree, planner Planner, t target.Target) (*program, error) {
	p, err := newProgram(side, tree, planner, t)
	if err != nil {
		return nil, err
	}
	roots, err := load(ctx, p.plan, listing, p.plan.Package)
	if err != nil {
		if stop := stopped(ctx); stop != nil {
			return nil, stop
		}
		p.err = p.explain(err.Error())
		return p, nil
	}
	p.fill(roots)
	return p, nil
}

// load asks the go command for packages under the flags and environment of a
// plan, with their tests if the mode asks whose they are. Drivers of other build
// systems do not know these.
func load(ctx context.Context, plan build.Plan, mode packages.LoadMode, patterns ...string) ([]*packages.Package, error) {
	return packages.Load(&packages.Config{
		Context: ctx, Mode: mode, Tests: mode&packages.NeedForTest != 0, Dir: plan.Dir, BuildFlags: plan.ListFlags(),
		Env: gocmd.With(plan.Environ(), "GOPACKAGESDRIVER=off"),
	}, patterns...)
}

func (p *program) fill(roots []*packages.Package) {
	if len(roots) != 1 {
		p.err = p.explain(fmt.Sprintf("%s is not one package but %d", p.plan.Package, len(roots)))
		return
	}
	root := roots[0]
	if p.missing = p.lacks(root); p.missing != nil {
		p.err = p.missing.Error()
		return
	}
	p.main = root.PkgPath
	packages.Visit(roots, nil, func(found *packages.Package) { p.packages[found.PkgPath] = found })
	for _, path := range slices.Sorted(maps.Keys(p.packages)) {
		if broken := p.packages[path].Errors; len(broken) > 0 {
			p.err = p.explain(broken[0].Error())
			return
		}
	}
	p.addProfile(root)
}

// lacks tells a main package that is not there from one that is broken.
func (p *program) lacks(root *packages.Package) *MissingMainError {
	reason := ""
	switch {
	case root.Name == "main":
		return nil
	case root.Name != "":
		reason = "it is package " + root.Name
	case len(root.GoFiles) > 0:
		return nil // it cannot be read, which is an error of its own
	case len(root.Errors) > 0:
		reason = strings.TrimPrefix(p.explain(root.Errors[0].Msg), "in the "+p.side+", ")
	default:
		reason = "it has no Go files for this target"
	}
	return &MissingMainError{Side: p.side, Package: p.plan.Package, Reason: reason}
}

// addProfile counts the profile that the go command finds by itself as a file of
// the main package.
func (p *program) addProfile(root *packages.Package) {
	if p.plan.PGO != "" && p.plan.PGO != "auto" {
		return
	}
	profile := filepath.Join(root.Dir, "default.pgo")
	if _, err := os.Stat(profile); err == nil {
		root.OtherFiles = append(root.OtherFiles, profile)
	}
}

// explain makes the end of a sentence out of what the go command said, without
// the folder of an export, which is another each time.
func (p *program) explain(message string) string {
	message = withoutHeadings(message)
	message = strings.ReplaceAll(oneLine(message), p.dir+string(filepath.Separator), "")
	return "in the " + p.side + ", " + strings.TrimPrefix(strings.ReplaceAll(message, p.dir, "."), "-: ")
}

// withoutHeadings drops the lines by which the go command says whose messages
// follow.
func withoutHeadings(message string) string {
	lines := strings.Split(message, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(strings.TrimPrefix(line, "-: "), "# ") }), "\n")
}

// filesOf are the paths of all files that make a package.
func filesOf(p *packages.Package) []string {
	return slices.Concat(p.GoFiles, p.OtherFiles, p.EmbedFiles)
}

// broken says why the programs may be incomplete, or "".
func (p pair) broken() string { return cmp.Or(p.base.err, p.fix.err) }

// files are what the programs of a target are made of, as paths below the
// folder of the side's module.
func (p pair) files() map[string]bool {
	all := map[string]bool{}
	for _, side := range []*program{p.base, p.fix} {
		for _, found := range side.packages {
			for _, file := range filesOf(found) {
				if below, err := filepath.Rel(side.dir, file); err == nil {
					all[filepath.ToSlash(below)] = true
				}
			}
		}
	}
	return all
}
