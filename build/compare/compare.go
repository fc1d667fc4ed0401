package compare

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// Executables compares the Go executables at two paths. An error that wraps
// [ErrUnknown] says that one of them cannot be compared function by function,
// or that they are of different targets or different programs.
func Executables(ctx context.Context, oldPath, newPath string) (*Report, error) {
	before, err := open(oldPath)
	if err != nil {
		return nil, fmt.Errorf("comparing executables: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("comparing executables: %w", context.Cause(ctx))
	}
	after, err := open(newPath)
	if err != nil {
		return nil, fmt.Errorf("comparing executables: %w", err)
	}
	if a, b := before.about.Target, after.about.Target; a.OS != b.OS || a.Arch != b.Arch {
		return nil, fmt.Errorf("comparing executables: one is for %s, the other for %s: %w: compare two of one target", a, b, ErrUnknown)
	}
	if a, b := programOf(before), programOf(after); a != b && a != "" && b != "" {
		return nil, fmt.Errorf("comparing executables: one is the program %s, the other %s: %w: compare two versions of one program", a, b, ErrUnknown)
	}
	c := &comparison{
		old: before, new: after, data: map[pointers]*pair{},
		report: &Report{
			Old: before.about, New: after.about, Identical: before.about.Digest == after.about.Digest,
			Info: infoDifferences(before.info, after.info), Functions: []Function{}, Data: []Data{}, Unknown: []string{},
		},
	}
	return c.report, c.run(ctx)
}

// programOf names a program by its main package, without a major version. It is
// "" for one that was built from single files.
func programOf(s *side) string {
	if s.info.Path == "command-line-arguments" {
		return ""
	}
	return regexp.MustCompile(`/v[0-9]+(/|$)`).ReplaceAllString(s.info.Path, "$1")
}

// comparison is one comparison as it goes on.
type comparison struct {
	old, new *side
	report   *Report
	matches  []*match
	data     map[pointers]*pair // what functions on both sides refer to
	trusted  []pointers         // those that code refers to, sorted
	tooMuch  bool               // a limit was reached
}

// match is a function on both sides.
type match struct {
	old, new *function
	why      string // what differs in the code; "" if nothing does
	constant bool   // it is a constant that the code uses
}

func (c *comparison) run(ctx context.Context) error {
	c.matchFunctions()
	for i, m := range c.matches {
		if i%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("comparing executables: %w", context.Cause(ctx))
		}
		m.why = c.compareCode(m)
	}
	c.compareData()
	c.judge()
	c.report.sort()
	return nil
}

// matchFunctions pairs functions of one name, in their order: there are several
// where the linker made wrappers, which it names like what they wrap.
func (c *comparison) matchFunctions() {
	c.matchLiterals()
	for _, f := range c.new.functions {
		if f.twin != nil {
			continue
		}
		others := c.old.byName[f.Name]
		i := slices.IndexFunc(others, func(o *function) bool { return o.twin == nil })
		if i < 0 {
			c.report.Functions = append(c.report.Functions, c.new.describe(f, Added))
			continue
		}
		c.match(others[i], f)
	}
	for _, f := range c.old.functions {
		if f.twin == nil {
			c.report.Functions = append(c.report.Functions, c.old.describe(f, Removed))
		}
	}
	c.markCopies()
}

func (c *comparison) match(old, now *function) {
	old.twin, now.twin = now, old
	c.matches = append(c.matches, &match{old: old, new: now})
}

// same reports whether two functions count as one: they are matched, or each is
// one of several of a name.
func same(old, now *function) bool {
	return old.twin == now || old.Name == now.Name && (old.twin == nil || old.twin.Name == now.Name)
}

// markCopies finds the functions that are on one side only as copies inlined
// into others: whether a copy of their own is needed depends on their callers.
func (c *comparison) markCopies() {
	if len(c.report.Functions) == 0 {
		return
	}
	before, after := c.old.inlinedNames(), c.new.inlinedNames()
	for i, f := range c.report.Functions {
		switch {
		case f.Status == Added && c.isCopiedLiteral(f.Name):
			c.report.Functions[i].Status, c.report.Functions[i].Why = Emitted, "it is a function literal of a function that was inlined"
		case f.Status == Added && before[f.Name]:
			c.report.Functions[i].Status, c.report.Functions[i].Why = Emitted, "it was only inlined before"
		case f.Status == Removed && after[f.Name]:
			c.report.Functions[i].Status, c.report.Functions[i].Why = Absorbed, "it is only inlined now"
		}
	}
}

// isCopiedLiteral reports whether a function literal came into a function with
// the body of another one: the compiler names it after both, as
// "p.Outer.Inlined.func1".
func (c *comparison) isCopiedLiteral(name string) bool {
	i := strings.LastIndex(name, ".func")
	for i > 0 {
		i = strings.LastIndexByte(name[:i], '.')
		if i > 0 && c.new.byName[name[:i]] != nil {
			return !strings.HasPrefix(name[i:], ".func")
		}
	}
	return false
}

// inlinedNames returns the functions that were inlined anywhere.
func (s *side) inlinedNames() map[string]bool {
	names := map[string]bool{}
	for _, f := range s.functions {
		for _, call := range s.details.Inlined(f.Function) {
			names[call.Name] = true
		}
	}
	return names
}

// describe is a function that is on one side only.
func (s *side) describe(f *function, status Status) Function {
	d := s.details.Of(f.Function)
	file, generated := source(d)
	out := Function{Name: f.Name, Package: f.Package(), Status: status, File: file, Line: d.StartLine, Generated: generated, Why: "it is not there before"}
	out.NewSize = len(f.code)
	if status == Removed {
		out.OldSize, out.NewSize, out.Why = len(f.code), 0, "it is no longer there"
	}
	return out
}

// infoDifferences compares what the build infos record.
func infoDifferences(a, b *buildinfo.BuildInfo) []Info {
	all := []Info{}
	for _, d := range goexe.CompareInfo(a, b) {
		all = append(all, Info{Name: d.Name(), Old: d.Old, New: d.New})
	}
	return all
}
