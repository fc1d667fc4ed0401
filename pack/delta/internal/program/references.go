package program

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// Kind is a way in which bytes refer to an address, or to a line of a source
// file. Kinds below [Word] are those of package code.
type Kind uint8

// relative8 is the kind of code whose references have one byte.
const relative8 = Kind(code.Relative8)

// Kinds beyond those in code.
const (
	Word     Kind = iota + 32 // 8 bytes: the address
	Distance                  // 4 bytes: the address less that of Base
	Line                      // 4 bytes: a line of the file whose path has the offset Target
	Within                    // 4 bytes: the offset of the target in its function
)

// Base is an address that others are counted from.
type Base uint8

// Bases.
const (
	BaseText Base = iota
	BaseNames
	BaseFiles
	BaseTypes
	BaseReadOnly
	BaseUnits
	BaseFuncData
	BaseLow // of the image
	Bases
)

// Reference is a place in the file that refers to an address.
type Reference struct {
	Offset int32  // in the file
	Target uint32 // from [Program.Low] on
	Kind   Kind
	Base   Base  // of a [Distance]
	Size   uint8 // bytes
}

// MaxReference is the size of the largest reference in bytes.
const MaxReference = 8

// End is the offset behind a reference.
func (r Reference) End() int { return int(r.Offset) + int(r.Size) }

// BaseAddr is the address of a base.
func (p *Program) BaseAddr(b Base) uint64 {
	switch b {
	case BaseText:
		return p.module.Text
	case BaseNames:
		return p.table.Names
	case BaseFiles:
		return p.table.Files
	case BaseTypes:
		return p.module.Types
	case BaseReadOnly:
		return p.module.ReadOnly
	case BaseUnits:
		return p.table.Units
	case BaseFuncData:
		return p.module.FuncData
	}
	return p.imageBase()
}

// imageBase is where the file's first byte is loaded in PE files.
func (p *Program) imageBase() uint64 { return p.low &^ 0xffff }

// findReferences makes the list. Where two kinds claim the same bytes, what is
// known of the linker's tables wins over what only looks like an address.
func (p *Program) findReferences() {
	found := p.expectedReferences()
	room := make(References, found+knownEach*len(p.Functions))
	known := p.tableReferences(room[found:found])
	known.sort()
	l := &listBuilder{known: known, all: room[:0:found], room: room}
	for _, s := range p.bySection() {
		switch {
		case s.Exec:
			p.codeReferences(s, l)
		case !p.positionIndependent():
			p.words(s, l)
		}
	}
	if p.positionIndependent() {
		l.merge(p.relocatedWords())
	}
	l.finish()
	p.References = l.all
}

// expectedReferences is about how many there are in code and words: one in 16 bytes
// of the former is more than any program has that was seen.
func (p *Program) expectedReferences() int {
	n := 0
	for _, s := range p.file.Sections {
		if s.Exec && s.Addr != 0 {
			n += int(s.Size) / 16
		}
	}
	return n + n/8
}

// bySection lists the sections that are loaded, by their offsets, without those
// that overlap others.
func (p *Program) bySection() []goexe.Section {
	var list []goexe.Section
	for _, s := range p.file.Sections {
		if s.Addr != 0 && s.Size > 0 {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b goexe.Section) int { return cmp.Compare(a.Offset, b.Offset) })
	end := int64(0)
	return slices.DeleteFunc(list, func(s goexe.Section) bool {
		if s.Offset < end {
			return true
		}
		end = s.Offset + s.Size
		return false
	})
}

// target makes an address a target, false if it lies outside the program.
func (p *Program) target(addr uint64) (uint32, bool) {
	return uint32(addr - p.low), addr >= p.low && addr <= p.high
}

// codeReferences scans an executable section, each function by itself.
func (p *Program) codeReferences(s goexe.Section, l *listBuilder) {
	var scratch []code.Reference
	scan := func(start, end uint64) {
		at, size, ok := p.Offset(start)
		if !ok {
			return
		}
		scratch, _ = code.Scan(p.arch, p.Data[at:at+int(min(uint64(size), end-start))], start, scratch[:0])
		for _, r := range scratch {
			if target, ok := p.target(r.Target); ok {
				l.found(Reference{Offset: int32(at + r.Offset), Target: target, Kind: Kind(r.Kind), Size: uint8(r.Size)})
			}
		}
	}
	at, end := s.Addr, s.Addr+uint64(s.Size)
	for i := range p.Functions {
		f := &p.Functions[i]
		if f.Entry < at || f.Entry >= end {
			continue
		}
		scan(at, f.Entry)
		at = min(f.Entry+uint64(f.Size), end)
		scan(f.Entry, at)
	}
	scan(at, end)
}

// words finds the aligned words of a section that hold addresses, outside the
// function table.
func (p *Program) words(s goexe.Section, l *listBuilder) {
	for i := (8 - int(s.Addr%8)) % 8; i+8 <= int(s.Size); i += 8 {
		at, addr := int(s.Offset)+i, s.Addr+uint64(i)
		value := binary.LittleEndian.Uint64(p.Data[at:])
		if value < p.low || value > p.high || p.inTable(addr) || p.Parts.Finder.Has(at) {
			continue
		}
		if p.inModule(addr) || !p.isNumber(at, value) {
			l.found(Reference{Offset: int32(at), Target: uint32(value - p.low), Kind: Word, Size: 8})
		}
	}
}

// inModule reports whether an address lies in the module data, the only place
// that holds addresses of the function table. Elsewhere what looks like one is a
// number.
func (p *Program) inModule(addr uint64) bool { return addr >= p.module.Addr && addr < p.module.End }

// isNumber reports whether a word that looks like an address is more likely a
// number: one that leads to the function table, a round one, or one into a function,
// unless a word beside it leads there too, as in a table of jumps.
func (p *Program) isNumber(at int, value uint64) bool {
	if value >= p.module.Table && value < p.module.EndRecords || value%roundNumber == 0 && !p.isSection(value) {
		return true
	}
	i := p.FunctionAt(value)
	if i < 0 || p.Functions[i].Entry == value {
		return false
	}
	for _, beside := range []int{at - 8, at + 8} {
		if beside >= 0 && beside+8 <= len(p.Data) {
			other := binary.LittleEndian.Uint64(p.Data[beside:])
			if other-p.Functions[i].Entry < uint64(p.Functions[i].Size) {
				return false
			}
		}
	}
	return true
}

// roundNumber divides few addresses, and many numbers that were chosen by people.
const roundNumber = 1 << 16

// isSection reports whether a section begins at an address.
func (p *Program) isSection(addr uint64) bool {
	return slices.ContainsFunc(p.Sections, func(s Section) bool { return s.Addr == addr })
}

// positionIndependent reports whether addresses begin near zero, where they look
// like sizes.
func (p *Program) positionIndependent() bool { return p.low < 1<<16 }

// relocatedWords finds the words that the relocations of a position independent
// ELF file name, and the relocations' own: place, kind, address.
func (p *Program) relocatedWords() (found References) {
	const entry = 24
	for _, s := range p.file.Sections {
		if s.Name != ".rela" && s.Name != ".rela.dyn" {
			continue
		}
		for at := int(s.Offset); at+entry <= int(s.Offset+s.Size); at += entry {
			place, addend := binary.LittleEndian.Uint64(p.Data[at:]), binary.LittleEndian.Uint64(p.Data[at+16:])
			for i, addr := range []uint64{place, addend} {
				if target, ok := p.target(addr); ok && addr > 0 {
					found = append(found, packReference(Reference{Offset: int32(at + 16*i), Target: target, Kind: Word, Size: 8}))
				}
			}
			offset, size, ok := p.Offset(place)
			if !ok || size < 8 {
				continue
			}
			if target, ok := p.target(binary.LittleEndian.Uint64(p.Data[offset:])); ok && target > 0 {
				found = append(found, packReference(Reference{Offset: int32(offset), Target: target, Kind: Word, Size: 8}))
			}
		}
	}
	return found
}
