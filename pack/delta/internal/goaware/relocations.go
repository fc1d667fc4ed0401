package goaware

import "github.com/gohotfix/hotfix/pack/delta/internal/program"

// movePlaces is the list of relocations that follows from the old one.
func movePlaces(old *program.Program, m *shifts, edits []relocationEdit) []program.Relocation {
	list := make([]program.Relocation, 0, len(old.Relocations))
	next := 0
	keep := func(n int) {
		for ; n > 0 && next < len(old.Relocations); n-- {
			r := old.Relocations[next]
			list = append(list, program.Relocation{Addr: m.movement(r.Addr).New, Segment: r.Segment})
			next++
		}
	}
	for _, e := range edits {
		keep(e.Keep)
		if e.Drop {
			next++
		} else {
			list = append(list, e.New)
		}
	}
	keep(len(old.Relocations) - next)
	return list
}

// fewDropped is how many expected relocations are given up at once, when one that
// is there comes later than expected: they come again where they are.
const fewDropped = 256

// findRelocations finds where the relocations are not as expected.
func (m *maker) findRelocations() error {
	expected := movePlaces(m.old, m.shifts, nil)
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
