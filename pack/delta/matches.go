package delta

import (
	"bytes"
	"context"
	"fmt"
)

// segment is a part of the new file: bytes that are copied from the old one with
// some of them replaced, and bytes behind these that are literal.
type segment struct {
	oldOffset    int // of what is copied
	newOffset    int
	length, rest int // bytes copied, and literal
}

// Bounds of the search, which make its time linear whatever the files hold.
const (
	maxCompared = 1 << 10 // bytes by which two suffixes are ordered
	workPerByte = 1 << 9  // comparisons of bytes for each byte of the new file; beyond, what is left is literal
	minGain     = 8       // bytes that another match must have more right than going on with the last one
)

// matcher finds segments by the method of bsdiff (Percival, "Naive differences of
// executable code", 2003): exact matches are found in the sorted suffixes of the
// old file, and then stretched as long as half of the bytes agree, since an
// address that moved changes a few bytes in every line of machine code.
type matcher struct {
	old, new []byte
	suffixes []int32
	work     int
	segments []segment
}

func findSegments(ctx context.Context, old, new []byte) ([]segment, error) {
	m := &matcher{old: old, new: new, suffixes: suffixes(old), work: len(new) * workPerByte}
	if err := m.scan(ctx); err != nil {
		return nil, err
	}
	return m.segments, nil
}

// anchor is an exact match, whose offset the segments around it follow.
type anchor struct{ oldOffset, newOffset int }

func (a anchor) shift() int { return a.oldOffset - a.newOffset }

func (m *matcher) scan(ctx context.Context) error {
	last, scan, length := anchor{}, 0, 0
	start := 0 // of the bytes that no segment has yet
	for scan < len(m.new) && m.work > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("finding what two files share: %w", context.Cause(ctx))
		}
		var found anchor
		found, scan, length = m.next(scan+length, last.shift())
		if scan < len(m.new) && found.shift() == last.shift() {
			continue // it goes on as before
		}
		end := m.flush(last, start, found, scan)
		last, start = found, end
	}
	if start < len(m.new) {
		m.flush(last, start, anchor{len(m.old), len(m.new)}, len(m.new))
	}
	return nil
}

// next looks from a position on for an exact match that has clearly more bytes
// right than the last offset would.
func (m *matcher) next(from, shift int) (found anchor, scan, length int) {
	right, counted := 0, from // bytes that the last offset has right, and up to where
	agrees := func(i int) bool {
		at := i + shift
		return at >= 0 && at < len(m.old) && m.old[at] == m.new[i]
	}
	for scan = from; scan < len(m.new) && m.work > 0; scan++ {
		at, length := m.longest(scan)
		for ; counted < scan+length; counted++ {
			if agrees(counted) {
				right++
			}
		}
		m.work -= length
		if length > 0 && length == right || length > right+minGain {
			if length == right {
				at = scan + shift
			}
			return anchor{at, scan}, scan, length
		}
		if scan < counted && agrees(scan) {
			right--
		}
	}
	return anchor{}, len(m.new), 0
}

// longest returns where in the old file the longest match of the new one's bytes
// from a position on begins.
func (m *matcher) longest(at int) (oldOffset, length int) {
	target := m.new[at:]
	low, high := 0, len(m.suffixes)
	for high-low > 1 {
		middle := (low + high) / 2
		if m.compare(m.suffixes[middle], target) <= 0 {
			low = middle
		} else {
			high = middle
		}
	}
	for _, i := range []int{low, low + 1} {
		if i >= len(m.suffixes) {
			continue
		}
		if n := common(m.old[m.suffixes[i]:], target); n > length {
			oldOffset, length = int(m.suffixes[i]), n
		}
	}
	return oldOffset, length
}

func (m *matcher) compare(suffix int32, target []byte) int {
	a := m.old[suffix:]
	a, target = a[:min(len(a), maxCompared)], target[:min(len(target), maxCompared)]
	m.work--
	return bytes.Compare(a, target)
}

// common is the length of the longest common beginning.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// flush makes the segment that follows the last anchor, stretches it forwards and
// the next one backwards, and returns where the next one begins.
func (m *matcher) flush(last anchor, start int, next anchor, scan int) int {
	forward := m.stretch(start, scan, last.shift())
	backward := 0
	if scan < len(m.new) {
		backward = m.stretchBack(start, scan, next.shift())
	}
	if overlap := forward + backward - (scan - start); overlap > 0 {
		keep := m.split(start+forward-overlap, overlap, last.shift(), next.shift())
		forward += keep - overlap
		backward -= keep
	}
	end := scan - backward
	if end > start {
		m.segments = append(m.segments, segment{oldOffset: start + last.shift(), newOffset: start, length: forward, rest: end - start - forward})
	}
	return end
}

// stretch returns how far from start it is worth to go on at an offset: as long
// as more bytes agree than not.
func (m *matcher) stretch(start, end, shift int) int {
	best, score, length := 0, 0, 0
	for i := start; i < end && i+shift >= 0 && i+shift < len(m.old); i++ {
		if m.old[i+shift] == m.new[i] {
			score++
		}
		if 2*score-(i+1-start) > 2*best-length {
			best, length = score, i+1-start
		}
	}
	return length
}

func (m *matcher) stretchBack(start, end, shift int) int {
	best, score, length := 0, 0, 0
	for i := end - 1; i >= start && i+shift >= 0 && i+shift < len(m.old); i-- {
		if m.old[i+shift] == m.new[i] {
			score++
		}
		if 2*score-(end-i) > 2*best-length {
			best, length = score, end-i
		}
	}
	return length
}

// split divides bytes that both of two offsets want, so that most are right, and
// returns how many the first one gets.
func (m *matcher) split(from, n, first, second int) int {
	best, score, keep := 0, 0, 0
	for i := range n {
		at := from + i
		if m.old[at+first] == m.new[at] {
			score++
		}
		if m.old[at+second] == m.new[at] {
			score--
		}
		if score > best {
			best, keep = score, i+1
		}
	}
	return keep
}
