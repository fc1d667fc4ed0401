package goaware

import (
	"slices"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// sections codes by how much each moved more than the one before: its address,
// then its place in the file.
func (k *codec) sections(s *script) error {
	addresses, offsets, loaded := entropy.NewNumber(), entropy.NewNumber(), entropy.NewFlag(1)
	var shift, further int64
	i := 0
	return list(k, &s.Sections, func(section *sectionStart) error {
		var old program.Section
		if i < len(k.old.Sections) {
			old = k.old.Sections[i]
		}
		i++
		section.Loaded = k.flag(loaded, 0, section.Loaded == (old.Size > 0)) == (old.Size > 0)
		moved := int64(section.Addr - old.Addr)
		k.after(addresses, &moved, shift)
		section.Addr, shift = old.Addr+uint64(moved), moved
		inFile := int64(section.Offset-old.Offset) - shift
		k.after(offsets, &inFile, further)
		section.Offset, further = old.Offset+int(shift+inFile), inFile
		return k.check(section.Offset >= 0 && section.Offset <= k.size)
	})
}

// part is where a table that is made anew was in the old file.
func part(p *program.Program, kind operationKind) program.Range {
	switch kind {
	case programsTable:
		return p.Parts.Programs
	case recordsTable:
		return p.Parts.Records
	case finderTable:
		return p.Parts.Finder
	}
	return p.Parts.Relocations
}

// operations codes from where each copy goes on, and how long the others are.
func (k *codec) operations(s *script) error {
	kinds, skips, sizes, literals, tables := entropy.NewFlag(int(operationKinds*operationKinds)), entropy.NewNumber(), entropy.NewNumber(), entropy.NewNumber(), entropy.NewNumber()
	padding := entropy.NewFlag(1)
	place := newPlacement(s.Sections)
	at, end, last := 0, 0, copyBytes
	return list(k, &s.Operations, func(op *operation) error {
		op.Kind = operationKind(k.one(kinds, int(last), int(operationKinds), int(op.Kind)))
		last = op.Kind
		switch op.Kind {
		case copyBytes:
			if n := padded(k.old, end); n > 0 && k.flag(padding, 0, op.Old == end+n) {
				op.Old, end = end+n, end+n
			}
			from := int64(op.Old)
			k.after(skips, &from, int64(end))
			k.integer(sizes, &op.Size)
			op.Old = int(from)
			if err := k.check(from >= 0 && op.Old <= len(k.old.Data) && op.Size <= len(k.old.Data)-op.Old); err != nil {
				return err
			}
			end = op.Old + op.Size
		case padBytes:
			addr, _ := place.address(at)
			op.Size = toBoundary(addr)
		case literalBytes, zeroBytes:
			k.integer(literals, &op.Size)
		default:
			r := part(k.old, op.Kind)
			size := int64(op.Size)
			k.after(tables, &size, int64(r.Len()))
			op.Size, end = int(size), r.End
		}
		if err := k.check(op.Size > 0 && op.Size <= k.size-at); err != nil {
			return err
		}
		at += op.Size
		return nil
	})
}

// What a model of literal bytes learns before: so many bytes of the old file on
// both sides of where the copy in front of them ended, or so many times more than
// there are; and for all literals together so many at most.
const (
	around    = 96
	sideways  = 24
	mostLearn = 1 << 17
)

// A model that mixes contexts takes about a microsecond a byte. So that a patch takes
// no more time than the size of the new file allows, only so many literal bytes are
// coded by it, or one for so many of the file; the others by a quick one.
const (
	leastMixed = 1 << 15
	mixedEach  = 128
)

// literals codes the bytes of all literal operations.
func (k *codec) literals(s *script) error {
	size, n := 0, 0
	for _, op := range s.Operations {
		if op.Kind == literalBytes {
			size, n = size+op.Size, n+1
		}
	}
	if n == 0 {
		return nil
	}
	mixed := min(size, max(leastMixed, k.size/mixedEach))
	if k.reader != nil {
		s.Literals = make([]byte, size)
	}
	if err := k.mixedLiterals(s, mixed, min(n*2*around, mostLearn)); err != nil {
		return err
	}
	if mixed == size {
		return nil
	}
	quick := entropy.NewQuickBytes()
	for rest := range slices.Chunk(s.Literals[mixed:], leastMixed) {
		for i, b := range rest {
			rest[i] = quick.Code(k.coder, b)
		}
		if err := k.check(true); err != nil {
			return err
		}
	}
	return nil
}

// mixedLiterals codes so many of the literal bytes by contexts that are mixed, which
// learn from about so many bytes of the old file.
func (k *codec) mixedLiterals(s *script, size, learn int) error {
	m := entropy.NewBytes(size+learn, k.size)
	left, end, learned := s.Literals[:size], 0, 0
	for _, op := range s.Operations {
		switch op.Kind {
		case copyBytes:
			end = op.Old + op.Size
		case literalBytes:
			if side := min(around, sideways*op.Size); learned+2*side <= mostLearn {
				m.Learn(k.old.Data[max(0, end-side):min(len(k.old.Data), end+side)])
				learned += 2 * side
			}
			n := min(op.Size, len(left))
			for i := range n {
				left[i] = m.Code(k.coder, left[i])
			}
			left = left[n:]
		}
		if err := k.check(true); err != nil || len(left) == 0 {
			return err
		}
	}
	return nil
}

// corrections codes the gap in front of each, and its value: often that of the one
// before, as when all offsets in a function's frame change.
func (k *codec) corrections(s *script) error {
	const contexts = 3 // a gap, or in a row behind a small value, or a large one
	gaps, again, values := entropy.NewNumber(), entropy.NewFlag(4), entropy.NewFlag(contexts<<8)
	at, last, repeated := 0, byte(0), 0
	return list(k, &s.Corrections, func(c *correction) error {
		gap := c.Offset - at
		k.integer(gaps, &gap)
		if err := k.check(gap >= 0 && gap < k.size-at); err != nil {
			return err
		}
		context := 0
		if gap == 0 {
			context = 1 + int(last>>7)
		}
		if k.flag(again, min(context, 1)<<1+repeated, c.Value == last) {
			c.Value, repeated = last, 1
		} else {
			c.Value, repeated = k.byte(values, context, c.Value), 0
		}
		c.Offset, last = at+gap, c.Value
		at = c.Offset + 1
		return nil
	})
}

// byte codes a byte by the bits above each of its bits.
func (k *codec) byte(m *entropy.Flag, context int, value byte) byte {
	node := 1
	for i := 7; i >= 0; i-- {
		bit := k.flag(m, context<<8+node, value>>i&1 == 1)
		node <<= 1
		if bit {
			node++
		}
	}
	return byte(node)
}
