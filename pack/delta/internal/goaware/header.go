package goaware

import (
	"encoding/binary"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// smallest is the smallest number in a header that is taken for an address, an
// offset or a size of a section.
const smallest = 0x100

// mostMeasured bounds the sections whose distances from each other are computed;
// executables of Go have fewer than 50.
const mostMeasured = 100

// correctHeader corrects what the file's header says about the sections, if it
// is copied as a whole. The formats differ, but what they say is the same: any
// number that is an address, an offset or a size of the old sections becomes that
// of the new ones.
func (m *image) correctHeader() {
	end := len(m.old.Data)
	for _, s := range m.old.Sections {
		if s.Size > 0 {
			end = min(end, s.Offset)
		}
	}
	if len(m.pieces) == 0 || len(m.sections) != len(m.old.Sections) || len(m.sections) > mostMeasured {
		return
	}
	if first := m.pieces[0]; first.Kind != copyBytes || first.Old != 0 || first.Size < end {
		return
	}
	header := make([]byte, end)
	m.follow(header, 0)
	known := m.measures()
	for at := 0; at+4 <= end; at += 4 {
		if at%8 == 0 && at+8 <= end {
			if now, ok := known[binary.LittleEndian.Uint64(header[at:])]; ok {
				binary.LittleEndian.PutUint64(header[at:], now)
				at += 4
				continue
			}
		}
		if now, ok := known[uint64(binary.LittleEndian.Uint32(header[at:]))]; ok {
			binary.LittleEndian.PutUint32(header[at:], uint32(now))
		}
	}
	m.header = header
}

// extent is where a section begins and ends.
type extent struct{ start, end, offset program.Movement }

// measures maps numbers that describe the old sections to those of the new ones.
// Of two meanings of a number the first one counts.
func (m *image) measures() map[uint64]uint64 {
	known := map[uint64]uint64{}
	add := func(of program.Movement) {
		if _, taken := known[of.Old]; !taken && of.Old >= smallest {
			known[of.Old] = of.New
		}
	}
	var all []extent
	for i, s := range m.old.Sections {
		now := m.sections[i]
		e := extent{start: program.Movement{Old: s.Addr, New: now.Addr}, offset: program.Movement{Old: uint64(s.Offset), New: uint64(now.Offset)}}
		last := m.shifts.movement(s.Addr + uint64(max(s.Size, 1)) - 1)
		e.end = program.Movement{Old: last.Old + 1, New: last.New + 1}
		all = append(all, e)
		add(e.start)
	}
	base := m.bases[program.BaseLow]
	for _, e := range all {
		add(e.offset)
		add(less(e.start, base))
	}
	for i := range all {
		for j := i; j < len(all); j++ {
			add(less(all[j].end, all[i].start))
		}
	}
	for _, e := range all {
		size := less(e.end, e.start)
		add(program.Movement{Old: e.offset.Old + size.Old, New: e.offset.New + size.New})
		add(less(e.end, base))
		add(e.end)
	}
	return known
}

func less(a, b program.Movement) program.Movement {
	return program.Movement{Old: a.Old - b.Old, New: a.New - b.New}
}
