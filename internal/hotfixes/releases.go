package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// agreement sets what the comparison of two executables tells against what the
// comparison of their sources tells.
type agreement struct {
	change policy.Change
	edited []string // functions whose source differs, as the linker names them, sorted
	report *compare.Report
	own    map[string]bool     // functions with code of their own in the new executable
	copies map[string][]string // functions that others hold inlined copies of, by the one that was inlined
	others *declarations       // that are no functions
}

// compareReleases prints one table a release, and fails if a difference has no
// explanation.
func compareReleases(ctx context.Context, chosen []upstream.Release, out io.Writer) error {
	unexplained := 0
	for _, r := range chosen {
		a, err := compareRelease(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		unexplained += a.print(r.Name, out)
	}
	if unexplained > 0 {
		return fmt.Errorf("%d differences have no explanation", unexplained)
	}
	return nil
}

func compareRelease(ctx context.Context, r upstream.Release) (a *agreement, err error) {
	temp, err := os.MkdirTemp("", "hotfix-releases-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dirs, paths, err := buildRelease(ctx, upstream.NewWorkshop(temp), r, filepath.Join(temp, "built"))
	if err != nil {
		return nil, err
	}
	a = &agreement{}
	if a.change, err = source.Compare(os.DirFS(dirs[0]), os.DirFS(dirs[1])); err != nil {
		return nil, err
	}
	if a.others, err = readDeclarations(dirs[0], dirs[1]); err != nil {
		return nil, err
	}
	a.change.Main = path.Join(a.change.Module, r.To.Package)
	if a.report, err = compare.Executables(ctx, paths[0], paths[1]); err != nil {
		return nil, err
	}
	a.edited = a.sourceFunctions()
	return a, a.readFunctions(paths[1])
}

// buildRelease builds both versions by the toolchain of the new one: another
// release of Go compiles much of a program in another way, which no source of it
// shows.
func buildRelease(ctx context.Context, w *upstream.Workshop, r upstream.Release, output string) (sources, paths []string, err error) {
	on := target.MustParse("linux/amd64")
	newer, err := w.Pinned(ctx, r.To.For(on))
	if err != nil {
		return nil, nil, err
	}
	older := r.Program.For(on)
	older.Toolchain = newer.Toolchain
	for i, e := range []upstream.Executable{older, newer} {
		dir, err := w.Source(ctx, e)
		if err != nil {
			return nil, nil, err
		}
		sources, paths = append(sources, dir), append(paths, filepath.Join(output, fmt.Sprint(i)))
		if err := w.Build(ctx, e, paths[i]); err != nil {
			return nil, nil, err
		}
	}
	return sources, paths, nil
}

// readFunctions lists the functions of an executable by the linker's names, and
// the inlined copies in them.
func (a *agreement) readFunctions(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	exe, err := goexe.New(f, stat.Size())
	if err != nil {
		return err
	}
	table, err := exe.Functions()
	if err != nil {
		return err
	}
	module, err := exe.Module()
	if err != nil {
		return err
	}
	image, err := exe.Image()
	if err != nil {
		return err
	}
	details, err := exe.Details(table, module, image)
	if err != nil {
		return err
	}
	a.own, a.copies = map[string]bool{}, map[string][]string{}
	for fn := range table.All() {
		a.own[fn.Name] = true
		for _, call := range details.Inlined(fn) {
			a.copies[call.Name] = append(a.copies[call.Name], fn.Name)
		}
	}
	return nil
}

// print writes what agrees and why the rest does not, and returns how many
// differences have no explanation.
func (a *agreement) print(name string, out io.Writer) int {
	told, unexplained := map[string][]string{}, 0
	for _, f := range a.report.Functions {
		why := a.whyTold(f)
		told[why] = append(told[why], f.Name)
	}
	silent := map[string][]string{}
	for _, f := range a.edited {
		if why := a.whySilent(f); why != "" {
			silent[why] = append(silent[why], f)
		}
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s: %d functions differ in the source, %d in the executable\n", name, len(a.edited), len(a.report.Functions))
	for _, list := range []struct {
		what string
		by   map[string][]string
	}{{"differs in the executable", told}, {"differs in the source alone", silent}} {
		for _, why := range sortedKeys(list.by) {
			names := list.by[why]
			shown := names[:min(len(names), 3)]
			if why == unknownReason {
				shown, unexplained = names, unexplained+len(names)
			}
			fmt.Fprintf(table, "  %s\t%s\t%d\t%s\n", list.what, why, len(names), strings.Join(shown, ", "))
		}
	}
	_ = table.Flush() // what cannot be written is lost either way
	return unexplained
}

const unknownReason = "NOT EXPLAINED"

// sourceFunctions are the functions whose source differs, as the linker names
// them: it calls the main package "main".
func (a *agreement) sourceFunctions() []string {
	var names []string
	for _, p := range a.change.Packages {
		for _, f := range p.Functions {
			pkg := p.Path
			if pkg == a.change.Main {
				pkg = "main"
			}
			names = append(names, pkg+"."+f)
		}
	}
	slices.Sort(names)
	return names
}

// whyTold says why the executable differs in a function.
func (a *agreement) whyTold(f compare.Function) string {
	switch {
	case a.differs(f.Name):
		return "its source does"
	case f.Status == compare.Inlined:
		return "an inlined function was edited"
	case f.Generated:
		return "the compiler made it"
	case f.Status == compare.Emitted || f.Status == compare.Absorbed:
		return "it is inlined elsewhere now, or no longer"
	case f.Status == compare.Added || f.Status == compare.Removed:
		return "it is called now, or no longer"
	case a.bumped(f.Package):
		return "its module is of another version"
	}
	return cmp.Or(a.throughDeclarations(f), unknownReason)
}

// bumped reports whether a package is of a module whose version changed.
func (a *agreement) bumped(pkg string) bool {
	return slices.ContainsFunc(a.change.Modules, func(m policy.Module) bool { return pkg == m.Path || strings.HasPrefix(pkg, m.Path+"/") })
}

// throughDeclarations says which constant or type explains a function, or the
// function that it is a literal of.
func (a *agreement) throughDeclarations(f compare.Function) string {
	pkg := f.Package
	if pkg == "main" {
		pkg = a.change.Main
	}
	dir := cmp.Or(strings.TrimPrefix(strings.TrimPrefix(pkg, a.change.Module), "/"), ".")
	name := strings.TrimPrefix(f.Name, f.Package+".")
	for name != "" {
		if why := a.others.why(dir, name); why != "" {
			return why
		}
		name = name[:max(strings.LastIndexAny(name, ".-"), 0)]
	}
	return ""
}

// differs reports whether the source of a function differs, or of the one that
// it is a literal or a wrapper of: these have its name in front.
func (a *agreement) differs(name string) bool {
	if i := strings.IndexByte(name, '['); i >= 0 {
		name = name[:i]
	}
	for {
		if slices.Contains(a.edited, name) {
			return true
		}
		i := strings.LastIndexAny(name, ".-")
		if i <= strings.LastIndexByte(name, '/') {
			return false
		}
		name = name[:i]
	}
}

// whySilent says why a function whose source differs does not in the executable;
// "" if it does.
func (a *agreement) whySilent(name string) string {
	for _, f := range a.report.Functions {
		if f.Name == name || strings.HasPrefix(f.Name, name+".") || strings.HasPrefix(f.Name, name+"[") || strings.HasPrefix(f.Name, name+"-") {
			return ""
		}
		if slices.Contains(f.Through, name) {
			return ""
		}
	}
	told := func(holder string) bool {
		return slices.ContainsFunc(a.report.Functions, func(f compare.Function) bool { return f.Name == holder })
	}
	switch holders := a.copies[name]; {
	case !a.own[name] && len(holders) == 0:
		return "it is not in the program"
	case slices.ContainsFunc(holders, told):
		return "it is inlined, and who holds the copies is told"
	}
	return "its machine code is the same"
}

func sortedKeys(m map[string][]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
