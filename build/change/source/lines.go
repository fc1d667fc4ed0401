package source

import "bytes"

// Bounds of the search for the least difference of two texts. Beyond them all
// lines between the first and the last that differ count as replaced, which is
// more than the least.
const (
	maxDiffLines = 1 << 18 // lines of one side that are looked at
	maxEdits     = 1 << 12 // lines added plus lines removed
	maxDiffWork  = 1 << 26 // comparisons of two lines
)

// countLines returns how many lines must be added to a text and removed from it
// to make another of it.
func countLines(old, now []byte) (added, removed int) {
	old, now = differingLines(old, now)
	n, m := lineCount(old), lineCount(now)
	if n == 0 || m == 0 || n > maxDiffLines || m > maxDiffLines {
		return m, n
	}
	a, b := number(old, now)
	edits, ok := distance(a, b)
	if !ok {
		return m, n
	}
	// added-removed is m-n, and added+removed is the number of edits.
	return (edits + m - n) / 2, (edits - m + n) / 2
}

// differingLines cuts off the lines at the beginning and at the end that are
// the same.
func differingLines(a, b []byte) ([]byte, []byte) {
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	if same < len(a) || same < len(b) {
		same = bytes.LastIndexByte(a[:same], '\n') + 1
	}
	a, b = a[same:], b[same:]
	same = 0
	for same < min(len(a), len(b)) && a[len(a)-1-same] == b[len(b)-1-same] {
		same++
	}
	for same > 0 && !(beginsLine(a, same) && beginsLine(b, same)) {
		next := bytes.IndexByte(a[len(a)-same:], '\n')
		if next < 0 {
			same = 0
			break
		}
		same -= next + 1
	}
	return a[:len(a)-same], b[:len(b)-same]
}

// beginsLine reports whether the last bytes of a text begin with a line.
func beginsLine(text []byte, last int) bool {
	start := len(text) - last
	return start == 0 || text[start-1] == '\n'
}

func lineCount(text []byte) int {
	n := bytes.Count(text, []byte{'\n'})
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

// number gives equal lines equal numbers.
func number(texts ...[]byte) (a, b []int) {
	numbers := map[string]int{}
	var all [2][]int
	for i, text := range texts {
		for line := range bytes.Lines(text) {
			n, ok := numbers[string(line)]
			if !ok {
				n = len(numbers)
				numbers[string(line)] = n
			}
			all[i] = append(all[i], n)
		}
	}
	return all[0], all[1]
}

// distance is the least number of insertions and deletions that make b of a, by
// the greedy algorithm of Myers (1986). It gives up beyond the bounds.
func distance(a, b []int) (edits int, ok bool) {
	// reach[offset+k] is how far of a the best path on diagonal k has come.
	reach, offset := make([]int, 2*maxEdits+3), maxEdits+1
	work := 0
	for d := range maxEdits + 1 {
		for k := -d; k <= d; k += 2 {
			x := reach[offset+k-1] + 1
			if k == -d || k != d && reach[offset+k-1] < reach[offset+k+1] {
				x = reach[offset+k+1]
			}
			start := x
			for x < len(a) && x-k < len(b) && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			reach[offset+k] = x
			if x >= len(a) && x-k >= len(b) {
				return d, true
			}
			if work += 1 + x - start; work > maxDiffWork {
				return 0, false
			}
		}
	}
	return 0, false
}
