package goaware

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// expectation is the function record that follows from an old one.
type expectation struct {
	old    *program.Program
	shifts *shifts
	result record
	kept   [][]byte
	data   []uint32
	before []program.Step
	after  []program.Step
	files  []program.Step
}

// of returns what becomes of a function's record, which is good until the next
// call.
func (x *expectation) of(f *program.Function) *record {
	text, entry := x.shifts.movement(x.old.Text()), x.shifts.movement(f.Entry)
	r := &x.result
	r.Entry, r.Function = entry.New-text.New, *f
	r.Name = x.offset(program.BaseNames, f.Name, 1)
	if f.Unit != program.None {
		r.Unit = x.offset(program.BaseUnits, f.Unit, 4)
	}
	if f.DeferReturn != 0 {
		r.DeferReturn = uint32(x.shifts.movement(f.Entry+uint64(f.DeferReturn)).New - entry.New)
	}
	x.data = append(x.data[:0], f.Data...)
	r.Data = x.data
	for i, d := range r.Data {
		if d != program.None {
			r.Data[i] = x.offset(program.BaseFuncData, d, 1)
		}
	}
	if file := x.old.FileAt(f, 0); file != program.None {
		r.StartLine = x.shifts.line(file, f.StartLine)
	}
	x.kept = x.kept[:0]
	for i := range f.Tables {
		x.kept = append(x.kept, x.table(f, i))
	}
	r.Tables = x.kept
	return r
}

// offset is where an offset from a base goes, in parts of a unit.
func (x *expectation) offset(base program.Base, offset, unit uint32) uint32 {
	from := x.old.BaseAddr(base)
	to := x.shifts.movement(from + uint64(offset)*uint64(unit))
	return uint32((to.New - x.shifts.movement(from).New)) / unit
}

// table is the content of one of a function's tables, nil if it has none.
func (x *expectation) table(f *program.Function, i int) []byte {
	if f.Tables[i] == 0 {
		return nil
	}
	start := uint32(f.Entry - x.old.Low())
	moved := !x.shifts.uniform(start, start+uint32(f.Size))
	switch {
	case moved:
	case i == program.TableLine && x.linesMoved(f):
	case i == program.TableFile && x.filesMoved(f):
	default:
		return x.old.TableBytes(f, i)
	}
	return program.AppendTable(nil, x.steps(f, i, moved), x.old.Quantum())
}

// filesMoved reports whether files of a function's unit have other numbers.
func (x *expectation) filesMoved(f *program.Function) bool { return x.shifts.files[f.Unit] != nil }

// linesMoved reports whether a file that a function's code comes from has moved
// lines.
func (x *expectation) linesMoved(f *program.Function) bool {
	if len(x.shifts.lines) == 0 {
		return false
	}
	x.files = x.old.Steps(f, program.TableFile, x.files[:0])
	for _, s := range x.files {
		if x.shifts.lines[x.old.FileOf(f, s.Value)] != nil {
			return true
		}
	}
	return false
}

// steps are those of a table, with their ends and lines moved. The result is good
// until the next call.
func (x *expectation) steps(f *program.Function, table int, moved bool) []program.Step {
	x.before = x.old.Steps(f, table, x.before[:0])
	x.after = x.after[:0]
	entry := x.shifts.movement(f.Entry)
	if table == program.TableLine {
		x.files = x.old.Steps(f, program.TableFile, x.files[:0])
	}
	files, start, end := x.files, uint32(0), uint32(0)
	for i, s := range x.before {
		if table == program.TableLine {
			for len(files) > 0 && files[0].End <= start {
				files = files[1:]
			}
			if len(files) > 0 {
				s.Value = int32(x.shifts.line(x.old.FileOf(f, files[0].Value), uint32(s.Value)))
			}
		}
		if table == program.TableFile {
			s.Value = int32(moveNumber(x.shifts.files[f.Unit], uint32(s.Value)))
		}
		start = s.End
		if moved {
			s.End = x.moveEnd(f.Entry+uint64(s.End), i == len(x.before)-1, entry.New)
		}
		switch n := len(x.after); {
		case int32(s.End-end) <= 0: // nothing of it is left
			continue
		case n > 0 && x.after[n-1].Value == s.Value:
			x.after[n-1].End = s.End
		default:
			x.after = append(x.after, s)
		}
		end = s.End
	}
	return x.after
}

// moveEnd is where a step ends: where the next one begins, since what the compiler
// puts between instructions to align them belongs to the first of them; the last
// one, where its last byte goes.
func (x *expectation) moveEnd(addr uint64, last bool, entry uint64) uint32 {
	end := x.shifts.movement(addr).New
	if last {
		end = x.shifts.movement(addr-1).New + 1
	}
	offset := uint32(end - entry)
	return offset - offset%x.old.Quantum()
}

// records makes the list of all functions of the new program.
func (x *expectation) records(edits []functionEdit, each func(*record) error) error {
	next := 0
	keep := func(n int) error {
		for range n {
			if next >= len(x.old.Functions) {
				return errFunctions
			}
			r := x.of(&x.old.Functions[next])
			next++
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range edits {
		e := &edits[i]
		if err := keep(e.Keep); err != nil {
			return err
		}
		if e.Kind != inserted {
			next++
		}
		if e.Kind != dropped {
			if err := each(&e.Record); err != nil {
				return err
			}
		}
	}
	return keep(len(x.old.Functions) - next)
}

// tables are those that the linker makes of the functions.
type tables struct {
	programs []byte
	records  []byte // entries, end and records
	entries  []uint64
	seen     []uint32 // offsets of tables by the low bits of their hashes, or in the next free place; 0 for none
	seed     maphash.Seed
	count    int // of tables
	offsets  []uint32
}

// newTables makes tables of so many functions, which have so many bytes if they are
// as expected.
func newTables(functions, programs, records int) *tables {
	head := headSize(functions)
	return &tables{
		programs: make([]byte, 1, max(programs, 1)), records: make([]byte, head, max(records, head)),
		seen: make([]uint32, 1<<bits.Len(uint(tablesEach*functions))), seed: maphash.MakeSeed(),
		entries: make([]uint64, 0, functions),
	}
}

// program adds a table, unless it is there, and returns its offset.
func (t *tables) program(content []byte) uint32 {
	if len(content) == 0 {
		return 0
	}
	slot := t.slot(content)
	for ; t.seen[slot] != 0; slot = (slot + 1) & (len(t.seen) - 1) {
		if at := t.seen[slot]; bytes.HasPrefix(t.programs[at:], content) {
			return at
		}
	}
	at := uint32(len(t.programs))
	t.programs = append(t.programs, content...)
	t.seen[slot] = at
	if t.count++; 2*t.count > len(t.seen) {
		t.grow()
	}
	return at
}

func (t *tables) slot(content []byte) int {
	return int(maphash.Bytes(t.seed, content)) & (len(t.seen) - 1)
}

// grow makes room for twice as many tables.
func (t *tables) grow() {
	old := t.seen
	t.seen = make([]uint32, 2*len(old))
	for _, at := range old {
		if at == 0 {
			continue
		}
		slot := t.slot(program.FirstTable(t.programs[at:]))
		for t.seen[slot] != 0 {
			slot = (slot + 1) & (len(t.seen) - 1)
		}
		t.seen[slot] = at
	}
}

// tablesEach is about how many places there are for the tables of a function.
const tablesEach = 6

// add adds a function. Its tables are laid out in the linker's order
// (generatePctab in cmd/link/internal/ld/pcln.go): inlined calls last.
func (t *tables) add(r *record) {
	f := r.Function
	t.offsets = append(t.offsets[:0], make([]uint32, len(r.Tables))...)
	f.Tables = t.offsets
	for i, content := range r.Tables {
		if i != program.TableInlined {
			f.Tables[i] = t.program(content)
		}
	}
	if len(r.Tables) > program.TableInlined {
		f.Tables[program.TableInlined] = t.program(r.Tables[program.TableInlined])
	}
	for len(t.records)%8 != 0 {
		t.records = append(t.records, 0)
	}
	entry := t.records[8*len(t.entries):]
	binary.LittleEndian.PutUint32(entry, uint32(r.Entry))
	binary.LittleEndian.PutUint32(entry[4:], uint32(len(t.records)))
	t.entries = append(t.entries, r.Entry)
	t.records = f.AppendRecord(t.records, uint32(r.Entry))
}

// headSize is the size of the entries in front of the records.
func headSize(functions int) int { return (8*functions + 4 + 7) &^ 7 }

// finish writes where the last function ends.
func (t *tables) finish(end uint32) {
	binary.LittleEndian.PutUint32(t.records[8*len(t.entries):], end)
}
