// Package seal computes the parts of an executable that follow from all the
// others: identifiers and checksums that the go command and the linker write last.
//
// # Guarantee
//
// Where the parts are depends on other bytes only, so that they are found in a
// file in which they are still wrong. If all others are right, [Seals.Write] makes
// what the toolchain made, or the kind of part is not known: [Seals.Known] tells.
// A file is read in pieces, never as a whole, and is not changed: what was written
// shows in what [Seals.ReadAt] reads.
//
// # Sources
//
// Go build ID and its last part: cmd/internal/buildid/rewrite.go,
// cmd/go/internal/work/buildid.go. GNU build ID and UUID: cmd/link/internal/ld/elf.go,
// macho_update_uuid.go. Sum of the FIPS 140 module: crypto/internal/fips140/check.
// Ad-hoc signature: cmd/internal/codesign.
package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"slices"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// Kinds are sorts of parts, as a set of bits.
type Kinds uint

// Sorts of parts, in the order in which they follow from each other.
const (
	Checksum  Kinds = 1 << iota // of the FIPS 140 module
	Note                        // the linker's own identifier: GNU build ID, or UUID
	Content                     // the last part of the Go build ID
	Signature                   // hashes of pages in an ad-hoc signature
	All       = 1<<iota - 1
)

// Lengths of identifiers in bytes, and of their text.
const (
	PartSize = 15 // of a part of the Go build ID
	Parts    = 4

	partText = 20
	idText   = Parts*partText + Parts - 1
)

// ID is a Go build ID: what the program was built from, the same of its main
// package, what that package and the program hold.
type ID [Parts][PartSize]byte

// Seals are where the parts of a file are, and those that were written. It is not
// safe for concurrent use.
type Seals struct {
	file    *goexe.File
	reader  io.ReaderAt
	size    int
	written []part // in this order
	block   []byte // what was read last

	id   int  // offset of the Go build ID, 0 for none
	note Span // the linker's identifier
	uuid bool // is a UUID
	sum  int  // offset of the checksum, 0 for none

	signature Span
	hashes    Span
	limit     int // up to where the signature reaches
	page      int // bytes in a page of it
}

// part is what was written.
type part struct {
	offset  int
	content []byte
}

// Span is a range of offsets.
type Span struct {
	Start int // offset of the first byte
	End   int // behind the last byte
}

func (s Span) len() int { return s.End - s.Start }

// Find finds the parts of an executable of the given size. Those that are not
// there, or not in the expected form, are left out.
func Find(r io.ReaderAt, size int) (*Seals, error) {
	file, err := goexe.New(r, int64(size))
	if err != nil {
		return nil, err
	}
	s := &Seals{file: file, reader: r, size: size}
	s.findID()
	s.findNote()
	s.findChecksum()
	s.findCommands()
	return s, nil
}

// ReadAt reads the file with the parts that were written.
func (s *Seals) ReadAt(b []byte, offset int64) (int, error) {
	n, err := s.reader.ReadAt(b, offset)
	for _, p := range s.written {
		from := max(p.offset, int(offset))
		if to := min(p.offset+len(p.content), int(offset)+n); from < to {
			copy(b[from-int(offset):], p.content[from-p.offset:to-p.offset])
		}
	}
	return n, err
}

// read returns a range of the file, nil if it is not all there. It is good until
// the next call.
func (s *Seals) read(r Span) []byte {
	if r.Start < 0 || r.len() < 0 || r.End > s.size {
		return nil
	}
	s.block = slices.Grow(s.block[:0], r.len())[:r.len()]
	if n, _ := s.ReadAt(s.block, int64(r.Start)); n < r.len() {
		return nil
	}
	return s.block
}

// beginning is the start of a section.
func (s *Seals) beginning(section goexe.Section) []byte {
	return s.read(Span{int(section.Offset), int(section.Offset + min(section.Size, searched))})
}

// idMarks stand around a Go build ID in formats without a section for it.
const (
	idMark = "\xff Go build ID: \""
	idEnd  = "\"\n \xff"
	idNote = "\x04\x00\x00\x00\x53\x00\x00\x00\x04\x00\x00\x00Go\x00\x00"

	searched = 64 << 10 // bytes at the beginning of a section
)

func (s *Seals) findID() {
	if note, ok := s.file.Section(".note.go.buildid"); ok {
		data := s.beginning(note)
		if len(data) >= len(idNote)+idText && string(data[:len(idNote)]) == idNote {
			s.id = int(note.Offset) + len(idNote)
		}
		return
	}
	for _, section := range s.file.Sections {
		if !section.Exec {
			continue
		}
		data := s.beginning(section)
		at := bytes.Index(data, []byte(idMark)) + len(idMark)
		if at >= len(idMark) && bytes.HasPrefix(data[min(at+idText, len(data)):], []byte(idEnd)) {
			s.id = int(section.Offset) + at
		}
		return
	}
}

func (s *Seals) findNote() {
	const head, size = "\x04\x00\x00\x00\x14\x00\x00\x00\x03\x00\x00\x00GNU\x00", 20
	note, ok := s.file.Section(".note.gnu.build-id")
	if !ok {
		return
	}
	data := s.beginning(note)
	if len(data) >= len(head)+size && string(data[:len(head)]) == head {
		at := int(note.Offset) + len(head)
		s.note = Span{at, at + size}
	}
}

// The part of the FIPS 140 module's description that is not its sum: a magic
// number before it, behind it its own address and those of four ranges.
const (
	sumMagic  = "\xff Go fipsinfo \xff\x00"
	sumRanges = 4
	sumWords  = 8 * (1 + 2*sumRanges) // bytes of the addresses
)

func (s *Seals) findChecksum() {
	for _, section := range s.file.Sections {
		if section.Exec || section.Addr == 0 {
			continue
		}
		data := s.beginning(section)
		at := bytes.Index(data, []byte(sumMagic))
		if at >= 0 && section.Size-int64(at) >= int64(len(sumMagic)+sha256.Size+sumWords) {
			s.sum = int(section.Offset) + at + len(sumMagic)
			return
		}
	}
}

// findCommands finds what the load commands of a Mach-O file name.
func (s *Seals) findCommands() {
	const commandUUID, commandSignature = 0x1b, 0x1d
	for c := range s.file.LoadCommands() {
		switch {
		case c.Kind == commandUUID && c.Size >= 24:
			s.note, s.uuid = Span{c.Offset + 8, c.Offset + 24}, true
		case c.Kind == commandSignature && c.Size >= 16:
			s.findSignature(int(u32(c.Data[8:])), int(u32(c.Data[12:])))
		}
	}
}

func u32(data []byte) uint32 { return binary.LittleEndian.Uint32(data) }

// findSignature reads a signature of one blob, a code directory with SHA-256.
func (s *Seals) findSignature(start, size int) {
	const directory, fixed = 20, 88
	if start < 0 || size < directory+fixed || start > s.size || size > s.size-start {
		return
	}
	s.signature = Span{start, start + size}
	d := s.read(Span{start + directory, start + directory + fixed})
	if d == nil {
		return
	}
	field := func(i int) int { return int(binary.BigEndian.Uint32(d[4*i:])) }
	hashes, slots, limit, shift := field(4), field(7), field(8), d[39]
	if d[36] != sha256.Size || shift < 10 || shift > 20 || limit > start || hashes > size-directory || slots > (size-directory-hashes)/sha256.Size {
		return
	}
	page := 1 << shift
	if slots != (limit+page-1)/page {
		return
	}
	from := start + directory + hashes
	s.hashes, s.limit, s.page = Span{from, from + slots*sha256.Size}, limit, page
}

// ID reads the Go build ID; false if there is none in the usual form.
func (s *Seals) ID() (id ID, ok bool) {
	if s.id == 0 {
		return id, false
	}
	text := s.read(s.idSpan())
	if text == nil {
		return id, false
	}
	for i := range id {
		part := text[i*(partText+1):][:partText]
		if n, err := base64.RawURLEncoding.Strict().Decode(id[i][:], part); err != nil || n != PartSize || i > 0 && text[i*(partText+1)-1] != '/' {
			return id, false
		}
	}
	return id, true
}

func (s *Seals) idSpan() Span { return Span{s.id, s.id + idText} }

// text is an ID as the go command writes it.
func (id ID) text() []byte {
	var text []byte
	for i, part := range id {
		if i > 0 {
			text = append(text, '/')
		}
		text = base64.RawURLEncoding.AppendEncode(text, part[:])
	}
	return text
}

// Spans are where parts are, and the Go build ID as a whole if it is one of them.
func (s *Seals) Spans(kinds Kinds, withID bool) []Span {
	var list []Span
	add := func(kind Kinds, part Span) {
		if kinds&kind == kind && part.len() > 0 && part.Start > 0 {
			list = append(list, part)
		}
	}
	if withID {
		add(0, s.idSpan())
	}
	add(Checksum, Span{s.sum, s.sum + sha256.Size})
	add(Note, s.note)
	add(Signature, s.hashes)
	return list
}

// Known returns the kinds that [Seals.Write] makes as they are in the file.
func (s *Seals) Known() Kinds {
	id, ok := s.ID()
	var known Kinds
	for _, kind := range []Kinds{Checksum, Note, Content, Signature} {
		if (kind == Note || kind == Content) && !ok {
			continue
		}
		trial := *s
		trial.written = nil
		if trial.Write(kind, id, ok) == nil && s.shows(trial.written) {
			known |= kind
		}
	}
	return known
}

// shows reports whether parts are in the file.
func (s *Seals) shows(parts []part) bool {
	for _, p := range parts {
		if !bytes.Equal(p.content, s.read(Span{p.offset, p.offset + len(p.content)})) {
			return false
		}
	}
	return true
}

func (s *Seals) write(offset int, content []byte) {
	s.written = append(s.written, part{offset, content})
}

// Write writes parts, and the Go build ID if there is one, of which the last part
// is computed if [Content] is among the kinds. The error is that of reading.
func (s *Seals) Write(kinds Kinds, id ID, hasID bool) error {
	if kinds&Checksum != 0 && s.sum > 0 {
		if err := s.writeChecksum(); err != nil {
			return err
		}
	}
	if hasID && s.id > 0 {
		if kinds&Note != 0 {
			s.writeNote(id)
		}
		if kinds&Content != 0 {
			var err error
			if id[Parts-1], err = s.content(); err != nil {
				return err
			}
		}
		s.write(s.id, id.text())
	}
	if kinds&Signature != 0 && s.hashes.len() > 0 {
		return s.writeHashes()
	}
	return nil
}

// hashRange adds a range of the file to a hash.
func (s *Seals) hashRange(h hash.Hash, r Span) error {
	for at := r.Start; at < r.End; at += blockSize {
		block := s.read(Span{at, min(at+blockSize, r.End)})
		if block == nil {
			return io.ErrUnexpectedEOF
		}
		h.Write(block)
	}
	return nil
}

// blockSize is how many bytes of a file are read at once.
const blockSize = 16 << 10

// errAddresses says that a checksum is one of what is not in the file.
var errAddresses = errors.New("the FIPS 140 module lies outside the file")

func (s *Seals) writeChecksum() error {
	h := hmac.New(sha256.New, make([]byte, sha256.Size))
	h.Write([]byte("go fips object v1\n"))
	from := s.sum + sha256.Size + 8
	words := bytes.Clone(s.read(Span{from, from + sumWords - 8}))
	if words == nil {
		return errAddresses
	}
	for i := range sumRanges {
		start, end := binary.LittleEndian.Uint64(words[16*i:]), binary.LittleEndian.Uint64(words[16*i+8:])
		content, ok := s.at(start, end)
		if !ok {
			return nil // it is not one of these
		}
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(content.len())))
		if err := s.hashRange(h, content); err != nil {
			return err
		}
	}
	s.write(s.sum, h.Sum(nil))
	return nil
}

// at returns the bytes from one address to another in the same section.
func (s *Seals) at(start, end uint64) (Span, bool) {
	for _, section := range s.file.Sections {
		if section.Addr != 0 && start >= section.Addr && start <= end && end-section.Addr <= uint64(section.Size) {
			return Span{int(section.Offset) + int(start-section.Addr), int(section.Offset) + int(end-section.Addr)}, true
		}
	}
	return Span{}, false
}

// writeNote makes the linker's identifier, from the build ID that it was given: the
// last part, which is not known yet when a program is linked, is as the first.
func (s *Seals) writeNote(id ID) {
	id[Parts-1] = id[0]
	sum := sha256.Sum256(id.text())
	sum[0] ^= 0xff // so that it differs from SHA-256
	if s.uuid {    // RFC 4122: variant and version
		sum[6] = sum[6]&0x0f | 0x30
		sum[8] = sum[8]&0x3f | 0xc0
	}
	s.write(s.note.Start, sum[:s.note.len()])
}

// content is the hash of the file without identifiers and signature.
func (s *Seals) content() (part [PartSize]byte, err error) {
	h := sha256.New()
	at := 0
	blank := []Span{s.note, s.idSpan(), s.signature}
	if blank[0].Start > blank[1].Start {
		blank[0], blank[1] = blank[1], blank[0]
	}
	for _, r := range blank {
		if r.Start < at || r.len() == 0 {
			continue
		}
		if err := s.hashRange(h, Span{at, r.Start}); err != nil {
			return part, err
		}
		h.Write(make([]byte, r.len()))
		at = r.End
	}
	err = s.hashRange(h, Span{at, s.size})
	copy(part[:], h.Sum(nil))
	return part, err
}

// writeHashes makes the hashes of the pages up to the limit of the signature.
func (s *Seals) writeHashes() error {
	content := make([]byte, 0, s.hashes.len())
	several := max(blockSize/s.page, 1) * s.page
	for at := 0; at < s.limit; at += several {
		block := s.read(Span{at, min(at+several, s.limit)})
		if block == nil {
			return io.ErrUnexpectedEOF
		}
		for page := range slices.Chunk(block, s.page) {
			sum := sha256.Sum256(page)
			content = append(content, sum[:]...)
		}
	}
	s.write(s.hashes.Start, content)
	return nil
}
