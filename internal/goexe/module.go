package goexe

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
)

// ErrNoModule says that the runtime's module data was not found or is of a
// layout that is not known: the file was linked by a Go version before 1.20 or
// after those that are known, or its pointers are written when it is loaded.
var ErrNoModule = errors.New("no Go module data found")

// Module holds the addresses at which the linker laid out the program, as it
// tells the runtime (moduledata in runtime/symtab.go, Go 1.20 to 1.27).
type Module struct {
	Addr, End               uint64 // of the module data itself, at least
	Table                   uint64 // where the function table begins
	Records, EndRecords     uint64 // the functions' entries and records, the last part of the function table
	Finder                  uint64 // the index by which the runtime finds the function of an address
	Text, EndText           uint64 // machine code
	NoPtrData, EndNoPtrData uint64 // variables without pointers
	Data, EndData           uint64 // variables with pointers
	BSS, EndBSS             uint64 // variables with pointers that begin as zero
	NoPtrBSS, EndNoPtrBSS   uint64 // variables without pointers that begin as zero
	Types, EndTypes         uint64 // type descriptors
	ReadOnly                uint64 // constants
	FuncData                uint64 // what function records refer to: stack maps, inlining trees
	GCData, GCBSS           uint64 // where the pointers are in Data and BSS, for the garbage collector

	Rest []uint64 // words behind FuncData, whose order depends on the version: other tables' addresses, lengths
}

// Words of moduledata, by their order in it. From types on it differs.
const (
	wordRecords = 13
	wordFinder  = 19
	wordText    = 22
	wordGC      = 35
	wordTypes   = 37
	moduleWords = 45
	restWords   = 12 // that are of use behind those
)

// Module finds the module data: the only place where the address of the
// function table is followed by that of the names in it.
func (f *File) Module() (*Module, error) {
	table, err := f.functionTable()
	if err != nil {
		return nil, err
	}
	h, err := f.parseHeader(table.data)
	if err != nil {
		return nil, err
	}
	mark := f.appendWord(f.appendWord(nil, table.addr), table.addr+h.names)
	for _, s := range f.Sections {
		if s.Exec || s.Size < int64(len(mark)) {
			continue
		}
		data, err := f.Data(s)
		if err != nil {
			return nil, err
		}
		if m, at := f.searchModule(data, mark); m != nil {
			m.Addr, m.Table = s.Addr+uint64(at), table.addr
			m.End = m.Addr + moduleWords*uint64(f.PtrSize)
			return m, nil
		}
	}
	return nil, ErrNoModule
}

func (f *File) appendWord(b []byte, value uint64) []byte {
	word := make([]byte, f.PtrSize)
	if f.PtrSize == 4 {
		f.Order.PutUint32(word, uint32(value))
	} else {
		f.Order.PutUint64(word, value)
	}
	return append(b, word...)
}

// searchModule looks at every aligned place in a section where the mark stands,
// and returns the offset with what it found.
func (f *File) searchModule(data, mark []byte) (*Module, int) {
	for at := 0; ; at++ {
		i := bytes.Index(data[at:], mark)
		if i < 0 {
			return nil, 0
		}
		at += i
		if at%f.PtrSize != 0 {
			continue
		}
		if m, err := f.parseModule(data[at:]); err == nil {
			return m, at
		}
	}
}

func (f *File) parseModule(data []byte) (*Module, error) {
	if len(data) < moduleWords*f.PtrSize {
		return nil, fmt.Errorf("%w: it is cut short", ErrNoModule)
	}
	word := func(i int) uint64 { return f.Word(data[i*f.PtrSize:]) }
	m := &Module{
		Records: word(wordRecords), EndRecords: word(wordRecords) + word(wordRecords+1), Finder: word(wordFinder),
		Text: word(wordText), EndText: word(wordText + 1),
		NoPtrData: word(wordText + 2), EndNoPtrData: word(wordText + 3),
		Data: word(wordText + 4), EndData: word(wordText + 5),
		BSS: word(wordText + 6), EndBSS: word(wordText + 7),
		NoPtrBSS: word(wordText + 8), EndNoPtrBSS: word(wordText + 9),
		GCData: word(wordGC), GCBSS: word(wordGC + 1),
		Types: word(wordTypes),
	}
	rest := wordTypes + 1
	if word(rest) >= m.Types { // before Go 1.27, the end of the types follows their start
		m.EndTypes, m.ReadOnly, m.FuncData = word(rest), word(rest+1), word(rest+2)
		rest += 3
	} else { // since then a length does, the end, and where the itabs are
		m.EndTypes, m.ReadOnly, m.FuncData = word(rest+1), word(rest+4), word(rest+5)
		rest += 6
	}
	for i := rest; i < rest+restWords && (i+1)*f.PtrSize <= len(data); i++ {
		m.Rest = append(m.Rest, word(i))
	}
	return m, m.check()
}

// check requires the order in which the linker writes the parts of a segment.
func (m *Module) check() error {
	for _, span := range [][2]uint64{
		{m.Records, m.EndRecords}, {m.Text, m.EndText}, {m.NoPtrData, m.EndNoPtrData}, {m.Data, m.EndData}, {m.BSS, m.EndBSS},
		{m.NoPtrBSS, m.EndNoPtrBSS}, {m.Types, m.EndTypes},
	} {
		if span[0] > span[1] {
			return fmt.Errorf("%w: a part ends before it begins", ErrNoModule)
		}
	}
	if m.Text == m.EndText || m.Types == m.EndTypes || m.FuncData == 0 {
		return fmt.Errorf("%w: a part is empty", ErrNoModule)
	}
	return nil
}

// Word reads a pointer, which data must be long enough for.
func (f *File) Word(data []byte) uint64 {
	if f.PtrSize == 4 {
		return uint64(f.Order.Uint32(data))
	}
	return f.Order.Uint64(data)
}

// Image gives the bytes of the executable by their addresses. It holds the
// whole file in memory and is safe for concurrent use.
type Image struct {
	sections []Section // that have bytes in the file, by address
	data     []byte    // of the file
}

// Image reads the file.
func (f *File) Image() (*Image, error) {
	m := &Image{data: f.bytes}
	if m.data == nil {
		m.data = make([]byte, f.size)
		if _, err := f.reader.ReadAt(m.data, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading the executable: %w", err)
		}
	}
	for _, s := range f.Sections {
		if s.Addr != 0 && s.Size != 0 {
			m.sections = append(m.sections, s)
		}
	}
	slices.SortStableFunc(m.sections, func(a, b Section) int { return cmp.Compare(a.Addr, b.Addr) })
	return m, nil
}

// Section returns the section that has bytes at an address, the zero Section if
// there is none.
func (m *Image) Section(addr uint64) Section {
	next := sort.Search(len(m.sections), func(i int) bool { return m.sections[i].Addr > addr })
	if next == 0 || addr-m.sections[next-1].Addr >= uint64(m.sections[next-1].Size) {
		return Section{}
	}
	return m.sections[next-1]
}

// At returns the bytes from an address to the end of its section, nil if the
// file has none there.
func (m *Image) At(addr uint64) []byte {
	s := m.Section(addr)
	if s.Size == 0 {
		return nil
	}
	return m.data[s.Offset:][addr-s.Addr : s.Size]
}
