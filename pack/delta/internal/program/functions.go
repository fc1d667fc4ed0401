package program

import (
	"encoding/binary"
	"errors"
	"iter"
	"sort"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// Function is an entry of the function table with what its record says (_func in
// runtime/runtime2.go).
type Function struct {
	Entry  uint64 // address
	Size   int    // bytes up to the next function
	record int    // offset in the file

	Name        uint32   // offset among the names
	Args        uint32   // size of arguments and results
	DeferReturn uint32   // offset of a call in the function
	Unit        uint32   // index among the units' files; [None] for no unit
	StartLine   uint32   // of the func keyword
	Flags       uint32   // identifier, flags, padding and the number of Data
	Tables      []uint32 // offsets among the programs, 0 for none
	Data        []uint32 // offsets from where function data begins; [None] for none
}

// None marks what a function does not have.
const None = 1<<32 - 1

// Indices in [Function.Tables], which are offsets among the programs, 0 for none:
// three fixed ones, then those that are numbered (PCDATA in internal/abi/symtab.go).
const (
	TableStack  = 0
	TableFile   = 1
	TableLine   = 2
	FixedTables = 3

	TableInlined = FixedTables + 2
)

// Indices in [Function.Data] (FUNCDATA in internal/abi/symtab.go).
const (
	dataStackObjects = 2
	dataInlined      = 3
	dataWrapped      = 7
)

// RecordSize is the size of a record without the lists at its end.
const RecordSize = 44

// maxLists bounds the two lists of a record; the runtime knows fewer than ten
// entries of each.
const maxLists = 64

func (p *Program) readFunctions() error {
	n := p.table.Count
	if n == 0 {
		return errors.New("it has no functions")
	}
	p.Functions = make([]Function, n)
	lists := make([]uint32, 0, 12*n) // of all functions, so that there is one allocation
	base := p.Parts.Records.Start
	next := 8*n + 4
	for i := range p.Functions {
		f := &p.Functions[i]
		entry, record := p.u32(base+8*i), int(p.u32(base+8*i+4))
		after := p.u32(base + 8*i + 8)
		next = (next + 7) &^ 7
		if after < entry || record != next || record+RecordSize > p.Parts.Records.Len() {
			return errors.New("the function table is not as the linker writes it")
		}
		f.Entry, f.Size, f.record = p.module.Text+uint64(entry), int(after-entry), base+record
		var err error
		if lists, err = p.readRecord(f, lists); err != nil {
			return err
		}
		for _, d := range f.Data {
			if int64(d) < int64(len(p.Data)) {
				p.dataEnd = max(p.dataEnd, p.module.FuncData+uint64(d))
			}
		}
		next = record + RecordSize + 4*(len(f.Tables)-FixedTables+len(f.Data))
	}
	p.Parts.Records.End = base + next
	return nil
}

// readRecord reads a record's fields, and appends its lists to lists.
func (p *Program) readRecord(f *Function, lists []uint32) ([]uint32, error) {
	field := func(i int) uint32 { return binary.LittleEndian.Uint32(p.Data[f.record+4*i:]) }
	tables, data := int(field(7)), int(field(10)>>24)
	end := f.record + RecordSize + 4*(tables+data)
	if tables > maxLists || data > maxLists || end > p.Parts.Records.End {
		return nil, errors.New("a record of the function table is too long")
	}
	f.Name, f.Args, f.DeferReturn, f.Unit, f.StartLine, f.Flags = field(1), field(2), field(3), field(8), field(9), field(10)
	from := len(lists)
	lists = append(lists, field(4), field(5), field(6))
	for i := range tables + data {
		lists = append(lists, field(RecordSize/4+i))
	}
	f.Tables = lists[from : from+FixedTables+tables : from+FixedTables+tables]
	f.Data = lists[from+FixedTables+tables : len(lists) : len(lists)]
	return lists, nil
}

// AppendRecord appends a record as the linker writes it (writeFuncs in
// cmd/link/internal/ld/pcln.go) of a function whose entry is so far from the
// start of the text.
func (f *Function) AppendRecord(b []byte, entry uint32) []byte {
	for _, field := range []uint32{
		entry, f.Name, f.Args, f.DeferReturn, f.Tables[TableStack], f.Tables[TableFile], f.Tables[TableLine],
		uint32(len(f.Tables) - FixedTables), f.Unit, f.StartLine, f.Flags,
	} {
		b = binary.LittleEndian.AppendUint32(b, field)
	}
	for _, offset := range f.Tables[FixedTables:] {
		b = binary.LittleEndian.AppendUint32(b, offset)
	}
	for _, offset := range f.Data {
		b = binary.LittleEndian.AppendUint32(b, offset)
	}
	return b
}

// Text is the address from which functions' entries are counted.
func (p *Program) Text() uint64 { return p.module.Text }

// NameOf is the name of a function.
func (p *Program) NameOf(f *Function) string {
	return p.cString(p.table.Names + uint64(f.Name))
}

func (p *Program) cString(addr uint64) string {
	at, size, ok := p.Offset(addr)
	if !ok {
		return ""
	}
	text := p.Data[at : at+size]
	for i, c := range text {
		if c == 0 {
			return string(text[:i])
		}
	}
	return ""
}

// FunctionAt returns the index of the function that an address lies in, -1 for
// none.
func (p *Program) FunctionAt(addr uint64) int {
	i := sort.Search(len(p.Functions), func(i int) bool { return p.Functions[i].Entry > addr }) - 1
	if i < 0 || addr-p.Functions[i].Entry >= uint64(p.Functions[i].Size) {
		return -1
	}
	return i
}

// Instructions yields the instructions of a range of the file.
func (p *Program) Instructions(r Range) iter.Seq[code.Instruction] {
	return code.Instructions(p.arch, p.Data[r.Start:r.End])
}
