package goaware

import (
	"bytes"
	"math"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// labelMoves codes ranges of labels by the gaps between them.
func (k *codec) labelMoves(s *script) error {
	gaps, sizes, shifts := entropy.NewNumber(), entropy.NewNumber(), entropy.NewNumber()
	last, shift, labels := 0, int64(0), 0
	return list(k, &s.Moves, func(m *labelMove) error {
		if labels == 0 { // they are not needed, and not made, for an empty list
			labels = len(k.old.Labels())
		}
		from, n := m.From-last, m.To-m.From-1
		k.integer(gaps, &from)
		k.integer(sizes, &n)
		k.after(shifts, &m.Shift, shift)
		if err := k.check(from >= 0 && n >= 0 && from < labels-last && n < labels-last-from); err != nil {
			return err
		}
		m.From = last + from
		m.To = m.From + n + 1
		last, shift = m.To, m.Shift
		return nil
	})
}

func (k *codec) numberMoves(s *script) error {
	for _, moves := range []*[]numberMove{&s.Lines, &s.Files} {
		if err := k.numbers(moves); err != nil {
			return err
		}
	}
	return nil
}

// numbers codes moves in ascending order of their owners and numbers.
func (k *codec) numbers(moves *[]numberMove) error {
	owners, numbers, shifts := entropy.NewNumber(), entropy.NewNumber(), entropy.NewNumber()
	owner, next, shift := int64(0), int64(0), int64(0)
	return list(k, moves, func(m *numberMove) error {
		gap := int(int64(m.Owner) - owner)
		k.integer(owners, &gap)
		if gap != 0 {
			next, shift = 0, 0
		}
		owner += int64(gap)
		skip := int(int64(m.From) - next)
		k.integer(numbers, &skip)
		by := int64(m.Shift)
		k.after(shifts, &by, shift)
		from := next + int64(skip)
		if err := k.check(gap >= 0 && owner <= math.MaxUint32 && skip >= 0 && skip <= math.MaxInt32 && from <= math.MaxInt32); err != nil {
			return err
		}
		m.Owner, m.From, m.Shift = uint32(owner), uint32(from), int32(by)
		next, shift = from+1, by
		return nil
	})
}

// relocationEdits codes new places by the one before.
func (k *codec) relocationEdits(s *script) error {
	keeps, addresses, segments, drops := entropy.NewNumber(), entropy.NewNumber(), entropy.NewNumber(), entropy.NewFlag(1)
	last, left := int64(k.old.Low()), len(k.old.Relocations)
	return list(k, &s.Relocations, func(e *relocationEdit) error {
		k.integer(keeps, &e.Keep)
		e.Drop = k.flag(drops, 0, e.Drop)
		if err := k.check(e.Keep >= 0 && e.Keep <= left); err != nil {
			return err
		}
		left -= e.Keep
		if e.Drop {
			left--
			return k.check(left >= 0)
		}
		addr, segment := int64(e.New.Addr), int(e.New.Segment)
		k.after(addresses, &addr, last)
		k.integer(segments, &segment)
		e.New.Addr, e.New.Segment, last = uint64(addr), byte(segment), addr
		return k.check(segment >= 0 && segment < 16)
	})
}

// seals codes which parts are computed, and the Go build ID by the old one.
func (k *codec) seals(s *script) error {
	flags := entropy.NewFlag(3)
	for kind := seal.Kinds(1); kind <= seal.All; kind <<= 1 {
		if k.flag(flags, 0, s.Seals&kind != 0) {
			s.Seals |= kind
		}
	}
	if s.HasID = k.flag(flags, 1, s.HasID); !s.HasID {
		return nil
	}
	var before seal.ID
	if old, err := seal.Find(bytes.NewReader(k.old.Data), len(k.old.Data)); err == nil {
		before, _ = old.ID()
	}
	parts := len(s.ID)
	if s.Seals&seal.Content != 0 {
		parts-- // the last one
	}
	for i := range parts {
		if k.flag(flags, 2, s.ID[i] == before[i]) {
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
