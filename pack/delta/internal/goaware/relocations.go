package goaware

import (
	"iter"
	"slices"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// movePlaces yields the list of relocations that follows from the old one.
func movePlaces(old *program.Program, m *shifts, edits []relocationEdit) iter.Seq[program.Relocation] {
	return func(yield func(program.Relocation) bool) {
		left := old.Relocations
		keep := func(n int) bool {
			for _, r := range left[:min(n, len(left))] {
				if !yield(program.Relocation{Addr: m.movement(r.Addr).New, Segment: r.Segment}) {
					return false
				}
			}
			left = left[min(n, len(left)):]
			return true
		}
		for _, e := range edits {
			if !keep(e.Keep) {
				return
			}
			if e.Drop {
				left = left[min(1, len(left)):]
			} else if !yield(e.New) {
				return
			}
		}
		keep(len(left))
	}
}

// fewDropped is how many expected relocations are given up at once, when one that
// is there comes later than expected: they come again where they are.
const fewDropped = 256

// findRelocations finds where the relocations are not as expected.
func (m *maker) findRelocations() error {
	expected := slices.Collect(movePlaces(m.old, m.shifts, nil))
	position := make(map[program.Relocation]int, len(expected))
	for i, r := range expected {
		position[r] = i
	}
	keep, next := 0, 0
	edit := func(e relocationEdit) {
		e.Keep, keep = keep, 0
		m.script.Relocations = append(m.script.Relocations, e)
	}
	for _, r := range m.new.Relocations {
		at, found := position[r]
		if !found || at < next || at-next > fewDropped {
			edit(relocationEdit{New: r})
			continue
		}
		for ; next < at; next++ {
			edit(relocationEdit{Drop: true})
		}
		keep, next = keep+1, next+1
	}
	for ; next < len(expected); next++ {
		edit(relocationEdit{Drop: true})
	}
	return nil
}
