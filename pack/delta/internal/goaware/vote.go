package goaware

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// ballot finds what most votes are for (Boyer and Moore's majority vote).
type ballot struct {
	choice uint64
	count  int
}

func (b *ballot) vote(choice uint64) {
	switch {
	case b.count == 0:
		b.choice, b.count = choice, 1
	case b.choice == choice:
		b.count++
	default:
		b.count--
	}
}

// vote finds out where addresses and lines moved that were not copied: each
// reference in what was copied says where the one on the other side leads.
func (m *maker) vote() error {
	v := &votes{maker: m, labels: m.old.Labels(), shifts: newShifts(m.old, m.script), lines: tallies{}, files: tallies{}}
	v.ballots = make([]ballot, len(v.labels))
	at := 0
	for _, op := range m.script.Operations {
		if op.Kind == copyBytes {
			v.references(op, at)
		}
		at += op.Size
	}
	for i := range m.new.Functions {
		if m.partners[i] >= 0 {
			v.function(&m.old.Functions[m.partners[i]], &m.new.Functions[i])
		}
	}
	m.script.Moves = v.moves()
	m.script.Lines, m.script.Files = v.lines.moves(), v.files.moves()
	m.shifts = newShifts(m.old, m.script)
	return nil
}

type votes struct {
	*maker
	labels  []uint32
	ballots []ballot // for each label
	shifts  *shifts
	lines   tallies // of files
	files   tallies // of units
	steps   [4][]program.Step
}

// references lets those vote that stand at the same place in what was copied.
func (v *votes) references(op operation, at int) {
	old, new := v.old.References, v.new.References
	j := new.From(at)
	for r := range old.All(old.From(op.Old)) {
		offset := int(r.Offset) - op.Old
		if offset+int(r.Size) > op.Size {
			return
		}
		for j < len(new) && int(new.At(j).Offset) < at+offset {
			j++
		}
		if j == len(new) {
			return
		}
		other := new.At(j)
		if int(other.Offset) != at+offset || other.Kind != r.Kind || other.Size != r.Size {
			continue
		}
		if r.Kind == program.Line {
			v.lines.vote(r.Target, binary.LittleEndian.Uint32(v.old.Data[r.Offset:]), binary.LittleEndian.Uint32(v.new.Data[other.Offset:]))
			continue
		}
		shift := v.new.Low() + uint64(other.Target) - v.old.Low() - uint64(r.Target)
		v.ballots[v.label(r.Target)].vote(shift)
	}
}

func (v *votes) label(target uint32) int {
	i, _ := slices.BinarySearch(v.labels, target)
	return i
}

// tallies are votes for what became of numbers, by their owner.
type tallies map[uint32]map[uint32]*ballot

func (n tallies) vote(owner, number, now uint32) {
	own := n[owner]
	if own == nil {
		own = map[uint32]*ballot{}
		n[owner] = own
	}
	if own[number] == nil {
		own[number] = &ballot{}
	}
	own[number].vote(uint64(now))
}

func (n tallies) moves() []numberMove {
	var moves []numberMove
	for _, owner := range slices.Sorted(maps.Keys(n)) {
		own, shift := n[owner], int32(0)
		for _, number := range slices.Sorted(maps.Keys(own)) {
			b := own[number]
			if now := int32(uint32(b.choice) - number); b.count > 0 && now != shift {
				moves = append(moves, numberMove{Owner: owner, From: number, Shift: now})
				shift = now
			}
		}
	}
	return moves
}

// function lets the lines and files of a function vote: each step of the old tables
// for the one in which its code is now.
func (v *votes) function(f, now *program.Function) {
	if file := v.old.FileAt(f, 0); file != program.None {
		v.lines.vote(file, f.StartLine, now.StartLine)
	}
	if len(f.Data) == len(now.Data) {
		v.data(f, now)
	}
	files, nowFiles := v.read(0, v.old, f, program.TableFile), v.read(1, v.new, now, program.TableFile)
	lines, nowLines := v.read(2, v.old, f, program.TableLine), v.read(3, v.new, now, program.TableLine)
	v.each(f, now, files, nowFiles, func(_ uint32, before, after int32) {
		if f.Unit != program.None {
			v.files.vote(f.Unit, uint32(before), uint32(after))
		}
	})
	v.each(f, now, lines, nowLines, func(start uint32, before, after int32) {
		for len(files) > 0 && files[0].End <= start {
			files = files[1:]
		}
		if len(files) == 0 {
			return
		}
		if file := v.old.FileOf(f, files[0].Value); file != program.None {
			v.lines.vote(file, uint32(before), uint32(after))
		}
	})
}

// read reads the steps of a table into one of the scratch lists.
func (v *votes) read(list int, p *program.Program, f *program.Function, table int) []program.Step {
	v.steps[list] = p.Steps(f, table, v.steps[list][:0])
	return v.steps[list]
}

// each calls do for each step of an old table, with the value that the new one has
// where the code of the step went.
func (v *votes) each(f, now *program.Function, before, after []program.Step, do func(start uint32, before, after int32)) {
	start := uint32(0)
	for _, s := range before {
		to := uint32(v.shifts.movement(f.Entry+uint64(start)).New - now.Entry)
		for len(after) > 0 && after[0].End <= to {
			after = after[1:]
		}
		if len(after) == 0 {
			return
		}
		do(start, s.Value, after[0].Value)
		start = s.End
	}
}

// data lets what a function's record refers to vote.
func (v *votes) data(f, now *program.Function) {
	for i, d := range f.Data {
		if d == program.None || now.Data[i] == program.None {
			continue
		}
		from := v.old.BaseAddr(program.BaseFuncData) + uint64(d)
		to := v.new.BaseAddr(program.BaseFuncData) + uint64(now.Data[i])
		if label := v.label(uint32(from - v.old.Low())); label < len(v.labels) {
			v.ballots[label].vote(to - from)
		}
	}
}

// fewVotes is how many references a move must at least correct.
const fewVotes = 2

// moves joins neighbouring labels that moved in the same way, another one than
// what was copied there.
func (v *votes) moves() []labelMove {
	var moves []labelMove
	weight := 0
	open := false
	done := func() {
		if open && weight < fewVotes {
			moves = moves[:len(moves)-1]
		}
		open, weight = false, 0
	}
	for i, b := range v.ballots {
		if b.count == 0 {
			continue
		}
		if v.shifts.of(v.labels[i]) == b.choice {
			done()
			continue
		}
		if last := len(moves) - 1; open && uint64(moves[last].Shift) == b.choice {
			moves[last].To = i + 1
		} else {
			done()
			moves, open = append(moves, labelMove{From: i, To: i + 1, Shift: int64(b.choice)}), true
		}
		weight += b.count
	}
	done()
	return moves
}
