package goexe

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
)

// Magic numbers at the head of the function table.
const (
	magicGo118 = 0xfffffff0 // Go 1.18 and 1.19
	magicGo120 = 0xfffffff1 // Go 1.20 and later
)

// Function is one entry of the function table.
type Function struct {
	Name  string // as the linker names it, as "net/http.(*Server).Serve"
	Entry uint64 // offset from the start of the text
	Size  int64  // bytes up to the next function, alignment included

	record uint32 // offset of the function's record
}

// Package returns the import path of the package that a function belongs to,
// or "" for what the compiler and linker make by themselves.
func (fn Function) Package() string { return PackageOf(fn.Name) }

// PackageOf returns the import path in a symbol's name, or "" if it has none.
// The linker escapes dots in the last element of the path as "%2e".
func PackageOf(symbol string) string {
	if strings.HasPrefix(symbol, "type:") || strings.HasPrefix(symbol, "go:") {
		return ""
	}
	if i := strings.IndexByte(symbol, '['); i >= 0 {
		symbol = symbol[:i]
	}
	slash := strings.LastIndexByte(symbol, '/') + 1
	dot := strings.IndexByte(symbol[slash:], '.')
	if dot < 0 {
		return ""
	}
	return strings.NewReplacer("%2e", ".", "%22", `"`).Replace(symbol[:slash+dot])
}

// Functions is the function table of an executable.
type Functions struct {
	file    *File
	header  tableHeader
	table   []byte // pairs of (entry, offset of the record)
	names   []byte
	records []byte
}

type tableHeader struct {
	count                                  int
	names, units, files, programs, records uint64 // offsets in the table
}

// Functions reads the function table.
func (f *File) Functions() (*Functions, error) {
	table, err := f.functionTable()
	if err != nil {
		return nil, err
	}
	data := table.data
	h, err := f.parseHeader(data)
	if err != nil {
		return nil, err
	}
	return &Functions{
		file: f, header: h,
		names:   data[h.names:h.units],
		records: data[h.records:],
		table:   data[h.records : h.records+uint64(h.count)*8+4],
	}, nil
}

// parseHeader reads the pcHeader of runtime/symtab.go and checks that its
// parts lie in the order in which the linker writes them.
func (f *File) parseHeader(data []byte) (tableHeader, error) {
	var h tableHeader
	word := f.PtrSize
	if len(data) < 8+8*word {
		return h, ErrNoFunctions
	}
	magic := f.Order.Uint32(data)
	if magic != magicGo118 && magic != magicGo120 || data[4] != 0 || data[5] != 0 || int(data[7]) != word {
		return h, fmt.Errorf("%w: its header is of another Go version", ErrNoFunctions)
	}
	field := func(i int) uint64 { return f.Word(data[8+i*word:]) }
	count := field(0)
	h.names, h.units, h.files, h.programs, h.records = field(3), field(4), field(5), field(6), field(7)
	size := uint64(len(data))
	ordered := h.names <= h.units && h.units <= h.files && h.files <= h.programs && h.programs <= h.records && h.records <= size
	if !ordered || count > size/8 || h.records+count*8+4 > size {
		return h, fmt.Errorf("%w: its parts lie outside the file", ErrNoFunctions)
	}
	h.count = int(count)
	return h, nil
}

// Table tells at which addresses the parts of the function table lie. Each ends
// where the next begins; where the records end, the module data tells.
type Table struct {
	Names    uint64 // of functions, each ended by a zero byte
	Units    uint64 // for each compilation unit, the offsets of its files' paths
	Files    uint64 // paths, each ended by a zero byte
	Programs uint64 // tables of values by the offset in a function
	Records  uint64 // a list of entries, then a record for each function
	Count    int    // of functions
	Quantum  uint32 // smallest distance between instructions, in bytes
}

// Table finds the parts of the function table.
func (f *File) Table() (Table, error) {
	table, err := f.functionTable()
	if err != nil {
		return Table{}, err
	}
	h, err := f.parseHeader(table.data)
	if err != nil {
		return Table{}, err
	}
	a := table.addr
	return Table{
		Names: a + h.names, Units: a + h.units, Files: a + h.files, Programs: a + h.programs, Records: a + h.records,
		Count: h.count, Quantum: uint32(table.data[6]),
	}, nil
}

// Len returns the number of functions.
func (fs *Functions) Len() int { return fs.header.count }

// All yields the functions in the order of their addresses. Entries that point
// outside the table, or back to where a function was, are left out: in a table
// that is not damaged there are [Functions.Len].
func (fs *Functions) All() iter.Seq[Function] {
	return func(yield func(Function) bool) {
		end := uint64(0)
		for i := range fs.header.count {
			fn, ok := fs.at(i)
			if !ok || fn.Entry < end {
				continue
			}
			end = fn.Entry + uint64(fn.Size)
			if !yield(fn) {
				return
			}
		}
	}
}

func (fs *Functions) at(i int) (Function, bool) {
	order := fs.file.Order
	entry, record := order.Uint32(fs.table[8*i:]), uint64(order.Uint32(fs.table[8*i+4:]))
	next := order.Uint32(fs.table[8*i+8:])
	if next < entry || record+8 > uint64(len(fs.records)) {
		return Function{}, false
	}
	name, ok := fs.name(order.Uint32(fs.records[record+4:]))
	return Function{Name: name, Entry: uint64(entry), Size: int64(next - entry), record: uint32(record)}, ok
}

// maxName bounds a symbol's name; generic instances reach a few kilobytes.
const maxName = 64 << 10

func (fs *Functions) name(offset uint32) (string, bool) { return cString(fs.names, offset) }

// cString returns the string that begins at an offset and ends in a zero byte.
func cString(data []byte, offset uint32) (string, bool) {
	if uint64(offset) >= uint64(len(data)) {
		return "", false
	}
	rest := data[offset:]
	end := bytes.IndexByte(rest[:min(len(rest), maxName)], 0)
	if end < 0 {
		return "", false
	}
	return string(rest[:end]), true
}
