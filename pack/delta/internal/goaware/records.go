package goaware

import (
	"fmt"
	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"

	"slices"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// edits codes the functions whose records are not as expected. The expectation
// needs the rest of the script, which comes before.
func (k *codec) edits(s *Script) error {
	x := &expectation{old: k.old, shifts: newShifts(k.old, s)}
	next := 0
	var last Record
	return list(k, &s.Edits, func(_ int, e *Edit) error {
		k.count(k.models.keeps, &e.Keep)
		if err := k.check(e.Keep <= len(k.old.Functions)-next); err != nil {
			return err
		}
		next += e.Keep
		e.Kind = EditKind(k.choice(k.models.kinds, 10, int(e.Kind)))
		if e.Kind != Insert {
			next++
		}
		if err := k.check(e.Kind < EditKinds && next <= len(k.old.Functions)); err != nil || e.Kind == Drop {
			return err
		}
		expected := last
		if next > 0 {
			expected = x.of(&k.old.Functions[next-1])
		}
		if e.Kind == Insert {
			expected.Tables = make([][]byte, len(expected.Tables))
		}
		err := k.record(&e.Record, &expected)
		last = e.Record
		return err
	})
}

// record codes a record by the one that is expected.
func (k *codec) record(r, expected *Record) error {
	entry := int64(r.Entry - expected.Entry)
	k.signed(k.models.entries, &entry)
	r.Entry = expected.Entry + uint64(entry)
	b := k.len()
	defer func() { k.stat("record", k.len()-b) }()
	for i, field := range fields(&r.Function) {
		k.field(i, field, *fields(&expected.Function)[i])
	}
	k.stat("fields", k.len()-b)
	b2 := k.len()
	if err := k.data(r, expected); err != nil {
		return err
	}
	k.stat("data", k.len()-b2)
	return k.tables(r, expected)
}

// fields are those of a record that are numbers.
func fields(f *program.Function) []*uint32 {
	return []*uint32{&f.Name, &f.Args, &f.DeferReturn, &f.Unit, &f.StartLine, &f.Flags}
}

// field codes a number by the expected one, in a context of the kind of field.
func (k *codec) field(kind int, value *uint32, expected uint32) {
	if k.models.flags.Code(k.coder, 8+kind, *value == expected) {
		*value = expected
		return
	}
	more := int64(int32(*value - expected))
	k.signed(k.models.fields, &more)
	*value = expected + uint32(more)
}

// maxLists bounds what a record has.
const maxLists = 64

func (k *codec) length(n *int, expected int) error {
	more := int64(*n - expected)
	k.signed(k.models.counts, &more)
	*n = expected + int(more)
	return k.check(*n >= 0 && *n <= maxLists)
}

func (k *codec) data(r, expected *Record) error {
	n := len(r.Data)
	if err := k.length(&n, len(expected.Data)); err != nil {
		return err
	}
	if k.decoder != nil {
		r.Data = make([]uint32, n)
	}
	for i := range r.Data {
		guess := uint32(program.None)
		if i < len(expected.Data) {
			guess = expected.Data[i]
		}
		k.field(16+min(i, 15), &r.Data[i], guess)
	}
	return nil
}

func (k *codec) tables(r, expected *Record) error {
	n := len(r.Tables)
	if err := k.length(&n, len(expected.Tables)); err != nil {
		return err
	}
	if k.decoder != nil {
		r.Tables = make([][]byte, n)
	}
	for i := range r.Tables {
		var guess []byte
		if i < len(expected.Tables) {
			guess = expected.Tables[i]
		}
		if k.models.flags.Code(k.coder, 32+min(i, 15), slices.Equal(r.Tables[i], guess)) {
			r.Tables[i] = guess
			continue
		}
		b := k.len()
		if err := k.table(i, &r.Tables[i], guess); err != nil {
			return err
		}
		k.stat(fmt.Sprint("table", i), k.len()-b)
	}
	return nil
}

// table codes the steps of a table, each by the expected one that ends next.
func (k *codec) table(kind int, content *[]byte, guess []byte) error {
	quantum := k.old.Quantum()
	expected := program.Steps(guess, quantum, nil)
	steps := program.Steps(*content, quantum, nil)
	last := program.Step{Value: -1}
	before := 0 // whether the last two were as expected
	err := list(k, &steps, func(_ int, s *program.Step) error {
		for len(expected) > 0 && expected[0].End <= last.End {
			expected = expected[1:]
		}
		context := 64 + min(kind, 7)<<2
		if len(expected) > 0 {
			same := k.models.same.Code(k.coder, context+before, *s == expected[0])
			before = before << 1 & 3
			if same {
				*s, before = expected[0], before|1
				last = *s
				return nil
			}
		}
		b := k.len()
		defer func() { k.stat(fmt.Sprint("novel", kind), k.len()-b) }()
		distance, change := int((s.End-last.End)/quantum), int64(s.Value-last.Value)
		k.count(k.models.steps, &distance)
		k.signed(k.models.values, &change)
		s.End, s.Value = last.End+uint32(distance)*quantum, last.Value+int32(change)
		last = *s
		return k.check(distance > 0 && distance < 1<<28)
	})
	if k.decoder != nil {
		*content = program.AppendTable(nil, steps, quantum)
	}
	return err
}

var Stats = map[string]int{}

func (k *codec) len() int {
	if e, ok := k.coder.(*entropy.Encoder); ok {
		return e.Len()
	}
	return 0
}
func (k *codec) stat(name string, n int) {
	if k.decoder == nil {
		Stats[name] += n
		Stats[name+" n"]++
	}
}
