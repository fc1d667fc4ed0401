package tests

import "bytes"

// Bounds of what is kept of one run of the go command.
const (
	MaxOutput      = 16 << 10 // bytes of the output of one test: its end
	MaxTotalOutput = 16 << 20 // bytes of the output of all tests that failed
	MaxTests       = 200_000  // tests, with subtests
	MaxLine        = 1 << 20  // bytes of a line of the go command's output
)

// tail keeps the end of what was printed.
type tail struct {
	kept []byte
	cut  bool
}

// add returns by how many bytes more is kept.
func (t *tail) add(text string) int {
	before := len(t.kept)
	t.kept = append(t.kept, text...)
	if len(t.kept) > 2*MaxOutput { // twice, so that not every line moves all
		t.kept = append([]byte(nil), t.kept[len(t.kept)-MaxOutput:]...)
		t.cut = true
	}
	return len(t.kept) - before
}

// drop forgets all, and returns how many bytes that are.
func (t *tail) drop() int {
	n := len(t.kept)
	t.kept = nil
	return n
}

// String begins with a whole line, if there is more than one.
func (t *tail) String() string {
	text, cut := t.kept, t.cut
	if len(text) > MaxOutput {
		text, cut = text[len(text)-MaxOutput:], true
	}
	if _, rest, found := bytes.Cut(text, []byte("\n")); cut && found && len(rest) > 0 {
		text = rest
	}
	return string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
}
