package goaware

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// ErrUnknown says that a file is not an executable whose parts are understood.
var ErrUnknown = program.ErrUnknown

// Make returns a body that makes new of old. The error is [ErrUnknown] if
// one of them is not understood, or the context's.
func Make(ctx context.Context, old, new []byte) ([]byte, error) {
	before, err := program.Open(old)
	if err != nil {
		return nil, fmt.Errorf("the old file: %w", err)
	}
	after, err := program.Open(new)
	if err != nil {
		return nil, fmt.Errorf("the new file: %w", err)
	}
	m := &maker{old: before, new: after, script: &script{}}
	if err := m.run(ctx); err != nil {
		return nil, err
	}
	e := entropy.NewEncoder()
	if err := newCodec(e, before, len(new)).script(m.script); err != nil {
		return nil, fmt.Errorf("%w: what became of it cannot be said: %w", ErrUnknown, err)
	}
	return e.Finish(), nil
}

// Apply returns the new file, of the given size, which is made anew wherever it is
// read. It is not safe for concurrent use. The old file and the body must not
// change as long as it is used. The errors are [ErrUnknown], [ErrCorrupt] and the
// context's.
func Apply(ctx context.Context, old, body []byte, size int) (io.ReaderAt, error) {
	program, err := program.Open(old)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	d, s := entropy.NewDecoder(body), &script{}
	k := newCodec(d, program, size)
	if err := k.script(s); err != nil {
		return nil, err
	}
	if !d.Done() {
		return nil, ErrCorrupt
	}
	made, err := newImage(program, s, k.shifts)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if made.size() != size {
		return nil, ErrCorrupt
	}
	if s.Seals == 0 && !s.HasID {
		return made, nil
	}
	sealed, err := seal.Find(made, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := sealed.Write(s.Seals, s.ID, s.HasID); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return sealed, nil
}

// maker finds the script.
type maker struct {
	old, new *program.Program
	script   *script
	partners []int       // for each new function the old one that became it, or -1
	sealed   []seal.Span // of the new file: computed last
	blank    [2][]byte   // old and new file without what is computed
	shifts   *shifts     // that follow from the script, once its moves are known
}

func (m *maker) run(ctx context.Context) error {
	for _, step := range []func() error{m.findSeals, m.placeSections, m.matchFunctions, m.align, m.vote, m.findEdits, m.findRelocations, m.findCorrections} {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// findSeals finds what needs no place in the patch, and what is left of both files
// without it.
func (m *maker) findSeals() error {
	var found [2]*seal.Seals
	for i, p := range []*program.Program{m.old, m.new} {
		var err error
		if found[i], err = seal.Find(bytes.NewReader(p.Data), len(p.Data)); err != nil {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
	}
	m.script.ID, m.script.HasID = found[1].ID()
	m.script.Seals = found[1].Known()
	m.sealed = found[1].Spans(m.script.Seals, m.script.HasID)
	m.blank[0] = blanked(m.old.Data, found[0].Spans(seal.All, true))
	m.blank[1] = blanked(m.new.Data, m.sealed)
	return nil
}

// blanked is a copy of data in which some ranges are zeros.
func blanked(data []byte, spans []seal.Span) []byte {
	data = bytes.Clone(data)
	for _, s := range spans {
		clear(data[s.Start:s.End])
	}
	return data
}

func (m *maker) placeSections() error {
	for _, s := range m.new.Sections {
		m.script.Sections = append(m.script.Sections, sectionStart{Addr: s.Addr, Offset: s.Offset, Loaded: s.Size > 0})
	}
	return nil
}

// matchFunctions pairs functions by their names, in their order.
func (m *maker) matchFunctions() error {
	byName := make(map[string][]int, len(m.old.Functions))
	for i := range m.old.Functions {
		name := m.old.NameOf(&m.old.Functions[i])
		byName[name] = append(byName[name], i)
	}
	m.partners = make([]int, len(m.new.Functions))
	for i := range m.new.Functions {
		m.partners[i] = -1
		name := m.new.NameOf(&m.new.Functions[i])
		if list := byName[name]; len(list) > 0 {
			m.partners[i], byName[name] = list[0], list[1:]
		}
	}
	return nil
}

// findEdits compares the expected records with those that are there.
func (m *maker) findEdits() error {
	x := &expectation{old: m.old, shifts: m.shifts}
	edits := editList{}
	next := 0
	stay := m.inOrder()
	for i := range m.new.Functions {
		actual := m.record(&m.new.Functions[i])
		if !stay[i] {
			edits.add(inserted, actual)
			continue
		}
		for ; next < m.partners[i]; next++ {
			edits.add(dropped, record{})
		}
		expected := x.of(&m.old.Functions[next])
		next++
		if expected.equal(&actual) {
			edits.keep++
		} else {
			edits.add(changed, actual)
		}
	}
	for ; next < len(m.old.Functions); next++ {
		edits.add(dropped, record{})
	}
	m.script.Functions = edits.list
	end := x.shifts.movement(endOf(m.old)).New - x.shifts.movement(m.old.Text()).New
	m.script.End = int64(int32(uint32(endOf(m.new)-m.new.Text()) - uint32(end)))
	return m.checkTables()
}

// inOrder tells which functions of the new program have a partner, and stand
// among the others as it did: as many as possible.
func (m *maker) inOrder() []bool {
	var pairs [][2]int
	for i, partner := range m.partners {
		if partner >= 0 {
			pairs = append(pairs, [2]int{i, partner})
		}
	}
	stay := make([]bool, len(m.partners))
	for _, p := range ascending(pairs) {
		stay[p[0]] = true
	}
	return stay
}

// endOf is the address behind the last function.
func endOf(p *program.Program) uint64 {
	last := p.Functions[len(p.Functions)-1]
	return last.Entry + uint64(last.Size)
}

// editList collects edits.
type editList struct {
	list []functionEdit
	keep int // since the last one
}

func (l *editList) add(kind editKind, r record) {
	l.list = append(l.list, functionEdit{Keep: l.keep, Kind: kind, Record: r})
	l.keep = 0
}

// checkTables refuses tables that are spelled in another way than they are coded.
func (m *maker) checkTables() error {
	quantum := m.old.Quantum()
	for _, e := range m.script.Functions {
		for _, content := range e.Record.Tables {
			if !bytes.Equal(content, program.AppendTable(nil, program.AppendSteps(nil, content, quantum), quantum)) {
				return fmt.Errorf("%w: a table is not as the compiler writes it", ErrUnknown)
			}
		}
	}
	return nil
}

// record is what the new program says about a function.
func (m *maker) record(f *program.Function) record {
	r := record{Entry: f.Entry - m.new.Text(), Function: *f, Tables: make([][]byte, len(f.Tables))}
	for i := range f.Tables {
		r.Tables[i] = m.new.TableBytes(f, i)
	}
	return r
}

// equal reports whether two records are written in the same way.
func (r *record) equal(other *record) bool {
	if r.Entry != other.Entry {
		return false
	}
	for i, number := range numbers(&r.Function) {
		if *number != *numbers(&other.Function)[i] {
			return false
		}
	}
	return slices.Equal(r.Data, other.Data) && slices.EqualFunc(r.Tables, other.Tables, bytes.Equal)
}

// findCorrections compares what the script makes with what it should.
func (m *maker) findCorrections() error {
	image, err := newImage(m.old, m.script, m.shifts)
	if err != nil {
		return fmt.Errorf("%w: its function table is not as the linker writes it: %w", ErrUnknown, err)
	}
	made := make([]byte, len(m.new.Data))
	if image.size() != len(made) {
		return fmt.Errorf("%w: %d of %d bytes are made", ErrUnknown, image.size(), len(made))
	}
	if _, err := image.ReadAt(made, 0); err != nil {
		return err
	}
	for _, s := range m.sealed {
		copy(made[s.Start:s.End], m.new.Data[s.Start:s.End])
	}
	for i, b := range m.new.Data {
		if made[i] != b {
			m.script.Corrections = append(m.script.Corrections, correction{i, b - made[i]})
		}
	}
	return nil
}
