package hotfix

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/internal/page"
)

func (r *Result) functionsSection() page.Section {
	s := page.Section{ID: "functions", Title: "Functions and data"}
	compared := r.compared()
	if len(compared) == 0 {
		s.Blocks = []page.Block{note("The functions of the executables were not compared: %s.", r.notCompared())}
		return s
	}
	common, apart := split(compared)
	s.Count = page.Count(len(common) + sum(apart))
	if len(common) > 0 {
		s.Blocks = append(s.Blocks, functionsTable("On "+all(compared), common))
	} else {
		s.Blocks = append(s.Blocks, note("No function differs on %s.", all(compared)))
	}
	for i, t := range compared {
		if blocks := detailsOf(t, apart[i], rowsOf(len(compared))); len(blocks) > 0 {
			s.Blocks = append(s.Blocks, &page.Fold{
				Title: t.Target.String(), Open: len(compared) == 1, Blocks: blocks,
				Aside: fmt.Sprintf("%s of its own, %s, %s", counted(len(apart[i]), "function", "functions"),
					counted(len(t.Effect.Data), "piece of data", "pieces of data"), counted(len(t.Effect.Info), "line of build information", "lines of build information")),
			})
		}
	}
	s.Blocks = append(s.Blocks, r.othersNotCompared()...)
	return s
}

func all(compared []TargetResult) string {
	if len(compared) == 1 {
		return compared[0].Target.String()
	}
	return fmt.Sprintf("all %s that were compared", counted(len(compared), "target", "targets"))
}

func sum(apart [][]versions) int {
	n := 0
	for _, functions := range apart {
		n += len(functions)
	}
	return n
}

// versions is one function as it is on each of some targets.
type versions []compare.Function

// key is what makes functions of two targets the same: not their sizes, which
// differ from processor to processor.
type key struct {
	name, file string
	status     compare.Status
	line, nth  int
}

// split tells the functions that differ in the same way on all targets from
// those that do not.
func split(compared []TargetResult) (common []versions, apart [][]versions) {
	counts := map[key]versions{}
	for _, t := range compared {
		eachKey(t.Effect.Functions, func(k key, f compare.Function) { counts[k] = append(counts[k], f) })
	}
	apart = make([][]versions, len(compared))
	for i, t := range compared {
		eachKey(gravestFirst(t.Effect.Functions), func(k key, f compare.Function) {
			switch same := counts[k]; {
			case len(same) < len(compared):
				apart[i] = append(apart[i], versions{f})
			case i == 0:
				common = append(common, same)
			}
		})
	}
	return common, apart
}

// eachKey calls f with each function. Those that have everything in common are
// told apart by their number.
func eachKey(functions []compare.Function, f func(key, compare.Function)) {
	seen := map[key]int{}
	for _, function := range functions {
		k := key{name: function.Name, file: function.File, status: function.Status, line: function.Line}
		seen[k]++
		n := seen[k]
		k.nth = n
		f(k, function)
	}
}

func functionsTable(caption string, functions []versions) *page.Table {
	return table(caption, names("State", "Function", "#Bytes before", "#After", "Why"), functions, functionRow)
}

func functionRow(v versions) []page.Cell {
	f := v[0]
	return []page.Cell{
		statusCell(f), {Text: localName(f), Code: true, Sub: cmp.Or(place(f.File, f.Line), f.Package)},
		text(span(v, func(f compare.Function) int { return f.OldSize })), text(span(v, func(f compare.Function) int { return f.NewSize })),
		text(why(v)),
	}
}

func statusCell(f compare.Function) page.Cell {
	c := page.Cell{Text: string(f.Status)}
	if rank(f) <= 2 {
		c.Tone = page.Accent
	}
	if f.Generated {
		c.Sub = "generated"
	}
	return c
}

// span is a size, or the least and the greatest of several.
func span(v versions, size func(compare.Function) int) string {
	least, most := size(v[0]), size(v[0])
	for _, f := range v {
		least, most = min(least, size(f)), max(most, size(f))
	}
	if least == most {
		return page.Count(least)
	}
	return page.Count(least) + "–" + page.Count(most)
}

func why(v versions) string {
	f := v[0]
	if f.Status == compare.Inlined && len(f.Through) > 0 {
		return "through " + listOf(f.Through, func(name string) string { return inPackage(name, f.Package) })
	}
	for _, other := range v[1:] {
		if f.Why != other.Why && f.OldSize != f.NewSize {
			return "its code differs"
		}
	}
	return f.Why
}

// detailsOf is what differs on one target alone, and its data and build
// information.
func detailsOf(t TargetResult, apart []versions, limit int) []page.Block {
	blocks := tables(
		functionsTable("Functions that differ here, and not in the same way on all targets", apart),
		table("Data that differs", names("Kind", "Base", "Fix", "Used by"), t.Effect.Data, func(d compare.Data) []page.Cell {
			return []page.Cell{text(string(d.Kind)), code(d.Old), code(d.New), {Text: strings.Join(d.Users, ", "), Code: true, Sub: list(d.Packages)}}
		}),
		table("Build information that differs", names("Name", "Base", "Fix"), t.Effect.Info, func(i compare.Info) []page.Cell {
			return []page.Cell{text(i.Name), code(cmp.Or(i.Old, "absent")), code(cmp.Or(i.New, "absent"))}
		}),
	)
	for _, b := range blocks {
		b.(*page.Table).Limit = limit
	}
	return blocks
}
