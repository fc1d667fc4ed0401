package source

import (
	"bytes"
	"cmp"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
)

// Compare returns the change from one tree to another. Both are the folder of a
// module: they hold a go.mod file. The package comment says which fields are
// left to those who have more than the source.
//
// An error about a tree is a [*FileError]; it wraps [ErrTooManyFiles],
// [fs.ErrNotExist] if there is no go.mod file, or what reading or parsing said.
// The error of an option is an [*OptionError].
func Compare(base, fix fs.FS, opts ...Option) (policy.Change, error) {
	var cfg config
	for _, opt := range opts {
		if err := opt(&cfg); err != nil {
			return policy.Change{}, err
		}
	}
	c, err := start(base, fix, cfg)
	if err != nil {
		return policy.Change{}, err
	}
	if err := c.run(); err != nil {
		return policy.Change{}, err
	}
	c.sort()
	return c.change, nil
}

// comparison is one run of [Compare].
type comparison struct {
	base, fix *tree
	paths     []string // that differ
	packages  map[string]*policy.Package
	change    policy.Change
}

func start(base, fix fs.FS, cfg config) (*comparison, error) {
	old, err := open("base", base, cfg)
	if err != nil {
		return nil, err
	}
	now, err := open("fix", fix, cfg)
	if err != nil {
		return nil, err
	}
	paths, err := differing(old, now)
	return &comparison{base: old, fix: now, paths: paths, packages: map[string]*policy.Package{}}, err
}

func (c *comparison) run() error {
	if err := c.addModules(); err != nil {
		return err
	}
	c.unknown(policy.PartAPI, "", "source alone does not show types: compare the packages with the go command")
	for _, p := range c.paths {
		if err := c.addFile(p); err != nil {
			return err
		}
	}
	for _, f := range c.change.Files {
		if err := c.addToPackages(f); err != nil {
			return err
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(c.packages)) {
		if err := c.addDeclarations(dir); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) unknown(part policy.Part, file, why string) {
	c.change.Unknown = append(c.change.Unknown, policy.Unknown{Part: part, File: file, Why: why})
}

func (c *comparison) note(n policy.Note) { c.change.Notes = append(c.change.Notes, n) }

// status says what happened to something that is on these sides.
func status(base, fix bool) policy.Status {
	switch {
	case !base:
		return policy.Added
	case !fix:
		return policy.Removed
	}
	return policy.Changed
}

// addFile counts the lines of a file that differs.
func (c *comparison) addFile(p string) error {
	old, err := c.base.read(p)
	if err != nil {
		return err
	}
	now, err := c.fix.read(p)
	if err != nil {
		return err
	}
	f := policy.File{Path: p, Status: status(c.base.has(p), c.fix.has(p)), Test: isTest(p)}
	if f.Binary = old.binary() || now.binary(); !f.Binary {
		f.Added, f.Removed = countLines(old.text(), now.text())
	}
	if f.Gen, err = c.generated(p, old, now); err != nil {
		return err
	}
	c.change.Files = append(c.change.Files, f)
	return nil
}

func isTest(p string) bool {
	return strings.HasSuffix(p, "_test.go") || slices.Contains(strings.Split(path.Dir(p), "/"), "testdata")
}

// binary guesses as git does, by a zero byte at the beginning.
func (c content) binary() bool {
	const looked = 8000
	return c.large || bytes.IndexByte(c.data[:min(len(c.data), looked)], 0) >= 0
}

func (c content) text() []byte {
	if c.link != "" {
		return []byte(c.link)
	}
	return c.data
}

// generated reports whether a file is marked as generated on either side. A Go
// file that can be read has the mark in its place; elsewhere any line counts.
func (c *comparison) generated(p string, old, now content) (bool, error) {
	if path.Ext(p) != ".go" {
		return marked(old.data) || marked(now.data), nil
	}
	for _, side := range []struct {
		t    *tree
		data []byte
	}{{c.base, old.data}, {c.fix, now.data}} {
		if !side.t.has(p) {
			continue
		}
		f, err := side.t.goFile(p)
		if err != nil {
			return false, err
		}
		if f.generated || f.err != nil && marked(side.data) {
			return true, nil
		}
	}
	return false, nil
}

func marked(data []byte) bool {
	return regexp.MustCompile(`(?m)^\W*Code generated .*DO NOT EDIT\.\W*$`).Match(data)
}

// addToPackages finds the packages that a file is part of, and notes what is
// known without its declarations.
func (c *comparison) addToPackages(f policy.File) error {
	if err := c.embedded(f); err != nil || Ignored(f.Path) {
		return err
	}
	kind, part := kindOf(f.Path)
	if !part {
		return nil
	}
	n := policy.Note{Status: f.Status, File: f.Path, Name: path.Base(f.Path)}
	if dir := path.Dir(f.Path); hasGo(c.base, dir) || hasGo(c.fix, dir) {
		pkg, err := c.addToPackage(dir, f.Path)
		if err != nil {
			return err
		}
		n.Package = pkg.Path
	}
	if n.Kind = kind; kind != "" {
		c.note(n)
	}
	if n.Kind = policy.Generated; f.Gen && !f.Test {
		c.note(n)
	}
	return nil
}

// kindOf reports whether a file can be part of the package in its folder, and
// what kind of note it is by its name alone.
func kindOf(p string) (kind policy.Kind, part bool) {
	switch path.Ext(p) {
	case ".go":
		return "", true
	case ".s", ".S", ".sx", ".syso":
		return policy.Assembly, true
	case ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx", ".f", ".F", ".for", ".f90", ".swig", ".swigcxx":
		return policy.Cgo, true
	case ".pgo":
		return policy.Profile, true
	}
	return "", false
}

// addToPackage puts a file that differs into the package of a folder.
func (c *comparison) addToPackage(dir, p string) (*policy.Package, error) {
	pkg, ok := c.packages[dir]
	if !ok {
		owner := c.fix
		if !hasGo(c.fix, dir) && hasGo(c.base, dir) {
			owner = c.base
		}
		importPath, err := owner.importPath(dir)
		if err != nil {
			return nil, err
		}
		pkg = &policy.Package{Path: importPath, Status: status(hasGo(c.base, dir), hasGo(c.fix, dir))}
		c.packages[dir] = pkg
	}
	if n := len(pkg.Files); n == 0 || pkg.Files[n-1] != p { // they come in order
		pkg.Files = append(pkg.Files, p)
	}
	return pkg, nil
}

// hasGo reports whether a folder holds a package, if only of tests.
func hasGo(t *tree, dir string) bool {
	return slices.ContainsFunc(t.dirs[dir], func(name string) bool { return path.Ext(name) == ".go" && !Ignored(name) })
}

// goFiles are the paths of the Go files of a folder without tests.
func goFiles(t *tree, dir string) []string {
	var paths []string
	for _, name := range t.dirs[dir] {
		if path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !Ignored(name) {
			paths = append(paths, path.Join(dir, name))
		}
	}
	return paths
}

// addDeclarations compares what the Go files of a package say.
func (c *comparison) addDeclarations(dir string) error {
	old, err := c.facts(c.base, dir)
	if err != nil {
		return err
	}
	now, err := c.facts(c.fix, dir)
	if err != nil {
		return err
	}
	pkg := c.packages[dir]
	for _, d := range differences(old.functions, now.functions) {
		pkg.Functions = append(pkg.Functions, d.name)
	}
	pkg.Functions = slices.Compact(slices.Sorted(slices.Values(pkg.Functions)))
	c.addImports(pkg.Path, old.imports, now.imports)
	for _, kind := range policy.Kinds() {
		for _, d := range differences(old.notes[kind], now.notes[kind]) {
			c.note(policy.Note{Kind: kind, Status: d.status, Package: pkg.Path, File: d.file, Line: d.line, Name: d.name})
		}
	}
	return nil
}

// facts joins those of all files of a package on one side.
func (c *comparison) facts(t *tree, dir string) (*goFile, error) {
	all := &goFile{notes: map[policy.Kind][]fact{}}
	for _, p := range goFiles(t, dir) {
		f, err := t.goFile(p)
		if err != nil {
			return nil, err
		}
		if f.err != nil {
			c.unreadable(t, p, f.err)
		}
		all.functions = append(all.functions, f.functions...)
		all.imports = append(all.imports, f.imports...)
		for kind, facts := range f.notes {
			all.notes[kind] = append(all.notes[kind], facts...)
		}
	}
	return all, nil
}

// unreadable reports a Go file that is not understood. One that is the same on
// both sides is no difference, whatever it says.
func (c *comparison) unreadable(t *tree, p string, err error) {
	if _, differs := slices.BinarySearch(c.paths, p); differs {
		c.unknown(policy.PartSource, p, "in the "+t.name+", "+err.Error())
	}
}

// addImports adds what no file of the package imported before.
func (c *comparison) addImports(pkg string, old, now []fact) {
	known := map[string]bool{}
	for _, f := range old {
		known[f.name] = true
	}
	for _, f := range now {
		if !known[f.name] {
			known[f.name] = true
			c.change.Imports = append(c.change.Imports, policy.Import{Package: pkg, Path: f.name, File: f.file, Line: f.line})
		}
	}
}

// sort brings everything into an order that does not depend on maps.
func (c *comparison) sort() {
	for _, dir := range slices.Sorted(maps.Keys(c.packages)) {
		c.change.Packages = append(c.change.Packages, *c.packages[dir])
	}
	slices.SortStableFunc(c.change.Packages, func(a, b policy.Package) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(c.change.Imports, func(a, b policy.Import) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Path, b.Path), cmp.Compare(a.File, b.File))
	})
	slices.SortFunc(c.change.Notes, compareNotes)
	slices.SortFunc(c.change.Unknown, func(a, b policy.Unknown) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.File, b.File), cmp.Compare(a.Why, b.Why))
	})
}

func compareNotes(a, b policy.Note) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Package, b.Package),
	)
}
