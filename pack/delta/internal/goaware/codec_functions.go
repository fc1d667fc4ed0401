package goaware

import (
	"bytes"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// recordCodec codes records of functions by those that are expected.
type recordCodec struct {
	*codec
	entries, changes, lengths *entropy.Number
	same                      *entropy.Flag // by kind of number
	sameTable                 *entropy.Flag // by kind of table
	sameStep                  *entropy.Flag // by kind of table, and whether the last steps were as expected
	distances, values         []*entropy.Number
	steps                     *entropy.Number

	expected, actual []program.Step // of the table that is coded
}

// Bounds of what a record has, and of what is told apart when it is coded.
const (
	maxLists     = 64
	tableKinds   = 9
	numberFields = 6
	dataKinds    = 10
	stepContexts = 4
)

func newRecordCodec(k *codec) *recordCodec {
	r := &recordCodec{codec: k, entries: entropy.NewNumber(), changes: entropy.NewNumber(), lengths: entropy.NewNumber(), steps: entropy.NewNumber()}
	r.same, r.sameTable, r.sameStep = entropy.NewFlag(numberFields+dataKinds), entropy.NewFlag(tableKinds), entropy.NewFlag(tableKinds*stepContexts)
	for range tableKinds {
		r.distances, r.values = append(r.distances, entropy.NewNumber()), append(r.values, entropy.NewNumber())
	}
	return r
}

// functionEdits codes the functions whose records are not as expected. What is
// expected follows from the parts of the script before.
func (k *codec) functionEdits(s *script) error {
	k.shifts = newShifts(k.old, s)
	x := &expectation{old: k.old, shifts: k.shifts}
	r, keeps, kinds := newRecordCodec(k), entropy.NewNumber(), entropy.NewFlag(int(editKinds*editKinds))
	left, last := k.old.Functions, changed
	var before record
	err := list(k, &s.Functions, func(e *functionEdit) error {
		k.integer(keeps, &e.Keep)
		e.Kind = editKind(k.one(kinds, int(last), int(editKinds), int(e.Kind)))
		last = e.Kind
		if err := k.check(e.Keep >= 0 && e.Keep <= len(left) && (e.Kind == inserted || e.Keep < len(left))); err != nil {
			return err
		}
		left = left[e.Keep:]
		switch e.Kind {
		case dropped:
			left = left[1:]
			return nil
		case changed:
			expected := x.of(&left[0])
			left = left[1:]
			if err := r.code(&e.Record, expected); err != nil {
				return err
			}
		case inserted: // is like the last one that was inserted or changed
			before.Tables = make([][]byte, len(before.Tables))
			if err := r.code(&e.Record, &before); err != nil {
				return err
			}
		}
		before = e.Record
		return nil
	})
	k.signed(r.entries, &s.End)
	return err
}

func (k *recordCodec) code(r, expected *record) error {
	entry := int64(r.Entry)
	k.after(k.entries, &entry, int64(expected.Entry))
	r.Entry = uint64(entry)
	for i, field := range numbers(&r.Function) {
		k.number(i, field, *numbers(&expected.Function)[i])
	}
	if err := k.data(r, expected); err != nil {
		return err
	}
	return k.tables(r, expected)
}

// numbers are the parts of a record that are.
func numbers(f *program.Function) [numberFields]*uint32 {
	return [...]*uint32{&f.Name, &f.Args, &f.DeferReturn, &f.Unit, &f.StartLine, &f.Flags}
}

// number codes one by the expected one.
func (k *recordCodec) number(kind int, value *uint32, expected uint32) {
	if k.flag(k.same, kind, *value == expected) {
		*value = expected
		return
	}
	more := int64(int32(*value - expected))
	k.signed(k.changes, &more)
	*value = expected + uint32(more)
}

// length codes how many a list has, which takes up so many bytes each.
func (k *recordCodec) length(n, expected, size int) (int, error) {
	length := int64(n)
	k.after(k.lengths, &length, int64(expected))
	if err := k.check(length >= 0 && length <= maxLists); err != nil {
		return 0, err
	}
	return int(length), k.spend(int(length) * size)
}

func (k *recordCodec) data(r, expected *record) error {
	n, err := k.length(len(r.Data), len(expected.Data), 4)
	if err != nil {
		return err
	}
	if k.reader != nil {
		r.Data = make([]uint32, n)
	}
	for i := range r.Data {
		guess := uint32(program.None)
		if i < len(expected.Data) {
			guess = expected.Data[i]
		}
		k.number(numberFields+min(i, dataKinds-1), &r.Data[i], guess)
	}
	return nil
}

func (k *recordCodec) tables(r, expected *record) error {
	n, err := k.length(len(r.Tables), len(expected.Tables), 24)
	if err != nil {
		return err
	}
	if k.reader != nil {
		r.Tables = make([][]byte, n)
	}
	for i := range r.Tables {
		kind := min(i, tableKinds-1)
		var guess []byte
		if i < len(expected.Tables) {
			guess = expected.Tables[i]
		}
		if k.flag(k.sameTable, kind, bytes.Equal(r.Tables[i], guess)) {
			r.Tables[i] = guess
			continue
		}
		if err := k.table(kind, &r.Tables[i], guess); err != nil {
			return err
		}
	}
	return nil
}

// table codes the steps of a table, each by the expected one that ends next.
func (k *recordCodec) table(kind int, content *[]byte, guess []byte) error {
	quantum := k.old.Quantum()
	k.expected = program.AppendSteps(k.expected[:0], guess, quantum)
	k.actual = program.AppendSteps(k.actual[:0], *content, quantum)
	expected, steps := k.expected, k.actual
	last, asExpected := program.Step{Value: -1}, 0 // bits for the last steps
	n := len(steps)
	k.integer(k.steps, &n)
	for i := range n {
		if err := k.spend(stepSize); err != nil {
			return err
		}
		if k.reader != nil {
			steps = append(steps, program.Step{})
		}
		for len(expected) > 0 && expected[0].End <= last.End {
			expected = expected[1:]
		}
		if len(expected) > 0 {
			same := k.flag(k.sameStep, kind*stepContexts+asExpected, steps[i] == expected[0])
			asExpected = asExpected << 1 & (stepContexts - 1)
			if same {
				last, asExpected = expected[0], asExpected|1
				steps[i] = last
				continue
			}
		}
		if err := k.step(kind, &steps[i], last); err != nil {
			return err
		}
		last = steps[i]
	}
	k.actual = steps
	if k.reader != nil {
		*content = program.AppendTable(nil, steps, quantum)
	}
	return nil
}

// stepSize is about how many bytes a step takes up, coded and not.
const stepSize = 16

// step codes one by the one before.
func (k *recordCodec) step(kind int, s *program.Step, last program.Step) error {
	quantum := k.old.Quantum()
	distance, value := int((s.End-last.End)/quantum), int64(s.Value)
	k.integer(k.distances[kind], &distance)
	k.after(k.values[kind], &value, int64(last.Value))
	if err := k.check(distance > 0 && distance <= k.size/int(quantum)); err != nil {
		return err
	}
	s.End, s.Value = last.End+uint32(distance)*quantum, int32(value)
	return nil
}
