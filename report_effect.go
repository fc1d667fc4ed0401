package hotfix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/internal/page"
)

// maxMaps is how many targets get a picture: they hardly differ.
const maxMaps = 6

func (r *Result) radiusSection() page.Section {
	s := page.Section{ID: "radius", Title: "Blast radius"}
	compared := r.compared()
	if len(compared) == 0 {
		s.Blocks = []page.Block{note("What the fix changes in the executables was not looked at: %s.", r.notCompared())}
		return s
	}
	s.Blocks = []page.Block{note("What differs between the machine code of base and fix, found by comparing the executables function by function.")}
	for i, t := range compared {
		blocks := radiusOf(t, i < maxMaps, rowsOf(len(compared)))
		if len(compared) == 1 {
			s.Blocks = append(append(s.Blocks, page.Heading{Text: t.Target.String()}), blocks...)
			continue
		}
		s.Blocks = append(s.Blocks, &page.Fold{Title: t.Target.String(), Aside: effectInShort(t.Effect), Open: i == 0, Blocks: blocks})
	}
	s.Blocks = append(s.Blocks, r.othersNotCompared()...)
	return s
}

func (r *Result) compared() []TargetResult {
	return slices.DeleteFunc(slices.Clone(r.Targets), func(t TargetResult) bool { return t.Effect == nil })
}

func (r *Result) notCompared() string {
	switch {
	case r.DryRun:
		return "a dry run builds nothing"
	case !r.ended(StepBuild):
		return "the fix was not built"
	case !r.hasBase():
		return "there is no base"
	case !r.ended(StepCompare):
		return r.unreached()
	}
	return "there is no executable of the base to compare with, the run was told not to compare, or it could not, which a warning says then"
}

func (r *Result) othersNotCompared() []page.Block {
	var others []string
	for _, t := range r.Targets {
		if t.Effect == nil {
			others = append(others, t.Target.String())
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []page.Block{page.Note{Tone: page.Caution, Text: "Not compared: " + list(others) + "."}}
}

// rowsOf is how many rows a table of one target has, where all of them together
// must not make a page that no browser opens.
func rowsOf(targets int) int {
	const together = 1000
	return max(10, min(page.MaxRows, together/targets))
}

func radiusOf(t TargetResult, picture bool, limit int) []page.Block {
	e := t.Effect
	blocks := []page.Block{effectTiles(e)}
	for _, u := range e.Unknown[:min(len(e.Unknown), limit)] {
		blocks = append(blocks, page.Note{Tone: page.Caution, Text: "Not known: " + u})
	}
	if more := len(e.Unknown) - limit; more > 0 {
		blocks = append(blocks, note("and %s more: %s", page.Count(more), elsewhere))
	}
	if e.Identical {
		return append(blocks, page.Note{Tone: page.Caution, Text: "The executables are the same, byte for byte: nothing is fixed here."})
	}
	packages := touchedPackages(e)
	if picture && len(packages) > 0 {
		blocks = append(blocks, radiusMap(t, packages))
	}
	if t.Code == nil && len(packages) > 0 {
		blocks = append(blocks, note("How large the packages are is not known, so that only the functions that differ are shown."))
	}
	touched := touchedTable(t, packages)
	touched.Limit = limit
	return append(blocks, tables(touched)...)
}

func effectTiles(e *compare.Report) page.Tiles {
	differ, written := len(e.Functions), len(e.Edited())
	return page.Tiles{
		{Number: page.Count(written), Name: "functions edited, added or removed", Tone: toneIf(written > 0, page.Accent)},
		{Number: page.Count(differ - written), Name: "that differ through them"},
		{Number: page.Count(e.Equal), Name: "are the same"},
		{Number: page.Count(len(namedPackages(e))), Name: "packages touched"},
		{Number: signed(e.New.Size - e.Old.Size), Name: "bytes of the executable"},
	}
}

func signed(n int64) string {
	if n > 0 {
		return "+" + page.Count(n)
	}
	return strings.Replace(page.Count(n), "-", "−", 1)
}

func namedPackages(e *compare.Report) []string {
	return slices.DeleteFunc(e.Packages(), func(p string) bool { return p == "" })
}

func effectInShort(e *compare.Report) string {
	if e.Identical {
		return "the same, byte for byte"
	}
	return fmt.Sprintf("%s edited, added or removed in %s", counted(len(e.Edited()), "function", "functions"), counted(len(namedPackages(e)), "package", "packages"))
}

// touchedPackage is a package with functions that differ.
type touchedPackage struct {
	path      string
	bytes     int64              // of its functions that differ, in the fix
	functions []compare.Function // that differ, the edited ones first
}

// names lists the functions.
func (p touchedPackage) names() string { return listOf(p.functions, localName) }

// localName is the name of a function without its package.
func localName(f compare.Function) string {
	return inPackage(f.Name, f.Package)
}

func inPackage(name, path string) string {
	if local, ok := strings.CutPrefix(name, path); ok && path != "" && strings.HasPrefix(local, ".") {
		return local[1:]
	}
	return name
}

// touchedPackages returns the packages with functions that differ, those with
// the most code that does first.
func touchedPackages(e *compare.Report) []touchedPackage {
	byPath := map[string]*touchedPackage{}
	for _, f := range gravestFirst(e.Functions) {
		p := byPath[f.Package]
		if p == nil {
			p = &touchedPackage{path: f.Package}
			byPath[f.Package] = p
		}
		p.bytes += int64(f.NewSize)
		p.functions = append(p.functions, f)
	}
	var all []touchedPackage
	for _, p := range byPath {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b touchedPackage) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.path, b.path))
	})
	return all
}

// gravestFirst returns the functions with those first that somebody wrote
// otherwise, and those last that the compiler made.
func gravestFirst(functions []compare.Function) []compare.Function {
	sorted := slices.Clone(functions)
	slices.SortStableFunc(sorted, func(a, b compare.Function) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	return sorted
}

func rank(f compare.Function) int {
	order := []compare.Status{compare.Edited, compare.Added, compare.Removed, compare.Inlined, compare.Emitted, compare.Absorbed}
	at := slices.Index(order, f.Status)
	if at < 0 {
		at = len(order)
	}
	if f.Generated {
		at += len(order) + 1
	}
	return at
}

func packageName(path string) string { return cmp.Or(path, "(generated)") }

func touchedTable(t TargetResult, packages []touchedPackage) *page.Table {
	sizes := t.packageSizes()
	return table("Packages with functions that differ", names("Package", "#Code that differs", "#Of the package", "Functions"), packages, func(p touchedPackage) []page.Cell {
		whole := text("not known")
		if size, ok := sizes[p.path]; ok {
			part := float64(p.bytes) / float64(max(1, size))
			whole = page.Cell{Text: fmt.Sprintf("%.1f %%", 100*min(1, part)), Bar: &page.Bar{First: part, Kind: "size"}}
		} else if t.Code != nil {
			whole = text("no code is left")
		}
		return []page.Cell{code(packageName(p.path)), text(page.Count(p.bytes) + " B"), whole, {Text: p.names(), Code: true}}
	})
}

func (t TargetResult) packageSizes() map[string]int64 {
	sizes := map[string]int64{}
	if t.Code != nil {
		for _, p := range t.Code.Packages {
			sizes[p.Path] = p.Bytes
		}
	}
	return sizes
}

// radiusMap draws the packages of the executable, or where that is not known
// the functions that differ.
func radiusMap(t TargetResult, packages []touchedPackage) *page.Map {
	m := &page.Map{
		Title: "Machine code by package on " + t.Target.String() + ", in proportion to its size",
		Text:  "Packages with functions that differ: " + listOf(packages, func(p touchedPackage) string { return packageName(p.path) }),
		Legend: []page.Legend{
			{Look: "marked", Text: "● has functions that differ"}, {Look: "fill", Text: "their share of the package’s code"}, {Look: "tile", Text: "untouched"},
		},
	}
	touched := map[string]touchedPackage{}
	for _, p := range packages {
		touched[p.path] = p
	}
	if t.Code == nil {
		m.Title = "Machine code that differs on " + t.Target.String() + " by package, in proportion to its size"
		m.Legend = m.Legend[:1]
		for _, p := range packages {
			m.Tiles = append(m.Tiles, page.MapTile{Name: packageName(p.path), Size: max(1, p.bytes), Marked: true, Note: p.names()})
		}
		return m
	}
	m.Tiles = codeTiles(t.Code, touched)
	m.Legend = append(m.Legend, page.Legend{Look: "rest", Text: "smaller packages, and code of no package"})
	return m
}

// codeTiles returns a tile for each package that is listed, and for the rest.
func codeTiles(c *Code, touched map[string]touchedPackage) []page.MapTile {
	var tiles []page.MapTile
	for _, p := range c.Packages {
		tile := page.MapTile{Name: packageName(p.Path), Size: p.Bytes, Note: counted(p.Functions, "function", "functions")}
		if t, ok := touched[p.Path]; ok {
			tile.Marked, tile.Touched = true, t.bytes
			tile.Note = fmt.Sprintf("of its %s, %s: %s", tile.Note, counted(len(t.functions), "differs", "differ"), t.names())
		}
		tiles = append(tiles, tile)
	}
	for _, rest := range []page.MapTile{{Name: "other packages", Size: c.Others.Bytes, Rest: true}, {Name: "no function", Size: c.Unowned, Rest: true}} {
		if rest.Size > 0 {
			tiles = append(tiles, rest)
		}
	}
	return tiles
}
