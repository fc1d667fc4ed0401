package goaware

import (
	"bytes"
	"encoding/binary"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// plain is a program whose references say what they lead to instead of where.
type plain struct {
	*program.Program
	masked []byte   // references are zeros
	named  []byte   // references outside of code are hashes of what they lead to
	names  []uint32 // hashes of functions' names
}

func newPlain(p *program.Program, data []byte) *plain {
	n := &plain{Program: p, masked: data}
	for r := range p.References.All(0) {
		r.Mask(n.masked[r.Offset : r.Offset+int32(r.Size)])
	}
	n.names = make([]uint32, len(p.Functions))
	for i := range p.Functions {
		n.names[i] = hash32([]byte(p.NameOf(&p.Functions[i])))
	}
	// What a pointer leads to may hold nothing but pointers: these are told apart by
	// what they lead to in turn.
	n.named = n.masked
	for range 2 {
		named := bytes.Clone(n.masked)
		for r := range p.References.All(0) {
			if r.Kind >= program.Word {
				n.put(named, r)
			}
		}
		n.named = named
	}
	return n
}

// put writes the identity of what a reference leads to where it holds its
// distance.
func (n *plain) put(named []byte, r program.Reference) {
	field := named[r.Offset : r.Offset+int32(r.Size)]
	switch {
	case r.Kind == program.Line || r.Kind == program.Within: // paths have versions in them, and functions change
	case r.Kind == program.Distance && (r.Base == program.BaseNames || r.Base == program.BaseFiles):
		binary.LittleEndian.PutUint32(field, n.text(n.Low()+uint64(r.Target)))
	case r.Kind == program.Distance:
		binary.LittleEndian.PutUint32(field, n.identity(r))
	case r.Kind == program.Word:
		id := uint64(n.identity(r))
		binary.LittleEndian.PutUint64(field, id<<16|id)
	case r.Size > 1: // others are jumps inside a function
		program.Mark(r, field, n.identity(r))
	}
}

// text is the identity of a text that ends in a zero.
func (n *plain) text(addr uint64) uint32 {
	at, size, ok := n.Offset(addr)
	if !ok {
		return 1
	}
	data := n.Data[at : at+size]
	if end := bytes.IndexByte(data, 0); end >= 0 {
		data = data[:end]
	}
	// A file's path has its module's version in it.
	if from := bytes.IndexByte(data, '@'); from >= 0 {
		to := max(bytes.IndexByte(data[from:], '/'), 0)
		return hash32(data[:from]) + hash32(data[from+to:])
	}
	return hash32(data)
}

// identity tells what a reference leads to: a function by its name, data by its
// first bytes.
func (n *plain) identity(r program.Reference) uint32 {
	addr := n.Low() + uint64(r.Target)
	if i := n.FunctionAt(addr); i >= 0 {
		if n.Functions[i].Entry == addr {
			return n.names[i]
		}
		return n.names[i] + 1
	}
	at, size, ok := n.Offset(addr)
	if !ok {
		return 2
	}
	return hash32(n.named[at : at+min(size, 24)])
}

// hash64 is the same on every machine, so that a patch is.
func hash64(b []byte) uint64 {
	const odd = 0x9e3779b97f4a7c15
	h := uint64(len(b)) * odd
	for ; len(b) >= 8; b = b[8:] {
		h = (h ^ binary.LittleEndian.Uint64(b)) * odd
		h ^= h >> 32
	}
	for _, c := range b {
		h = (h ^ uint64(c)) * odd
		h ^= h >> 32
	}
	return h * odd
}

func hash32(b []byte) uint32 { return uint32(hash64(b) >> 32) }
