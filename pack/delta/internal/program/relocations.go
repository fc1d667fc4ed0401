package program

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
)

// Relocation is a place that the loader corrects when it loads the program
// elsewhere, as a list in PE and Mach-O files names it.
type Relocation struct {
	Addr    uint64 // of a pointer
	Segment byte   // number of its segment, in Mach-O files
}

// Format of the list of relocations.
const (
	pePage     = 4096
	pePointer  = 10 << 12 // IMAGE_REL_BASED_DIR64
	peHead     = 8
	machStart  = 0x11 // opcodes: the type is a pointer,
	machPlace  = 0x20 // segment and offset,
	machOne    = 0x51 // one pointer
	machAlign  = 8
	commandMap = 0x80000022 // LC_DYLD_INFO_ONLY
	commandSeg = 0x19       // LC_SEGMENT_64
)

// readRelocations finds the list, if it is as Go's linker writes it.
func (p *Program) readRelocations() {
	var r Range
	switch p.file.Format {
	case "PE":
		s, ok := p.file.Section(".reloc")
		if !ok {
			return
		}
		r = Range{int(s.Offset), int(s.Offset + s.Size)}
		r.End = r.Start + p.readPERelocations(p.Data[r.Start:r.End])
	case "Mach-O":
		r = p.readCommands()
		p.readMachRelocations(p.Data[r.Start:r.End])
	}
	same := func(addr uint64) uint64 { return addr }
	if r.Len() > 0 && bytes.Equal(p.AppendRelocations(make([]byte, 0, r.Len()+machAlign), slices.Values(p.Relocations), same), p.Data[r.Start:r.End]) {
		p.Parts.Relocations = r
	} else {
		p.Relocations = nil
	}
}

// readPERelocations reads blocks of a page's address, a size, and offsets in the
// page, and returns their size in all.
func (p *Program) readPERelocations(data []byte) int {
	p.Relocations = make([]Relocation, 0, len(data)/2)
	at := 0
	for at+peHead <= len(data) {
		page, size := binary.LittleEndian.Uint32(data[at:]), int(binary.LittleEndian.Uint32(data[at+4:]))
		if size <= peHead || size > len(data)-at || size%4 != 0 {
			break
		}
		for i := at + peHead; i < at+size; i += 2 {
			if entry := binary.LittleEndian.Uint16(data[i:]); entry != 0 {
				p.Relocations = append(p.Relocations, Relocation{Addr: p.imageBase() + uint64(page) + uint64(entry&(pePage-1))})
			}
		}
		at += size
	}
	return at
}

// readCommands finds the list of relocations and the segments of a Mach-O file.
func (p *Program) readCommands() (list Range) {
	for c := range p.file.LoadCommands() {
		switch {
		case c.Kind == commandSeg && c.Size >= 72:
			p.segments = append(p.segments, binary.LittleEndian.Uint64(c.Data[24:]))
		case c.Kind == commandMap && c.Size >= 16:
			start, n := int(binary.LittleEndian.Uint32(c.Data[8:])), int(binary.LittleEndian.Uint32(c.Data[12:]))
			if start <= len(p.Data) && n <= len(p.Data)-start {
				list = Range{start, start + n}
			}
		}
	}
	return list
}

func (p *Program) readMachRelocations(data []byte) {
	if len(data) == 0 || data[0] != machStart {
		return
	}
	const least = 4 // bytes of most places
	p.Relocations = make([]Relocation, 0, len(data)/least)
	for at := 1; at < len(data) && data[at]&0xf0 == machPlace; {
		segment := data[at] & 0xf
		offset, n := uvarint(data[at+1:])
		if n == 0 || int(segment) >= len(p.segments) || at+n+1 >= len(data) || data[at+n+1] != machOne {
			return
		}
		p.Relocations = append(p.Relocations, Relocation{Addr: p.segments[segment] + uint64(offset), Segment: segment})
		at += n + 2
	}
}

// AppendRelocations appends a list of relocations of this program's format as the
// linker writes it (peBaseRelocTable and machoDyldInfo in cmd/link/internal/ld),
// if the program's segments have moved.
func (p *Program) AppendRelocations(b []byte, list iter.Seq[Relocation], moved func(uint64) uint64) []byte {
	if p.file.Format == "PE" {
		all := slices.AppendSeq(make([]Relocation, 0, len(p.Relocations)), list)
		return appendPERelocations(b, all, moved(p.imageBase()))
	}
	from := len(b)
	b = append(b, machStart)
	for r := range list {
		if int(r.Segment) >= len(p.segments) {
			continue
		}
		b = append(b, machPlace|r.Segment)
		b = binary.AppendUvarint(b, uint64(uint32(r.Addr-moved(p.segments[r.Segment]))))
		b = append(b, machOne)
	}
	b = append(b, 0)
	for (len(b)-from)%machAlign != 0 {
		b = append(b, 0)
	}
	return b
}

// appendPERelocations writes the pages in ascending order, and in each the places
// in the order of the list, which it sorts.
func appendPERelocations(b []byte, sorted []Relocation, base uint64) []byte {
	page := func(r Relocation) uint32 { return uint32(r.Addr-base) &^ (pePage - 1) }
	ascending := func(a, b Relocation) int { return cmp.Compare(page(a), page(b)) }
	if !slices.IsSortedFunc(sorted, ascending) {
		slices.SortStableFunc(sorted, ascending)
	}
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && page(sorted[n]) == page(sorted[0]) {
			n++
		}
		b = binary.LittleEndian.AppendUint32(b, page(sorted[0]))
		b = binary.LittleEndian.AppendUint32(b, uint32(peHead+2*(n+n%2)))
		for _, r := range sorted[:n] {
			b = binary.LittleEndian.AppendUint16(b, pePointer|uint16(r.Addr-base)&(pePage-1))
		}
		if n%2 != 0 {
			b = append(b, 0, 0)
		}
		sorted = sorted[n:]
	}
	return b
}
