package program

import (
	"encoding/binary"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// knownEach is how many references in tables there are for a function, and more than
// in any program that was seen.
const knownEach = 16

// tableReferences appends the references in the linker's own tables.
func (p *Program) tableReferences(known References) References {
	known = p.fileReferences(known)
	known = p.functionDataReferences(known)
	known = p.typeReferences(known)
	known = p.typeLinks(known)
	known = p.unwindReferences(known)
	return p.importReferences(known)
}

// distance appends a reference of four bytes that counts from a base.
func (p *Program) distance(known References, at int, base Base) References {
	if target, ok := p.target(p.BaseAddr(base) + uint64(p.u32(at))); ok && len(known) < p.mostKnown() {
		known = append(known, packReference(Reference{Offset: int32(at), Target: target, Kind: Distance, Base: base, Size: 4}))
	}
	return known
}

// mostKnown bounds what hostile tables can name: no more than there is room for.
func (p *Program) mostKnown() int { return len(p.Data) / 4 }

// fileReferences finds the offsets of paths in the lists of units' files.
func (p *Program) fileReferences(known References) References {
	r, err := p.rangeOf(p.table.Units, p.table.Files)
	if err != nil {
		return known
	}
	for at := r.Start; at+4 <= r.End; at += 4 {
		if p.u32(at) != None {
			known = p.distance(known, at, BaseFiles)
		}
	}
	return known
}

// functionDataReferences finds what functions' data refer to: types of stack
// objects, names and lines of inlined functions, wrapped functions.
func (p *Program) functionDataReferences(known References) References {
	seen := make([]uint64, (p.dataEnd-min(p.module.FuncData, p.dataEnd))/64+1) // a bit for each byte
	data := func(f *Function, i int) (at, size int, ok bool) {
		if i >= len(f.Data) || int64(f.Data[i]) >= int64(len(p.Data)) {
			return 0, 0, false
		}
		word, bit := f.Data[i]/64, uint64(1)<<(f.Data[i]%64)
		if seen[word]&bit != 0 {
			return 0, 0, false
		}
		seen[word] |= bit
		return p.Offset(p.module.FuncData + uint64(f.Data[i]))
	}
	for i := range p.Functions {
		f := &p.Functions[i]
		if at, size, ok := data(f, dataStackObjects); ok {
			known = p.stackObjects(known, at, size)
		}
		if at, size, ok := data(f, dataInlined); ok {
			known = p.inlinedCalls(known, f, at, size)
		}
		if at, size, ok := data(f, dataWrapped); ok && size >= 4 {
			known = p.distance(known, at, BaseText)
		}
	}
	return known
}

// maxStackObjects and maxInlined bound what one function has.
const (
	maxStackObjects = 1 << 16
	maxInlined      = 1 << 16
)

// stackObjects reads a count, and records (stackObjectRecord in runtime/stack.go)
// whose last field is the offset of a mask of pointers.
func (p *Program) stackObjects(known References, at, size int) References {
	const head, entry, field = 8, 16, 12
	if size < head {
		return known
	}
	n := binary.LittleEndian.Uint64(p.Data[at:])
	if n > maxStackObjects || head+entry*int(n) > size {
		return known
	}
	for i := range int(n) {
		known = p.distance(known, at+head+entry*i+field, BaseReadOnly)
	}
	return known
}

// inlinedCalls reads an inlining tree (inlinedCall in runtime/symtabinl.go), whose
// length nothing records: it has as many entries as the function's table of
// indices names. The file of each is that of the code where it was inlined.
func (p *Program) inlinedCalls(known References, f *Function, at, size int) References {
	const entry, name, parent, line = 16, 4, 8, 12
	if len(f.Tables) <= TableInlined {
		return known
	}
	for i, file := range p.filesOfInlined(f) {
		if entry*(i+1) > size {
			break
		}
		known = p.distance(known, at+entry*i+name, BaseNames)
		if from := p.u32(at + entry*i + parent); from != None && int64(from) < int64(f.Size) {
			target, _ := p.target(f.Entry + uint64(from))
			known = append(known, packReference(Reference{Offset: int32(at + entry*i + parent), Target: target, Kind: Within, Size: 4}))
		}
		if file != None {
			known = append(known, packReference(Reference{Offset: int32(at + entry*i + line), Target: file, Kind: Line, Size: 4}))
		}
	}
	return known
}

// filesOfInlined returns for each inlined call the offset of the path of the file
// that its code comes from, or [None]. The list is good until the next call.
func (p *Program) filesOfInlined(f *Function) []uint32 {
	w := &p.work
	w.files = w.files[:0]
	w.paths, w.calls = p.Steps(f, TableFile, w.paths[:0]), p.Steps(f, TableInlined, w.calls[:0])
	paths, start := w.paths, uint32(0)
	for _, s := range w.calls {
		if s.Value >= 0 && s.Value < maxInlined {
			for int(s.Value) >= len(w.files) {
				w.files = append(w.files, None)
			}
			for len(paths) > 0 && paths[0].End <= start {
				paths = paths[1:]
			}
			if w.files[s.Value] == None && len(paths) > 0 {
				w.files[s.Value] = p.FileOf(f, paths[0].Value)
			}
		}
		start = s.End
	}
	return w.files
}

// FileAt returns the offset of the path of the file that the code at an offset in
// a function comes from, or [None].
func (p *Program) FileAt(f *Function, offset uint32) uint32 {
	p.work.paths = p.Steps(f, TableFile, p.work.paths[:0])
	for _, s := range p.work.paths {
		if s.End > offset {
			return p.FileOf(f, s.Value)
		}
	}
	return None
}

// FileOf returns the offset of the path of a file by its number in a function's
// unit, or [None].
func (p *Program) FileOf(f *Function, number int32) uint32 {
	addr := p.table.Units + 4*(uint64(f.Unit)+uint64(number))
	if f.Unit == None || number < 0 || addr >= p.table.Files {
		return None
	}
	at, size, ok := p.Offset(addr)
	if !ok || size < 4 {
		return None
	}
	return p.u32(at)
}

// unwindReferences finds the addresses of functions in the table of PE files that
// tells how to unwind them: start, end, and the address of a description.
func (p *Program) unwindReferences(known References) References {
	s, ok := p.file.Section(".pdata")
	if !ok || p.file.Format != "PE" {
		return known
	}
	for at := int(s.Offset); at+4 <= int(s.Offset+s.Size); at += 4 {
		if p.u32(at) != 0 {
			known = p.distance(known, at, BaseLow)
		}
	}
	return known
}

// importReferences finds the addresses in the table of imports of PE files, and in
// the places that the loader fills, which lie at the start of the data.
func (p *Program) importReferences(known References) References {
	imports, ok := p.file.Section(".idata")
	data, found := p.file.Section(".data")
	if !ok || !found || p.file.Format != "PE" {
		return known
	}
	within := func(value uint32, s goexe.Section) bool { return p.imageBase()+uint64(value)-s.Addr < uint64(s.Size) }
	for at := int(imports.Offset); at+4 <= int(imports.Offset+imports.Size); at += 4 {
		if value := p.u32(at); within(value, imports) || within(value, data) {
			known = p.distance(known, at, BaseLow)
		}
	}
	end := min(uint64(data.Size), p.module.NoPtrData-data.Addr)
	for at := int(data.Offset); at+8 <= int(data.Offset)+int(end); at += 8 {
		if within(p.u32(at), imports) {
			known = p.distance(known, at, BaseLow)
		}
	}
	return known
}
