// Package seal computes the parts of an executable that follow from all the
// others: identifiers and checksums that the go command and the linker write last.
//
// # Guarantee
//
// Where the parts are depends on other bytes only, so that they are found in a
// file in which they are still wrong. [Seals.Write] in a file in which all others are
// right makes what the toolchain made, or the kind of part is not known:
// [Seals.Known] tells.
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

// Seals are where the parts of a file are.
type Seals struct {
	file *goexe.File
	data []byte
	id   int  // offset of the Go build ID, 0 for none
	note span // the linker's identifier
	uuid bool // is a UUID
	sum  int  // offset of the checksum, 0 for none

	signature span
	hashes    span
	limit     int // up to where the signature reaches
	page      int // bytes in a page of it
}

type span struct{ start, end int }

func (s span) len() int { return s.end - s.start }

// Find finds the parts of an executable. The rest of the file counts when it is
// called; parts that are not there, or not in the expected form, are left out.
func Find(data []byte) (*Seals, error) {
	file, err := goexe.NewBytes(data)
	if err != nil {
		return nil, err
	}
	s := &Seals{file: file, data: data}
	s.findID()
	s.findNote()
	s.findChecksum()
	s.findCommands()
	return s, nil
}

// idMarks stand around a Go build ID in formats without a section for it.
const (
	idMark = "\xff Go build ID: \""
	idEnd  = "\"\n \xff"
	idNote = "\x04\x00\x00\x00\x53\x00\x00\x00\x04\x00\x00\x00Go\x00\x00"

	searched = 1 << 16 // bytes at the beginning of the code
)

func (s *Seals) findID() {
	if note, ok := s.file.Section(".note.go.buildid"); ok {
		data, err := s.file.Data(note)
		if err == nil && len(data) >= len(idNote)+idText && string(data[:len(idNote)]) == idNote {
			s.id = int(note.Offset) + len(idNote)
		}
		return
	}
	for _, section := range s.file.Sections {
		if !section.Exec {
			continue
		}
		data, err := s.file.Data(section)
		if err != nil {
			return
		}
		data = data[:min(len(data), searched)]
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
	data, err := s.file.Data(note)
	if err == nil && len(data) >= len(head)+size && string(data[:len(head)]) == head {
		at := int(note.Offset) + len(head)
		s.note = span{at, at + size}
	}
}

// The part of the FIPS 140 module's description that is not its sum: a magic
// number before it, behind it its own address and those of four ranges.
const (
	sumMagic  = "\xff Go fipsinfo \xff\x00"
	sumRanges = 4
)

func (s *Seals) findChecksum() {
	for _, section := range s.file.Sections {
		if section.Exec || section.Addr == 0 {
			continue
		}
		data, err := s.file.Data(section)
		if err != nil {
			return
		}
		at := bytes.Index(data[:min(len(data), searched)], []byte(sumMagic))
		if at >= 0 && len(data)-at >= len(sumMagic)+sha256.Size+8*(1+2*sumRanges) {
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
			s.note, s.uuid = span{c.Offset + 8, c.Offset + 24}, true
		case c.Kind == commandSignature && c.Size >= 16:
			s.findSignature(int(u32(s.data, c.Offset+8)), int(u32(s.data, c.Offset+12)))
		}
	}
}

func u32(data []byte, at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }

// findSignature reads a signature of one blob, a code directory with SHA-256.
func (s *Seals) findSignature(start, size int) {
	const directory, fixed = 20, 88
	if start < 0 || size < directory+fixed || start > len(s.data) || size > len(s.data)-start {
		return
	}
	s.signature = span{start, start + size}
	d := s.data[start+directory : start+size]
	field := func(i int) int { return int(binary.BigEndian.Uint32(d[4*i:])) }
	hashes, slots, limit, shift := field(4), field(7), field(8), d[39]
	if d[36] != sha256.Size || shift < 10 || shift > 20 || limit > start || hashes > len(d) || slots > (len(d)-hashes)/sha256.Size {
		return
	}
	page := 1 << shift
	if slots != (limit+page-1)/page {
		return
	}
	from := start + directory + hashes
	s.hashes, s.limit, s.page = span{from, from + slots*sha256.Size}, limit, page
}

// ID reads the Go build ID; false if there is none in the usual form.
func (s *Seals) ID() (id ID, ok bool) {
	if s.id == 0 {
		return id, false
	}
	text := s.data[s.id : s.id+idText]
	for i := range id {
		part := text[i*(partText+1):][:partText]
		if n, err := base64.RawURLEncoding.Strict().Decode(id[i][:], part); err != nil || n != PartSize || i > 0 && text[i*(partText+1)-1] != '/' {
			return id, false
		}
	}
	return id, true
}

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

// Span is a range of offsets.
type Span struct {
	Start int // offset of the first byte
	End   int // behind the last byte
}

// Spans are where parts are, and the Go build ID as a whole if it is one of them.
func (s *Seals) Spans(kinds Kinds, withID bool) []Span {
	var list []Span
	add := func(kind Kinds, start, end int) {
		if kinds&kind == kind && end > start && start > 0 {
			list = append(list, Span{start, end})
		}
	}
	if withID {
		add(0, s.id, s.id+idText)
	}
	add(Checksum, s.sum, s.sum+sha256.Size)
	add(Note, s.note.start, s.note.end)
	add(Signature, s.hashes.start, s.hashes.end)
	return list
}

// Blank zeroes what [Seals.Spans] lists.
func (s *Seals) Blank(kinds Kinds, withID bool) {
	for _, part := range s.Spans(kinds, withID) {
		clear(s.data[part.Start:part.End])
	}
}

// Known returns the kinds that [Seals.Write] makes as they are in the file, which
// is as it was afterwards.
func (s *Seals) Known() Kinds {
	id, ok := s.ID()
	spans := s.Spans(All, ok)
	var before [][]byte
	for _, part := range spans {
		before = append(before, bytes.Clone(s.data[part.Start:part.End]))
	}
	var known Kinds
	for _, kind := range []Kinds{Checksum, Note, Content, Signature} {
		if (kind == Note || kind == Content) && !ok {
			continue
		}
		s.Write(kind, id, ok)
		same := true
		for i, part := range spans {
			same = same && bytes.Equal(s.data[part.Start:part.End], before[i])
			copy(s.data[part.Start:], before[i])
		}
		if same {
			known |= kind
		}
	}
	return known
}

// Write writes parts, and the Go build ID if there is one, of which the last part
// is computed if [Content] is among the kinds.
func (s *Seals) Write(kinds Kinds, id ID, hasID bool) {
	if kinds&Checksum != 0 && s.sum > 0 {
		s.writeChecksum()
	}
	if hasID && s.id > 0 {
		if kinds&Note != 0 {
			s.writeNote(id)
		}
		copy(s.data[s.id:], id.text())
		if kinds&Content != 0 {
			id[Parts-1] = s.content(id)
			copy(s.data[s.id:], id.text())
		}
	}
	if kinds&Signature != 0 {
		for i := 0; i < s.hashes.len()/sha256.Size; i++ {
			sum := sha256.Sum256(s.data[i*s.page : min((i+1)*s.page, s.limit)])
			copy(s.data[s.hashes.start+i*sha256.Size:], sum[:])
		}
	}
}

func (s *Seals) writeChecksum() {
	h := hmac.New(sha256.New, make([]byte, sha256.Size))
	h.Write([]byte("go fips object v1\n"))
	words := s.data[s.sum+sha256.Size+8:]
	for i := range sumRanges {
		start, end := binary.LittleEndian.Uint64(words[16*i:]), binary.LittleEndian.Uint64(words[16*i+8:])
		content, ok := s.at(start, end)
		if !ok {
			return
		}
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(content))))
		h.Write(content)
	}
	copy(s.data[s.sum:], h.Sum(nil))
}

// at returns the bytes from one address to another in the same section.
func (s *Seals) at(start, end uint64) ([]byte, bool) {
	for _, section := range s.file.Sections {
		if section.Addr != 0 && start >= section.Addr && start <= end && end-section.Addr <= uint64(section.Size) {
			return s.data[section.Offset+int64(start-section.Addr) : section.Offset+int64(end-section.Addr)], true
		}
	}
	return nil, false
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
	copy(s.data[s.note.start:s.note.end], sum[:])
}

// content is the hash of the file without identifiers and signature.
func (s *Seals) content(id ID) (part [PartSize]byte) {
	h := sha256.New()
	at := 0
	skip := func(r span) {
		if r.start >= at && r.end > r.start {
			h.Write(s.data[at:r.start])
			h.Write(make([]byte, r.len()))
			at = r.end
		}
	}
	blank := []span{s.note, {s.id, s.id + idText}, s.signature}
	if blank[0].start > blank[1].start {
		blank[0], blank[1] = blank[1], blank[0]
	}
	for _, r := range blank {
		skip(r)
	}
	h.Write(s.data[at:])
	copy(part[:], h.Sum(nil))
	return part
}
