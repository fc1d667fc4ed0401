package goaware

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// align finds from where the bytes of the new file are copied.
func (m *maker) align() error {
	a := &aligner{maker: m, old: newPlain(m.old, m.blank[0]), new: newPlain(m.new, m.blank[1])}
	both := m.old.Parts.Relocations.Len() > 0 && m.new.Parts.Relocations.Len() > 0
	oldParts, newParts := a.old.parts(both), a.new.parts(both)
	if len(oldParts) != len(newParts) {
		return fmt.Errorf("%w: its parts overlap", ErrUnknown)
	}
	for i, to := range newParts {
		from := oldParts[i]
		if from.kind != to.kind {
			return fmt.Errorf("%w: its parts are in another order", ErrUnknown)
		}
		switch to.kind {
		case copyBytes:
			a.match(from.Range, to.Range)
		case literalBytes: // code
			a.matchCode(from.Range, to.Range)
		default:
			a.ops = append(a.ops, operation{Kind: to.kind, Size: to.Len()})
		}
	}
	m.script.Operations = a.ops
	at := 0
	for _, op := range a.ops {
		if op.Kind == literalBytes {
			m.script.Literals = append(m.script.Literals, m.literal(at, op.Size)...)
		}
		at += op.Size
	}
	return nil
}

// literal are bytes of the new file without what is computed.
func (m *maker) literal(at, size int) []byte {
	data := bytes.Clone(m.new.Data[at : at+size])
	for _, s := range m.sealed {
		if from, to := max(s.Start-at, 0), min(s.End-at, size); from < to {
			clear(data[from:to])
		}
	}
	return data
}

// piece is a range of a file that is matched in one way.
type piece struct {
	program.Range
	kind operationKind
}

// parts cuts a file into its code, its tables and what lies between; none if they
// overlap.
func (n *plain) parts(relocations bool) []piece {
	first, last := n.Functions[0], n.Functions[len(n.Functions)-1]
	start, _, _ := n.Offset(first.Entry)
	end, _, ok := n.Offset(last.Entry + uint64(last.Size) - 1)
	code := program.Range{Start: start, End: end + 1}
	if !ok || code.Len() < 0 {
		code.End = code.Start
	}
	known := []piece{{code, literalBytes}, {n.Parts.Programs, programsTable}, {n.Parts.Records, recordsTable}, {n.Parts.Finder, finderTable}}
	if relocations {
		known = append(known, piece{n.Parts.Relocations, relocationsTable})
	}
	slices.SortFunc(known, func(a, b piece) int { return cmp.Compare(a.Start, b.Start) })
	var all []piece
	at := 0
	for _, k := range known {
		if k.Start < at || k.End < k.Start || k.End > len(n.Data) {
			return nil
		}
		all = append(all, piece{program.Range{Start: at, End: k.Start}, copyBytes}, k)
		at = k.End
	}
	return append(all, piece{program.Range{Start: at, End: len(n.Data)}, copyBytes})
}

// aligner collects the operations in the order of the new file.
type aligner struct {
	*maker
	old, new *plain
	ops      []operation
	padTo    int // end of the last padding in the new file
}

// copy appends a copy, as part of the last one if that is possible.
func (a *aligner) copy(from, size int) {
	if size == 0 {
		return
	}
	if n := len(a.ops); n > 0 && a.ops[n-1].Kind == copyBytes && a.ops[n-1].Old+a.ops[n-1].Size == from {
		a.ops[n-1].Size += size
		return
	}
	a.ops = append(a.ops, operation{Kind: copyBytes, Old: from, Size: size})
}

func (a *aligner) literal(size int) {
	if size == 0 {
		return
	}
	if n := len(a.ops); n > 0 && a.ops[n-1].Kind == literalBytes {
		a.ops[n-1].Size += size
		return
	}
	a.ops = append(a.ops, operation{Kind: literalBytes, Size: size})
}
