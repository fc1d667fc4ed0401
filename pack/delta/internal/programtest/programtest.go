// Package programtest makes small executables for tests: files in the format of
// Go's linker, of some kilobytes, that cannot be run.
//
// # Guarantee
//
// The same [Recipe] makes the same bytes for ever: patches that were made from them
// are checked in.
package programtest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// Recipe is what an executable is made of.
type Recipe struct {
	Functions []Function
	Strings   []string // constants, which functions refer to by their number
	ID        string   // of the source, from which the build ID is made
}

// Function is one function of an executable.
type Function struct {
	Name  string // as the linker names it
	Lines []int  // line of each call and use of a string
	Calls []int  // numbers of functions that it calls
	Uses  []int  // numbers of strings that it uses
}

// Sample is a recipe of so many functions.
func Sample(functions int) Recipe {
	r := Recipe{ID: "first"}
	for i := range functions {
		f := Function{Name: fmt.Sprintf("example.com/app.f%d", i), Lines: []int{10*i + 11, 10*i + 13, 10*i + 14}}
		f.Calls, f.Uses = []int{(i*7 + 3) % functions, (i*3 + 1) % functions}, []int{i % 5}
		r.Functions = append(r.Functions, f)
	}
	for i := range 5 {
		r.Strings = append(r.Strings, fmt.Sprintf("constant number %d of the program", i))
	}
	return r
}

// Fixed is the recipe after a fix of one function: a line, a call and a string
// more.
func (r Recipe) Fixed(function int) Recipe {
	fixed := Recipe{ID: "second", Functions: append([]Function(nil), r.Functions...), Strings: append(append([]string(nil), r.Strings...), "an error that is new")}
	for i := range fixed.Functions {
		f := &fixed.Functions[i]
		f.Lines = append([]int(nil), f.Lines...)
		for j := range f.Lines {
			if i > function || i == function && j > 0 {
				f.Lines[j]++
			}
		}
	}
	f := &fixed.Functions[function]
	f.Calls = append([]int{0}, f.Calls...)
	f.Uses = append([]int{len(r.Strings)}, f.Uses...)
	f.Lines = append([]int{f.Lines[0], f.Lines[0] + 1}, f.Lines...)
	return fixed
}

// Addresses and sizes of the file.
const (
	base      = 0x400000
	page      = 0x1000
	textAt    = 0x1000
	alignment = 32
	headers   = 64 + 56*3
)

// section is a part of the file while it is made.
type section struct {
	name  string
	kind  uint32
	flags uint64
	data  []byte
	size  int // in memory, if there is no data
	addr  uint64
	at    int
}

// Build makes the executable, for linux/amd64.
func Build(r Recipe) []byte {
	b := &builder{recipe: r}
	b.layOutText()
	b.layOutData()
	b.fillText()
	return b.file()
}

type builder struct {
	recipe  Recipe
	entries []uint64 // addresses of functions, and of their end
	strings []uint64
	text    []byte
	rodata  []byte
	table   []byte // function table
	data    []byte
	finder  []byte

	textAddr, rodataAddr, tableAddr, finderAddr, moduleAddr, dataAddr, bssAddr uint64
}

func align(n, to int) int { return (n + to - 1) / to * to }

// codeSize is the size of a function's code: a comparison, calls, uses, a return.
func codeSize(f Function) int { return 4 + 5*len(f.Calls) + 7*len(f.Uses) + 1 }

func (b *builder) layOutText() {
	b.textAddr = base + textAt
	at := 0
	for _, f := range b.recipe.Functions {
		b.entries = append(b.entries, b.textAddr+uint64(at))
		at = align(at+codeSize(f), alignment)
	}
	b.entries = append(b.entries, b.textAddr+uint64(at))
	b.text = bytes.Repeat([]byte{0xcc}, at)
}

func (b *builder) layOutData() {
	b.rodataAddr = b.textAddr + uint64(align(len(b.text), page))
	b.rodata = make([]byte, 64) // where types would be
	for _, s := range b.recipe.Strings {
		b.strings = append(b.strings, b.rodataAddr+uint64(len(b.rodata)))
		b.rodata = append(b.rodata, s...)
	}
	b.tableAddr = b.rodataAddr + uint64(align(len(b.rodata), 32))
	b.makeTable()
	b.finderAddr = b.tableAddr + uint64(align(len(b.table), 32))
	b.finder = program.MakeFinder(b.entries[:len(b.entries)-1], b.entries[len(b.entries)-1])
	b.moduleAddr = b.finderAddr + uint64(align(len(b.finder), page))
	b.dataAddr = b.moduleAddr + 64*8
	for _, s := range b.strings { // headers of strings
		b.data = binary.LittleEndian.AppendUint64(b.data, s)
		b.data = binary.LittleEndian.AppendUint64(b.data, 20)
	}
	for _, e := range b.entries[:len(b.entries)-1] {
		b.data = binary.LittleEndian.AppendUint64(b.data, e)
	}
	b.bssAddr = b.dataAddr + uint64(align(len(b.data), 32))
}

func (b *builder) fillText() {
	for i, f := range b.recipe.Functions {
		code := b.text[b.entries[i]-b.textAddr:]
		at := copy(code, []byte{0x49, 0x3b, 0x66, 0x10})
		for _, callee := range f.Calls {
			code[at] = 0xe8
			binary.LittleEndian.PutUint32(code[at+1:], uint32(b.entries[callee]-b.entries[i]-uint64(at)-5))
			at += 5
		}
		for _, use := range f.Uses {
			copy(code[at:], []byte{0x48, 0x8d, 0x05})
			binary.LittleEndian.PutUint32(code[at+3:], uint32(b.strings[use]-b.entries[i]-uint64(at)-7))
			at += 7
		}
		code[at] = 0xc3
	}
}

// Offsets in the function table's header.
const tableHeader = 8 + 8*8

// makeTable makes names, one unit with one file, tables and records.
func (b *builder) makeTable() {
	names, offsets := []byte{}, []uint32{}
	for _, f := range b.recipe.Functions {
		offsets = append(offsets, uint32(len(names)))
		names = append(append(names, f.Name...), 0)
	}
	names = append(names, make([]byte, align(len(names), 8)-len(names))...)
	units, files := make([]byte, 8), append([]byte("example.com/app@v1.0.0/main.go"), 0, 0)
	programs, records, starts := b.records(offsets)
	parts := [][]byte{names, units, files, programs, nil}
	b.table = binary.LittleEndian.AppendUint32(nil, 0xfffffff1)
	b.table = append(b.table, 0, 0, 1, 8)
	at := tableHeader
	words := []uint64{uint64(len(b.recipe.Functions)), 1, 0}
	for _, p := range parts {
		words = append(words, uint64(at))
		at += len(p)
	}
	for _, w := range words {
		b.table = binary.LittleEndian.AppendUint64(b.table, w)
	}
	for _, p := range parts {
		b.table = append(b.table, p...)
	}
	head := align(8*len(starts)+4, 8)
	from := len(b.table)
	for i, start := range starts {
		b.table = binary.LittleEndian.AppendUint32(b.table, uint32(b.entries[i]-b.textAddr))
		b.table = binary.LittleEndian.AppendUint32(b.table, uint32(head)+start)
	}
	b.table = binary.LittleEndian.AppendUint32(b.table, uint32(b.entries[len(starts)]-b.textAddr))
	b.table = append(b.table, make([]byte, from+head-len(b.table))...)
	b.table = append(b.table, records...)
	b.table = append(b.table, 1, 2, 3, 4) // functions' data
}

// records makes the tables of lines, stack and files of each function, and its
// record.
func (b *builder) records(names []uint32) (programs, records []byte, starts []uint32) {
	programs = []byte{0}
	add := func(steps ...program.Step) uint32 {
		content := program.AppendTable(nil, steps, 1)
		if at := bytes.Index(programs, content); at > 0 {
			return uint32(at)
		}
		programs = append(programs, content...)
		return uint32(len(programs) - len(content))
	}
	for i, f := range b.recipe.Functions {
		size := uint32(codeSize(f))
		lines, end := []program.Step{}, uint32(4)
		for j, line := range f.Lines {
			if j < len(f.Calls) {
				end += 5
			} else {
				end += 7
			}
			if j == len(f.Lines)-1 {
				end = size
			}
			lines = append(lines, program.Step{End: end, Value: int32(line)})
		}
		record := program.Function{Name: names[i], StartLine: uint32(f.Lines[0]), Flags: 1 << 24, Data: []uint32{0}}
		record.Tables = []uint32{add(program.Step{End: size, Value: 16}), add(program.Step{End: size}), add(lines...)}
		records = append(records, make([]byte, align(len(records), 8)-len(records))...)
		starts = append(starts, uint32(len(records)))
		records = record.AppendRecord(records, uint32(b.entries[i]-b.textAddr))
	}
	programs = append(programs, make([]byte, align(len(programs), 8)-len(programs))...)
	return programs, records, starts
}

// makeModule makes the module data as Go 1.26 has it.
func (b *builder) makeModule() []byte {
	table := b.tableAddr
	word := func(i int) uint64 { return table + binary.LittleEndian.Uint64(b.table[8+8*i:]) }
	records := word(7)
	end := b.entries[len(b.entries)-1]
	words := []uint64{
		table, word(3), word(4) - word(3), word(4) - word(3), word(4), 2, 2, word(5), word(6) - word(5), word(6) - word(5), word(6), records - word(6), records - word(6),
		records, uint64(len(b.table)) - (records - table), uint64(len(b.table)) - (records - table),
		records, uint64(len(b.recipe.Functions) + 1), uint64(len(b.recipe.Functions) + 1),
		b.finderAddr, b.textAddr, end, b.textAddr, end,
		b.moduleAddr, b.dataAddr, b.dataAddr, b.dataAddr + uint64(len(b.data)), b.bssAddr, b.bssAddr + 64, b.bssAddr + 64, b.bssAddr + 128, 0, 0,
		b.bssAddr + 128, b.rodataAddr, b.rodataAddr, b.rodataAddr, b.rodataAddr + 64, b.rodataAddr, table + uint64(len(b.table)) - 4, table + uint64(len(b.table)),
	}
	var made []byte
	for _, w := range words {
		made = binary.LittleEndian.AppendUint64(made, w)
	}
	return append(made, make([]byte, 64*8-len(made))...)
}

// note is the section of the Go build ID.
func (b *builder) note() []byte {
	id := ""
	for i := range 4 {
		part := []byte(fmt.Sprintf("%-14s%d", b.recipe.ID, i))
		id += "/" + base64.RawURLEncoding.EncodeToString(part)
	}
	note := append([]byte{4, 0, 0, 0, byte(len(id) - 1), 0, 0, 0, 4, 0, 0, 0}, "Go\x00\x00"...)
	return append(append(note, id[1:]...), 0)
}

func (b *builder) file() []byte {
	const progbits, nobits, strings, allocated, written, executable = 1, 8, 3, 2, 1, 4
	note := b.note()
	sections := []section{
		{name: ".note.go.buildid", kind: 7, flags: allocated, data: note, addr: b.textAddr - uint64(len(note))},
		{name: ".text", kind: progbits, flags: allocated | executable, data: b.text, addr: b.textAddr},
		{name: ".rodata", kind: progbits, flags: allocated, data: b.rodata, addr: b.rodataAddr},
		{name: ".gopclntab", kind: progbits, flags: allocated, data: b.table, addr: b.tableAddr},
		{name: ".findfunctab", kind: progbits, flags: allocated, data: b.finder, addr: b.finderAddr},
		{name: ".go.module", kind: progbits, flags: allocated | written, data: b.makeModule(), addr: b.moduleAddr},
		{name: ".data", kind: progbits, flags: allocated | written, data: b.data, addr: b.dataAddr},
		{name: ".bss", kind: nobits, flags: allocated | written, size: 128, addr: b.bssAddr},
	}
	names := []byte{0}
	for _, s := range sections {
		names = append(append(names, s.name...), 0)
	}
	names = append(names, ".shstrtab\x00"...)
	sections = append(sections, section{name: ".shstrtab", kind: strings, data: names})
	made := make([]byte, headers+64*(len(sections)+1))
	for i := range sections {
		s := &sections[i]
		if s.addr != 0 {
			s.at = int(s.addr - base)
		} else {
			s.at = len(made)
		}
		if s.kind != nobits {
			s.size = len(s.data)
			made = append(made, make([]byte, max(s.at+s.size-len(made), 0))...)
			copy(made[s.at:], s.data)
		}
	}
	writeHeaders(made, sections, names)
	return made
}

// writeHeaders writes the file's header, one segment for each kind of content, and
// the sections.
func writeHeaders(made []byte, sections []section, names []byte) {
	copy(made, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(made[16:], 2)
	binary.LittleEndian.PutUint16(made[18:], 62)
	binary.LittleEndian.PutUint32(made[20:], 1)
	binary.LittleEndian.PutUint64(made[24:], sections[1].addr)
	binary.LittleEndian.PutUint64(made[32:], 64)
	binary.LittleEndian.PutUint64(made[40:], headers)
	for i, n := range []uint16{64, 56, 3, 64, uint16(len(sections) + 1), uint16(len(sections))} {
		binary.LittleEndian.PutUint16(made[52+2*i:], n)
	}
	for i, span := range [][2]int{{0, 1}, {2, 4}, {5, 6}} {
		first, last := sections[span[0]], sections[span[1]]
		p := made[64+56*i:]
		binary.LittleEndian.PutUint32(p, 1)
		binary.LittleEndian.PutUint32(p[4:], uint32(4+i%2))
		size := uint64(last.at + last.size - first.at)
		for j, v := range []uint64{uint64(first.at), first.addr, first.addr, size, size, page} {
			binary.LittleEndian.PutUint64(p[8+8*j:], v)
		}
	}
	for i, s := range sections {
		h := made[headers+64*(i+1):]
		binary.LittleEndian.PutUint32(h, uint32(bytes.Index(names, []byte(s.name+"\x00"))))
		binary.LittleEndian.PutUint32(h[4:], s.kind)
		for j, v := range []uint64{s.flags, s.addr, uint64(s.at), uint64(s.size)} {
			binary.LittleEndian.PutUint64(h[8+8*j:], v)
		}
		binary.LittleEndian.PutUint64(h[48:], 1)
	}
}

// Damage returns a copy of data in which for each three bytes of edits one is
// another: two say which, the third what is added to it.
func Damage(data, edits []byte) []byte {
	damaged := bytes.Clone(data)
	for ; len(edits) >= 3; edits = edits[3:] {
		damaged[int(binary.LittleEndian.Uint16(edits))%len(damaged)] += edits[2]
	}
	return damaged
}
