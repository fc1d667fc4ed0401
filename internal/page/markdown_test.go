package page

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain words, v1.4.2 and a-b": "plain words, v1.4.2 and a-b",
		"@everyone":                   "\\@\u2060everyone",
		"owner/repo#12":               "owner/repo\\#\u206012",
		"https://a.example":           "https://\u2060a.example",
		"WWW.a.example":               "WWW.\u2060a.example",
		"GH-12":                       "GH-\u206012",
		"a|b\\|c`d`":                  "a&#124;b&#92;&#124;c&#96;d&#96;",
		"<b>&amp;":                    "&#60;b&#62;&#38;amp;",
		"![i](u)":                     "\\!\\[i\\]\\(u\\)",
		"*b* _i_ ~s~ $m$":             "\\*b\\* \\_i\\_ \\~s\\~ \\$m\\$",
		"# h":                         "\\#\u2060 h",
		"- item":                      "\\- item",
		"12. item":                    "12\\. item",
		"+ item":                      "\\+ item",
		"=== ":                        "\\===",
		"two\n\n    lines":            "two lines",
		"\u202eleft":                  "\ufffdleft",
	} {
		assert.Equal(t, want, Escape(text), "%q", text)
	}
}

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"(*Server).Serve": "`(*Server).Serve`",
		"x/net@v0.1.0":    "`x/net@v0.1.0`",
		"a`b":             "a&#96;b",
		"a|b":             "a&#124;b",
		`a\`:              `a&#92;`,
		" a":              "a",
		"":                "",
		"two\nlines":      "`two lines`",
	} {
		assert.Equal(t, want, Code(text), "%q", text)
	}
}

// The text has the same structure whatever it shows: what is left without words
// and escapes is the same.
func TestMarkdownOfHostileTexts(t *testing.T) {
	want := structure(everything("word"))
	for _, s := range hostile() {
		made := everything(s)
		assert.Equal(t, want, structure(made), "%q", s)
		// Brackets are no link where all is HTML.
		outside := regexp.MustCompile("`[^`\n]*`|&#[0-9]+;|\\](\\(.*</summary>)").ReplaceAllString(made, "")
		for _, active := range []string{"@[a-zA-Z]", "#[0-9]", "://[a-z]", `(?i)www\.[a-z]`, `(?i)gh-[0-9]`, `(^|[^\\])\]\(`, `<(script|img|https?|style|h1|b[^r])`} {
			assert.NotRegexp(t, active, outside, "%q", s)
		}
	}
}

// everything is a text with another at every place that takes one.
func everything(s string) string {
	var m Markdown
	m.Heading(2, s)
	m.Paragraph(s)
	m.List(s, s)
	m.Fold(s, func() {
		m.Table(&Table{Columns: []Column{{Name: s}, {Name: s, Number: true}, {Name: s}, {Name: s}}, Rows: [][]Cell{
			{{Text: s}, {Text: s, Code: true, Sub: s}, {Text: s, Tone: Bad}, {Digest: "0123"}}, {{}, {}, {}, {}},
		}}, 1)
	})
	return m.String()
}

// structure is the markup of each line: what begins it, and the bars of tables.
func structure(text string) []string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		begins := regexp.MustCompile("^(#+ |- |[|] |</?details>|<summary>)?").FindString(line)
		if begins == "<summary>" {
			line = "" // it is HTML, which has no tables
		}
		lines = append(lines, begins+strings.Repeat("|", strings.Count(line, "|"))+strings.Repeat("<br>", strings.Count(line, "<br>")))
	}
	return lines
}

func TestMarkdownTablesAreShort(t *testing.T) {
	var m Markdown
	table := &Table{Columns: []Column{{Name: "a"}, {Name: "b", Number: true}}}
	for range 1200 {
		table.Rows = append(table.Rows, []Cell{{Text: "x"}, {Text: "1"}})
	}
	m.Table(table, 10)
	m.Table(&Table{Columns: table.Columns}, 10)
	assert.Equal(t, "| a | b |\n| --- | ---: |\n"+strings.Repeat("| x | 1 |\n", 10)+"\nand 1,190 more: report.json lists all\n", m.String())
}

func TestTableWithoutColumn(t *testing.T) {
	table := &Table{Columns: []Column{{Name: "a"}, {Name: "b"}}, Rows: [][]Cell{{{Text: "1"}, {Text: "2"}}}}
	short := table.Without("a")
	assert.Equal(t, []Column{{Name: "b"}}, short.Columns)
	assert.Equal(t, [][]Cell{{{Text: "2"}}}, short.Rows)
	assert.Len(t, table.Columns, 2)
}
