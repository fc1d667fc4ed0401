package code

import "encoding/binary"

const (
	// maxLength is the limit that processors set to an instruction.
	maxLength = 15

	// windowSize is more than the decoder looks at before it knows a length:
	// prefixes up to the limit, four bytes of opcode, ModRM and SIB.
	windowSize = 32
)

// window is the code from an instruction's first byte on. What lies behind the
// end of the code reads as zero, so that the decoder needs no checks.
type window [windowSize]byte

// Prefixes that matter for the length.
const (
	has16   = 1 << iota // 66
	has32               // 67
	hasLock             // F0, F2 or F3
	hasREX
	hasWide // REX.W
)

// layout is what the decoder finds out about an instruction.
type layout struct {
	size  int  // beyond maxLength: not understood
	kind  Kind // of the reference, or 0
	field int  // where the reference is
}

// unknown is the layout of what is not understood.
const unknown = maxLength + 1

func (s *sweep) nextAMD64() (Instruction, Reference) {
	rest := s.code[s.at:]
	var l layout
	if len(rest) >= windowSize {
		l = decode((*window)(rest))
	} else {
		var w window
		copy(w[:], rest)
		l = decode(&w)
	}
	if l.size > min(maxLength, len(rest)) {
		s.quiet = s.at + maxLength // as far as what makes it unknown reaches
		return Instruction{Offset: s.at, Size: 1, Class: Unknown}, Reference{}
	}
	in := Instruction{Offset: s.at, Size: l.size, Class: Code}
	if l.kind == 0 {
		if rest[0] == 0xcc {
			in.Class = Filler
		}
		return in, Reference{}
	}
	if s.at+l.field < s.quiet {
		return in, Reference{}
	}
	return in, l.reference(rest, s.at, s.addr)
}

// reference reads the distance in an instruction at code[0], at the given offset
// of a function.
func (l layout) reference(code []byte, offset int, addr uint64) Reference {
	ref := Reference{Offset: offset + l.field, Size: 4, Kind: l.kind}
	var distance int64
	if l.kind == Relative8 {
		ref.Size, distance = 1, int64(int8(code[l.field]))
	} else {
		distance = int64(int32(binary.LittleEndian.Uint32(code[l.field:])))
	}
	ref.Target = addr + uint64(offset+l.size) + uint64(distance)
	return ref
}

func decode(w *window) layout {
	at, has := prefixes(w)
	letter := oneByte[w[at]]
	at++
	if letter == modRM { // two of three instructions: no need to look further
		return memory(w, at, 0, has)
	}
	switch letter {
	case escape0F:
		letter = after0F[w[at]]
		at++
		switch letter {
		case escape38:
			letter, at = modRM, at+1
		case escape3A:
			letter, at = modRMImm8, at+1
		}
	case vex2, vex3, evex:
		letter, at = vector(w, at, letter, has)
	}
	return operands(w, at, letter, has)
}

// prefixes returns where the opcode is. After too many prefixes it stops in
// their midst: the instruction is too long with any opcode.
func prefixes(w *window) (at int, has uint8) {
	for ; at < maxLength; at++ {
		if w[at]&0xf0 == 0x40 { // REX, far more often than all others
			has = has&^hasWide | hasREX | w[at]&8*(hasWide/8)
			continue
		}
		switch oneByte[w[at]] {
		case segment:
		case lock:
			has |= hasLock
		case size16:
			has |= has16
		case size32:
			has |= has32
		default:
			return at, has
		}
		has &^= hasREX | hasWide // a legacy prefix voids a REX before it
	}
	return at, has
}

// vector returns the letter of an instruction whose VEX or EVEX prefix goes on
// at the given offset, and where its operands begin.
func vector(w *window, at int, prefix byte, has uint8) (letter byte, operands int) {
	if has&(has16|hasLock|hasREX) != 0 {
		return invalid, at
	}
	switch prefix {
	case vex2:
		return afterVector(1, w[at+1]), at + 2
	case vex3:
		opcodes := w[at] & 0x1f
		if opcodes > 3 {
			return invalid, at
		}
		return afterVector(opcodes, w[at+2]), at + 3
	}
	if w[at]&8 != 0 || w[at+1]&4 == 0 {
		return invalid, at
	}
	return afterVector(w[at]&7, w[at+3]), at + 4
}

// operands returns the layout of the instruction whose opcode ends before at.
func operands(w *window, at int, letter byte, has uint8) layout {
	switch letter {
	case none:
		return layout{size: at}
	case modRM:
		return memory(w, at, 0, has)
	case modRMImm8:
		return memory(w, at, 1, has)
	case modRMImm:
		return memory(w, at, width(has), has)
	case imm8, control:
		return layout{size: at + 1}
	case imm16:
		return layout{size: at + 2}
	case imm24:
		return layout{size: at + 3}
	case imm:
		return layout{size: at + width(has)}
	case jump8:
		return layout{size: at + 1, kind: Relative8, field: at}
	case jump32:
		return layout{size: at + 4, kind: Relative32, field: at}
	}
	return rare(w, at, letter, has)
}

// rare returns the layout of the instructions whose operands depend on more
// than the opcode.
func rare(w *window, at int, letter byte, has uint8) layout {
	extension := w[at] & 0x38 // in the middle of ModRM
	switch {
	case letter == moveImm && w[at] == 0xf8 && width(has) == 4: // XBEGIN
		return layout{size: at + 5, kind: Relative32, field: at + 1}
	case letter == moveImm, letter == test && extension <= 0x08:
		return memory(w, at, width(has), has)
	case letter == test8 && extension <= 0x08:
		return memory(w, at, 1, has)
	case letter == test8, letter == test, letter == pop && extension == 0:
		return memory(w, at, 0, has)
	case letter == immFull && has&hasWide == 0:
		return layout{size: at + width(has)}
	case letter == offset && has&has32 != 0:
		return layout{size: at + 4}
	case letter == offset, letter == immFull:
		return layout{size: at + 8}
	}
	return layout{size: unknown}
}

// width returns the bytes of an immediate of the operand's size.
func width(has uint8) int {
	if has&(has16|hasWide) == has16 {
		return 2
	}
	return 4
}

// memory returns the layout of an instruction with ModRM at the given offset
// and so many bytes of immediates.
func memory(w *window, at, immediates int, has uint8) layout {
	mod, rm := w[at]>>6, w[at]&7
	at++
	switch letter := displacement[mod<<3|rm]; letter {
	case ripBase:
		l := layout{size: at + 4 + immediates}
		if has&has32 == 0 {
			l.kind, l.field = RIP32, at
		}
		return l
	case sibBase:
		if w[at]&7 == 5 { // no base register
			at += 4
		}
		return layout{size: at + 1 + immediates}
	default:
		return layout{size: at + int(letter-'0') + immediates}
	}
}
