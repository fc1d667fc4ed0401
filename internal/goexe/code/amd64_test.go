package code_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

const base = 0x401000

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return data
}

func step(offset, size int, class code.Class) code.Instruction {
	return code.Instruction{Offset: offset, Size: size, Class: class}
}

// steps sweeps the code twice to show that nothing is kept between sweeps.
func steps(t testing.TB, arch code.Arch, text []byte) []code.Instruction {
	t.Helper()
	var all, again []code.Instruction
	for in := range code.Instructions(arch, text) {
		all = append(all, in)
	}
	for in := range code.Instructions(arch, text) {
		again = append(again, in)
	}
	require.Equal(t, all, again)
	return all
}

// TestAMD64Lengths has one instruction a line.
func TestAMD64Lengths(t *testing.T) {
	for _, test := range []struct{ name, code string }{
		{"ADD AL, CL", "00 c8"},
		{"ADD EAX, imm32", "05 78 56 34 12"},
		{"ADD AX, imm16", "66 05 34 12"},
		{"ADD RAX, imm32 with a useless 66", "66 48 05 78 56 34 12"},
		{"REX made void by 66", "48 66 05 34 12"},
		{"PUSH R12", "41 54"},
		{"MOVSXD", "48 63 c1"},
		{"PUSH imm32", "68 78 56 34 12"},
		{"PUSH imm16", "66 68 34 12"},
		{"PUSH imm8", "6a 01"},
		{"IMUL imm32", "48 69 c0 78 56 34 12"},
		{"IMUL imm8", "48 6b c0 05"},
		{"CMP byte, imm8", "80 38 00"},
		{"CMP disp8", "48 83 7c 24 10 05"},
		{"CMP imm32, disp32, SIB", "48 81 bc 24 00 01 00 00 78 56 34 12"},
		{"CMP imm16", "66 81 f8 34 12"},
		{"MOV without base, scaled", "48 8b 04 cd 00 00 00 00"},
		{"MOV absolute by SIB", "65 48 8b 04 25 28 00 00 00"},
		{"MOV R13 base", "49 8b 45 00"},
		{"MOV R12 base", "49 8b 04 24"},
		{"LEA with 67", "67 8d 04 08"},
		{"POP r/m", "8f 00"},
		{"MOV AL, moffs64", "a0 88 77 66 55 44 33 22 11"},
		{"MOV moffs32", "67 a3 44 33 22 11"},
		{"MOV AX, moffs64", "66 a1 88 77 66 55 44 33 22 11"},
		{"MOV R8B, imm8", "41 b0 01"},
		{"MOV EAX, imm32", "b8 78 56 34 12"},
		{"MOV AX, imm16", "66 b8 34 12"},
		{"MOV RAX, imm64", "48 b8 88 77 66 55 44 33 22 11"},
		{"SHL imm8", "48 c1 e0 04"},
		{"RET imm16", "c2 08 00"},
		{"MOV byte, imm8", "c6 00 01"},
		{"XABORT", "c6 f8 01"},
		{"MOV word, imm16", "66 c7 00 34 12"},
		{"MOVQ, imm32", "48 c7 44 24 08 78 56 34 12"},
		{"ENTER", "c8 10 00 00"},
		{"INT 0x80", "cd 80"},
		{"FLD", "dd 44 24 08"},
		{"IN", "e4 60"},
		{"LOCK CMPXCHG", "f0 48 0f b1 0a"},
		{"REP MOVSQ", "f3 48 a5"},
		{"TEST byte", "f6 c1 01"},
		{"TEST byte, second encoding", "f6 c9 01"},
		{"NOT byte", "f6 d1"},
		{"TEST imm32", "48 f7 c1 78 56 34 12"},
		{"TEST imm16", "66 f7 c1 34 12"},
		{"NEG", "48 f7 d9"},
		{"CALL R/M", "ff 94 24 80 00 00 00"},
		{"SYSCALL", "0f 05"},
		{"UD2", "0f 0b"},
		{"PREFETCHNTA", "0f 18 44 18 40"},
		{"NOP of nine bytes", "66 0f 1f 84 00 00 00 00 00"},
		{"MOV CR0 with mod 0", "0f 20 05"},
		{"CMOV", "48 0f 44 c1"},
		{"PSHUFD", "66 0f 70 c0 1b"},
		{"PSLLDQ", "66 0f 73 f8 04"},
		{"EMMS", "0f 77"},
		{"SETCC", "0f 94 c0"},
		{"CPUID", "0f a2"},
		{"SHLD", "48 0f a4 c2 08"},
		{"BT imm8", "48 0f ba e0 1f"},
		{"BSWAP", "48 0f c8"},
		{"SHUFPS", "0f c6 c0 00"},
		{"PSHUFB", "66 0f 38 00 c1"},
		{"CRC32", "f2 48 0f 38 f1 c1"},
		{"ADCX", "66 48 0f 38 f6 c1"},
		{"SHA256RNDS2", "0f 38 cb c1"},
		{"SHA1RNDS4", "0f 3a cc c1 00"},
		{"PALIGNR", "66 0f 3a 0f c1 08"},
		{"VEX2 VZEROUPPER", "c5 f8 77"},
		{"VEX2 VPXOR", "c5 fd ef c0"},
		{"VEX2 VPSLLD", "c5 f5 72 f1 07"},
		{"VEX3 VPSHUFB", "c4 e2 7d 00 c1"},
		{"VEX3 VPGATHERDD", "c4 e2 75 90 04 80"},
		{"VEX3 RORX", "c4 e3 fb f0 c1 06"},
		{"VEX3 MULX", "c4 e2 fb f6 44 24 08"},
		{"KMOVQ", "c4 e1 fb 92 c8"},
		{"EVEX VMOVDQU64", "62 f1 fe 48 6f 40 01"},
		{"EVEX VPTERNLOGD", "62 f3 75 48 25 c2 96"},
		{"EVEX VPROLD", "62 f1 75 48 72 c9 10"},
		{"EVEX VPGATHERQQ", "62 f2 fd 49 91 84 80 00 01 00 00"},
		{"EVEX VADDPH", "62 f5 74 48 58 c2"},
		{"EVEX VFMADD132PH", "62 f6 75 48 98 c2"},
		{"fifteen bytes", "66 66 66 66 66 66 66 66 66 66 66 66 66 66 90"},
	} {
		text := fromHex(t, test.code)
		want := []code.Instruction{{Size: len(text), Class: code.Code}}
		assert.Equal(t, want, steps(t, code.AMD64, text), test.name)
		assert.Equal(t, want[0], steps(t, code.AMD64, append(text, make([]byte, 40)...))[0], "%s, code after it", test.name)
		_, unknown := code.Scan(code.AMD64, text[:len(text)-1], 0, nil)
		assert.NotZero(t, unknown, "%s, cut short", test.name)
		refs, _ := code.Scan(code.AMD64, text, 0, nil)
		assert.Empty(t, refs, test.name)
	}
}

func TestAMD64References(t *testing.T) {
	for _, test := range []struct {
		name, code   string
		offset, size int
		kind         code.Kind
		target       uint64
	}{
		{"JMP short", "eb fe", 1, 1, code.Relative8, base},
		{"JNE short", "75 10", 1, 1, code.Relative8, base + 0x12},
		{"JRCXZ", "e3 80", 1, 1, code.Relative8, base + 2 - 0x80},
		{"LOOP", "e2 7f", 1, 1, code.Relative8, base + 0x81},
		{"CALL", "e8 00 10 00 00", 1, 4, code.Relative32, base + 0x1005},
		{"CALL with 66", "66 e8 00 10 00 00", 2, 4, code.Relative32, base + 0x1006},
		{"CALL as the linker relaxes it", "67 e8 00 10 00 00", 2, 4, code.Relative32, base + 0x1006},
		{"JMP", "e9 fb ff ff ff", 1, 4, code.Relative32, base},
		{"JNE", "0f 85 00 00 00 80", 2, 4, code.Relative32, 0xffffffff80401006},
		{"XBEGIN", "c7 f8 00 00 00 01", 2, 4, code.Relative32, 0x1401006},
		{"LEA", "48 8d 05 f9 ff ff ff", 3, 4, code.RIP32, base},
		{"CALL memory", "ff 15 00 01 00 00", 2, 4, code.RIP32, base + 0x106},
		{"CMP byte, imm8", "80 3d 00 01 00 00 01", 2, 4, code.RIP32, base + 0x107},
		{"CMPW, imm16", "66 81 3d 00 01 00 00 34 12", 3, 4, code.RIP32, base + 0x109},
		{"MOVQ, imm32", "48 c7 05 00 01 00 00 78 56 34 12", 3, 4, code.RIP32, base + 0x10b},
		{"TEST byte", "f6 05 00 01 00 00 01", 2, 4, code.RIP32, base + 0x107},
		{"NOT byte", "f6 15 00 01 00 00", 2, 4, code.RIP32, base + 0x106},
		{"TESTL", "f7 05 00 01 00 00 01 00 00 00", 2, 4, code.RIP32, base + 0x10a},
		{"LOCK XADD", "f0 48 0f c1 05 00 01 00 00", 5, 4, code.RIP32, base + 0x109},
		{"PSHUFB", "66 0f 38 00 05 00 01 00 00", 5, 4, code.RIP32, base + 0x109},
		{"AESKEYGENASSIST", "66 0f 3a df 05 00 01 00 00 01", 5, 4, code.RIP32, base + 0x10a},
		{"VEX2 VMOVDQU", "c5 fe 6f 05 00 01 00 00", 4, 4, code.RIP32, base + 0x108},
		{"VEX2 VPSHUFD", "c5 fd 70 05 00 01 00 00 1b", 4, 4, code.RIP32, base + 0x109},
		{"VEX3 VPSHUFB", "c4 e2 75 00 05 00 01 00 00", 5, 4, code.RIP32, base + 0x109},
		{"VEX3 RORX", "c4 e3 fb f0 05 00 01 00 00 06", 5, 4, code.RIP32, base + 0x10a},
		{"EVEX VMOVDQU64", "62 f1 fe 48 6f 05 00 01 00 00", 6, 4, code.RIP32, base + 0x10a},
		{"EVEX VPTERNLOGD", "62 f3 75 48 25 05 00 01 00 00 96", 6, 4, code.RIP32, base + 0x10b},
	} {
		text := fromHex(t, test.code)
		refs, unknown := code.Scan(code.AMD64, text, base, nil)
		want := code.Reference{Offset: test.offset, Size: test.size, Kind: test.kind, Target: test.target}
		assert.Equal(t, []code.Reference{want}, refs, test.name)
		assert.Zero(t, unknown, test.name)
		masked := append([]byte(nil), text...)
		clear(masked[test.offset : test.offset+test.size])
		assert.Equal(t, masked, code.Mask(text, refs), test.name)
	}
}

// TestAMD64NoReference has what looks like a reference.
func TestAMD64NoReference(t *testing.T) {
	for name, text := range map[string]string{
		"EIP-relative":          "67 48 8d 05 00 01 00 00",
		"XBEGIN of 16 bits":     "66 c7 f8 00 01",
		"absolute":              "48 8d 04 25 00 01 00 00",
		"index without base":    "48 8d 04 0d 00 01 00 00",
		"RBP base":              "48 8d 85 00 01 00 00",
		"registers, rm 5":       "48 89 c5",
		"control register":      "0f 22 05 90 90 90 90",
		"MOV of a pointer size": "48 b8 00 10 40 00 00 00 00 00",
	} {
		refs, unknown := code.Scan(code.AMD64, fromHex(t, text), base, nil)
		assert.Empty(t, refs, name)
		assert.Zero(t, unknown, name)
	}
}

func TestAMD64Unknown(t *testing.T) {
	for name, text := range map[string]string{
		"PUSH ES":                   "06",
		"far CALL":                  "9a",
		"REX2":                      "d5",
		"XOP":                       "8f e8",
		"3DNow!":                    "0f 0f",
		"EVEX of map 4":             "62 f4 7c",
		"EVEX with REX":             "48 62 f1 fe 48 6f c0",
		"EVEX whose fixed bit is 0": "62 f1 f8 48 6f c0",
		"VEX of map 7":              "c4 e7 7b f8 c0 00 00 00 00",
		"VEX with 66":               "66 c5 f8 77",
		"prefixes alone":            "66 66 66",
		"sixteen bytes":             "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90",
	} {
		first := steps(t, code.AMD64, fromHex(t, text))[0]
		assert.Equal(t, code.Instruction{Size: 1, Class: code.Unknown}, first, name)
	}
	all := steps(t, code.AMD64, fromHex(t, "06 90 cc"))
	assert.Equal(t, []code.Instruction{step(0, 1, code.Unknown), step(1, 1, code.Code), step(2, 1, code.Filler)}, all)
}

// TestAMD64Quiet has calls behind an unknown byte: in its reach and out of it.
func TestAMD64Quiet(t *testing.T) {
	for between, want := range map[int]int{0: 0, 12: 0, 13: 1} {
		text := fromHex(t, "06"+strings.Repeat("90", between)+"e8 00000000")
		refs, unknown := code.Scan(code.AMD64, text, base, nil)
		assert.Len(t, refs, want, between)
		assert.Equal(t, 1, unknown)
	}
}
