// Package program reads an executable of Go as the two sides of a patch must see
// it: where its parts lie, which functions it has, and which of its bytes refer to
// others.
//
// # Guarantee
//
// What [Open] finds depends on nothing but the bytes of the file. A patch is made
// and applied with the same findings, so that all rules of this package are part
// of the patch format: a change of one is another version of it. Input is hostile:
// every offset is checked, time and memory stay in proportion to the file.
//
// # Sources
//
// Go's runtime (symtab.go, runtime2.go), internal/abi (symtab.go, type.go,
// stack.go) and linker (cmd/link/internal/ld: pcln.go, data.go).
package program

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"

	"github.com/gohotfix/hotfix/internal/goexe"
	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// ErrUnknown says that a file is not an executable whose parts are understood.
var ErrUnknown = errors.New("not a Go executable of a known layout")

// Program is an executable. It is not safe for concurrent use.
type Program struct {
	Data       []byte // of the whole file
	Sections   []Section
	Functions  []Function // by address
	References References // by offset; they do not overlap
	Parts      Parts

	Relocations []Relocation // in the order of the list

	arch    code.Arch
	file    *goexe.File
	module  *goexe.Module
	table   goexe.Table
	low     uint64 // no address of the program is below
	high    uint64 // or above
	loaded  []Section
	byStart []Section // loaded ones by offset
	labels  []uint32
	dataEnd uint64 // address of the last of the functions' data

	work struct { // what is used for each function anew
		paths, calls []Step
		files        []uint32
	}

	segments []uint64 // addresses of the segments of a Mach-O file
}

// Section is a part of the file that is loaded at an address, or a part of the
// memory that has no bytes in the file.
type Section struct {
	Addr   uint64 // in memory
	Offset int    // in the file
	Size   int    // bytes in the file
}

// Parts are the ranges of the file that follow from what else is in it, once it
// is known which tables each function has.
type Parts struct {
	Programs Range // tables of values by the offset in a function
	Records  Range // entries and records of functions
	Finder   Range // index from addresses to functions

	Relocations Range // places that the loader corrects; empty if they are not in a list of their own
}

// Range is a range of offsets in the file.
type Range struct {
	Start int // offset of the first byte
	End   int // behind the last byte
}

// Len is the number of bytes in the range.
func (r Range) Len() int { return r.End - r.Start }

// Has reports whether an offset lies in the range.
func (r Range) Has(at int) bool { return r.Start <= at && at < r.End }

// Open reads an executable, which must not change afterwards. The error is
// [ErrUnknown], wrapped.
func Open(data []byte) (*Program, error) {
	p := &Program{Data: data}
	if err := p.open(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return p, nil
}

func (p *Program) open() error {
	if len(p.Data) > math.MaxInt32 {
		return errors.New("it is too large")
	}
	var err error
	if p.file, err = goexe.NewBytes(p.Data); err != nil {
		return err
	}
	var ok bool
	if p.arch, ok = code.ArchOf(p.file.Arch); !ok || p.file.PtrSize != 8 {
		return errors.New("its code is not understood")
	}
	if p.module, err = p.file.Module(); err != nil {
		return err
	}
	if p.table, err = p.file.Table(); err != nil {
		return err
	}
	if err := p.readSections(); err != nil {
		return err
	}
	if err := p.findParts(); err != nil {
		return err
	}
	if err := p.readFunctions(); err != nil {
		return err
	}
	p.readRelocations()
	p.findReferences()
	return nil
}

// readSections keeps those that have an address.
func (p *Program) readSections() error {
	p.low = math.MaxUint64
	for _, s := range p.file.Sections {
		if s.Addr == 0 {
			continue
		}
		section := Section{Addr: s.Addr, Offset: int(s.Offset), Size: int(s.Size)}
		if section.Size == 0 {
			section.Offset = 0 // it has none that means anything
		}
		p.Sections = append(p.Sections, section)
		p.low, p.high = min(p.low, s.Addr), max(p.high, s.Addr+uint64(s.Size))
		if section.Size > 0 {
			p.loaded = append(p.loaded, section)
		}
	}
	p.low &^= 0xffff // so that the header of a PE file has an address
	p.high = max(p.high, p.module.EndNoPtrBSS, p.module.EndBSS)
	if p.high < p.low || p.high-p.low > math.MaxUint32 {
		return errors.New("its addresses lie too far apart")
	}
	p.byStart = slices.Clone(p.loaded)
	slices.SortStableFunc(p.loaded, func(a, b Section) int { return cmp.Compare(a.Addr, b.Addr) })
	slices.SortStableFunc(p.byStart, func(a, b Section) int { return cmp.Compare(a.Offset, b.Offset) })
	return nil
}

// Low is an address below all others of the program. None lies 4 GiB above it.
func (p *Program) Low() uint64 { return p.low }

// Offset returns where the bytes at an address are in the file, and how many
// there are up to the end of the section; false if there are none.
func (p *Program) Offset(addr uint64) (offset, size int, ok bool) {
	next := sort.Search(len(p.loaded), func(i int) bool { return p.loaded[i].Addr > addr })
	if next == 0 || addr-p.loaded[next-1].Addr >= uint64(p.loaded[next-1].Size) {
		return 0, 0, false
	}
	s := p.loaded[next-1]
	within := int(addr - s.Addr)
	return s.Offset + within, s.Size - within, true
}

// rangeOf returns the part of the file that is loaded from one address to another.
func (p *Program) rangeOf(start, end uint64) (Range, error) {
	at, size, ok := p.Offset(start)
	if !ok || end < start || end-start > uint64(size) {
		return Range{}, fmt.Errorf("the addresses %#x to %#x are not in the file", start, end)
	}
	return Range{at, at + int(end-start)}, nil
}

func (p *Program) findParts() (err error) {
	if p.Parts.Programs, err = p.rangeOf(p.table.Programs, p.table.Records); err != nil {
		return err
	}
	if p.Parts.Records, err = p.rangeOf(p.table.Records, p.module.EndRecords); err != nil {
		return err
	}
	if p.Parts.Records.Len() < 8*p.table.Count+4 || p.module.Records != p.table.Records {
		return errors.New("the function table is cut short")
	}
	entries := p.Data[p.Parts.Records.Start:]
	first, end := p.file.Order.Uint32(entries), p.file.Order.Uint32(entries[8*p.table.Count:])
	if end < first {
		return errors.New("the function table is out of order")
	}
	size := FinderSize(uint64(first), uint64(end))
	p.Parts.Finder, err = p.rangeOf(p.module.Finder, p.module.Finder+uint64(size))
	return err
}

// inTable reports whether an address lies in the function table or in what it
// refers to.
func (p *Program) inTable(addr uint64) bool {
	return addr >= p.module.Table && addr < p.module.EndRecords || addr >= p.module.FuncData && addr < p.dataEnd
}

func (p *Program) u32(at int) uint32 { return p.file.Order.Uint32(p.Data[at:]) }

// Loaded returns the address of a byte of the file, and how many bytes follow in
// the same section; or how many follow, at least one, that are not loaded.
func (p *Program) Loaded(offset int) (addr uint64, size int, ok bool) {
	next := sort.Search(len(p.byStart), func(i int) bool { return p.byStart[i].Offset > offset })
	if next > 0 {
		if s := p.byStart[next-1]; offset-s.Offset < s.Size {
			within := offset - s.Offset
			return s.Addr + uint64(within), s.Size - within, true
		}
	}
	if next == len(p.byStart) {
		return 0, max(len(p.Data)-offset, 1), false
	}
	return 0, p.byStart[next].Offset - offset, false
}

// Labels are the distinct targets of references and of functions' data, ascending.
func (p *Program) Labels() []uint32 {
	if p.labels == nil {
		n := 0
		for range p.targets() {
			n++
		}
		p.labels = slices.AppendSeq(make([]uint32, 0, n), p.targets())
		slices.Sort(p.labels)
		p.labels = slices.Compact(p.labels)
	}
	return p.labels
}

// targets yields what functions' data and references lead to.
func (p *Program) targets() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range p.Functions {
			for _, d := range p.Functions[i].Data {
				if target, ok := p.target(p.module.FuncData + uint64(d)); ok && d != None && !yield(target) {
					return
				}
			}
		}
		for r := range p.References.All(0) {
			if r.Kind != Line && !yield(r.Target) {
				return
			}
		}
	}
}
