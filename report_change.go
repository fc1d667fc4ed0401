package hotfix

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
)

func (r *Result) changeSection() page.Section {
	s := page.Section{ID: "change", Title: "Change of the source"}
	c := r.Change
	if c == nil {
		s.Blocks = []page.Block{page.Note{Tone: page.Caution, Text: r.noChange()}}
		return s
	}
	s.Count = counted(len(c.Files), "file", "files")
	s.Blocks = []page.Block{
		note("What differs from %s to %s in the module %s, whose main package is %s.", revision(c.Base), revision(c.Fix), c.Module, c.Main),
		changeTiles(c),
	}
	s.Blocks = append(s.Blocks, unknownOfChange(c)...)
	if len(c.Files) == 0 {
		s.Blocks = append(s.Blocks, page.Note{Tone: page.Caution, Text: "No file differs."})
	}
	s.Blocks = append(s.Blocks, tables(
		filesTable(c.Files),
		table("Packages of the main module", names("Package", "State", "Functions whose source differs"), c.Packages, packageRow),
		table("Modules", names("Module", "Base", "Fix", "License of the fix"), c.Modules, moduleRow),
		table("Directives of go.mod", names("Directive", "Base", "Fix"), c.Directives, func(d policy.Directive) []page.Cell {
			return []page.Cell{code(d.Name), text(cmp.Or(d.Old, "absent")), text(cmp.Or(d.New, "absent"))}
		}),
		table("Exported API", names("Package", "Difference", "Callers"), c.API, apiRow),
		table("New imports", names("Imported", "By", "At"), c.Imports, func(i policy.Import) []page.Cell {
			return []page.Cell{code(i.Path), code(i.Package), code(place(i.File, i.Line))}
		}),
		table("Changes that do more than their lines show", names("What", "State", "Name", "At"), c.Notes, func(n policy.Note) []page.Cell {
			return []page.Cell{text(string(n.Kind)), text(string(n.Status)), code(n.Name), code(place(n.File, n.Line))}
		}),
		table("Targets", names("Target", "Affected", "Packages that differ", "Packages that import them", "Files that are not part of the program"), c.Affected, affectedRow),
	)...)
	if same := nothingOf(c); same != "" {
		s.Blocks = append(s.Blocks, note("Nothing differs in: %s.", same))
	}
	return s
}

// noChange says why nothing is known of the change.
func (r *Result) noChange() string {
	switch {
	case !r.ended(StepChange):
		return "What changes was not looked for: " + r.unreached() + "."
	case !r.hasBase():
		return "This is a first release: there is no base that it could differ from."
	}
	return "The source of the base is not known, so that what changes was not found."
}

func (r *Result) hasBase() bool {
	return r.Base != BaseResult{} || slices.ContainsFunc(r.Targets, func(t TargetResult) bool { return t.Base != nil })
}

func revision(r policy.Revision) string {
	name := cmp.Or(r.Version, r.Name, shortCommit(r.Commit))
	if r.Dirty {
		name += " (with changes that are in no commit)"
	}
	return name
}

func changeTiles(c *policy.Change) page.Tiles {
	added, removed := 0, 0
	for _, f := range c.Files {
		added, removed = added+f.Added, removed+f.Removed
	}
	return page.Tiles{
		{Number: page.Count(len(c.Files)), Name: plural(len(c.Files), "file", "files")},
		{Number: "+" + page.Count(added) + " −" + page.Count(removed), Name: "lines"},
		{Number: page.Count(len(c.Packages)), Name: plural(len(c.Packages), "package", "packages")},
		{Number: page.Count(len(c.Modules)), Name: plural(len(c.Modules), "module", "modules")},
		{Number: page.Count(affected(c)), Name: fmt.Sprintf("of %s affected", counted(len(c.Affected), "target", "targets"))},
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func affected(c *policy.Change) int {
	n := 0
	for _, a := range c.Affected {
		if a.Any() {
			n++
		}
	}
	return n
}

// unknownOfChange are what could not be found out, which an empty table must not
// hide.
func unknownOfChange(c *policy.Change) []page.Block {
	var blocks []page.Block
	for _, u := range c.Unknown {
		in := ""
		if u.File != "" {
			in = " of " + u.File
		}
		blocks = append(blocks, page.Note{Tone: page.Caution, Text: fmt.Sprintf("Not known: the %s%s: %s", u.Part, in, u.Why)})
	}
	return bounded(blocks)
}

// bounded cuts a list of blocks that come from trees.
func bounded(blocks []page.Block) []page.Block {
	if more := len(blocks) - page.MaxRows; more > 0 {
		return append(blocks[:page.MaxRows:page.MaxRows], note("and %s more: %s", page.Count(more), elsewhere))
	}
	return blocks
}

// nothingOf names the parts of a change that are known to be empty.
func nothingOf(c *policy.Change) string {
	unknown := map[policy.Part]bool{}
	for _, u := range c.Unknown {
		unknown[u.Part] = true
	}
	var empty []string
	for _, part := range []struct {
		name string
		of   policy.Part
		n    int
	}{
		{"modules", policy.PartModules, len(c.Modules)},
		{"directives of go.mod", policy.PartModules, len(c.Directives)},
		{"the exported API", policy.PartAPI, len(c.API)},
		{"imports", policy.PartSource, len(c.Imports)},
		{"what runs before main, is embedded, generated or not Go", policy.PartSource, len(c.Notes)},
	} {
		if part.n == 0 && !unknown[part.of] {
			empty = append(empty, part.name)
		}
	}
	return list(empty)
}

func filesTable(files []policy.File) *page.Table {
	most := 1
	for _, f := range files {
		most = max(most, f.Added+f.Removed)
	}
	return table("Files", names("File", "State", "#Added", "#Removed", "Lines"), files, func(f policy.File) []page.Cell {
		return fileRow(f, float64(most))
	})
}

func fileRow(f policy.File, most float64) []page.Cell {
	kind := ""
	switch {
	case f.Gen:
		kind = "generated"
	case f.Test:
		kind = "test"
	}
	if f.Binary {
		return []page.Cell{{Text: f.Path, Code: true, Sub: kind}, text(string(f.Status)), text("–"), text("–"), text("not text")}
	}
	bar := &page.Bar{First: float64(f.Added) / most, Second: float64(f.Removed) / most, Kind: "lines"}
	return []page.Cell{{Text: f.Path, Code: true, Sub: kind}, text(string(f.Status)), count(f.Added), count(f.Removed), {Bar: bar}}
}

func packageRow(p policy.Package) []page.Cell {
	return []page.Cell{{Text: p.Path, Code: true, Sub: counted(len(p.Files), "file", "files")}, text(string(p.Status)), code(cmp.Or(list(p.Functions), "none"))}
}

func moduleRow(m policy.Module) []page.Cell {
	sub := ""
	if m.Indirect {
		sub = "indirect"
	}
	return []page.Cell{
		{Text: m.Path, Code: true, Sub: sub}, moduleVersion(m.Old, m.OldPath), moduleVersion(m.New, m.NewPath), text(cmp.Or(m.License, "not known")),
	}
}

func moduleVersion(version, path string) page.Cell {
	c := code(cmp.Or(version, "absent"))
	if path != "" {
		c.Sub = "replaced by " + path
	}
	return c
}

func apiRow(a policy.API) []page.Cell {
	callers := page.Cell{Text: "must change", Tone: page.Bad}
	if a.Compatible {
		callers = page.Cell{Text: "go on compiling", Tone: page.Good}
	}
	return []page.Cell{code(a.Package), text(a.Message), callers}
}

func affectedRow(a policy.Affected) []page.Cell {
	yes := page.Cell{Text: "no", Tone: page.Plain}
	switch {
	case a.Err != "":
		yes = page.Cell{Text: "not known", Tone: page.Caution, Sub: a.Err}
	case a.Any():
		yes = page.Cell{Text: "yes", Tone: page.Accent}
	}
	return []page.Cell{code(a.Target.String()), yes, code(list(a.Changed)), {Text: page.Count(len(a.Through)), Sub: list(a.Through)}, code(list(a.Excluded))}
}

func (r *Result) proofSection() page.Section {
	s := page.Section{ID: "proof", Title: "Proof of the base"}
	tried := false
	for _, t := range r.Targets {
		tried = tried || t.Proof != nil
	}
	if !tried {
		s.Blocks = []page.Block{note("Whether the source of the base makes the executables that run was not tried: %s.", r.noProof())}
		return s
	}
	s.Blocks = []page.Block{note("Where the source of the base makes the executable that runs, byte for byte, what changes in that source is all that the fix changes.")}
	s.Blocks = append(s.Blocks, table("Rebuilds of the base", names("Target", "Verdict", "Runs", "Rebuilt"), r.Targets, r.proofRow))
	var cards page.Cards
	for _, t := range r.Targets {
		cards = append(cards, causeCards(t)...)
	}
	if len(cards) > 0 {
		s.Mark, s.Count = page.Caution, page.Count(r.unproven())
		s.Blocks = append(s.Blocks, page.Heading{Text: "Why they differ"}, cards)
	}
	return s
}

func (r *Result) noProof() string {
	switch {
	case !r.hasBase():
		return "there is no base"
	case r.DryRun:
		return "a dry run builds nothing"
	case !r.ended(StepProve):
		return r.unreached()
	case r.Change == nil:
		return "the source of the base is not known"
	}
	return "either the base was built from its source in this run, or the run was told to leave the proof out"
}

func (r *Result) proofRow(t TargetResult) []page.Cell {
	p := t.Proof
	if p == nil {
		return []page.Cell{code(t.Target.String()), {Text: "not tried", Tone: page.Caution}, text("–"), text("–")}
	}
	rebuilt := page.Cell{Text: "does not build"}
	if !p.Rebuilt.IsZero() {
		rebuilt = page.Cell{Digest: p.Rebuilt.Hex()}
	}
	return []page.Cell{code(t.Target.String()), {Text: string(p.Verdict), Tone: proofTone(p.Verdict)}, {Digest: p.Executable.Hex()}, rebuilt}
}

func proofTone(v build.Verdict) page.Tone {
	switch v {
	case build.Identical, build.IdenticalButSignature:
		return page.Good
	case build.Different:
		return page.Bad
	}
	return page.Caution
}

func causeCards(t TargetResult) page.Cards {
	if t.Proof == nil {
		return nil
	}
	var cards page.Cards
	for _, c := range t.Proof.Causes {
		cards = append(cards, page.Card{
			Tone: proofTone(t.Proof.Verdict), Badge: t.Target.String(), Title: string(c.Kind), Text: c.What,
			Facts: []page.Fact{{Name: "What to do", Value: text(c.Remedy)}},
		})
	}
	return cards
}
