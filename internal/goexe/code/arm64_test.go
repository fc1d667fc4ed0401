package code_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

func words(all ...uint32) []byte {
	var data []byte
	for _, word := range all {
		data = binary.LittleEndian.AppendUint32(data, word)
	}
	return data
}

const nop = 0xd503201f

func TestARM64References(t *testing.T) {
	const page = 0x401000
	for _, test := range []struct {
		name   string
		first  uint32
		second uint32
		size   int
		kind   code.Kind
		target uint64
		masked uint32
		rest   uint32
	}{
		{"B to itself", 0x14000000, nop, 4, code.Branch26, base, 0x14000000, nop},
		{"BL back", 0x97ffffff, nop, 4, code.Branch26, base - 4, 0x94000000, nop},
		{"BL far back", 0x96000000, nop, 4, code.Branch26, 1<<64 + base - 1<<27, 0x94000000, nop},
		{"B.NE", 0x54000041, nop, 4, code.Branch19, base + 8, 0x54000001, nop},
		{"CBZ", 0xb4ffffe3, nop, 4, code.Branch19, base - 4, 0xb4000003, nop},
		{"CBNZ, 32 bits", 0x35000040, nop, 4, code.Branch19, base + 8, 0x35000000, nop},
		{"TBZ, bit 33", 0xb60800a3, nop, 4, code.Branch14, base + 0x14, 0xb6080003, nop},
		{"TBNZ back", 0x3707ffe0, nop, 4, code.Branch14, base - 4, 0x37000000, nop},
		{"LDR literal", 0x5800101b, nop, 4, code.Literal19, base + 0x200, 0x5800001b, nop},
		{"LDR literal, SIMD", 0x9c001000, nop, 4, code.Literal19, base + 0x200, 0x9c000000, nop},
		{"PRFM literal", 0xd8000040, nop, 4, code.Literal19, base + 8, 0xd8000000, nop},
		{"ADR", 0x30000020, nop, 4, code.Address21, base + 5, 0x10000000, nop},
		{"ADRP alone", 0xb0000000, nop, 4, code.Page21, page + 0x1000, 0x90000000, nop},
		{"ADRP back", 0xf0ffffe5, nop, 4, code.Page21, page - 0x1000, 0x90000005, nop},
		{"ADRP, ADD", 0xb0000000, 0x91048c00, 8, code.Page21, page + 0x1123, 0x90000000, 0x91000000},
		{"ADRP, ADD of another register", 0xb0000000, 0x91048c20, 4, code.Page21, page + 0x1000, 0x90000000, 0x91048c20},
		{"ADRP, ADD shifted", 0xb0000000, 0x91448c00, 4, code.Page21, page + 0x1000, 0x90000000, 0x91448c00},
		{"ADRP, ADD of 32 bits", 0xb0000000, 0x11048c00, 4, code.Page21, page + 0x1000, 0x90000000, 0x11048c00},
		{"ADRP, LDRB", 0xb000001b, 0x39448f61, 8, code.Page21, page + 0x1123, 0x9000001b, 0x39400361},
		{"ADRP, LDRH", 0xb000001b, 0x79424761, 8, code.Page21, page + 0x1122, 0x9000001b, 0x79400361},
		{"ADRP, LDRW", 0xb000001b, 0xb9412361, 8, code.Page21, page + 0x1120, 0x9000001b, 0xb9400361},
		{"ADRP, LDR", 0xb000001b, 0xf9409361, 8, code.Page21, page + 0x1120, 0x9000001b, 0xf9400361},
		{"ADRP, STR", 0xb000001b, 0xf9009361, 8, code.Page21, page + 0x1120, 0x9000001b, 0xf9000361},
		{"ADRP, LDRSW", 0xb000001b, 0xb9812361, 8, code.Page21, page + 0x1120, 0x9000001b, 0xb9800361},
		{"ADRP, LDR Q", 0xb000001b, 0x3dc04b61, 8, code.Page21, page + 0x1120, 0x9000001b, 0x3dc00361},
		{"ADRP, STR D", 0xb000001b, 0xfd009361, 8, code.Page21, page + 0x1120, 0x9000001b, 0xfd000361},
		{"ADRP, LDR S", 0xb000001b, 0xbd412361, 8, code.Page21, page + 0x1120, 0x9000001b, 0xbd400361},
		{"ADRP, LDR unscaled", 0xb000001b, 0xf8520361, 4, code.Page21, page + 0x1000, 0x9000001b, 0xf8520361},
		{"ADRP, no such load", 0xb000001b, 0x7dc04b61, 4, code.Page21, page + 0x1000, 0x9000001b, 0x7dc04b61},
	} {
		text := words(test.first, test.second)
		refs, unknown := code.Scan(code.ARM64, text, base, nil)
		assert.Zero(t, unknown, test.name)
		want := code.Reference{Offset: 0, Size: test.size, Kind: test.kind, Target: test.target}
		assert.Equal(t, []code.Reference{want}, refs, test.name)
		assert.Equal(t, words(test.masked, test.rest), code.Mask(text, refs), test.name)
		assert.Len(t, steps(t, code.ARM64, text), 2, test.name)
	}
}

func TestARM64NoReference(t *testing.T) {
	for name, word := range map[string]uint32{
		"RET": 0xd65f03c0, "BR": 0xd61f0000, "LDR": 0xf9400000, "MOVZ": 0xd2800000, "ADD": 0x91000000,
		"SVC": 0xd4000001, "LDP": 0xa9400000, "AESE": 0x4e284800, "unallocated literal": 0xdc000000,
	} {
		refs, unknown := code.Scan(code.ARM64, words(word), base, nil)
		assert.Empty(t, refs, name)
		assert.Zero(t, unknown, name)
	}
}

// TestARM64Pool has constants behind the code that read as branches.
func TestARM64Pool(t *testing.T) {
	text := words(
		0x58000080,             // LDR X0, +16
		0x1c000081,             // LDR S1, +16: one word further
		0xd65f03c0,             // RET
		0x14000000,             // B: the pool begins behind it
		0x14000001, 0x94000001, // 8 bytes, whose second half is both
		0x14000002, // B behind the pool
	)
	classes := []code.Class{}
	for _, in := range steps(t, code.ARM64, text) {
		classes = append(classes, in.Class)
	}
	assert.Equal(t, []code.Class{code.Code, code.Code, code.Code, code.Code, code.Data, code.Data, code.Code}, classes)
	refs, _ := code.Scan(code.ARM64, text, base, nil)
	var offsets []int
	for _, ref := range refs {
		offsets = append(offsets, ref.Offset)
	}
	assert.Equal(t, []int{0, 4, 12, 24}, offsets)
}

// TestARM64NotPool has literals that are not whole inside the code, or before
// the load.
func TestARM64NotPool(t *testing.T) {
	for name, text := range map[string][]byte{
		"cut":      words(0x58000040, nop, 0x14000001),
		"outside":  words(0x58001000, nop, 0x14000001),
		"before":   words(0x14000001, 0x58ffffe0),
		"itself":   words(0x58000000, 0x14000001),
		"prefetch": words(0xd8000020, 0x14000001),
	} {
		refs, _ := code.Scan(code.ARM64, text, base, nil)
		assert.Len(t, refs, 2, name)
	}
}

func TestARM64PairAcrossData(t *testing.T) {
	refs, _ := code.Scan(code.ARM64, words(0x18000040, 0xb0000000, 0x91048c00), base, nil)
	assert.Equal(t, 4, refs[1].Size, "the second word is data")
}

func TestARM64Rest(t *testing.T) {
	all := steps(t, code.ARM64, append(words(0, nop), 1, 0))
	assert.Equal(t, []code.Instruction{step(0, 4, code.Filler), step(4, 4, code.Code), step(8, 1, code.Unknown), step(9, 1, code.Filler)}, all)
}
