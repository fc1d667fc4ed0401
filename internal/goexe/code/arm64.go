package code

import "encoding/binary"

// What the highest byte of a word says, as the letters of the table.
const (
	branch26 = 'b'
	branch19 = 'c'
	branch14 = 't'
	literal  = 'l'
	address  = 'a'
	page     = 'p'
)

// highByte has the letter of each highest byte of a word, a row for each high
// digit.
const highByte = "" +
	"................" +
	"a...bbbbl...l..." +
	"................" +
	"a...cctt........" +
	"................" +
	"a...c...l...l..." +
	"................" +
	"a..............." +
	"................" +
	"p...bbbbl...l..." +
	"................" +
	"p...cctt........" +
	"................" +
	"p.......l......." +
	"................" +
	"p..............."

// Immediate bits of words.
const (
	bits26 = 0x03ffffff // B, BL
	bits19 = 0x00ffffe0 // B.cond, CBZ, LDR (literal)
	bits14 = 0x0007ffe0 // TBZ
	bits21 = 0x60ffffe0 // ADR, ADRP
	bits12 = 0x003ffc00 // ADD, LDR, STR
)

const pageSize = 1 << 12

// pool is the range of offsets that a literal pool takes up, as far as it is
// known from the loads before it.
type pool struct{ start, end int }

func (p pool) has(at int) bool { return p.start <= at && at < p.end }

// add makes a range that lies behind the load at the given offset part of the
// pool, or, if the load itself lies behind the pool, of the next one.
func (p pool) add(load, start, end int) pool {
	if p.end <= load {
		return pool{start, end}
	}
	return pool{min(p.start, start), max(p.end, end)}
}

func (s *sweep) nextARM64() (Instruction, Reference) {
	if len(s.code)-s.at < 4 {
		return s.lastByte(), Reference{}
	}
	in := Instruction{Offset: s.at, Size: 4, Class: Code}
	word := s.word(s.at)
	switch {
	case s.pool.has(s.at):
		in.Class = Data
	case word == 0:
		in.Class = Filler
	case highByte[word>>24] != '.':
		return in, s.reference(word)
	}
	return in, Reference{}
}

// lastByte is the step over a byte of what is no word. The linker's mark at the
// end of the text is one zero byte.
func (s *sweep) lastByte() Instruction {
	in := Instruction{Offset: s.at, Size: 1}
	if s.code[s.at] == 0 {
		in.Class = Filler
	}
	return in
}

func (s *sweep) word(at int) uint32 { return binary.LittleEndian.Uint32(s.code[at:]) }

// reference returns what the word at the sweep's place refers to.
func (s *sweep) reference(word uint32) Reference {
	pc := s.addr + uint64(s.at)
	ref := Reference{Offset: s.at, Size: 4}
	switch highByte[word>>24] {
	case branch26:
		ref.Kind, ref.Target = Branch26, pc+signed(word, 26)<<2
	case branch19:
		ref.Kind, ref.Target = Branch19, pc+signed(word>>5, 19)<<2
	case branch14:
		ref.Kind, ref.Target = Branch14, pc+signed(word>>5, 14)<<2
	case literal:
		ref.Kind, ref.Target = Literal19, pc+signed(word>>5, 19)<<2
		s.load(word)
	case address:
		ref.Kind, ref.Target = Address21, pc+distance21(word)
	case page:
		ref.Kind, ref.Target = Page21, pc&^(pageSize-1)+distance21(word)*pageSize
		if low, ok := s.low(word & 31); ok {
			ref.Size, ref.Target = 8, ref.Target+low
		}
	}
	return ref
}

// signed returns the low bits of a word, the highest of them being the sign.
func signed(word uint32, bits int) uint64 {
	return uint64(int64(int32(word<<(32-bits)) >> (32 - bits)))
}

// distance21 returns the immediate of ADR and ADRP, whose low two bits stand
// apart.
func distance21(word uint32) uint64 {
	return signed(word>>5, 19)<<2 | uint64(word>>29&3)
}

// load takes note of what a LDR (literal) loads.
func (s *sweep) load(word uint32) {
	start := s.at + int(signed(word>>5, 19)<<2)
	if end := start + literalSize(word); start > s.at && end > start && end <= len(s.code) {
		s.pool = s.pool.add(s.at, start, end)
	}
}

// literalSize returns the bytes that a LDR (literal) loads; 0 for a prefetch.
func literalSize(word uint32) int {
	opc, simd := word>>30, word&(1<<26) != 0
	switch {
	case simd:
		return 4 << opc
	case opc == 3: // PRFM
		return 0
	case opc == 2: // LDRSW
		return 4
	}
	return 4 << opc
}

// low returns the low part of the address whose page is in the given register
// if the next word completes it.
func (s *sweep) low(register uint32) (uint64, bool) {
	at := s.at + 4
	if len(s.code)-at < 4 || s.pool.has(at) {
		return 0, false
	}
	word := s.word(at)
	if word>>5&31 != register {
		return 0, false
	}
	value := uint64(word & bits12 >> 10)
	switch {
	case word>>22 == 0x91000000>>22: // ADD
		return value, true
	case word&0x3b000000 == 0x39000000: // load, store or prefetch, scaled
		scale, ok := accessScale(word)
		return value << scale, ok
	}
	return 0, false
}

// accessScale returns the power of two that scales the offset of a load or
// store; false for the encodings that are none.
func accessScale(word uint32) (uint32, bool) {
	size, wide := word>>30, word&(1<<23) != 0
	if word&(1<<26) == 0 { // general register
		return size, size < 2 || word>>22&3 != 3
	}
	if wide { // 128 bits
		return 4, size == 0
	}
	return size, true
}

// maskARM64 zeroes the immediate bits of one or two words.
func maskARM64(words []byte, kind Kind) {
	clearBits(words, immediate(kind))
	if len(words) == 8 {
		clearBits(words[4:], bits12)
	}
}

// immediate returns the bits of a reference's first word that hold the distance.
func immediate(kind Kind) uint32 {
	switch kind {
	case Branch26:
		return bits26
	case Branch19, Literal19:
		return bits19
	case Branch14:
		return bits14
	case Address21, Page21:
		return bits21
	}
	return 0
}

func clearBits(word []byte, bits uint32) {
	binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)&^bits)
}
