package goaware

import (
	"errors"
	"math"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// ErrCorrupt says that a body is damaged.
var ErrCorrupt = errors.New("it is damaged")

// codec writes or reads a script: the same code does both, so that the two cannot
// disagree. Numbers are checked when they are read, since a script is trusted
// afterwards.
type codec struct {
	coder   entropy.Coder
	decoder *entropy.Decoder // nil for a writer
	old     *program.Program
	size    int // of the new file
	models  models
}

// models are what is learned about each kind of number.
type models struct {
	counts, places, sections, sizes, skips, moves, shifts, lines, files, keeps, entries, fields, steps, values, gaps, bytes *entropy.Number

	kinds, flags, same *entropy.Flag
}

func newCodec(coder entropy.Coder, old *program.Program, size int) *codec {
	k := &codec{coder: coder, old: old, size: size}
	k.decoder, _ = coder.(*entropy.Decoder)
	m := &k.models
	for _, number := range []**entropy.Number{
		&m.counts, &m.places, &m.sections, &m.sizes, &m.skips, &m.moves, &m.shifts, &m.lines, &m.files, &m.keeps, &m.entries, &m.fields, &m.steps, &m.values, &m.gaps, &m.bytes,
	} {
		*number = entropy.NewNumber()
	}
	m.kinds, m.flags, m.same = entropy.NewFlag(64), entropy.NewFlag(64), entropy.NewFlag(4096)
	return k
}

// check is the error of a number that cannot be, when one is read.
func (k *codec) check(ok bool) error {
	if !ok || k.decoder != nil && k.decoder.Overrun() {
		return ErrCorrupt
	}
	return nil
}

func (k *codec) count(m *entropy.Number, n *int) { *n = int(m.Code(k.coder, uint64(*n))) }

func (k *codec) signed(m *entropy.Number, n *int64) { *n = m.CodeSigned(k.coder, *n) }

// choice codes one of at most four values in a context of so many.
func (k *codec) choice(m *entropy.Flag, context int, value int) int {
	high := m.Code(k.coder, 4*context, value&2 != 0)
	result := 0
	if high {
		result = 2
	}
	if m.Code(k.coder, 4*context+1+result/2, value&1 != 0) {
		result++
	}
	return result
}

// list codes how many elements a list has, then each.
func list[T any](k *codec, items *[]T, code func(i int, item *T) error) error {
	n := len(*items)
	k.count(k.models.counts, &n)
	for i := range n {
		if k.decoder != nil {
			*items = append(*items, *new(T))
		}
		if err := code(i, &(*items)[i]); err != nil {
			return err
		}
		if err := k.check(true); err != nil {
			return err
		}
	}
	return nil
}

func (k *codec) script(s *Script) error {
	for _, part := range []func(*Script) error{k.sections, k.ops, k.literals, k.moves, k.numberMoves, k.edits, k.places, k.seals} {
		if err := part(s); err != nil {
			return err
		}
	}
	k.signed(k.models.entries, &s.End)
	return k.fixes(s)
}

// seals codes which parts are computed, and the Go build ID by the old one.
func (k *codec) seals(s *Script) error {
	flag := func(value bool) bool { return k.models.flags.Code(k.coder, 1, value) }
	for kind := seal.Kinds(1); kind <= seal.All; kind <<= 1 {
		if flag(s.Seals&kind != 0) {
			s.Seals |= kind
		}
	}
	if s.HasID = flag(s.HasID); !s.HasID {
		return nil
	}
	var before seal.ID
	if old, err := seal.Find(k.old.Data); err == nil {
		before, _ = old.ID()
	}
	parts := len(s.ID)
	if s.Seals&seal.Content != 0 {
		parts-- // the last one
	}
	for i := range parts {
		if flag(s.ID[i] == before[i]) {
			s.ID[i] = before[i]
			continue
		}
		for j := range s.ID[i] {
			s.ID[i][j] = k.random(s.ID[i][j])
		}
	}
	return k.check(true)
}

// random codes a byte of which nothing is known.
func (k *codec) random(b byte) (result byte) {
	for i := 7; i >= 0; i-- {
		result = result<<1 | byte(k.coder.Code(int(b>>i)&1, entropy.One/2))
	}
	return result
}

// sections codes by how much each moved more than the one before.
func (k *codec) sections(s *Script) error {
	var shift int64
	var further int64 // in the file
	return list(k, &s.Sections, func(i int, section *Section) error {
		old := program.Section{}
		if i < len(k.old.Sections) {
			old = k.old.Sections[i]
		}
		loaded := old.Size > 0
		section.Loaded = k.models.flags.Code(k.coder, 0, section.Loaded == loaded) == loaded
		addr := int64(section.Addr-old.Addr) - shift
		k.signed(k.models.sections, &addr)
		shift += addr
		section.Addr = old.Addr + uint64(shift)
		offset := int64(section.Offset-old.Offset) - shift - further
		k.signed(k.models.sections, &offset)
		further += offset
		section.Offset = old.Offset + int(shift+further)
		return k.check(section.Offset >= 0 && section.Offset <= k.size)
	})
}

func (k *codec) ops(s *Script) error {
	end, at, last, context := 0, 0, Copy, 0
	return list(k, &s.Ops, func(_ int, op *Op) error {
		op.Kind = k.kind(op.Kind, int(last))
		parts := map[Kind]program.Range{Programs: k.old.Parts.Programs, Records: k.old.Parts.Records, Finder: k.old.Parts.Finder, Relocations: k.old.Parts.Relocations}
		switch r, table := parts[op.Kind]; {
		case table:
			more := int64(op.Size - r.Len())
			k.signed(k.models.shifts, &more)
			op.Size, end = r.Len()+int(more), r.End
		case op.Kind == Copy:
			skip := int64(op.Old - end)
			k.signed(k.models.skips, &skip)
			op.Old = end + int(skip)
			k.count(k.models.sizes, &op.Size)
			if err := k.check(op.Old >= 0 && op.Old <= len(k.old.Data) && op.Size <= len(k.old.Data)-op.Old); err != nil {
				return err
			}
			end = op.Old + op.Size
		default:
			k.count(k.models.bytes, &op.Size)
		}
		last, context = op.Kind, context+1
		at += op.Size
		return k.check(op.Size > 0 && at <= k.size)
	})
}

// kind codes what an operation does by what the last one did.
func (k *codec) kind(kind Kind, last int) Kind {
	for guess := Copy; guess < Kinds-1; guess++ {
		if k.models.kinds.Code(k.coder, last*int(Kinds)+int(guess), kind == guess) {
			return guess
		}
	}
	return Kinds - 1
}

func (k *codec) literals(s *Script) error {
	size := 0
	for _, op := range s.Ops {
		if op.Kind == Literal {
			size += op.Size
		}
	}
	m := entropy.NewBytes(size + trained)
	if k.decoder != nil {
		s.Literals = make([]byte, size)
	}
	at, end := 0, 0
	for _, op := range s.Ops {
		switch op.Kind {
		case Copy:
			end = op.Old + op.Size
		case Literal:
			m.Learn(k.old.Data[max(0, end-around):min(len(k.old.Data), end+around)])
			for i := range op.Size {
				s.Literals[at+i] = m.Code(k.coder, s.Literals[at+i])
			}
			at += op.Size
			if err := k.check(true); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	trained = 1 << 16
	around  = 96
)

func (k *codec) moves(s *Script) error {
	if len(s.Moves) == 0 && k.decoder == nil {
		return list(k, &s.Moves, nil)
	}
	last, shift := 0, int64(0)
	labels := len(k.old.Labels())
	return list(k, &s.Moves, func(_ int, m *Move) error {
		from, n := m.From-last, m.To-m.From-1
		k.count(k.models.moves, &from)
		k.count(k.models.counts, &n)
		m.From = last + from
		m.To = m.From + n + 1
		last = m.To
		more := m.Shift - shift
		k.signed(k.models.shifts, &more)
		m.Shift, shift = shift+more, shift+more
		return k.check(from < labels && n < labels && m.To <= labels)
	})
}

func (k *codec) numberMoves(s *Script) error {
	for _, moves := range []*[]NumberMove{&s.Lines, &s.Files} {
		if err := k.numbers(moves); err != nil {
			return err
		}
	}
	return nil
}

func (k *codec) numbers(moves *[]NumberMove) error {
	owner, from, shift := int64(0), int64(0), int64(0)
	return list(k, moves, func(_ int, m *NumberMove) error {
		more := int64(m.Owner) - owner
		k.signed(k.models.files, &more)
		if more != 0 {
			from, shift = 0, 0
		}
		owner += more
		further := int64(m.From) - from
		k.signed(k.models.lines, &further)
		from += further
		change := int64(m.Shift) - shift
		k.signed(k.models.lines, &change)
		shift += change
		m.Owner, m.From, m.Shift = uint32(owner), uint32(from), int32(shift)
		return k.check(owner >= 0 && owner <= math.MaxUint32 && from >= 0 && from <= math.MaxInt32)
	})
}

func (k *codec) fixes(s *Script) error {
	at, last := 0, 0
	return list(k, &s.Fixes, func(_ int, f *Fix) error {
		gap := f.Offset - at
		k.count(k.models.gaps, &gap)
		value := int(f.Value)
		context := 0
		if gap == 0 {
			context = 1 + last>>7
		}
		value = k.byte(context, value)
		last = value
		f.Offset, f.Value = at+gap, byte(value)
		at = f.Offset + 1
		return k.check(gap < k.size && f.Offset < k.size)
	})
}

func (k *codec) byte(context, value int) int {
	node := 1
	for i := 7; i >= 0; i-- {
		bit := 0
		if k.models.same.Code(k.coder, 1024+context<<8+node, value>>i&1 == 1) {
			bit = 1
		}
		node = node<<1 | bit
	}
	return node - 256
}
