package goaware

import "github.com/gohotfix/hotfix/pack/delta/internal/program"

// movePlaces is the list of relocations that follows from the old one.
func movePlaces(old *program.Program, m *shifts, edits []Place) []program.Relocation {
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

// findPlaces finds where the relocations are not as expected.
func (m *maker) findPlaces() error {
	expected := movePlaces(m.old, newShifts(m.old, m.script), nil)
	known := map[program.Relocation]bool{}
	for _, r := range m.new.Relocations {
		known[r] = true
	}
	keep, i := 0, 0
	edit := func(p Place) {
		p.Keep, keep = keep, 0
		m.script.Places = append(m.script.Places, p)
	}
	for _, r := range m.new.Relocations {
		for i < len(expected) && !known[expected[i]] {
			edit(Place{Drop: true})
			i++
		}
		if i < len(expected) && expected[i] == r {
			keep, i = keep+1, i+1
		} else {
			edit(Place{New: r})
		}
	}
	for ; i < len(expected); i++ {
		edit(Place{Drop: true})
	}
	return nil
}

// places codes the edits of the list of relocations, the new ones by the one
// before.
func (k *codec) places(s *Script) error {
	last := k.old.Low()
	return list(k, &s.Places, func(_ int, p *Place) error {
		k.count(k.models.keeps, &p.Keep)
		if p.Drop = k.models.flags.Code(k.coder, 2, p.Drop); p.Drop {
			return k.check(p.Keep <= len(k.old.Relocations))
		}
		more := int64(p.New.Addr - last)
		k.signed(k.models.places, &more)
		p.New.Addr = last + uint64(more)
		segment := int(p.New.Segment)
		k.count(k.models.counts, &segment)
		p.New.Segment, last = byte(segment), p.New.Addr
		return k.check(p.Keep <= len(k.old.Relocations) && segment < 16)
	})
}
