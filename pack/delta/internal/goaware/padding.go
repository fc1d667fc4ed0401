package goaware

import (
	"bytes"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// Go's assembler for AMD64 lets no jump cross or end at a multiple of 32, and puts
// instructions that do nothing in front of it (padJump in cmd/internal/obj/x86). In a
// function that has changed, these come and go all over.
const (
	boundary  = 32
	longestNo = 9
)

// nothing are the instructions that do nothing, of one to nine bytes (Intel's
// manual, volume 2, NOP).
func nothing(size int) []byte {
	const all = "\x90" + "\x66\x90" + "\x0f\x1f\x00" + "\x0f\x1f\x40\x00" + "\x0f\x1f\x44\x00\x00" + "\x66\x0f\x1f\x44\x00\x00" +
		"\x0f\x1f\x80\x00\x00\x00\x00" + "\x0f\x1f\x84\x00\x00\x00\x00\x00" + "\x66\x0f\x1f\x84\x00\x00\x00\x00\x00"
	from := size * (size - 1) / 2
	return []byte(all[from : from+size])
}

// toBoundary is how many bytes are missing to the next boundary.
func toBoundary(addr uint64) int { return int(-addr & (boundary - 1)) }

// appendPadding appends so many bytes of instructions that do nothing.
func appendPadding(b []byte, size int) []byte {
	for ; size > 0; size -= min(size, longestNo) {
		b = append(b, nothing(min(size, longestNo))...)
	}
	return b
}

// padded returns how many bytes of padding stand at an offset of a program, up to
// the next boundary.
func padded(p *program.Program, offset int) int {
	addr, left, ok := p.Loaded(offset)
	size := toBoundary(addr)
	if !ok || size == 0 || size > left || p.Quantum() != 1 {
		return 0
	}
	if !bytes.Equal(p.Data[offset:offset+size], appendPadding(make([]byte, 0, boundary), size)) {
		return 0
	}
	return size
}
