// Package goaware codes one Go executable by another: what the linker wrote
// follows from what little has changed.
//
// # Guarantee
//
// [Apply] makes what [Make] was given, or fails; hostile patches cost no more
// memory and time than the sizes that they declare allow.
//
// # Method
//
// The decoder reads the old executable with package program. A script then says
// from where in the old file the bytes of the new one are copied. From that
// follows where each address went, and by it all references in what is copied are
// rewritten. The tables that the linker makes of the functions are made anew. What
// is still wrong is corrected byte by byte.
package goaware

import (
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// script is how a new program comes from an old one.
type script struct {
	Sections    []sectionStart
	Operations  []operation
	Literals    []byte       // of all literal operations
	Moves       []labelMove  // ascending, without overlap
	Lines       []numberMove // of source files
	Files       []numberMove // of units
	Functions   []functionEdit
	End         int64 // how much further the end of the functions moves than what lies there
	Relocations []relocationEdit
	Seals       seal.Kinds // parts that are computed last
	HasID       bool
	ID          seal.ID // Go build ID
	Corrections []correction
}

// sectionStart is where a section of the new file begins.
type sectionStart struct {
	Addr   uint64
	Offset int  // in the file
	Loaded bool // has bytes in the file
}

// operationKind is what an operation does.
type operationKind int

// Kinds of operations. Those beyond padBytes write a table that is made anew.
const (
	copyBytes operationKind = iota
	literalBytes
	zeroBytes
	padBytes
	programsTable
	recordsTable
	finderTable
	relocationsTable
	operationKinds
)

// operation makes a piece of the new file.
type operation struct {
	Kind operationKind
	Old  int // of copyBytes: offset in the old file; of literalBytes, once the script is complete: among them
	Size int // bytes
}

// labelMove says that labels moved in another way than what was copied there.
type labelMove struct {
	From, To int // of the old program's labels, by address
	Shift    int64
}

// numberMove says by how much numbers grew from one on: the lines of a file, or
// the files of a unit.
type numberMove struct {
	Owner uint32 // offset of the file's path, or number of the unit, in the old program
	From  uint32
	Shift int32
}

// editKind is what happens to a function.
type editKind int

// Kinds of edits.
const (
	changed  editKind = iota // its record is another than expected
	inserted                 // it has none in the old program
	dropped                  // it is none of the new program
	editKinds
)

// functionEdit is where the new program's functions are not as expected.
type functionEdit struct {
	Keep   int // functions that are as expected before it
	Kind   editKind
	Record record // of a changed or inserted one
}

// countFunctions is how many functions there are, of so many in the old program.
func (s *script) countFunctions(n int) int {
	for i := range s.Functions {
		switch s.Functions[i].Kind {
		case inserted:
			n++
		case dropped:
			n--
		}
	}
	return n
}

// record is what the function table says about a function, with the content of
// its tables.
type record struct {
	Entry uint64 // from the start of the text
	program.Function
	Tables [][]byte
}

// relocationEdit is where the list of relocations is not as expected.
type relocationEdit struct {
	Keep int  // places that are as expected before it
	Drop bool // the next one is none any more; else one is new
	New  program.Relocation
}

// correction is a byte of the new file that is not as expected.
type correction struct {
	Offset int
	Value  byte // what is added to it, modulo 256
}
