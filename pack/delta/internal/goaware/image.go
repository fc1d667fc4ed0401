package goaware

import (
	"encoding/binary"
	"errors"
	"io"
	"sort"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// errFunctions says that a script names more functions than there are, and
// errSize that a table has another size than it says.
var (
	errFunctions = errors.New("it keeps more functions than there are")
	errSize      = errors.New("a table has another size than it says")
)

// image is the new file as it follows from the script, without what is sealed. Of
// its bytes only the tables that are made anew are held: others are made where they
// are read, each time, so that memory is that of the old file and little more. It
// is not safe for concurrent use.
type image struct {
	old         *program.Program
	shifts      *shifts
	place       placement
	sections    []sectionStart
	bases       [program.Bases]program.Movement
	pieces      []operation
	starts      []int // of each piece in the new file, and the end of the last one
	literals    []byte
	made        [operationKinds][]byte // tables, by kind
	header      []byte                 // corrected beginning of the file
	corrections []correction
}

// newImage makes the tables. The script, whose moves the shifts are, must not change
// afterwards.
func newImage(old *program.Program, s *script, moves *shifts) (*image, error) {
	m := &image{
		old: old, shifts: moves, place: newPlacement(s.Sections), sections: s.Sections,
		pieces: s.Operations, starts: make([]int, 1, len(s.Operations)+1), literals: s.Literals, corrections: s.Corrections,
	}
	literal := 0
	for i := range m.pieces {
		op := &m.pieces[i]
		if op.Kind == literalBytes {
			op.Old, literal = literal, literal+op.Size
		}
		m.starts = append(m.starts, m.starts[i]+op.Size)
	}
	for b := range program.Bases {
		m.bases[b] = m.shifts.movement(old.BaseAddr(b))
	}
	if err := m.makeTables(s); err != nil {
		return nil, err
	}
	m.correctHeader()
	return m, nil
}

// size is that of the new file in bytes.
func (m *image) size() int { return m.starts[len(m.pieces)] }

// makeTables makes those that the script has a place for.
func (m *image) makeTables(s *script) error {
	var room [operationKinds]int
	for _, op := range m.pieces {
		room[op.Kind] = max(room[op.Kind], op.Size)
	}
	functions := newTables(s.countFunctions(len(m.old.Functions)), room[programsTable], room[recordsTable])
	x := &expectation{old: m.old, shifts: m.shifts}
	err := x.records(s.Functions, func(r *record) error {
		functions.add(r)
		if len(functions.programs)+len(functions.records) > m.size() {
			return errSize
		}
		return nil
	})
	if err != nil {
		return err
	}
	last := m.old.Functions[len(m.old.Functions)-1]
	moved := m.shifts.movement(last.Entry+uint64(last.Size)).New - m.shifts.movement(m.old.Text()).New
	end := uint32(moved + uint64(s.End))
	functions.finish(end)
	for kind := programsTable; kind < operationKinds; kind++ {
		if room[kind] == 0 {
			continue
		}
		if m.made[kind], err = m.table(kind, room[kind], s, functions, end); err != nil {
			return err
		}
	}
	return m.checkTables()
}

// table makes one that has room for so many bytes, of functions that end so far
// from the start of the text.
func (m *image) table(kind operationKind, room int, s *script, functions *tables, end uint32) ([]byte, error) {
	switch kind {
	case programsTable:
		return functions.programs, nil
	case recordsTable:
		return functions.records, nil
	case finderTable:
		if len(functions.entries) == 0 || program.FinderSize(functions.entries[0], uint64(end)) > room {
			return nil, errSize
		}
		return program.MakeFinder(functions.entries, uint64(end)), nil
	}
	moved := func(addr uint64) uint64 { return m.shifts.movement(addr).New }
	return m.old.AppendRelocations(make([]byte, 0, room), movePlaces(m.old, m.shifts, s.Relocations), moved), nil
}

// mostPadding is more than any part of the function table is aligned to.
const mostPadding = 64

// checkTables compares the sizes of tables with those that the script says, which
// go up to where the next part is aligned.
func (m *image) checkTables() error {
	for _, op := range m.pieces {
		if n := len(m.made[op.Kind]); op.Kind > padBytes && (n > op.Size || n+mostPadding <= op.Size && n < op.Size) {
			return errSize
		}
	}
	return nil
}

// ReadAt makes a part of the file.
func (m *image) ReadAt(b []byte, offset int64) (int, error) {
	if offset < 0 || offset > int64(m.size()) {
		return 0, io.EOF
	}
	at, n := int(offset), min(len(b), m.size()-int(offset))
	m.follow(b[:n], at)
	if at < len(m.header) {
		copy(b[:n], m.header[at:])
	}
	m.correct(b[:n], at)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// follow makes bytes as the operations say.
func (m *image) follow(b []byte, at int) {
	for i := sort.SearchInts(m.starts, at+1) - 1; len(b) > 0; i++ {
		within := at - m.starts[i]
		n := min(len(b), m.pieces[i].Size-within)
		m.make(b[:n], i, within)
		b, at = b[n:], at+n
	}
}

// correct adds the corrections to bytes from an offset on.
func (m *image) correct(b []byte, at int) {
	i := sort.Search(len(m.corrections), func(i int) bool { return m.corrections[i].Offset >= at })
	for ; i < len(m.corrections) && m.corrections[i].Offset < at+len(b); i++ {
		b[m.corrections[i].Offset-at] += m.corrections[i].Value
	}
}

// make makes bytes of a piece, from an offset in it on.
func (m *image) make(b []byte, number, within int) {
	op := m.pieces[number]
	switch op.Kind {
	case copyBytes:
		copy(b, m.old.Data[op.Old+within:])
		m.rewrite(b, number, within)
	case literalBytes:
		copy(b, m.literals[op.Old+within:])
	case zeroBytes:
		clear(b)
	case padBytes:
		copy(b, appendPadding(make([]byte, 0, boundary), op.Size)[within:])
	default:
		table := m.made[op.Kind]
		n := copy(b, table[min(within, len(table)):])
		clear(b[n:])
	}
}

// rewrite makes the references in what was copied lead to where things are now.
// Those that begin before the bytes or go on behind them are rewritten in part.
func (m *image) rewrite(b []byte, number, within int) {
	op, refs := m.pieces[number], m.old.References
	start, end := op.Old+within, op.Old+within+len(b)
	i := refs.From(start)
	if i > 0 && int(refs.At(i-1).Offset) >= op.Old && refs.At(i-1).End() > start {
		i--
	}
	to := m.starts[number] - op.Old // how much further bytes are in the new file
	w := rewriter{image: m}
	for r := range refs.All(i) {
		at := int(r.Offset)
		if at >= end || r.End() > op.Old+op.Size {
			return
		}
		if at >= start && r.End() <= end {
			w.rewrite(r, b[at-start:r.End()-start], at+to)
			continue
		}
		var whole [program.MaxReference]byte
		field := whole[:copy(whole[:r.Size], m.old.Data[at:])]
		w.rewrite(r, field, at+to)
		copy(b[max(at-start, 0):], field[max(start-at, 0):])
	}
}

// rewriter rewrites references in ascending order. Where they are is looked up
// once for each section.
type rewriter struct {
	*image
	known int              // offset in the old file that here was looked up for
	left  int              // bytes from there on for which it holds
	here  program.Movement // address of the byte at known
}

// rewrite rewrites the bytes of a reference, which stand at an offset in the new
// file.
func (w *rewriter) rewrite(r program.Reference, field []byte, to int) {
	if r.Kind == program.Line {
		binary.LittleEndian.PutUint32(field, w.shifts.line(r.Target, binary.LittleEndian.Uint32(field)))
		return
	}
	if int(r.Offset)-w.known >= w.left {
		w.look(int(r.Offset), to)
	}
	further := uint64(int(r.Offset) - w.known)
	here := program.Movement{Old: w.here.Old + further, New: w.here.New + further}
	target := w.shifts.movement(w.old.Low() + uint64(r.Target))
	base := w.bases[r.Base]
	if r.Kind == program.Within {
		base = w.shifts.movement(target.Old - uint64(binary.LittleEndian.Uint32(field)))
	}
	r.Rewrite(field, here, target, base)
}

// look finds the addresses of a byte by its offsets in the old and the new file.
func (w *rewriter) look(from, to int) {
	before, left, _ := w.old.Loaded(from)
	after, further := w.place.address(to)
	w.known, w.left, w.here = from, min(left, further), program.Movement{Old: before, New: after}
}
