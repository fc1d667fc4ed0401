package page

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile are texts that a tree may hold, each with what must not be active.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</style><style>*{display:none}</style>`,
		`</title><h1>May go out</h1>`, `javascript:alert(1)`, `{{.Title}}`, `<!-- `, `]]>`, "a\x00b\x1b[31mred", "left\u202etfel", "two\nlines\r\nthree",
		`@everyone please`, `see #1 and GH-2 and owner/repo#3`, `https://evil.example/x www.evil.example mail me@evil.example`,
		"`code` ``more`` ```\nfence", `a|b|c`, `a\|b`, `[link](https://evil.example)`, `![image](https://evil.example/i.png)`, `<https://evil.example>`,
		`# heading`, `- list`, `1. list`, `> quote`, `*bold* _it_ ~~gone~~ $x$`, `<details><summary>x`, `| --- |`, `&lt;b&gt; &#64;x`, "    indented", `--- `, `===`,
	}
}

// full has a text at every place that takes one.
func full(s string) Page {
	cells := []Cell{{Text: s}, {Text: s, Code: true, Sub: s}, {Text: s, Tone: Bad}, {Text: s, Sub: s, Bar: &Bar{First: .5, Second: .7, Kind: "lines"}}}
	return Page{
		Title: s, Subtitle: s, Verdict: Verdict{Tone: Bad, Word: s, Why: s, Points: []Point{{Tone: Good, Text: s, Section: "first"}, {Text: s}}},
		Facts: []Fact{{Name: s, Value: Cell{Text: s, Sub: s}}}, Footer: s,
		Sections: []Section{{ID: "first", Title: s, Mark: Bad, Count: s, Blocks: []Block{
			Note{Text: s}, Note{Tone: Good, Text: s}, Heading{Text: s}, Tiles{{Number: s, Name: s, Tone: Good}},
			&Table{Caption: s, Columns: []Column{{Name: s}, {Name: s, Number: true}, {Name: s}, {Name: s}}, Rows: [][]Cell{cells, cells}, Limit: 1, Rest: s},
			Cards{{Tone: Bad, Badge: s, Title: s, Place: s, Text: s, Output: s, Facts: []Fact{{Name: s, Value: Cell{Text: s, Code: true}}}}},
			&Fold{Title: s, Aside: s, Blocks: []Block{Output(s)}},
			&Map{Title: s, Text: s, Tiles: []MapTile{{Name: s, Size: 10, Touched: 1, Marked: true, Note: s}, {Name: s, Size: 5}}, Legend: []Legend{{Look: "marked", Text: s}}},
		}}},
	}
}

// tags returns the tags of a page with their attributes but their values.
func tags(t *testing.T, page string) []string {
	t.Helper()
	tag := regexp.MustCompile(`<[!/]?[a-zA-Z][^<>]*>`)
	value := regexp.MustCompile(`"[^"]*"`)
	found := tag.FindAllString(page, -1)
	for i := range found {
		found[i] = value.ReplaceAllString(found[i], `""`)
	}
	// Nothing but tags begins with what begins a tag.
	assert.Equal(t, strings.Count(page, "<"), len(found))
	return found
}

// A page has the same tags and attributes whatever texts it shows.
func TestTextsDoNotBecomeMarkup(t *testing.T) {
	harmless, err := full("word").HTML()
	require.NoError(t, err)
	want := withoutRoom(tags(t, string(harmless)))
	for _, s := range hostile() {
		made, err := full(s).HTML()
		require.NoError(t, err)
		assert.Equal(t, want, withoutRoom(tags(t, string(made))), "%q", s)
		for _, r := range string(made) {
			assert.False(t, r < ' ' && r != '\n' && r != '\t' || r == '\u202e', "%q puts %q into the page", s, r)
		}
	}
}

// withoutRoom leaves out the labels of maps, which are there if there is room,
// and the places where a line may break.
func withoutRoom(tags []string) []string {
	var rest []string
	for _, tag := range tags {
		if !strings.HasPrefix(tag, "<text") && tag != "</text>" && tag != "<wbr>" {
			rest = append(rest, tag)
		}
	}
	return rest
}

func TestTextsAreShown(t *testing.T) {
	made, err := full(`<b> & "quoted"`).HTML()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, strings.Count(html.UnescapeString(string(made)), `<b> & "quoted"`), 30)
}

// What the page allows is its style sheet and nothing else.
func TestContentPolicy(t *testing.T) {
	made, err := full("word").HTML()
	require.NoError(t, err)
	page := string(made)
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(page, -1)
	require.Len(t, style, 1)
	sum := sha256.Sum256([]byte(style[0][1]))
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1])
	assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'", policy)
	for _, forbidden := range []string{"<script", " style=", " src=", "url(", "@import", "http://", "https://", "<link", "<iframe", "<form", " on"} {
		for _, tag := range append(tags(t, page), style[0][1]) {
			if forbidden == " on" && tag == style[0][1] {
				continue // words of CSS
			}
			assert.NotContains(t, tag, forbidden)
		}
	}
	for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		assert.True(t, strings.HasPrefix(href[1], "#"), href[1])
	}
}

func TestTagsAreClosedInOrder(t *testing.T) {
	made, err := full("word").HTML()
	require.NoError(t, err)
	assertBalanced(t, string(made))
}

func assertBalanced(t *testing.T, page string) {
	t.Helper()
	var open []string
	name := regexp.MustCompile(`^</?([a-zA-Z0-9]+)`)
	for _, tag := range tags(t, page) {
		if strings.HasPrefix(tag, "<!") || strings.HasSuffix(tag, "/>") {
			continue
		}
		n := name.FindStringSubmatch(tag)[1]
		switch {
		case n == "meta" || n == "wbr":
		case strings.HasPrefix(tag, "</"):
			require.NotEmpty(t, open, tag)
			require.Equal(t, open[len(open)-1], n)
			open = open[:len(open)-1]
		default:
			open = append(open, n)
		}
	}
	assert.Empty(t, open)
}

func TestLimits(t *testing.T) {
	long := &Table{Columns: []Column{{Name: "n"}}, Rest: "elsewhere"}
	var cards Cards
	var tiles []MapTile
	for range 3 * MaxRows {
		long.Rows = append(long.Rows, []Cell{{Text: "row"}})
		cards = append(cards, Card{Title: "card", Output: strings.Repeat("x\n", MaxOutput)})
		tiles = append(tiles, MapTile{Name: strings.Repeat("deep/", 1000), Size: 1 << 20})
	}
	made, err := Page{Title: strings.Repeat("w", 9*MaxText), Sections: []Section{{ID: "a", Blocks: []Block{long, cards, &Map{Tiles: tiles}}}}}.HTML()
	require.NoError(t, err)
	page := string(made)
	assert.Equal(t, MaxRows, strings.Count(page, "<tr>")-1, "besides the head")
	assert.Contains(t, page, "and 400 more: elsewhere")
	assert.Contains(t, page, "and 400 more: report.json lists all")
	assert.Less(t, len(page), 3<<20)
	assert.NotContains(t, page, strings.Repeat("w", MaxText+1))
}

// Rows that are not shown need not be made.
func TestTotal(t *testing.T) {
	short := &Table{Rows: [][]Cell{{}, {}, {}}, Total: 10, Limit: 2}
	assert.Len(t, short.Shown(), 2)
	assert.Equal(t, 8, short.More())
	assert.Zero(t, (&Table{Rows: [][]Cell{{}}}).More())
}

func TestOutputShowsItsEnd(t *testing.T) {
	shown := CleanOutput("first line\n" + strings.Repeat("x", MaxOutput) + "\nlast line\x1b[0m\n")
	assert.Equal(t, "…\nlast line\ufffd[0m\n", shown)
	assert.LessOrEqual(t, len(CleanOutput(strings.Repeat("x", 2*MaxOutput))), MaxOutput+len("…\n"))
}

func TestLabelsOfMaps(t *testing.T) {
	for _, test := range []struct {
		path string
		room int
		want string
	}{
		{"net/http", 8, "net/http"}, {"net/http", 7, "http"}, {"net/http", 4, "http"}, {"example.com/a/very/long", 9, "very/long"},
		{"cryptography", 6, "crypt…"}, {"cryptography", 3, ""}, {"äöüäöü", 6, "äöüäöü"}, {"", 9, ""},
	} {
		assert.Equal(t, test.want, fit(test.path, test.room), "%s in %d", test.path, test.room)
	}
}

func TestMapsHaveTwoShapes(t *testing.T) {
	m := &Map{Tiles: []MapTile{{Name: "a", Size: 900, Touched: 1, Marked: true}, {Name: "b", Size: 100, Touched: 200, Marked: true}, {Name: "none"}}}
	drawings := m.Drawings("map1")
	require.Len(t, drawings, 2)
	for _, d := range drawings {
		require.Len(t, d.Shapes, 2, "what has no size is not drawn")
		assert.Equal(t, "2", d.Shapes[0].FillH, "little is seen as well")
		assert.Equal(t, d.Shapes[1].H, d.Shapes[1].FillH, "not more than the tile")
		assert.Contains(t, d.Shapes[0].Label, "●")
	}
	assert.NotEqual(t, drawings[0].ID, drawings[1].ID)
}

func TestBars(t *testing.T) {
	for _, test := range []struct {
		bar           Bar
		first, second string
	}{
		{Bar{First: .5, Second: .25}, "48", "24"}, {Bar{First: 2, Second: 1}, "96", "0"}, {Bar{First: -1, Second: .5}, "0", "48"}, {Bar{First: math.NaN()}, "0", "0"},
	} {
		parts := test.bar.Parts()
		assert.Equal(t, test.first, parts[0].W)
		assert.Equal(t, test.second, parts[1].W)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		assert.Equal(t, want, Count(n))
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 17035426: "17.04 MB", 3e9: "3.00 GB"} {
		assert.Equal(t, want, Bytes(n))
	}
}
