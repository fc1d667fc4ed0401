package code

import "iter"

// Arch is a processor whose code is scanned.
type Arch int

// Processors.
const (
	AMD64 Arch = iota + 1
	ARM64
)

// ArchOf returns the processor that Go calls goarch, if its code can be scanned.
func ArchOf(goarch string) (Arch, bool) {
	switch goarch {
	case "amd64":
		return AMD64, true
	case "arm64":
		return ARM64, true
	}
	return 0, false
}

// Kind is a way in which an instruction holds an address.
type Kind uint8

// Kinds of references. On AMD64 the distance counts from the end of the
// instruction, on ARM64 from the instruction's own address or page.
const (
	Relative8  Kind = iota + 1 // AMD64: JMP, Jcc, LOOP, JRCXZ: 1 byte
	Relative32                 // AMD64: CALL, JMP, Jcc, XBEGIN: 4 bytes
	RIP32                      // AMD64: displacement of an operand in memory: 4 bytes
	Branch26                   // ARM64: B, BL
	Branch19                   // ARM64: B.cond, BC.cond, CBZ, CBNZ
	Branch14                   // ARM64: TBZ, TBNZ
	Literal19                  // ARM64: LDR, LDRSW, PRFM (literal)
	Address21                  // ARM64: ADR
	Page21                     // ARM64: ADRP, alone (4 bytes) or with the word that completes the address (8 bytes)
)

// Reference is an address in code.
type Reference struct {
	Offset int    // of the distance (AMD64) or of the first word (ARM64), from the start of the code
	Size   int    // bytes of the distance or of the words: 1, 4 or 8
	Kind   Kind   // how the bytes hold it
	Target uint64 // the address
}

// Within reports whether the target lies in the size bytes from address addr on.
func (r Reference) Within(addr uint64, size int) bool {
	return r.Target-addr < uint64(size)
}

// Class says what a step of the sweep found.
type Class uint8

// Classes of steps.
const (
	Unknown Class = iota // a byte that is not understood
	Code                 // an instruction
	Filler               // what the linker puts between functions: INT3 (AMD64), the zero word (ARM64)
	Data                 // a word of a literal pool (ARM64)
)

// Instruction is one step of the sweep over code.
type Instruction struct {
	Offset int // from the start of the code
	Size   int // in bytes, at least 1
	Class  Class
}

// sweep is where a linear sweep stands.
type sweep struct {
	arch Arch
	code []byte
	addr uint64 // of code[0]
	at   int    // offset of the next step

	quiet int // AMD64: no reference begins before this offset
	pool  pool
}

func (s *sweep) more() bool { return s.at < len(s.code) }

// next takes a step. A reference of kind 0 is none.
func (s *sweep) next() (Instruction, Reference) {
	in, ref := Instruction{Offset: s.at, Size: 1}, Reference{}
	switch s.arch {
	case AMD64:
		in, ref = s.nextAMD64()
	case ARM64:
		in, ref = s.nextARM64()
	}
	s.at += in.Size
	return in, ref
}

// Scan appends the references in code, whose first byte has the address addr,
// to refs, and returns them with the number of bytes that were not understood.
// For an Arch that is not one of the constants those are all bytes.
func Scan(arch Arch, code []byte, addr uint64, refs []Reference) (all []Reference, unknown int) {
	s := sweep{arch: arch, code: code, addr: addr}
	for s.more() {
		in, ref := s.next()
		if ref.Kind != 0 {
			refs = append(refs, ref)
		}
		if in.Class == Unknown {
			unknown++
		}
	}
	return refs, unknown
}

// Instructions yields the steps of the sweep. They follow each other without
// gaps, from the first byte of the code to the last.
func Instructions(arch Arch, code []byte) iter.Seq[Instruction] {
	return func(yield func(Instruction) bool) {
		s := sweep{arch: arch, code: code}
		for s.more() {
			if in, _ := s.next(); !yield(in) {
				return
			}
		}
	}
}

// Body returns the length of code without the steps of class [Filler] that it
// ends with: a function's entry in the function table reaches to the next one.
func Body(arch Arch, code []byte) int {
	end := 0
	for in := range Instructions(arch, code) {
		if in.Class != Filler {
			end = in.Offset + in.Size
		}
	}
	return end
}

// Mask returns a copy of code with the bits zeroed that hold the distances of
// the references, which [Scan] found in this code: on AMD64 the bytes of a
// reference, on ARM64 the immediate bits of its words. Opcodes and registers
// stay.
func Mask(code []byte, refs []Reference) []byte {
	masked := make([]byte, len(code))
	copy(masked, code)
	for _, ref := range refs {
		field := masked[ref.Offset : ref.Offset+ref.Size]
		switch ref.Kind {
		case Relative8, Relative32, RIP32:
			clear(field)
		default:
			maskARM64(field, ref.Kind)
		}
	}
	return masked
}
