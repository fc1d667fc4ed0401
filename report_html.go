package hotfix

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// HTML returns the result as report.html holds it: one page for people, which
// needs no network and runs no script. The same result gives the same bytes. It
// says of each part of a run what was not done, and of long lists how much it
// leaves out; report.json has all.
func (r *Result) HTML() ([]byte, error) { return r.page().HTML() }

// elsewhere says where the rest of a long list is.
const elsewhere = verify.ReportJSONName + " lists all"

func (r *Result) page() page.Page {
	return page.Page{
		Title:    strings.TrimSpace(r.Product + " " + r.Version),
		Subtitle: "Report of a hotfix",
		Verdict:  r.verdict(),
		Facts:    r.facts(),
		Sections: []page.Section{
			r.findingsSection(), r.warningsSection(), r.changeSection(), r.proofSection(), r.testsSection(),
			r.radiusSection(), r.functionsSection(), r.packagesSection(), r.runSection(),
		},
		Footer: fmt.Sprintf("The facts of this page are in %s, in the format %s. The page itself is not signed.", verify.ReportJSONName, r.Schema),
	}
}

// facts describe the release in short.
func (r *Result) facts() []page.Fact {
	return []page.Fact{
		{Name: "Base → fix", Value: page.Cell{Text: cmp.Or(r.Base.Version, "no base") + " → " + cmp.Or(r.Version, "no version"), Sub: r.ID}},
		{Name: "Commits", Value: page.Cell{Text: shortCommit(r.Base.Commit) + " → " + shortCommit(r.Source.Commit), Code: true, Sub: r.ancestry()}},
		{Name: "Sequence", Value: page.Cell{Text: strings.TrimPrefix(manifest.FormatSequence(r.Epoch, r.Sequence), "sequence "), Sub: "channel " + r.Channel}},
		{Name: "Toolchain", Value: page.Cell{Text: r.toolchains()}},
		{Name: "Dated", Value: page.Cell{Text: date(r.Created)}},
		{Name: "Built from", Value: page.Cell{Text: r.Source.Package, Code: true, Sub: counted(len(r.Targets), "target", "targets")}},
	}
}

func (r *Result) toolchains() string {
	fix := cmp.Or(r.Toolchain, "not known before it is built")
	switch r.Base.Toolchain {
	case "":
		return fix
	case r.Toolchain:
		return fix + ", as the base"
	}
	return fix + ", the base by " + r.Base.Toolchain
}

func (r *Result) ancestry() string {
	if r.Change == nil {
		return ""
	}
	switch r.Change.Ancestry {
	case policy.Descends:
		return "the fix descends from the base"
	case policy.Precedes:
		return "the fix is older than the base"
	case policy.Diverged:
		return "each has commits that the other lacks"
	}
	return "how they stand to each other is not known"
}

func shortCommit(hash string) string {
	if hash == "" {
		return "none"
	}
	return hash[:min(len(hash), 12)]
}

func date(t time.Time) string {
	if t.IsZero() {
		return "not dated"
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}

// note makes a paragraph.
func note(format string, args ...any) page.Note { return page.Note{Text: fmt.Sprintf(format, args...)} }

// names makes a column of texts for each name, and one of numbers for each that
// begins with "#".
func names(columns ...string) []page.Column {
	made := make([]page.Column, len(columns))
	for i, c := range columns {
		name, number := strings.CutPrefix(c, "#")
		made[i] = page.Column{Name: name, Number: number}
	}
	return made
}

// table makes a table with a row for each element that can be shown.
func table[E any](caption string, columns []page.Column, elements []E, row func(E) []page.Cell) *page.Table {
	t := &page.Table{Caption: caption, Columns: columns, Rest: elsewhere, Total: len(elements)}
	for _, e := range elements[:min(len(elements), page.MaxRows)] {
		t.Rows = append(t.Rows, row(e))
	}
	return t
}

// tables returns those of several tables that have rows.
func tables(all ...*page.Table) []page.Block {
	var blocks []page.Block
	for _, t := range all {
		if len(t.Rows) > 0 {
			blocks = append(blocks, t)
		}
	}
	return blocks
}

func text(s string) page.Cell { return page.Cell{Text: s} }

func code(s string) page.Cell { return page.Cell{Text: s, Code: true} }

func count[N int | int64](n N) page.Cell { return page.Cell{Text: page.Count(n)} }

// maxListed is how many names a cell lists.
const maxListed = 12

// list is names in one cell.
func list(all []string) string { return listOf(all, func(name string) string { return name }) }

// listOf is the names of what is given in one cell.
func listOf[E any](all []E, name func(E) string) string {
	var shown []string
	for _, e := range all[:min(len(all), maxListed)] {
		shown = append(shown, name(e))
	}
	text := strings.Join(shown, ", ")
	if more := len(all) - maxListed; more > 0 {
		text += fmt.Sprintf(" and %s more", page.Count(more))
	}
	return text
}

func place(file string, line int) string {
	if file == "" || line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}
