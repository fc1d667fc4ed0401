// Package code finds the addresses in the machine code of Go functions: where
// an instruction names another address by its distance, how many bytes hold the
// distance, and which address it is. With them zeroed, the code of two builds
// of one function can be compared.
//
// # Guarantee
//
// What [Scan], [Instructions], [Body] and [Mask] return depends on nothing but
// their arguments, and every input has a result: no bytes make them fail. Time
// is linear in the code's length. References come in ascending order of their
// offsets, do not overlap, and lie inside the code. The rules below are all
// there is to know; a change of one of them changes the result for existing
// executables and needs another version of whatever format is built on it.
//
// # Rules for both processors
//
// The sweep is linear: it begins at the first byte, and an instruction begins
// where the last one ended. Bytes that are not understood make a step of their
// own, of class [Unknown]; an instruction that the end of the code cuts short is
// not understood. Targets are computed modulo 1<<64, from the address of the
// code's first byte, and are not checked: they may lie anywhere.
//
// No distance changes what a step is, except those of [Literal19]: in code whose
// other distances are changed, the references have the same offsets, sizes and
// kinds.
//
// # AMD64
//
// An instruction has legacy prefixes (26 2E 36 3E 64 65 66 67 F0 F2 F3), at most
// one REX prefix that counts (the one right before the opcode), and an opcode of
// these maps:
//
//   - one byte, 0F, each with the operands of the tables in this package;
//   - 0F 38, each opcode with ModRM; 0F 3A, each with ModRM and an immediate byte;
//   - VEX (C4, C5) map 1 to 3 and EVEX (62) map 1 to 3, 5 and 6: ModRM, and an
//     immediate byte in map 3 and for the opcodes 70 to 73, C2, C4, C5 and C6 of
//     map 1; opcode 77 of map 1 has no operand. In EVEX, bit 3 of the first byte
//     after 62 is 0 and bit 2 of the second is 1. No REX prefix and none of 66, F0,
//     F2 and F3 precede VEX or EVEX.
//
// 66 makes immediates of 32 bits 16 bits wide unless REX.W is there; branches
// ignore it, but for XBEGIN. 67 halves the address of A0 to A3. An instruction has
// at most 15 bytes. Whatever else begins with is a step of one unknown byte; the
// sweep goes on with the next byte.
//
// Operands are not checked beyond this: an opcode that is defined for some ModRM
// bytes only is understood with all of them, except 8F (whose other forms are XOP).
// The length is right for every instruction that a processor executes, but those
// of XOP, 3DNow!, SSE4a, VIA PadLock, VMREAD, VMWRITE and APX, which are not
// understood or not as such. CC is of class [Filler].
//
// References are [Relative8], [Relative32] and [RIP32]; a RIP-relative operand with
// prefix 67, which cuts the address to 32 bits, is none. A distance that begins in
// the 15 bytes from an unknown byte on is none either: another distance there might
// make the byte known.
//
// # ARM64
//
// Every four bytes are a word, whatever they mean; each of the one to three bytes
// that may be left at the end is a step of its own and unknown. The zero word, and
// a zero byte that is left, are of class [Filler].
//
// Go's assembler puts constants behind a function's code and loads them by LDR
// (literal). A load of 4, 8 or 16 bytes that lie whole inside the code and behind
// the load makes them [Data]: the first such load behind the last data begins a
// range, each later one before the range stretches it so that it covers its bytes
// too, and all words in it are data, which hold no references. Prefetches stretch
// nothing.
//
// References are [Branch26], [Branch19], [Branch14], [Literal19], [Address21] and
// [Page21]. ADRP makes one unit of 8 bytes with the next word if that is not data,
// its base register is the destination of ADRP, and it is ADD (immediate, 64 bits,
// not shifted) or a load, store or prefetch of a register, general or SIMD, with an
// unsigned scaled offset. The unit's target is the address that both words make;
// that of a single ADRP is the page.
//
// # Caveats
//
// Addresses that instructions hold as a whole (an absolute 32-bit displacement,
// an immediate of 64 bits), or that take more than two words, or two words that
// are not neighbours, are not recognised.
//
// Data between instructions is read as code: the texts go:buildid and go:textfipsstart,
// which the linker puts among the functions on some systems,
// markers such as crypto/internal/boring/sig.StandardCrypto, and what C compilers
// put there. It may have unknown bytes and references that are none.
//
// # Sources
//
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: chapter 2
// (Instruction Format) and appendix A (Opcode Map). Arm Architecture Reference
// Manual for A-profile architecture, C4 (A64 Instruction Set Encoding). Go's
// assembler (cmd/internal/obj/arm64) for the forms that occur.
package code
