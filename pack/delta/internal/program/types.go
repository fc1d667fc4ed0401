package program

import "encoding/binary"

// Offsets in a type descriptor (Type in internal/abi/type.go) on 64-bit systems.
const (
	typeFlag    = 20
	typeAlign   = 21
	typeField   = 22
	typeKind    = 23
	typeName    = 40
	typePointer = 44
	typeSize    = 48

	flagUncommon = 1

	kindMask  = 1<<5 - 1
	kinds     = 26
	maxAlign  = 16
	nameFlags = 1<<4 - 1
)

// Kinds of types whose descriptors are longer than the common part.
const (
	kindArray     = 17
	kindChan      = 18
	kindFunc      = 19
	kindInterface = 20
	kindMap       = 21
	kindPointer   = 22
	kindSlice     = 23
	kindStruct    = 25
)

// typeReferences finds the offsets in type descriptors: of names, of other types
// and of methods. The descriptors are found by what they look like.
func (p *Program) typeReferences(known References) References {
	r, err := p.rangeOf(p.module.Types, p.module.EndTypes)
	if err != nil {
		return known
	}
	start := r.Start + int(-p.module.Types&7)
	for at := start; at+typeSize <= r.End; {
		if !p.isType(at, r) {
			at += 8
			continue
		}
		known = p.distance(known, at+typeName, BaseTypes)
		if p.u32(at+typePointer) != 0 {
			known = p.distance(known, at+typePointer, BaseTypes)
		}
		var size int
		known, size = p.typeRest(known, at, r)
		at += size
	}
	return known
}

func isAlign(n byte) bool { return n != 0 && n <= maxAlign && n&(n-1) == 0 }

func (p *Program) isType(at int, r Range) bool {
	d := p.Data[at:]
	kind := d[typeKind] & kindMask
	if kind == 0 || kind > kinds || !isAlign(d[typeAlign]) || !isAlign(d[typeField]) {
		return false
	}
	return p.isName(p.u32(at+typeName), r)
}

// isName reports whether a name stands at an offset (Name in internal/abi/type.go):
// flags, a length, a text.
func (p *Program) isName(offset uint32, r Range) bool {
	if offset == 0 || uint64(offset) >= uint64(r.Len()) {
		return false
	}
	name := p.Data[r.Start+int(offset) : r.End]
	if len(name) < 2 || name[0] > nameFlags {
		return false
	}
	length, n := binary.Uvarint(name[1:])
	if n <= 0 || length == 0 || length > uint64(len(name)-1-n) {
		return false
	}
	return name[1+n] >= ' '
}

// typeRest finds what follows the common part of a descriptor, and returns the
// size of the whole, as far as it is known.
func (p *Program) typeRest(known References, at int, r Range) (References, int) {
	kind := p.Data[at+typeKind] & kindMask
	size := typeSize
	switch kind {
	case kindPointer, kindSlice, kindFunc:
		size += 8
	case kindChan:
		size += 16
	case kindArray:
		size += 24
	case kindInterface, kindStruct:
		size += 32
	}
	if at+size > r.End {
		return known, typeSize
	}
	if kind == kindInterface {
		known = p.interfaceMethods(known, at+typeSize+8, r)
	}
	if p.Data[at+typeFlag]&flagUncommon == 0 {
		return known, size
	}
	if kind != kindMap {
		return p.uncommon(known, at+size, r), size
	}
	for _, size := range []int{112, 88} { // since Go 1.24, and before
		if with := p.uncommon(known, at+size, r); len(with) > len(known) {
			return with, size
		}
	}
	return known, size
}

// interfaceMethods finds the names and types of an interface's methods (Imethod in
// internal/abi/type.go), whose list a slice names.
func (p *Program) interfaceMethods(known References, slice int, r Range) References {
	const entry = 8
	list, n := binary.LittleEndian.Uint64(p.Data[slice:]), binary.LittleEndian.Uint64(p.Data[slice+8:])
	at, size, ok := p.Offset(list)
	if !ok || n > uint64(size)/entry {
		return known
	}
	for i := range int(n) {
		known = p.distance(known, at+entry*i, BaseTypes)
		known = p.distance(known, at+entry*i+4, BaseTypes)
	}
	return known
}

// uncommon finds the package's path and the methods of a type (UncommonType and
// Method in internal/abi/type.go), which follow its descriptor.
func (p *Program) uncommon(known References, from int, r Range) References {
	const head, entry = 16, 16
	if from+head > r.End {
		return known
	}
	path, methods, offset := p.u32(from), int(binary.LittleEndian.Uint16(p.Data[from+4:])), int(p.u32(from+8))
	if path != 0 && !p.isName(path, r) || offset < head || offset > r.End-from || entry*methods > r.End-from-offset {
		return known
	}
	if path != 0 {
		known = p.distance(known, from, BaseTypes)
	}
	for i := range methods {
		method := from + offset + entry*i
		for j, base := range []Base{BaseTypes, BaseTypes, BaseText, BaseText} {
			if v := p.u32(method + 4*j); v != 0 && v != None {
				known = p.distance(known, method+4*j, base)
			}
		}
	}
	return known
}

// typeLinks finds the list of types that can be looked up, which the module data
// names in a place that depends on the version: address, length, capacity of what
// holds offsets of types.
func (p *Program) typeLinks(known References) References {
	types, err := p.rangeOf(p.module.Types, p.module.EndTypes)
	if err != nil {
		return known
	}
	words := p.module.Rest
	for i := 0; i+2 < len(words); i++ {
		at, size, ok := p.Offset(words[i])
		n := words[i+1]
		if !ok || n == 0 || n != words[i+2] || n > uint64(size)/4 || !p.areTypes(at, int(n), types) {
			continue
		}
		for j := range int(n) {
			known = p.distance(known, at+4*j, BaseTypes)
		}
		return known
	}
	return known
}

// areTypes reports whether numbers are offsets of types.
func (p *Program) areTypes(at, n int, types Range) bool {
	for j := range n {
		offset := int64(p.u32(at + 4*j))
		if offset+typeSize > int64(types.Len()) || !p.isType(types.Start+int(offset), types) {
			return false
		}
	}
	return true
}
