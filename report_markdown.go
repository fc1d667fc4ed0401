package hotfix

import (
	"fmt"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
)

// maxMarkdownRows is how many rows a table of the Markdown has: it is read in a
// pull request, between other things.
const maxMarkdownRows = 15

// Markdown returns a summary of the result for a pull request, in the dialect of
// GitHub: the verdict, the findings, the change in numbers, the functions that
// differ, the tests, and the packages with their digests. Like the page of
// [Result.HTML] it says what was not done. Text from the trees is not active in
// it: no mention, link or image.
func (r *Result) Markdown() string {
	var m page.Markdown
	v := r.verdict()
	m.Heading(2, v.Tone.Sign()+" "+strings.TrimSpace(r.Product+" "+r.Version)+": "+v.Word)
	m.Paragraph(v.Why)
	var points []string
	for _, p := range v.Points {
		points = append(points, p.Tone.Sign()+" "+p.Text)
	}
	m.List(points...)
	m.Paragraph(r.sentence())
	r.markFindings(&m)
	r.markChange(&m)
	r.markTests(&m)
	r.markFunctions(&m)
	r.markPackages(&m)
	return m.String()
}

// sentence is what the facts of the page say.
func (r *Result) sentence() string {
	var parts []string
	for _, f := range r.facts() {
		parts = append(parts, f.Name+": "+f.Value.Text)
	}
	return strings.Join(parts, "; ")
}

func (r *Result) markFindings(m *page.Markdown) {
	m.Heading(3, "Findings")
	switch {
	case len(r.Policies) == 0 && len(r.Findings) == 0:
		m.Paragraph(r.unasked())
	case len(r.Findings) == 0:
		m.Paragraph(counted(len(r.Policies), "policy was asked, and found nothing.", "policies were asked, and found nothing."))
	}
	m.Table(table("", names("", "Policy", "Where", "What", "What to do"), r.Findings, findingRow), maxMarkdownRows)
}

func findingRow(f policy.Finding) []page.Cell {
	tone, badge := severityMark(f)
	remedy := text(f.Remedy)
	if f.Waived != nil {
		remedy.Sub = "waived by " + f.Waived.Who + ": " + f.Waived.Why
	}
	mark := page.Cell{Text: badge, Tone: tone}
	return []page.Cell{mark, code(f.Rule), code(f.Position()), text(f.Message), remedy}
}

func (r *Result) markChange(m *page.Markdown) {
	m.Heading(3, "Change")
	if r.Change == nil {
		m.Paragraph(r.noChange())
		return
	}
	m.Paragraph(inWords(changeTiles(r.Change)))
	m.Fold("Files", func() { m.Table(filesTable(r.Change.Files).Without("Lines"), maxMarkdownRows) })
}

// inWords is what tiles show, in one line.
func inWords(tiles page.Tiles) string {
	var parts []string
	for _, t := range tiles {
		parts = append(parts, t.Number+" "+t.Name)
	}
	return strings.Join(parts, ", ")
}

func (r *Result) markTests(m *page.Markdown) {
	m.Heading(3, "Tests")
	if r.Tests == nil {
		m.Paragraph(r.noTests())
		return
	}
	m.Paragraph(inWords(testTiles(r.newlyFailing(), r.Tests)))
	m.Table(table("", names("What the tests do not tell"), testDoubts(r.Tests), func(doubt string) []page.Cell {
		return []page.Cell{text(doubt)}
	}), maxMarkdownRows)
	m.Table(table("", names("", "Test", "Package"), testCards(r.Tests), func(c page.Card) []page.Cell {
		return []page.Cell{{Text: c.Badge, Tone: c.Tone}, code(c.Title), code(c.Place)}
	}), maxMarkdownRows)
}

func (r *Result) markFunctions(m *page.Markdown) {
	m.Heading(3, "Functions")
	compared := r.compared()
	if len(compared) == 0 {
		m.Paragraph("The functions of the executables were not compared: " + r.notCompared() + ".")
		return
	}
	var inShort []string
	for _, t := range compared {
		inShort = append(inShort, t.Target.String()+": "+effectInShort(t.Effect))
	}
	m.List(inShort...)
	common, apart := split(compared)
	if len(common) > 0 {
		m.Fold(fmt.Sprintf("On %s: %s", all(compared), counted(len(common), "function", "functions")), func() { m.Table(functionsTable("", common), maxMarkdownRows) })
	}
	for i, t := range compared[:min(len(compared), maxMaps)] {
		if len(apart[i]) > 0 {
			m.Fold(fmt.Sprintf("On %s alone, or in another way: %s", t.Target, counted(len(apart[i]), "function", "functions")), func() {
				m.Table(functionsTable("", apart[i]), maxMarkdownRows)
			})
		}
	}
}

func (r *Result) markPackages(m *page.Markdown) {
	m.Heading(3, "Packages")
	packages := r.packagesTable()
	if len(packages.Rows) == 0 {
		m.Paragraph("No package was written: " + r.notBuilt() + ".")
		return
	}
	m.Table(packages.Without("Target"), maxMarkdownRows)
	m.List(r.deltaLines()...)
}
