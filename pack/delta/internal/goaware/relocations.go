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

// findRelocations finds where the relocations are not as expected.
func (m *maker) findRelocations() error {
	expected := movePlaces(m.old, newShifts(m.old, m.script), nil)
	known := map[program.Relocation]bool{}
	for _, r := range m.new.Relocations {
		known[r] = true
	}
	keep, i := 0, 0
	edit := func(p relocationEdit) {
		p.Keep, keep = keep, 0
		m.script.Relocations = append(m.script.Relocations, p)
	}
	for _, r := range m.new.Relocations {
		for i < len(expected) && !known[expected[i]] {
			edit(relocationEdit{Drop: true})
			i++
		}
		if i < len(expected) && expected[i] == r {
			keep, i = keep+1, i+1
		} else {
			edit(relocationEdit{New: r})
		}
	}
	for ; i < len(expected); i++ {
		edit(relocationEdit{Drop: true})
	}
	return nil
}
