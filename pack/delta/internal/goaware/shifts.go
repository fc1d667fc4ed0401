package goaware

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// shifts say how far each address of the old program moved.
type shifts struct {
	low   uint64
	parts []stretch                // by start; the first one begins at 0
	last  int                      // the part that was asked for last
	lines map[uint32][]numberShift // of each file
	files map[uint32][]numberShift // of each unit
}

// stretch is a range of addresses up to the next one.
type stretch struct {
	start uint32 // from the lowest address on
	shift uint64 // modulo 1<<64
}

// numberShift says by how much numbers grow from one on.
type numberShift struct {
	from  uint32
	shift int32
}

// interval is where a piece of the program was copied to.
type interval struct {
	start, end uint32
	shift      uint64
}

// newShifts follows what was copied. What was not moves with what lies in front
// of it.
func newShifts(old *program.Program, s *script) *shifts {
	m := &shifts{low: old.Low()}
	list := copied(old, s)
	slices.SortStableFunc(list, func(a, b interval) int { return cmp.Compare(a.start, b.start) })
	m.parts = append(make([]stretch, 0, len(list)+1), stretch{})
	end := uint32(0)
	for _, i := range list {
		start := max(i.start, end)
		if start >= i.end {
			continue
		}
		m.add(start, i.shift)
		end = i.end
	}
	m.override(old, s.Moves)
	m.lines, m.files = byOwner(s.Lines), byOwner(s.Files)
	return m
}

func byOwner(moves []numberMove) map[uint32][]numberShift {
	owners := map[uint32][]numberShift{}
	for _, move := range moves {
		owners[move.Owner] = append(owners[move.Owner], numberShift{move.From, move.Shift})
	}
	return owners
}

func (m *shifts) add(start uint32, shift uint64) {
	last := &m.parts[len(m.parts)-1]
	switch {
	case last.shift == shift:
	case last.start == start:
		last.shift = shift
	default:
		m.parts = append(m.parts, stretch{start, shift})
	}
}

// copied lists where sections and operations moved addresses to. That a section
// begins where another did counts first: bases of offsets lie there.
func copied(old *program.Program, s *script) []interval {
	list := make([]interval, 0, len(s.Sections)+len(s.Operations))
	if len(s.Sections) == len(old.Sections) {
		for i, section := range old.Sections {
			start := uint32(section.Addr - old.Low())
			list = append(list, interval{start, start + 1, s.Sections[i].Addr - section.Addr})
		}
	}
	place := newPlacement(s.Sections)
	at := 0
	for _, op := range s.Operations {
		switch op.Kind {
		case copyBytes:
			list = moved(list, old, place, op.Old, at, op.Size)
		case programsTable, recordsTable, finderTable, relocationsTable:
			list = moved(list, old, place, part(old, op.Kind).Start, at, op.Size)
		}
		at += op.Size
	}
	return list
}

// moved appends the intervals of one copied piece: one for each section.
func moved(list []interval, old *program.Program, place placement, from, to, size int) []interval {
	for size > 0 {
		addr, n, ok := old.Loaded(from)
		n = min(n, size)
		if ok {
			start := uint32(addr - old.Low())
			moved, _ := place.address(to)
			list = append(list, interval{start, start + uint32(n), moved - addr})
		}
		from, to, size = from+n, to+n, size-n
	}
	return list
}

// placement tells the addresses of the new file's bytes.
type placement []sectionStart // those with bytes in the file, by offset

func newPlacement(sections []sectionStart) placement {
	var p placement
	for _, s := range sections {
		if s.Loaded {
			p = append(p, s)
		}
	}
	slices.SortStableFunc(p, func(a, b sectionStart) int { return cmp.Compare(a.Offset, b.Offset) })
	return p
}

// address is that of a byte, as if the section that begins last before it went on
// for ever, and how many bytes follow up to where the next one begins.
func (p placement) address(offset int) (addr uint64, left int) {
	next := sort.Search(len(p), func(i int) bool { return p[i].Offset > offset })
	left = math.MaxInt
	if next < len(p) {
		left = p[next].Offset - offset
	}
	if next == 0 {
		return uint64(offset), left
	}
	return p[next-1].Addr + uint64(offset-p[next-1].Offset), left
}

// override lets ranges of labels move in another way.
func (m *shifts) override(old *program.Program, moves []labelMove) {
	if len(moves) == 0 {
		return
	}
	labels := old.Labels()
	derived := m.parts
	m.parts = m.parts[:1:1]
	at := 0
	for _, move := range moves {
		from, to := labels[move.From], labels[move.To-1]+1
		for ; at < len(derived) && derived[at].start < from; at++ {
			m.add(derived[at].start, derived[at].shift)
		}
		m.add(from, uint64(move.Shift))
		back := sort.Search(len(derived), func(i int) bool { return derived[i].start > to }) - 1
		m.add(to, derived[back].shift)
		at = max(at, back+1)
	}
	for ; at < len(derived); at++ {
		m.add(derived[at].start, derived[at].shift)
	}
}

// of is how far an address moved, from the lowest one on.
func (m *shifts) of(target uint32) uint64 {
	i := m.last
	if i+1 < len(m.parts) && m.parts[i+1].start <= target || m.parts[i].start > target {
		i = sort.Search(len(m.parts), func(i int) bool { return m.parts[i].start > target }) - 1
		m.last = i
	}
	return m.parts[i].shift
}

// uniform reports whether a range moved as a whole.
func (m *shifts) uniform(start, end uint32) bool {
	m.of(start)
	return m.last+1 == len(m.parts) || m.parts[m.last+1].start >= end
}

// movement is where an address went.
func (m *shifts) movement(addr uint64) program.Movement {
	return program.Movement{Old: addr, New: addr + m.of(uint32(addr-m.low))}
}

// line is where a line of a file went.
func (m *shifts) line(file, line uint32) uint32 { return moveNumber(m.lines[file], line) }

func moveNumber(shifts []numberShift, number uint32) uint32 {
	next := sort.Search(len(shifts), func(i int) bool { return shifts[i].from > number })
	if next == 0 {
		return number
	}
	return number + uint32(shifts[next-1].shift)
}
