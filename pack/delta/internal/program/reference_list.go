package program

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"sort"
)

// References is a list of references by offset, packed: a program has one for every
// 25 of its bytes.
type References []packed

// packed is a reference: offset, target, kind, base and size.
type packed [9]byte

// How a reference's last byte is made up.
const (
	packedKind    = 1<<4 - 1 // kinds of code, and from packedOthers on those from Word on
	packedOthers  = 12
	packedBase    = 4 // shift
	packedLong    = 1 << 7
	packedLongest = 8 // bytes
)

// packReference packs one. Its size follows from its kind and from whether it has
// eight bytes.
func packReference(r Reference) (b packed) {
	binary.LittleEndian.PutUint32(b[:], uint32(r.Offset))
	binary.LittleEndian.PutUint32(b[4:], r.Target)
	kind := byte(r.Kind)
	if r.Kind >= Word {
		kind = byte(r.Kind-Word) + packedOthers
	}
	b[8] = kind | byte(r.Base)<<packedBase
	if r.Size == packedLongest {
		b[8] |= packedLong
	}
	return b
}

func (b packed) offset() int32 { return int32(binary.LittleEndian.Uint32(b[:])) }

func (b packed) reference() Reference {
	r := Reference{Offset: b.offset(), Target: binary.LittleEndian.Uint32(b[4:]), Kind: Kind(b[8] & packedKind), Base: Base(b[8] >> packedBase & (packedLong>>packedBase - 1)), Size: 4}
	switch {
	case b[8]&packedLong != 0:
		r.Size = packedLongest
	case r.Kind == relative8:
		r.Size = 1
	}
	if r.Kind >= packedOthers {
		r.Kind += Word - packedOthers
	}
	return r
}

// At returns a reference.
func (l References) At(i int) Reference { return l[i].reference() }

// From returns the number of the first reference at an offset or behind it.
func (l References) From(offset int) int {
	return sort.Search(len(l), func(i int) bool { return int(l[i].offset()) >= offset })
}

// All yields the references from one on.
func (l References) All(from int) iter.Seq[Reference] {
	return func(yield func(Reference) bool) {
		for _, b := range l[from:] {
			if !yield(b.reference()) {
				return
			}
		}
	}
}

func (l References) sort() {
	slices.SortStableFunc(l, func(a, b packed) int { return cmp.Compare(a.offset(), b.offset()) })
}

// listBuilder joins what is found in the order of the file with what is known.
type listBuilder struct {
	known References // not yet in the list, by offset
	all   References
	room  References // that the list grows in: what is known lies at its end
	end   int32      // of the last one in the list
}

// found adds a reference, unless known ones claim its bytes. Of overlapping ones
// the first one stays.
func (l *listBuilder) found(r Reference) {
	for len(l.known) > 0 && l.known[0].offset() < r.Offset+int32(r.Size) {
		l.addKnown()
	}
	l.add(r)
}

// addKnown adds the next one that is known, whose place the list may then grow
// into: it is held once, not twice.
func (l *listBuilder) addKnown() {
	r := l.known.At(0)
	l.known = l.known[1:]
	if free := len(l.room) - cap(l.known); free > cap(l.all) && len(l.all) > 0 && &l.all[0] == &l.room[0] {
		l.all = l.room[:len(l.all):free]
	}
	l.add(r)
}

func (l *listBuilder) add(r Reference) {
	if r.Offset >= l.end {
		l.all = append(l.all, packReference(r))
		l.end = r.Offset + int32(r.Size)
	}
}

func (l *listBuilder) finish() {
	for len(l.known) > 0 {
		l.addKnown()
	}
}

// merge puts references between those that are there already, which win.
func (l *listBuilder) merge(found References) {
	l.finish()
	found.sort()
	merged := listBuilder{known: l.all, all: make(References, 0, len(l.all)+len(found))}
	for r := range found.All(0) {
		merged.found(r)
	}
	*l = merged
}
