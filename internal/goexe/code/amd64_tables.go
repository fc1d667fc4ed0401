package code

// What follows an opcode, as the letters of the tables.
const (
	none      = '.'
	invalid   = 'x' // not an instruction in 64-bit mode
	modRM     = 'm'
	modRMImm8 = 'M'
	modRMImm  = 'Z' // ModRM and 4 bytes, or 2 with prefix 66
	control   = 'c' // ModRM of a control or debug register: never memory
	imm8      = 'b'
	imm16     = 'w'
	imm24     = 'e' // ENTER
	imm       = 'z' // 4 bytes, or 2 with prefix 66
	immFull   = 'v' // as imm, but 8 bytes with REX.W
	offset    = 'o' // an address: 8 bytes, or 4 with prefix 67
	jump8     = 'j'
	jump32    = 'J'
	test8     = 't' // F6: ModRM; an immediate for TEST only
	test      = 'T' // F7: the same
	pop       = 'P' // 8F: POP, or XOP
	moveImm   = 'X' // C7: MOV, or XBEGIN

	segment = 'p' // prefixes without effect on the length
	lock    = 'l' // as segment, but never before VEX
	size16  = 's' // 66
	size32  = 'a' // 67
	rex     = 'r'

	escape0F = '0' // the maps that are not one byte long
	escape38 = '8'
	escape3A = 'A'
	vex2     = '2'
	vex3     = '3'
	evex     = 'E'
)

// oneByte has the letter of each opcode of one byte, a row for each high digit.
const oneByte = "" +
	"mmmmbzxxmmmmbzx0" +
	"mmmmbzxxmmmmbzxx" +
	"mmmmbzpxmmmmbzpx" +
	"mmmmbzpxmmmmbzpx" +
	"rrrrrrrrrrrrrrrr" +
	"................" +
	"xxEmppsazZbM...." +
	"jjjjjjjjjjjjjjjj" +
	"MZxMmmmmmmmmmmmP" +
	"..........x....." +
	"oooo....bz......" +
	"bbbbbbbbvvvvvvvv" +
	"MMw.32MXe.w..bx." +
	"mmmmxxx.mmmmmmmm" +
	"jjjjbbbbJJxj...." +
	"l.ll..tT......mm"

// after0F has the letter of each opcode after 0F.
const after0F = "" +
	"mmmmx.....x.xmxx" +
	"mmmmmmmmmmmmmmmm" +
	"ccccxxxxmmmmmmmm" +
	"......x.8xAxxxxx" +
	"mmmmmmmmmmmmmmmm" +
	"mmmmmmmmmmmmmmmm" +
	"mmmmmmmmmmmmmmmm" +
	"MMMMmmm.xxxxmmmm" +
	"JJJJJJJJJJJJJJJJ" +
	"mmmmmmmmmmmmmmmm" +
	"...mMmxx...mMmmm" +
	"mmmmmmmmmmMmmmmm" +
	"mmMmMMMm........" +
	"mmmmmmmmmmmmmmmm" +
	"mmmmmmmmmmmmmmmm" +
	"mmmmmmmmmmmmmmmm"

// What follows ModRM, if it is not a number of bytes.
const (
	sibBase = 's' // SIB, whose base tells whether 4 bytes follow
	ripBase = 'r' // 4 bytes that count from the instruction's end
)

// displacement has the number of bytes of SIB and displacement for each of the
// lowest three bits of ModRM, a row for each of the highest two.
const displacement = "" +
	"0000sr00" +
	"11112111" +
	"44445444" +
	"00000000"

// afterVector returns the letter of an opcode of a VEX or EVEX map.
func afterVector(opcodes, opcode byte) byte {
	switch opcodes {
	case 1:
		switch opcode {
		case 0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6:
			return modRMImm8
		case 0x77: // VZEROUPPER, VZEROALL
			return none
		}
		return modRM
	case 2, 5, 6:
		return modRM
	case 3:
		return modRMImm8
	}
	return invalid
}
