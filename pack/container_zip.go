package pack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Records of the zip format, after APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12
// and 4.3.16: signatures, lengths without the variable part, and the values
// that all our archives share.
const (
	zipLocal        = 0x04034b50
	zipLocalLen     = 30
	zipCentral      = 0x02014b50
	zipCentralLen   = 46
	zipEnd          = 0x06054b50
	zipEndLen       = 22
	zipSumsOffset   = 14        // of CRC-32, packed size and size in a local header
	zipNeeds        = 20        // version 2.0: deflate
	zipMadeBy       = 3<<8 | 20 // Unix, so that readers take the mode from the upper half of the attributes
	zipDeflate      = 8
	zipRegular      = 0o100000 // file type in a Unix mode
	zipMaxDirectory = MaxFiles * (zipCentralLen + manifest.MaxPath)
)

// zipRecord is what the directory of a zip archive says of one member.
type zipRecord struct {
	header
	offset int64
}

// zipEncoder writes a zip archive: local headers that hold sizes and checksum,
// deflated content, central directory, end record. There are no data
// descriptors, no extra fields, no comments, no gaps and no zip64.
type zipEncoder struct {
	out     *bufio.Writer
	counted *countingWriter
	patch   patchFunc
	deflate *flate.Writer // of all members; they follow each other in every encoder in the same order
	records []zipRecord
	content *zipContent // of the member that is being written
}

// zipContent is the state of one member.
type zipContent struct {
	start int64 // offset of the compressed bytes
	crc   hash.Hash32
	size  int64
}

func newZipEncoder(w io.Writer, patch patchFunc) (*zipEncoder, error) {
	counted := &countingWriter{w: w}
	out := bufio.NewWriter(counted)
	deflate, err := flate.NewWriter(out, gzipLevel)
	if err != nil {
		return nil, err
	}
	return &zipEncoder{out: out, counted: counted, patch: patch, deflate: deflate}, nil
}

// offset returns the number of bytes written.
func (e *zipEncoder) offset() int64 { return e.counted.n + int64(e.out.Buffered()) }

func (e *zipEncoder) create(h header) error {
	if err := e.endMember(); err != nil {
		return err
	}
	r := zipRecord{header: h, offset: e.offset()}
	if h.size > maxZip32 || r.offset > maxZip32 {
		return refuseLimit(h.path, "bytes in a zip archive (choose tar.zst)", maxZip32)
	}
	e.records = append(e.records, r)
	if _, err := e.out.Write(r.local()); err != nil {
		return err
	}
	e.deflate.Reset(e.out)
	e.content = &zipContent{start: e.offset(), crc: crc32.NewIEEE()}
	return nil
}

func (e *zipEncoder) Write(p []byte) (int, error) {
	n, err := e.deflate.Write(p)
	e.content.size += int64(n)
	e.content.crc.Write(p[:n])
	return n, err
}

// endMember completes the member that is being written, if there is one.
func (e *zipEncoder) endMember() error {
	c := e.content
	if c == nil {
		return nil
	}
	e.content = nil
	if err := e.deflate.Close(); err != nil {
		return err
	}
	r := &e.records[len(e.records)-1]
	if c.size != r.size {
		return fmt.Errorf("%s: %d bytes were written where %d were announced", r.path, c.size, r.size)
	}
	packed := e.offset() - c.start
	if packed > maxZip32 {
		return refuseLimit(r.path, "bytes in a zip archive (choose tar.zst)", maxZip32)
	}
	if e.patch == nil {
		return e.checkClaim(*r, packed, c.crc.Sum32())
	}
	r.packed, r.crc = packed, c.crc.Sum32()
	return e.patchMember(*r)
}

func (e *zipEncoder) checkClaim(r zipRecord, packed int64, crc uint32) error {
	if r.packed != packed || r.crc != crc {
		return refuse(r.path, "has another compressed size or checksum than its header says", ErrNotCanonical)
	}
	return nil
}

func (e *zipEncoder) patchMember(r zipRecord) error {
	if err := e.out.Flush(); err != nil {
		return err
	}
	return e.patch(r.local()[zipSumsOffset:zipSumsOffset+12], r.offset+zipSumsOffset)
}

func (e *zipEncoder) close() error {
	if err := e.endMember(); err != nil {
		return err
	}
	start := e.offset()
	for _, r := range e.records {
		if _, err := e.out.Write(r.central()); err != nil {
			return err
		}
	}
	size := e.offset() - start
	if start+size > maxZip32 {
		return refuseLimit("", "bytes in a zip archive (choose tar.zst)", maxZip32)
	}
	if _, err := e.out.Write(zipEndRecord(len(e.records), size, start)); err != nil {
		return err
	}
	return e.out.Flush()
}

// sums returns CRC-32, packed size, size, and the lengths of name and extra.
func (r zipRecord) sums(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, r.crc)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.packed))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.size))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(r.path)))
	return binary.LittleEndian.AppendUint16(b, 0)
}

// common appends the fields from "version needed" to "extra field length".
func (r zipRecord) common(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, zipNeeds)
	b = binary.LittleEndian.AppendUint16(b, 0) // flags
	b = binary.LittleEndian.AppendUint16(b, zipDeflate)
	clock, date := dosTime(r.time)
	b = binary.LittleEndian.AppendUint16(b, clock)
	b = binary.LittleEndian.AppendUint16(b, date)
	return r.sums(b)
}

func (r zipRecord) local() []byte {
	b := binary.LittleEndian.AppendUint32(nil, zipLocal)
	return append(r.common(b), r.path...)
}

func (r zipRecord) central() []byte {
	b := binary.LittleEndian.AppendUint32(nil, zipCentral)
	b = binary.LittleEndian.AppendUint16(b, zipMadeBy)
	b = r.common(b)
	b = append(b, 0, 0, 0, 0, 0, 0) // comment length, disk, internal attributes
	b = binary.LittleEndian.AppendUint32(b, (zipRegular|modeBits(r.mode))<<16)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.offset))
	return append(b, r.path...)
}

func zipEndRecord(records int, size, start int64) []byte {
	b := binary.LittleEndian.AppendUint32(nil, zipEnd)
	b = append(b, 0, 0, 0, 0) // number of this disk and of the directory's
	b = binary.LittleEndian.AppendUint16(b, uint16(records))
	b = binary.LittleEndian.AppendUint16(b, uint16(records))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(start))
	return append(b, 0, 0) // comment length
}

// dosTime returns t in the fields of a zip header, which count UTC in steps of
// two seconds.
func dosTime(t time.Time) (clock, date uint16) {
	t = t.UTC()
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	date = uint16((t.Year()-firstYear)<<9 | int(t.Month())<<5 | t.Day())
	return clock, date
}

func fromDOSTime(clock, date uint16) time.Time {
	return time.Date(int(date>>9)+firstYear, time.Month(date>>5&0xf), int(date&0x1f),
		int(clock>>11), int(clock>>5&0x3f), int(clock&0x1f)*2, 0, time.UTC)
}

// zipDecoder reads the local headers and contents from first to last. The
// directory at the end adds the modes alone, and must otherwise be the one that
// the encoder writes.
type zipDecoder struct {
	t       io.Reader
	limits  Limits
	modes   []uint32 // external attributes, in the order of the directory
	entry   header
	packed  *io.LimitedReader // compressed content of the current member
	ahead   *bufio.Reader     // reads packed
	inflate io.ReadCloser     // reads ahead
}

func newZipDecoder(t *tape, src source, limits Limits) (*zipDecoder, error) {
	modes, err := readZipModes(src, limits)
	if err != nil {
		if !isRefusal(err) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.failed = err // the file, and not what is in it
		}
		return nil, err
	}
	return &zipDecoder{t: t, limits: limits, modes: modes}, nil
}

// readZipModes reads the external attributes from the central directory, which
// must end where the end record begins, and that where the file ends.
func readZipModes(src source, limits Limits) ([]uint32, error) {
	end := make([]byte, zipEndLen)
	if src.size < zipEndLen {
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := src.r.ReadAt(end, src.size-zipEndLen); err != nil {
		return nil, err
	}
	count := int64(binary.LittleEndian.Uint16(end[10:]))
	size, start := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	switch {
	case binary.LittleEndian.Uint32(end) != zipEnd:
		return nil, refuse("", "does not end in a zip end record without comment: it is cut off, or has data after its end", ErrNotCanonical)
	case count > int64(limits.Files):
		return nil, refuseLimit("", "files", int64(limits.Files))
	case size > zipMaxDirectory || start+size != src.size-zipEndLen:
		return nil, refuse("", "has a zip directory that is not where it belongs", ErrNotCanonical)
	}
	return readZipDirectory(bufio.NewReader(io.NewSectionReader(src.r, start, size)), int(count))
}

func readZipDirectory(r *bufio.Reader, count int) ([]uint32, error) {
	modes := make([]uint32, 0, count)
	fixed := make([]byte, zipCentralLen)
	for range count {
		if _, err := io.ReadFull(r, fixed); err != nil {
			return nil, err
		}
		variable := int(binary.LittleEndian.Uint16(fixed[28:])) +
			int(binary.LittleEndian.Uint16(fixed[30:])) + int(binary.LittleEndian.Uint16(fixed[32:]))
		if _, err := r.Discard(variable); err != nil {
			return nil, err
		}
		modes = append(modes, binary.LittleEndian.Uint32(fixed[38:]))
	}
	return modes, nil
}

func (d *zipDecoder) next() (header, error) {
	if err := d.endMember(); err != nil {
		return header{}, err
	}
	fixed := make([]byte, zipLocalLen)
	if _, err := io.ReadFull(d.t, fixed[:4]); err != nil {
		return header{}, cutOff(err)
	}
	switch binary.LittleEndian.Uint32(fixed) {
	case zipLocal:
	case zipCentral, zipEnd:
		return header{}, io.EOF
	default:
		return header{}, refuse("", "has bytes between its entries that belong to none", ErrNotCanonical)
	}
	if _, err := io.ReadFull(d.t, fixed[4:]); err != nil {
		return header{}, cutOff(err)
	}
	return d.member(fixed)
}

// member reads the rest of the local header that begins with the given bytes.
func (d *zipDecoder) member(fixed []byte) (header, error) {
	le := binary.LittleEndian
	length := le.Uint16(fixed[26:])
	if length > manifest.MaxPath {
		return header{}, refuse("", fmt.Sprintf("has an entry with a name of more than %d bytes", manifest.MaxPath), nil)
	}
	name := make([]byte, length)
	if _, err := io.ReadFull(d.t, name); err != nil {
		return header{}, cutOff(err)
	}
	h := header{
		path:   string(name),
		size:   int64(le.Uint32(fixed[22:])),
		time:   fromDOSTime(le.Uint16(fixed[10:]), le.Uint16(fixed[12:])),
		crc:    le.Uint32(fixed[14:]),
		packed: int64(le.Uint32(fixed[18:])),
	}
	if err := checkLocal(h.path, le.Uint16(fixed[6:]), le.Uint16(fixed[8:]), le.Uint16(fixed[28:])); err != nil {
		return header{}, err
	}
	mode, err := d.nextMode(h.path)
	if err != nil {
		return header{}, err
	}
	h.mode = mode
	d.entry = h
	d.packed = &io.LimitedReader{R: d.t, N: h.packed}
	d.ahead = bufio.NewReader(d.packed)
	d.inflate = flate.NewReader(d.ahead)
	return h, nil
}

// checkLocal refuses features of zip that no package uses.
func checkLocal(path string, flags, method, extra uint16) error {
	switch {
	case flags&1 != 0:
		return refuse(path, "is encrypted", ErrNotCanonical)
	case flags != 0:
		return refuse(path, "has zip flags set, as for a data descriptor or for UTF-8", ErrNotCanonical)
	case method != zipDeflate:
		return refuse(path, "is not compressed with deflate", ErrNotCanonical)
	case extra != 0:
		return refuse(path, "has a zip extra field", ErrNotCanonical)
	}
	return nil
}

func (d *zipDecoder) nextMode(path string) (manifest.Mode, error) {
	if len(d.modes) == 0 {
		return "", refuse(path, "is not in the directory of the zip archive", ErrNotCanonical)
	}
	unix := d.modes[0] >> 16
	d.modes = d.modes[1:]
	if unix&^0o7777 != zipRegular {
		return "", refuse(path, fmt.Sprintf("has Unix mode %#o, where only regular files are allowed", unix), nil)
	}
	mode, ok := modeOf(int64(unix & 0o7777))
	if !ok {
		return "", refuse(path, fmt.Sprintf("has mode %#o where only 0644 and 0755 are allowed", unix&0o7777), nil)
	}
	return mode, nil
}

func (d *zipDecoder) Read(p []byte) (int, error) { return d.inflate.Read(p) }

// endMember requires that the current member, if there is one, has been read to
// the end of its compressed bytes.
func (d *zipDecoder) endMember() error {
	if d.inflate == nil {
		return nil
	}
	if d.packed.N > 0 || d.ahead.Buffered() > 0 {
		return refuse(d.entry.path, "has more compressed bytes than its content needs", ErrNotCanonical)
	}
	err := d.inflate.Close()
	d.inflate = nil
	return err
}

func (d *zipDecoder) finish() error {
	if len(d.modes) > 0 {
		return refuse("", "lists entries in its zip directory that it does not hold", ErrNotCanonical)
	}
	return nil
}

func (d *zipDecoder) close() {}

// cutOff makes an end of file in the middle of something an error.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// countingWriter counts what was written.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
