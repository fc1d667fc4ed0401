package goaware

import (
	"encoding/binary"
	"errors"
	"sort"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// errFunctions says that a script names more functions than there are, and
// errSize that a table has another size than it says.
var (
	errFunctions = errors.New("it keeps more functions than there are")
	errSize      = errors.New("a table has another size than it says")
)

// predict makes the new file, as far as it follows from the script without its
// fixes.
func predict(old *program.Program, s *script, size int) ([]byte, error) {
	w := &writer{old: old, sections: s.Sections, shifts: newShifts(old, s), place: newPlacement(s.Sections), made: make([]byte, 0, size), literals: s.Literals}
	for b := range program.Bases {
		w.bases[b] = w.shifts.movement(old.BaseAddr(b))
	}
	if err := w.makeTables(s, size); err != nil {
		return nil, err
	}
	w.places = movePlaces(old, w.shifts, s.Relocations)
	for _, op := range s.Operations {
		if err := w.op(op); err != nil {
			return nil, err
		}
	}
	w.rewriteHeader(s.Operations)
	return w.made, nil
}

type writer struct {
	old      *program.Program
	shifts   *shifts
	place    placement
	tables   *tables
	end      uint32
	made     []byte
	literals []byte
	places   []program.Relocation
	sections []sectionStart
	bases    [program.Bases]program.Movement
}

// makeTables makes the tables of functions where they belong in the new file.
func (w *writer) makeTables(s *script, size int) error {
	functions := len(w.old.Functions)
	for i := range s.Functions {
		switch s.Functions[i].Kind {
		case inserted:
			functions++
		case dropped:
			functions--
		}
	}
	w.tables = newTables(functions, w.room(s, programsTable, 0), w.room(s, recordsTable, headSize(functions)))
	x := &expectation{old: w.old, shifts: w.shifts}
	err := x.records(s.Functions, func(r *record) error {
		w.tables.add(r)
		if len(w.tables.programs)+len(w.tables.records) > size {
			return errSize
		}
		return nil
	})
	last := w.old.Functions[len(w.old.Functions)-1]
	end := w.shifts.movement(last.Entry+uint64(last.Size)).New - w.shifts.movement(w.old.Text()).New
	w.end = uint32(end + uint64(s.End))
	return err
}

// room is where the new file has a table, without so many bytes at its beginning;
// nothing if it has none.
func (w *writer) room(s *script, kind operationKind, skip int) []byte {
	at := 0
	for _, op := range s.Operations {
		if op.Kind == kind && skip <= op.Size {
			return w.made[at+skip : at+skip : at+op.Size]
		}
		at += op.Size
	}
	return nil
}

// mostPadding is more than any part of the function table is aligned to.
const mostPadding = 64

func (w *writer) op(op operation) error {
	from := len(w.made)
	switch op.Kind {
	case copyBytes:
		w.made = append(w.made, w.old.Data[op.Old:op.Old+op.Size]...)
		w.rewrite(op, from)
		return nil
	case literalBytes:
		w.made = append(w.made, w.literals[:op.Size]...)
		w.literals = w.literals[op.Size:]
		return nil
	case zeroBytes:
		w.made = append(w.made, make([]byte, op.Size)...)
		return nil
	case padBytes:
		w.made = appendPadding(w.made, op.Size)
		return nil
	case programsTable: // it is there, or too large
		w.made = append(w.made, w.tables.programs[:min(len(w.tables.programs), op.Size)]...)
	case recordsTable:
		w.made = w.tables.appendRecords(w.made, w.end, op.Size)
	case relocationsTable:
		w.made = w.old.AppendRelocations(w.made, w.places, func(addr uint64) uint64 { return w.shifts.movement(addr).New })
	case finderTable:
		if n := len(w.tables.entries); n > 0 && program.FinderSize(w.tables.entries[0], uint64(w.end)) > op.Size {
			return errSize
		}
		w.made = append(w.made, program.MakeFinder(w.tables.entries, uint64(w.end))...)
	}
	for len(w.made)-from < op.Size && len(w.made)-from+mostPadding > op.Size { // up to where the next part is aligned
		w.made = append(w.made, 0)
	}
	if len(w.made)-from != op.Size {
		return errSize
	}
	return nil
}

// rewrite makes the references in what was copied lead to where things are now.
func (w *writer) rewrite(op operation, at int) {
	refs := w.old.References
	i := sort.Search(len(refs), func(i int) bool { return int(refs[i].Offset) >= op.Old })
	var addr uint64
	var place program.Movement
	left := 0 // bytes up to which place counts
	known := op.Old
	for ; i < len(refs); i++ {
		r := refs[i]
		offset := int(r.Offset)
		if offset+int(r.Size) > op.Old+op.Size {
			return
		}
		to := at + offset - op.Old
		field := w.made[to : to+int(r.Size)]
		if r.Kind == program.Line {
			binary.LittleEndian.PutUint32(field, w.shifts.line(r.Target, binary.LittleEndian.Uint32(field)))
			continue
		}
		if offset-known >= left {
			addr, left, _ = w.old.Loaded(offset)
			known = offset
			place = program.Movement{Old: addr, New: w.place.address(to)}
		}
		here := program.Movement{Old: place.Old + uint64(offset-known), New: place.New + uint64(offset-known)}
		target := w.shifts.movement(w.old.Low() + uint64(r.Target))
		base := w.bases[r.Base]
		if r.Kind == program.Within {
			base = w.shifts.movement(target.Old - uint64(binary.LittleEndian.Uint32(field)))
		}
		r.Rewrite(field, here, target, base)
	}
}
