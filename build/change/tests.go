package change

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// Reach is what tests can say about a change on one target. Lists are sorted
// and nil if they are empty.
type Reach struct {
	Packages []TestPackage // whose tests the change can reach
	Files    []CodeFile    // Go files that the change adds or edits, tests aside, and that are compiled for the target
	Excluded []string      // such files that are not compiled for it, so that no test there reaches them; as in policy.File.Path
	Tests    []TestFile    // files of tests that differ, of packages with tests
}

// TestPackage is a package of the main module whose tests the change can reach.
type TestPackage struct {
	Path    string   // import path
	Through []string // as in policy.TestPackage
	Base    bool     // the base has tests of it on the target
	Fix     bool     // the fix has
}

// CodeFile is a Go file of a package.
type CodeFile struct {
	Path    string // as in policy.File.Path
	Package string // import path
}

// TestFile is a file of tests that the change adds, edits or removes. One that
// several packages have is there once for each.
type TestFile struct {
	Path    string        // as in policy.File.Path
	Package string        // import path of the package whose tests have it
	Status  policy.Status // what the change does to it
	Data    bool          // below testdata: tests may read it when they run, of the nearest package at or above its folder
}

// Tests finds the tests of the main module that a change can reach, for a target
// that is built by these plans. The go command lists all packages of the module
// and their tests on both sides, without compiling. A package's tests are
// reached if
//
//   - the package, its tests, or anything that these import, directly or not, on
//     either side, is compiled from other files or embeds other files, or is of
//     another version of its module, or of another version of the language;
//   - it cannot be listed in full, or something that it imports;
//   - a file differs that is part of no package (below testdata, a template, a
//     migration), and it is the nearest package with tests at or above the
//     file's folder;
//   - a toolchain or godebug line of go.mod differs, or the workspace of the
//     plan: these reach all.
//
// What a test reads at run time from the folders of other packages is not seen.
// A side that cannot be listed at all is an error.
func Tests(ctx context.Context, base, fix *Tree, plan Planner, t target.Target) (Reach, error) {
	if base.dir == "" || fix.dir == "" {
		return Reach{}, ErrClosed
	}
	c := &comparison{base: base, fix: fix, digests: digests{}}
	p := pair{target: t}
	var err error
	if p.base, err = loadTests(ctx, "base", base, plan, t); err != nil {
		return Reach{}, err
	}
	if p.fix, err = loadTests(ctx, "fix", fix, plan, t); err != nil {
		return Reach{}, err
	}
	c.programs = []pair{p}
	if err := c.compareSource(ctx); err != nil {
		return Reach{}, err
	}
	return c.reach(p)
}

// loadTests lists the packages of a module and their tests.
func loadTests(ctx context.Context, side string, tree *Tree, planner Planner, t target.Target) (*program, error) {
	p, err := newProgram(side, tree, planner, t)
	if err != nil {
		return nil, err
	}
	roots, err := load(ctx, p.plan, listing|packages.NeedForTest, "./...")
	if stop := stopped(ctx); stop != nil {
		return nil, stop
	}
	if err != nil {
		return nil, fmt.Errorf("listing the tests of the %s: %s", side, p.explain(err.Error()))
	}
	return p, p.fillTests(roots)
}

// fillTests sorts packages from the generated main packages of their tests. The
// go command lists no other module's by "./...", and none of a workspace.
func (p *program) fillTests(roots []*packages.Package) error {
	p.tests = map[string]*packages.Package{}
	packages.Visit(roots, nil, func(found *packages.Package) {
		if _, ok := testedBy(found); !ok {
			p.packages[variant(found)] = found
		}
	})
	for _, root := range roots {
		if path, ok := testedBy(root); ok && p.packages[path] != nil {
			p.tests[path] = root
		}
		if len(root.Errors) > 0 && root.Dir == "" && len(root.Imports) == 0 { // a pattern, and no package
			return fmt.Errorf("listing the tests of the %s: %s", p.side, p.explain(root.Errors[0].Error()))
		}
	}
	return nil
}

// testedBy returns the import path of the package whose tests a generated main
// package runs.
func testedBy(main *packages.Package) (string, bool) {
	path, ok := strings.CutSuffix(main.PkgPath, ".test")
	if !ok || main.Name != "main" {
		return "", false
	}
	for _, imported := range main.Imports {
		if imported.ForTest == path {
			return path, true
		}
	}
	return "", false
}

// variant is the key of a package among all that were listed with tests. With
// its tests a package consists of other files, and so is the package of its
// external tests; what is only compiled again for a test is the package itself.
func variant(p *packages.Package) string {
	if p.ForTest != "" && tested(p) != p.ForTest {
		return p.PkgPath
	}
	return p.ID
}

// tested is the import path of a package or, for that of external tests, of what
// they test.
func tested(p *packages.Package) string {
	if p.ForTest != "" && p.PkgPath == p.ForTest+"_test" {
		return p.ForTest
	}
	return p.PkgPath
}

// reach finds which tests depend on what differs.
func (c *comparison) reach(p pair) (Reach, error) {
	changed, err := c.digests.differing(p)
	if err != nil {
		return Reach{}, err
	}
	through := p.dependents(changed)
	for file, tests := range c.readers(p) {
		for _, path := range tests {
			through[path][file] = true
		}
	}
	var r Reach
	for _, path := range slices.Sorted(maps.Keys(through)) {
		if len(through[path]) > 0 {
			r.Packages = append(r.Packages, TestPackage{
				Path: path, Through: slices.Sorted(maps.Keys(through[path])), Base: p.base.tests[path] != nil, Fix: p.fix.tests[path] != nil,
			})
		}
	}
	r.Files, r.Excluded = c.code(p.fix)
	r.Tests = c.testFiles(p.testFolders())
	return r, nil
}

// dependents are all tested packages of both sides, each with what differs of
// what their tests are made of. What is broken may differ.
func (p pair) dependents(changed map[string]bool) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, side := range []*program{p.base, p.fix} {
		for path, main := range side.tests {
			if all[path] == nil {
				all[path] = map[string]bool{}
			}
			packages.Visit([]*packages.Package{main}, nil, func(found *packages.Package) {
				switch {
				case found == main && len(found.Errors) > 0:
					all[path][path] = true
				case found != main && (changed[variant(found)] || len(found.Errors) > 0):
					all[path][tested(found)] = true
				}
			})
		}
	}
	return all
}

// readers are, for each file that differs and that no compiler reads, the
// packages whose tests may read it.
func (c *comparison) readers(p pair) map[string][]string {
	readers, all := map[string][]string{}, slices.Concat(slices.Collect(maps.Keys(p.base.tests)), slices.Collect(maps.Keys(p.fix.tests)))
	for _, d := range c.change.Directives {
		if d.Name == "toolchain" || strings.HasPrefix(d.Name, "godebug ") {
			readers["go.mod"] = all
		}
	}
	compiled, tested := p.files(), p.testFolders()
	for _, f := range c.change.Files {
		switch {
		case f.Path == "go.work" && p.fix.plan.Workspace != "":
			readers[f.Path] = all
		case !compiled[f.Path] && isData(f.Path):
			readers[f.Path] = nearest(tested, path.Dir(f.Path))
		}
	}
	return readers
}

// isData reports whether a file that is in no package may be read by a program.
func isData(p string) bool { return !decides(p) && (path.Ext(p) != ".go" || source.Ignored(p)) }

// testFolders are the packages with tests on either side by their folders, as
// paths below the module's.
func (p pair) testFolders() map[string][]string {
	folders := map[string][]string{}
	for _, side := range []*program{p.base, p.fix} {
		for tested := range side.tests {
			below, err := filepath.Rel(side.dir, side.packages[tested].Dir)
			if dir := filepath.ToSlash(below); err == nil && !slices.Contains(folders[dir], tested) {
				folders[dir] = append(folders[dir], tested)
			}
		}
	}
	return folders
}

// nearest looks up a folder, or else one above it.
func nearest(folders map[string][]string, dir string) []string {
	for ; ; dir = path.Dir(dir) {
		if found := folders[dir]; len(found) > 0 || dir == "." || dir == "/" || dir == ".." {
			return found
		}
	}
}

// testFiles are the files of tests that differ, by the packages of folders.
func (c *comparison) testFiles(folders map[string][]string) []TestFile {
	var files []TestFile
	for _, f := range c.change.Files {
		if !f.Test {
			continue
		}
		data := path.Ext(f.Path) != ".go" || source.Ignored(f.Path)
		owners := folders[path.Dir(f.Path)]
		if data {
			owners = nearest(folders, path.Dir(f.Path))
		}
		for _, owner := range owners {
			files = append(files, TestFile{Path: f.Path, Package: owner, Status: f.Status, Data: data})
		}
	}
	return files
}

// code are the Go files that differ, tests aside, and are compiled on the side
// of the fix, and those that are not.
func (c *comparison) code(fix *program) (compiled []CodeFile, excluded []string) {
	owners := fix.owners()
	for _, f := range c.change.Files {
		if path.Ext(f.Path) != ".go" || f.Test || f.Status == policy.Removed {
			continue
		}
		if owner, ok := owners[f.Path]; ok {
			compiled = append(compiled, CodeFile{Path: f.Path, Package: owner})
		} else if !source.Ignored(f.Path) {
			excluded = append(excluded, f.Path)
		}
	}
	return compiled, excluded
}

// owners are the import paths of packages, by the paths of their Go files below
// the module's folder.
func (p *program) owners() map[string]string {
	owners := map[string]string{}
	for _, found := range p.packages {
		for _, file := range found.GoFiles {
			if below, err := filepath.Rel(p.dir, file); err == nil && found.ForTest == "" {
				owners[filepath.ToSlash(below)] = found.PkgPath
			}
		}
	}
	return owners
}
