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

// Lines are lines of a text that another does not have.
type Lines struct {
	First, Last int  // from 1
	Removed     bool // nothing was added: lines were removed before First, or after it at the end of the text
}

// countLines returns how many lines must be added to a text and removed from it
// to make another of it.
func countLines(old, now []byte) (added, removed int) {
	for _, h := range hunks(old, now) {
		added, removed = added+h.added, removed+h.removed
	}
	return added, removed
}

// changedLines are the lines that countLines counts as added, and where only
// removed ones were.
func changedLines(old, now []byte) []Lines {
	var changed []Lines
	total := lineCount(now)
	for _, h := range hunks(old, now) {
		switch {
		case h.added > 0:
			changed = append(changed, Lines{First: h.at + 1, Last: h.at + h.added})
		case total > 0:
			at := min(h.at+1, total)
			changed = append(changed, Lines{First: at, Last: at, Removed: true})
		}
	}
	return changed
}

// hunk is where two texts differ: after so many lines of the new one.
type hunk struct{ at, added, removed int }

func hunks(old, now []byte) []hunk {
	old, now, same := differingLines(old, now)
	n, m := lineCount(old), lineCount(now)
	if n == 0 && m == 0 {
		return nil
	}
	all := []hunk{{at: same, added: m, removed: n}}
	if n == 0 || m == 0 || n > maxDiffLines || m > maxDiffLines {
		return all
	}
	a, b := number(old, now)
	inserts, ok := script(a, b)
	if !ok {
		return all
	}
	return follow(a, b, inserts, same)
}

// follow walks the way that a script of insertions and deletions takes through
// two texts: as far as their lines are equal, and then one edit.
func follow(a, b []int, inserts []bool, at int) []hunk {
	var all []hunk
	x, y := 0, 0
	open := false // no equal lines since the last edit
	for _, insert := range inserts {
		for x < len(a) && y < len(b) && a[x] == b[y] {
			x, y, open = x+1, y+1, false
		}
		if !open {
			all, open = append(all, hunk{at: at + y}), true
		}
		last := &all[len(all)-1]
		if insert {
			y, last.added = y+1, last.added+1
		} else {
			x, last.removed = x+1, last.removed+1
		}
	}
	return all
}

// differingLines cuts off the lines at the beginning and at the end that are
// the same, and returns how many it cut off at the beginning.
func differingLines(a, b []byte) (restA, restB []byte, cut int) {
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	if same < len(a) || same < len(b) {
		same = bytes.LastIndexByte(a[:same], '\n') + 1
	}
	cut = lineCount(a[:same])
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
	return a[:len(a)-same], b[:len(b)-same], cut
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

// script is the shortest list of edits that makes b of a, by the greedy
// algorithm of Myers (1986): true inserts a line, false deletes one. Between them
// as many equal lines are kept as there are. It gives up beyond the bounds.
func script(a, b []int) (inserts []bool, ok bool) {
	// reach[offset+k] is how far of a the best path on diagonal k has come, and
	// taken how the paths of each number of edits came to their diagonals.
	reach, offset := make([]int, 2*maxEdits+3), maxEdits+1
	var taken [][]bool
	work := 0
	for d := range maxEdits + 1 {
		taken = append(taken, make([]bool, d+1))
		for k := -d; k <= d; k += 2 {
			x, insert := reach[offset+k-1]+1, false
			if k == -d || k != d && reach[offset+k-1] < reach[offset+k+1] {
				x, insert = reach[offset+k+1], true
			}
			taken[d][(k+d)/2] = insert
			start := x
			for x < len(a) && x-k < len(b) && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			reach[offset+k] = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(taken, k), true
			}
			if work += 1 + x - start; work > maxDiffWork {
				return nil, false
			}
		}
	}
	return nil, false
}

// backtrack returns the edits of the path that ended on a diagonal.
func backtrack(taken [][]bool, k int) []bool {
	inserts := make([]bool, len(taken)-1)
	for d := len(inserts); d > 0; d-- {
		insert := taken[d][(k+d)/2]
		inserts[d-1] = insert
		if insert {
			k++
		} else {
			k--
		}
	}
	return inserts
}
