package goexe

import (
	"encoding/binary"
	"iter"
	"slices"
	"sort"
)

// Span is a run of machine code that comes from one line of source.
type Span struct {
	Start, End uint32 // offsets from the function's entry
	File       string // as the compiler recorded it; "" if the table does not tell
	Line       int    // in the file
	Inlined    int    // index into [Detail.Inlined] of the call that was inlined here; -1 for the function's own code
}

// Inlined is a call that was replaced by the body of the function that it
// calls.
type Inlined struct {
	Name      string // of the function that was called
	StartLine int    // of its func keyword
	Parent    int    // index of the inlined call that this one stands in; -1 for the function's own code
}

// Detail is what the function table tells about one function beyond its name.
type Detail struct {
	StartLine int // of the func keyword; 0 for code without a source
	Inlined   []Inlined
	Spans     []Span // in the order of the code, without gaps
}

// Offsets in a function's record (_func in runtime/runtime2.go, Go 1.20 and later).
const (
	recordFile      = 20
	recordLine      = 24
	recordTables    = 28
	recordUnit      = 32
	recordStartLine = 36
	recordKinds     = 43
	recordSize      = 44

	inlineIndexTable = 2 // abi.PCDATA_InlTreeIndex
	inlineTreeData   = 3 // abi.FUNCDATA_InlTree
	inlineSize       = 16
	noData           = 1<<32 - 1

	// maxInlined bounds the calls inlined into one function.
	maxInlined = 1 << 16
)

// Details reads the details of functions.
type Details struct {
	functions *Functions
	image     *Image
	module    *Module
	units     []byte
	files     []byte
	programs  []byte
	quantum   uint32 // smallest distance between instructions
}

// Details prepares reading the details of the functions of the table.
func (f *File) Details(functions *Functions, module *Module, image *Image) (*Details, error) {
	table, err := f.functionTable()
	if err != nil {
		return nil, err
	}
	h := functions.header
	return &Details{
		functions: functions, image: image, module: module,
		units: table.data[h.units:h.files], files: table.data[h.files:h.programs], programs: table.data[h.programs:h.records],
		quantum: uint32(table.data[6]),
	}, nil
}

// Of returns the details of a function that [Functions.All] yielded. What a
// hostile table does not hold is missing in it.
func (d *Details) Of(fn Function) Detail {
	r, ok := d.record(fn)
	if !ok {
		return Detail{}
	}
	return Detail{
		StartLine: int(int32(r.field(recordStartLine))), Inlined: d.inlined(fn, r),
		Spans: d.spans(fn, r.field(recordFile), r.field(recordLine), r.calls(), r.field(recordUnit)),
	}
}

// Inlined returns the calls that were inlined into a function, as in its
// [Detail], for less work than all of it.
func (d *Details) Inlined(fn Function) []Inlined {
	r, ok := d.record(fn)
	if !ok {
		return nil
	}
	return d.inlined(fn, r)
}

func (d *Details) inlined(fn Function, r record) []Inlined {
	if kinds := uint32(r.data[recordKinds]); inlineTreeData >= kinds {
		return nil
	}
	offset, ok := r.index(r.field(recordTables) + inlineTreeData)
	if !ok || offset == noData {
		return nil
	}
	return d.tree(uint64(offset), r.calls(), uint32(fn.Size))
}

// record is what the function table holds of one function.
type record struct {
	data  []byte // at least recordSize bytes
	order binary.ByteOrder
}

func (d *Details) record(fn Function) (record, bool) {
	data := d.functions.records[min(uint64(fn.record), uint64(len(d.functions.records))):]
	return record{data, d.functions.file.Order}, len(data) >= recordSize
}

func (r record) field(at int) uint32 { return r.order.Uint32(r.data[at:]) }

// index returns an entry of the list of offsets that follows the fixed fields.
func (r record) index(i uint32) (uint32, bool) {
	at := uint64(recordSize) + 4*uint64(i)
	if at+4 > uint64(len(r.data)) {
		return 0, false
	}
	return r.order.Uint32(r.data[at:]), true
}

// calls is where the table of the inlined calls' indices begins; 0 for none.
func (r record) calls() uint32 {
	if inlineIndexTable >= r.field(recordTables) {
		return 0
	}
	offset, _ := r.index(inlineIndexTable)
	return offset
}

// tree reads the inlining tree, whose length nothing records: it has as many
// entries as the table of indices names.
func (d *Details) tree(offset uint64, indices, size uint32) []Inlined {
	runs := slices.Collect(d.runs(indices, size))
	most := -1
	for _, r := range runs {
		most = max(most, int(r.value))
	}
	data, order := d.image.At(d.module.FuncData+offset), d.functions.file.Order
	var tree []Inlined
	for i := range min(most+1, maxInlined, len(data)/inlineSize) {
		entry := data[i*inlineSize:]
		name, _ := d.functions.name(order.Uint32(entry[4:]))
		tree = append(tree, Inlined{Name: name, StartLine: int(int32(order.Uint32(entry[12:]))), Parent: valueAt(runs, order.Uint32(entry[8:]))})
	}
	return tree
}

// valueAt returns the value at an offset of the code, -1 if there is none.
func valueAt(runs []run, offset uint32) int {
	i := sort.Search(len(runs), func(i int) bool { return runs[i].end > offset })
	if i == len(runs) {
		return -1
	}
	return int(runs[i].value)
}

// spans joins the tables of files, lines and inlined calls.
func (d *Details) spans(fn Function, files, lines, inlined, unit uint32) []Span {
	size := uint32(fn.Size)
	nextFile, stopFile := iter.Pull(d.runs(files, size))
	defer stopFile()
	nextInlined, stopInlined := iter.Pull(d.runs(inlined, size))
	defer stopInlined()
	file, ok := nextFile()
	call, calls := nextInlined()
	var spans []Span
	start := uint32(0)
	for line := range d.runs(lines, size) {
		for start < line.end {
			for ok && file.end <= start {
				file, ok = nextFile()
			}
			for calls && call.end <= start {
				call, calls = nextInlined()
			}
			span := Span{Start: start, End: line.end, Line: int(line.value), Inlined: -1}
			if ok {
				span.End, span.File = min(span.End, file.end), d.file(unit, file.value)
			}
			if calls {
				span.End, span.Inlined = min(span.End, call.end), int(call.value)
			}
			spans = append(spans, span)
			start = span.End
		}
	}
	return spans
}

// file returns a path of the compilation unit, or "".
func (d *Details) file(unit uint32, index int32) string {
	at := (uint64(unit) + uint64(uint32(index))) * 4
	if index < 0 || at+4 > uint64(len(d.units)) {
		return ""
	}
	path, _ := cString(d.files, d.functions.file.Order.Uint32(d.units[at:]))
	return path
}

// run is a stretch of code for which a table has one value.
type run struct {
	end   uint32 // offset from the function's entry
	value int32
}

// runs decodes a table: pairs of varints, the zigzag-coded difference of the
// value and the distance in the code, until a difference of 0 that is not the
// first.
func (d *Details) runs(offset, size uint32) iter.Seq[run] {
	return func(yield func(run) bool) {
		if offset == 0 || uint64(offset) >= uint64(len(d.programs)) {
			return
		}
		data := d.programs[offset:]
		r := run{value: -1}
		for first := true; r.end < size; first = false {
			delta, n := binary.Uvarint(data)
			if n <= 0 || delta == 0 && !first {
				return
			}
			data = data[n:]
			distance, n := binary.Uvarint(data)
			if n <= 0 || distance == 0 {
				return
			}
			data = data[n:]
			r.value += int32(uint32(delta)>>1) ^ -int32(uint32(delta)&1)
			r.end = uint32(min(uint64(r.end)+distance*uint64(d.quantum), uint64(size)))
			if !yield(r) {
				return
			}
		}
	}
}
