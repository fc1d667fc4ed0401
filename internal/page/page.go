// Package page shows a report as one HTML file or as GitHub-flavoured Markdown.
// Whatever text it is given is shown as that text: nothing in it becomes markup,
// a link, an image, a mention or a script, neither in a browser nor on GitHub.
//
// The HTML needs no network and runs no script; its Content-Security-Policy
// allows the one inline style sheet, by its hash, and nothing else. Pictures are
// SVG. The same page gives the same bytes.
//
// Sizes are bounded: a table shows [MaxRows] rows, a text [MaxText] characters
// and an output [MaxOutput] bytes, and each says so where it leaves something
// out.
package page

// Limits of what is shown.
const (
	MaxRows   = 200     // rows of a table, cards, and tiles of a map
	MaxText   = 600     // characters of one text
	MaxOutput = 4 << 10 // bytes of one output, of which the end is shown
)

// Page is a report for people: a verdict, facts in short, and sections.
type Page struct {
	Title    string
	Subtitle string
	Verdict  Verdict
	Facts    []Fact
	Sections []Section
	Footer   string
}

// Tone is what a mark says. It is shown as a colour and as a sign.
type Tone string

// Tones. The zero value says nothing.
const (
	Plain   Tone = ""
	Good    Tone = "good"
	Caution Tone = "caution"
	Bad     Tone = "bad"
	Accent  Tone = "accent" // it belongs to the change
)

// Sign is the tone as a character, for who does not see colours.
func (t Tone) Sign() string {
	switch t {
	case Good:
		return "✓"
	case Caution:
		return "!"
	case Bad:
		return "✕"
	case Accent:
		return "●"
	}
	return "–"
}

// Verdict is what a reader must know if nothing else is read.
type Verdict struct {
	Tone   Tone
	Word   string // "May go out"
	Why    string // one sentence
	Points []Point
}

// Point is a line below the verdict.
type Point struct {
	Tone    Tone
	Text    string
	Section string // ID of the section that tells more; "" for none
}

// Fact is one of a few values that describe the whole.
type Fact struct {
	Name  string
	Value Cell
}

// Section is a part of the page with a heading.
type Section struct {
	ID     string // of the anchor; letters only
	Title  string
	Mark   Tone   // of the entry in the list of sections
	Count  string // shown next to it
	Blocks []Block
}

// Block is a part of a section: a [Note], [Tiles], [*Table], [Cards], [*Fold],
// [*Map], [Output] or [Heading].
type Block interface{ Kind() string }

// Note is a paragraph.
type Note struct {
	Tone Tone
	Text string
}

// Kind implements [Block].
func (Note) Kind() string { return "note" }

// Heading begins a part of a section.
type Heading struct{ Text string }

// Kind implements [Block].
func (Heading) Kind() string { return "heading" }

// Tile is a number with its name.
type Tile struct {
	Number string
	Name   string
	Tone   Tone
}

// Tiles are a few numbers in a row.
type Tiles []Tile

// Kind implements [Block].
func (Tiles) Kind() string { return "tiles" }

// Table is a table with a heading for each column.
type Table struct {
	Caption string
	Columns []Column
	Rows    [][]Cell
	Total   int    // rows there are in all; 0 if Rows holds them
	Limit   int    // of rows; 0 for [MaxRows]
	Rest    string // where the rows are that are not shown
}

// Kind implements [Block].
func (*Table) Kind() string { return "table" }

// Column is the heading of a column.
type Column struct {
	Name   string
	Number bool // its cells are aligned to the right
}

// Shown returns the rows within the limit.
func (t *Table) Shown() [][]Cell { return t.Rows[:min(len(t.Rows), t.limit(MaxRows))] }

// More returns how many rows are not shown.
func (t *Table) More() int { return t.total() - len(t.Shown()) }

func (t *Table) total() int { return max(t.Total, len(t.Rows)) }

func (t *Table) limit(most int) int {
	if t.Limit > 0 {
		return min(t.Limit, most)
	}
	return most
}

// Cell is a value.
type Cell struct {
	Text   string
	Sub    string // a second line, in small
	Tone   Tone   // if it is shown as a mark
	Code   bool   // a name, path or command
	Digest string // the full digest; Text is not used then
	Bar    *Bar   // shown next to the text
}

// Bar is a picture of one or two parts of a whole, each from 0 to 1.
type Bar struct {
	First, Second float64
	Kind          string // "lines", "size" or "time"
}

// Card is a text that is more than a row of a table can hold.
type Card struct {
	Tone   Tone
	Badge  string // in words what the tone says
	Title  string
	Place  string // where it is, as a path
	Text   string
	Facts  []Fact
	Output string // shown folded; "" for none
}

// Cards are shown one below the other.
type Cards []Card

// Kind implements [Block].
func (Cards) Kind() string { return "cards" }

// Shown returns the cards within the limit.
func (c Cards) Shown() Cards { return c[:min(len(c), MaxRows)] }

// More returns how many cards are not shown.
func (c Cards) More() int { return len(c) - len(c.Shown()) }

// Fold is shown when it is opened, and printed open.
type Fold struct {
	Title  string
	Aside  string // in small, next to the title
	Open   bool
	Blocks []Block
}

// Kind implements [Block].
func (*Fold) Kind() string { return "fold" }

// Output is what a program printed.
type Output string

// Kind implements [Block].
func (Output) Kind() string { return "output" }

// Without returns the table without the columns of a name.
func (t *Table) Without(name string) *Table {
	short := *t
	short.Columns, short.Rows = nil, make([][]Cell, len(t.Rows))
	for i, c := range t.Columns {
		if c.Name == name {
			continue
		}
		short.Columns = append(short.Columns, c)
		for n, row := range t.Rows {
			short.Rows[n] = append(short.Rows[n], row[i])
		}
	}
	return &short
}
