package compare

import "encoding/binary"

// typeOf is what identifies a type: the compiler's hash of what it is, its size
// and its name.
type typeOf struct {
	hash uint32
	size uint64
	name string
}

// Offsets in a type descriptor on 64-bit processors (abi.Type).
const (
	typeHash  = 16
	typeFlag  = 20
	typeAlign = 21
	typeField = 22
	typeKind  = 23
	typeStr   = 40
	typeSize  = 48

	kinds     = 26 // abi.UnsafePointer is the last
	kindMask  = 1<<5 - 1
	extraStar = 1 << 1 // abi.TFlagExtraStar: the name has a '*' too many
	maxAlign  = 64
)

// typeAt reads the type descriptor at an address, if one can be there.
func (s *side) typeAt(addr uint64) (typeOf, bool) {
	if addr < s.module.Types || addr >= s.module.EndTypes || addr%8 != 0 {
		return typeOf{}, false
	}
	data := s.image.At(addr)
	if len(data) < typeSize {
		return typeOf{}, false
	}
	kind, align, field := data[typeKind]&kindMask, data[typeAlign], data[typeField]
	if kind == 0 || kind > kinds || !isAlign(align) || !isAlign(field) {
		return typeOf{}, false
	}
	name, ok := s.typeName(binary.LittleEndian.Uint32(data[typeStr:]))
	if ok && data[typeFlag]&extraStar != 0 && name[0] == '*' {
		name = name[1:]
	}
	return typeOf{hash: binary.LittleEndian.Uint32(data[typeHash:]), size: binary.LittleEndian.Uint64(data), name: name}, ok
}

// typeAround reads the type descriptor that an address lies in, with the
// address's offset in it: code also reads single fields.
func (s *side) typeAround(addr uint64) (t typeOf, offset uint64, ok bool) {
	for offset = addr % 8; offset < typeSize; offset += 8 {
		if t, ok = s.typeAt(addr - offset); ok {
			return t, offset, true
		}
	}
	return typeOf{}, 0, false
}

func isAlign(n byte) bool { return n != 0 && n <= maxAlign && n&(n-1) == 0 }

// typeName reads a name (abi.Name): flags, the length as a varint, the text.
func (s *side) typeName(offset uint32) (string, bool) {
	addr := s.module.Types + uint64(offset)
	if offset == 0 || addr >= s.module.EndTypes {
		return "", false
	}
	data := s.image.At(addr)
	if len(data) < 2 || data[0] > 1<<4-1 {
		return "", false
	}
	length, n := binary.Uvarint(data[1:])
	if n <= 0 || length == 0 || length > uint64(len(data)-1-n) || length > maxTypeName {
		return "", false
	}
	name := string(data[1+n : 1+n+int(length)])
	for i := range len(name) {
		if name[i] < ' ' {
			return "", false
		}
	}
	return name, true
}

// maxTypeName bounds a type's name; those of generic types reach kilobytes.
const maxTypeName = 64 << 10
