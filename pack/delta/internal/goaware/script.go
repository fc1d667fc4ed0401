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
// The decoder reads the old executable with package program. A [Script] then says
// from where in the old file the bytes of the new one are copied. From that
// follows where each address went, and by it all references in what is copied are
// rewritten. The tables that the linker makes of the functions are made anew. What
// is still wrong is corrected byte by byte.
package goaware

import (
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
	"github.com/gohotfix/hotfix/pack/delta/internal/seal"
)

// Script is how a new program comes from an old one.
type Script struct {
	Sections []Section
	Ops      []Op
	Literals []byte       // of all literal operations
	Moves    []Move       // by address, without overlap
	Lines    []NumberMove // of source files
	Files    []NumberMove // of units
	Edits    []Edit
	Places   []Place    // where relocations are not as expected
	End      int64      // how much further the end of the functions moves than what lies there
	Fixes    []Fix      // by offset
	Seals    seal.Kinds // parts that are computed last
	HasID    bool
	ID       seal.ID
}

// Section is where a section of the new file begins.
type Section struct {
	Addr   uint64
	Offset int
	Loaded bool // has bytes in the file
}

// Kind is what an operation does.
type Kind int

// Kinds of operations. Those beyond Zeros write a table that is made anew.
const (
	Copy Kind = iota
	Literal
	Zeros
	Programs
	Records
	Finder
	Relocations
	Kinds
)

// Op is a piece of the new file.
type Op struct {
	Kind Kind
	Old  int // of a Copy: offset in the old file
	Size int // bytes
}

// Move says that addresses moved in another way than what was copied there.
type Move struct {
	From, To int // of the old program's labels, by address
	Shift    int64
}

// NumberMove says by how much numbers grew from one on: the lines of a file, or
// the files of a unit.
type NumberMove struct {
	Owner uint32 // offset of the file's path, or number of the unit, in the old program
	From  uint32
	Shift int32
}

// EditKind is what happens to a function.
type EditKind int

// Kinds of edits.
const (
	Change EditKind = iota // its record is another than expected
	Insert                 // it has none in the old program
	Drop                   // it is none of the new program
	EditKinds
)

// Edit is where the new program's functions are not as expected.
type Edit struct {
	Keep   int // functions that are as expected before it
	Kind   EditKind
	Record Record // of a Change or Insert
}

// Record is what the function table says about a function, with the content of
// its tables.
type Record struct {
	Entry uint64
	program.Function
	Tables [][]byte
}

// Place is where the list of relocations is not as expected.
type Place struct {
	Keep int  // places that are as expected before it
	Drop bool // the next one is none any more; else one is new
	New  program.Relocation
}

// Fix is a byte of the new file that is not as expected.
type Fix struct {
	Offset int
	Value  byte // what is added to it, modulo 256
}
