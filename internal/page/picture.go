package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gohotfix/hotfix/internal/treemap"
)

// Map is a treemap: one tile a package, with its area in proportion to its code.
type Map struct {
	Title  string // what it shows
	Text   string // what it says, for who does not see it
	Tiles  []MapTile
	Legend []Legend
}

// Kind implements [Block].
func (*Map) Kind() string { return "map" }

// MapTile is one rectangle of a [Map].
type MapTile struct {
	Name    string // slash-separated; its end is the label if the whole does not fit
	Size    int64
	Touched int64  // the part of Size that is marked
	Marked  bool   // it belongs to the change, even if Touched is 0
	Note    string // what else there is to say, shown when it is pointed at
	Rest    bool   // it stands for several
}

// Legend explains a look of tiles.
type Legend struct{ Look, Text string }

// Drawing is a map in one shape.
type Drawing struct {
	Look          string // "wide" or "narrow": the screens that it is for
	ID            string // of its title
	Title, Text   string
	Width, Height int
	Shapes        []shape
}

// shape is a tile as it is drawn.
type shape struct {
	MapTile
	X, Y, W, H    string
	FillY, FillH  string // the part that is marked, from the bottom; "" for none
	TextX         string
	LabelY, SubY  string // "" for no room
	Label, Amount string
}

const (
	fontSize  = 13.0
	character = 0.6 * fontSize // width of one, at most, of the fonts of user interfaces
	padding   = 7.0
	gap       = 1.0 // on each side of a tile
)

// Drawings returns the map for a wide screen and for a narrow one: text in a
// picture that is scaled down to a phone could not be read.
func (m *Map) Drawings(id string) []Drawing {
	return []Drawing{m.draw("wide", id, 1040, 440), m.draw("narrow", id, 360, 460)}
}

func (m *Map) draw(look, id string, width, height int) Drawing {
	tiles := m.Tiles[:min(len(m.Tiles), MaxRows)]
	weights := make([]int64, len(tiles))
	for i, t := range tiles {
		weights[i] = t.Size
	}
	d := Drawing{Look: look, ID: id + "-" + look, Title: m.Title, Text: m.Text, Width: width, Height: height}
	for i, r := range treemap.Squarify(weights, treemap.Rect{W: float64(width), H: float64(height)}) {
		if r.W > 2*gap && r.H > 2*gap {
			d.Shapes = append(d.Shapes, newShape(tiles[i], treemap.Rect{X: r.X + gap, Y: r.Y + gap, W: r.W - 2*gap, H: r.H - 2*gap}))
		}
	}
	return d
}

func newShape(t MapTile, r treemap.Rect) shape {
	s := shape{MapTile: t, X: decimal(r.X), Y: decimal(r.Y), W: decimal(r.W), H: decimal(r.H), TextX: decimal(r.X + padding)}
	if t.Touched > 0 {
		// What is there must be seen, however little it is.
		h := max(2, r.H*min(1, float64(t.Touched)/float64(max(1, t.Size))))
		h = min(h, r.H)
		s.FillY, s.FillH = decimal(r.Y+r.H-h), decimal(h)
	}
	s.addLabel(r)
	return s
}

func (s *shape) addLabel(r treemap.Rect) {
	room := int((r.W - 2*padding) / character)
	if r.H < fontSize+padding {
		return
	}
	mark := ""
	if s.Marked {
		mark = Accent.Sign() + " "
	}
	s.Label = strings.TrimSpace(mark + fit(s.Name, room-utf8.RuneCountInString(mark)))
	if s.Label == "" || room < 1 {
		return
	}
	s.LabelY = decimal(r.Y + padding + fontSize*0.8)
	if s.Amount = Bytes(s.Size); r.H > 2*fontSize+3*padding && utf8.RuneCountInString(s.Amount) <= room {
		s.SubY = decimal(r.Y + padding + fontSize*2.2)
	}
}

// fit returns as much of the end of a path as there is room for, "" if that
// says nothing.
func fit(path string, room int) string {
	path = Clean(path)
	for {
		if utf8.RuneCountInString(path) <= room {
			return path
		}
		_, rest, ok := strings.Cut(path, "/")
		if !ok {
			break
		}
		path = rest
	}
	if room < 4 {
		return ""
	}
	return string([]rune(path)[:room-1]) + "…"
}

// Bar's width and height in the units of its picture.
const barWidth, barHeight = 96, 8

// Parts returns the rectangles of a bar.
func (b *Bar) Parts() []shape {
	first := share(b.First) * barWidth
	second := min(share(b.Second)*barWidth, barWidth-first)
	return []shape{{X: "0", W: decimal(first)}, {X: decimal(first), W: decimal(second)}}
}

func share(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return max(0, min(1, f))
}

// decimal is a number with one decimal, which is finer than a screen shows.
func decimal(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// Count is a number with its thousands apart.
func Count[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Bytes is a number of bytes in the unit that suits it.
func Bytes(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.2f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
