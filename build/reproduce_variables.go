package build

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// role is what a variable that the linker sets usually holds, by its name.
type role int

const (
	noRole role = iota
	roleVersion
	roleRevision
	roleDate
	roleBuilder
	roleState
	roleBranch
)

// variable is a string variable of a package that the linker can set.
type variable struct {
	name string // "main.version", "example.com/m/internal/version.commit"
	role role
	rank int // the lower, the likelier
}

// roleOf judges by the last part of a name: "buildDate" is a date and
// "gitVersion" a version.
func roleOf(name string) role {
	lower := strings.ToLower(name)
	for _, known := range []struct {
		role  role
		words []string
	}{
		{roleDate, []string{"date", "time", "timestamp", "builtat"}},
		{roleBuilder, []string{"builtby", "builder", "builduser", "buildby"}},
		{roleState, []string{"treestate", "dirty"}},
		{roleBranch, []string{"branch"}},
		{roleRevision, []string{"commit", "revision", "sha", "githash", "hash", "gitref"}},
		{roleVersion, []string{"version", "tag", "release"}},
	} {
		if containsAny(lower, known.words...) {
			return known.role
		}
	}
	return noRole
}

// assignments returns lists of -X flags to try, the likeliest first: each
// variable by whose name a value is known that the file holds and the plain
// rebuild does not.
func (r *rebuilder) assignments(plain *rebuilt, src *source) [][]string {
	if src.module == "" {
		return nil
	}
	values := r.injected(plain, src)
	hinted := hintedVariables(src.module, r.recipe)
	declared := declaredVariables(src.module, r.recipe)
	var sets [][]string
	add := func(set []string) {
		if len(set) > 0 && !slices.ContainsFunc(sets, func(have []string) bool { return slices.Equal(have, set) }) {
			sets = append(sets, set)
		}
	}
	add(assign(hinted, values))
	all := slices.Concat(hinted, declared)
	add(assign(oneByRole(all), values))
	for _, group := range byPackage(all) {
		add(assign(group, values))
	}
	for _, v := range all {
		add(assign([]variable{v}, values))
	}
	return sets
}

// assign writes the flags for those variables that a value is known for.
func assign(variables []variable, values map[role][]string) []string {
	var flags, names []string
	for _, v := range variables {
		if list := values[v.role]; len(list) > 0 && !slices.Contains(names, v.name) {
			names = append(names, v.name)
			flags = append(flags, "-X "+quoteFlag(v.name+"="+list[0]))
		}
	}
	return flags
}

// oneByRole keeps the likeliest variable of each role.
func oneByRole(variables []variable) []variable {
	var kept []variable
	for _, v := range slices.SortedStableFunc(slices.Values(variables), func(a, b variable) int { return cmp.Compare(a.rank, b.rank) }) {
		if !slices.ContainsFunc(kept, func(k variable) bool { return k.role == v.role }) {
			kept = append(kept, v)
		}
	}
	return kept
}

func byPackage(variables []variable) [][]variable {
	var groups [][]variable
	for _, v := range variables {
		in := func(g []variable) bool { return packageOf(g[0].name) == packageOf(v.name) }
		if i := slices.IndexFunc(groups, in); i >= 0 {
			groups[i] = append(groups[i], v)
		} else {
			groups = append(groups, []variable{v})
		}
	}
	return groups
}

func packageOf(name string) string { return name[:max(0, strings.LastIndexByte(name, '.'))] }

// injected returns the values that are in the file more often than in the
// plain rebuild, by role.
func (r *rebuilder) injected(plain *rebuilt, src *source) map[role][]string {
	values := map[role][]string{}
	for role, candidates := range r.knownValues(src) {
		surplus := 0
		for _, value := range candidates { // the longest first
			more := bytes.Count(r.subject.data, []byte(value)) - bytes.Count(plain.data, []byte(value))
			if more > surplus {
				values[role] = append(values[role], value)
				surplus = more
			}
		}
	}
	return values
}

// knownValues returns what the variables of each role may hold. Within a role, a
// value that is part of another comes after it.
func (r *rebuilder) knownValues(src *source) map[role][]string {
	values := map[role][]string{roleBuilder: {"goreleaser"}, roleState: {"clean"}, roleBranch: {"HEAD", "main", "master"}}
	if semver.IsValid(src.version) {
		values[roleVersion] = []string{src.version, src.version[1:]}
	}
	if s := r.recipe.stamp; s != nil && len(s.revision) >= 40 {
		for _, n := range []int{len(s.revision), 12, 10, 9, 8, 7} {
			values[roleRevision] = append(values[roleRevision], s.revision[:n])
		}
	}
	values[roleDate] = dates(r.subject.data)
	return values
}

// maxDates bounds the dates that are looked up in a file.
const maxDates = 64

// dates returns what looks like a date in the file, the longest first.
func dates(data []byte) []string {
	pattern := regexp.MustCompile(`20\d\d-[01]\d-[0-3]\d(?:[T_ ][0-2]\d:[0-5]\d:[0-5]\d(?:Z|[+-]\d\d:?\d\d)?)?`)
	var found []string
	for _, m := range pattern.FindAll(data, maxDates) {
		if !slices.Contains(found, string(m)) {
			found = append(found, string(m))
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return found
}

const (
	maxHintFile = 512 << 10 // bytes of a file that flags are looked for in
	maxGoFiles  = 20000     // Go files of a module that variables are looked for in
)

// hintedVariables returns the variables that the module's own build files set,
// in their order.
func hintedVariables(dir string, r *recipe) []variable {
	flag := regexp.MustCompile(`-X[= ]+["']?([\w./-]+\.\w+)=`)
	var found []variable
	for _, file := range buildFiles(dir) {
		data, err := os.ReadFile(file)
		if err != nil || len(data) > maxHintFile {
			continue
		}
		for _, m := range flag.FindAllSubmatch(data, -1) {
			name := string(m[1])
			known := slices.ContainsFunc(found, func(v variable) bool { return v.name == name })
			if role := roleOf(name[strings.LastIndexByte(name, '.'):]); role != noRole && !known && r.couldLink(name) {
				found = append(found, variable{name: name, role: role})
			}
		}
	}
	return found
}

// couldLink reports whether a variable's package can be in the executable.
func (r *recipe) couldLink(name string) bool {
	pkg := packageOf(name)
	if pkg == "main" || pkg == r.module || strings.HasPrefix(pkg, r.module+"/") {
		return true
	}
	return slices.ContainsFunc(r.deps, func(dep *debug.Module) bool { return pkg == dep.Path || strings.HasPrefix(pkg, dep.Path+"/") })
}

// buildFiles lists the files in which projects keep their linker's flags.
func buildFiles(dir string) []string {
	var files []string
	for _, pattern := range []string{
		".goreleaser*.y*ml", "goreleaser*.y*ml", "Makefile", "makefile", "*.mk", "Taskfile*.y*ml", "justfile", "magefile*.go",
		"*.sh", "build/*.sh", "scripts/*", "script/*", "hack/*", "ci/*", "ci/*/*.sh", ".github/workflows/*.y*ml", "Dockerfile*",
	} {
		matches, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		files = append(files, matches...)
	}
	return files
}

// declaredVariables returns the string variables of the module whose name has
// a role: those of the main package first, then of packages that are named for
// it.
func declaredVariables(dir string, r *recipe) []variable {
	var found []variable
	count := 0
	_ = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		name := ""
		if err == nil {
			name = d.Name()
		}
		switch {
		case err != nil || count > maxGoFiles:
			return filepath.SkipAll
		case d.IsDir() && file != dir && (strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor"):
			return filepath.SkipDir
		case !d.Type().IsRegular() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		count++
		rel, err := filepath.Rel(dir, filepath.Dir(file))
		if err == nil {
			found = append(found, fileVariables(file, path.Join(r.module, filepath.ToSlash(rel)), r)...)
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b variable) int { return cmp.Compare(a.rank, b.rank) })
	return found
}

// fileVariables returns the string variables at the top of one file.
func fileVariables(file, pkg string, r *recipe) []variable {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil || parsed.Name.Name == "main" && pkg != r.pkg && r.pkg != filesOnly {
		return nil
	}
	if parsed.Name.Name == "main" {
		pkg = "main"
	}
	var found []variable
	for _, decl := range parsed.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			for _, name := range stringNames(spec.(*ast.ValueSpec)) {
				if role := roleOf(name); role != noRole {
					found = append(found, variable{name: pkg + "." + name, role: role, rank: rankOf(pkg)})
				}
			}
		}
	}
	return found
}

// stringNames returns the names of a declaration that the linker can set: of
// type string, with a constant or no value.
func stringNames(spec *ast.ValueSpec) []string {
	var names []string
	typed, _ := spec.Type.(*ast.Ident)
	for i, name := range spec.Names {
		if i < len(spec.Values) {
			literal, ok := spec.Values[i].(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				continue
			}
		} else if typed == nil || typed.Name != "string" || len(spec.Values) > 0 {
			continue
		}
		names = append(names, name.Name)
	}
	return names
}

func rankOf(pkg string) int {
	base := path.Base(pkg)
	switch {
	case pkg == "main":
		return 1
	case containsAny(base, "version", "buildinfo", "build", "release"):
		return 2
	case strings.HasSuffix(pkg, "/cmd") || base == "cli" || base == "util" || base == "meta":
		return 3
	}
	return 4
}
