package program

import (
	"encoding/binary"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// Immediate bits of words of ARM64 code.
const (
	bits26 = 0x03ffffff
	bits19 = 0x00ffffe0
	bits14 = 0x0007ffe0
	bits21 = 0x60ffffe0
	bits12 = 0x003ffc00

	pageBits = 12
)

// Mask zeroes the bits of a reference's bytes that say where it leads.
func (r Reference) Mask(field []byte) {
	switch code.Kind(r.Kind) {
	case code.Branch26:
		clearBits(field, bits26)
	case code.Branch19, code.Literal19:
		clearBits(field, bits19)
	case code.Branch14:
		clearBits(field, bits14)
	case code.Address21, code.Page21:
		clearBits(field, bits21)
		if r.Size == 8 {
			clearBits(field[4:], bits12)
		}
	default:
		clear(field[:r.Size])
	}
}

func clearBits(field []byte, bits uint32) {
	binary.LittleEndian.PutUint32(field, binary.LittleEndian.Uint32(field)&^bits)
}

// setBits puts the low bits of a value into the bits of a word that are next to
// each other.
func setBits(field []byte, bits uint32, value uint64) {
	clearBits(field, bits)
	lowest := bits & -bits
	binary.LittleEndian.PutUint32(field, binary.LittleEndian.Uint32(field)|uint32(value)*lowest&bits)
}

// Movement is an address before and after.
type Movement struct {
	Old uint64 // in the old program
	New uint64 // in the new one
}

func (m Movement) shift() uint64 { return m.New - m.Old }

// Rewrite makes a reference's bytes lead to where its target has moved, from where
// they have moved themselves. A [Distance] counts
// from the base, which moves too, and what is [Within] from its function's entry.
// What does not fit is cut off.
func (r Reference) Rewrite(field []byte, place, target, base Movement) {
	switch r.Kind {
	case Word:
		binary.LittleEndian.PutUint64(field, binary.LittleEndian.Uint64(field)+target.shift())
		return
	case Distance, Within:
		add32(field, target.shift()-base.shift())
		return
	}
	further := target.shift() - place.shift()
	switch code.Kind(r.Kind) {
	case code.Relative8:
		field[0] += byte(further)
	case code.Relative32, code.RIP32:
		add32(field, further)
	case code.Branch26:
		setBits(field, bits26, (target.New-place.New)>>2)
	case code.Branch19, code.Literal19:
		setBits(field, bits19, (target.New-place.New)>>2)
	case code.Branch14:
		setBits(field, bits14, (target.New-place.New)>>2)
	case code.Address21:
		setAddress(field, target.New-place.New)
	case code.Page21:
		setAddress(field, target.New>>pageBits-place.New>>pageBits)
		if r.Size == 8 {
			setLow(field[4:], target)
		}
	}
}

func add32(field []byte, further uint64) {
	binary.LittleEndian.PutUint32(field, binary.LittleEndian.Uint32(field)+uint32(further))
}

// setAddress puts a distance into ADR or ADRP, whose lowest two bits stand apart.
func setAddress(field []byte, distance uint64) {
	setBits(field, bits19, distance>>2)
	setBits(field, 3<<29, distance)
}

// setLow puts the low part of an address into the word that completes it, whose
// scale shows in what it held before.
func setLow(field []byte, target Movement) {
	word := binary.LittleEndian.Uint32(field)
	scale := uint32(0)
	if word>>22 != 0x91000000>>22 { // not ADD
		scale = word >> 30
		if word&(1<<26) != 0 && word&(1<<23) != 0 {
			scale = 4
		}
	}
	setBits(field, bits12, target.New&(1<<pageBits-1)>>scale)
}

// Mark writes a number where a reference in code, which was masked, holds its
// distance.
func Mark(r Reference, field []byte, number uint32) {
	switch code.Kind(r.Kind) {
	case code.Branch26:
		setBits(field, bits26, uint64(number))
	case code.Branch19, code.Literal19, code.Address21, code.Page21:
		setBits(field, bits19, uint64(number))
	case code.Branch14:
		setBits(field, bits14, uint64(number))
	default:
		binary.LittleEndian.PutUint32(field, number)
	}
}
