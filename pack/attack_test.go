package pack

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// expectation says how an archive must be refused.
type expectation struct {
	entry  string // that the refusal names
	reason string // a part of the reason
	cause  error  // what it wraps, if anything
}

func (want expectation) check(t *testing.T, err error) {
	t.Helper()
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, want.entry, refused.Entry, "%v", err)
	assert.Contains(t, refused.Reason, want.reason)
	if want.cause != nil {
		assert.ErrorIs(t, err, want.cause)
	}
	assert.NotContains(t, err.Error(), "\n")
}

// Attacks on the names and the order of members, which no format may let pass.
func TestMemberAttacks(t *testing.T) {
	long := strings.Repeat("x", 100)
	attacks := map[string]struct {
		files []fileOf
		want  expectation
	}{
		"no files":                {nil, expectation{"", "holds no files", nil}},
		"traversal":               {paths("../x"), expectation{"../x", "relative path", nil}},
		"traversal inside":        {paths("a/../../x"), expectation{"a/../../x", "relative path", nil}},
		"dot element":             {paths("./x"), expectation{"./x", "relative path", nil}},
		"doubled slash":           {paths("a//x"), expectation{"a//x", "relative path", nil}},
		"absolute":                {paths("/etc/passwd"), expectation{"/etc/passwd", "relative path", nil}},
		"empty name":              {paths(""), expectation{"", "relative path", nil}},
		"drive letter":            {paths("C:/x"), expectation{"C:/x", "not portable", nil}},
		"backslash":               {paths(`..\x`), expectation{`..\x`, "not portable", nil}},
		"share":                   {paths(`\\host\share`), expectation{`\\host\share`, "not portable", nil}},
		"alternate data stream":   {paths("a:b"), expectation{"a:b", "not portable", nil}},
		"control character":       {paths("a\x01"), expectation{"a\x01", "not portable", nil}},
		"not ASCII":               {paths("ä"), expectation{"ä", "not portable", nil}},
		"reserved name":           {paths("NUL"), expectation{"NUL", "Windows reserves", nil}},
		"reserved with extension": {paths("config/com1.txt"), expectation{"config/com1.txt", "Windows reserves", nil}},
		"trailing dot":            {paths("a."), expectation{"a.", "Windows reserves", nil}},
		"trailing space":          {paths("a "), expectation{"a ", "Windows reserves", nil}},
		"long element":            {paths("a/" + long + "x"), expectation{"a/" + long + "x", "longer than 100", nil}},
		"twice":                   {paths("a", "a"), expectation{"a", "stands twice", ErrNotCanonical}},
		"out of order":            {paths("b", "a"), expectation{"a", "out of order", ErrNotCanonical}},
		"letter case":             {paths("A", "a"), expectation{"a", "case of letters", nil}},
		"case of a folder":        {paths("A/x", "a/y"), expectation{"a/y", "folder that differs", nil}},
		"file above a file":       {paths("a", "a/b"), expectation{"a/b", "lies below another entry", nil}},
		"the same in other case":  {paths("A", "a/b"), expectation{"a/b", "lies below another entry", nil}},
		"folder, then file":       {paths("A/b", "a"), expectation{"a", "file and a folder", nil}},
		"two times":               {[]fileOf{{path: "a"}, {path: "b", time: fixTime.Add(2 * time.Second)}}, expectation{"b", "another time", ErrNotCanonical}},
	}
	for name, a := range attacks {
		for _, f := range Formats() {
			if f != Zip && (name == "long element" || name == "empty name" || name == "not ASCII") {
				continue // USTAR cannot hold it
			}
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				a.want.check(t, readContainer(t.Context(), f, container(t, f, a.files...)))
			})
		}
	}
}

func paths(names ...string) []fileOf {
	files := make([]fileOf, len(names))
	for i, name := range names {
		files[i] = fileOf{path: name, content: "x"}
	}
	return files
}

// A path that USTAR cannot hold is refused in every format.
func TestPathBeyondUSTAR(t *testing.T) {
	long := strings.Repeat("x", 100)
	path := long + "/" + long + "/" + strings.Repeat("y", 38)
	require.NoError(t, manifest.CheckPath(path))
	expectation{path, "USTAR", nil}.check(t, readContainer(t.Context(), Zip, container(t, Zip, fileOf{path: path})))
}

func TestFitsUSTARAgreesWithTheStandardWriter(t *testing.T) {
	for a := 1; a <= 100; a += 3 {
		for _, b := range []int{0, 1, 53, 54, 55, 98, 99, 100} {
			for _, c := range []int{1, 38, 98, 99, 100} {
				path := strings.Repeat("a", a) + "/" + strings.Repeat("b", b) + "/" + strings.Repeat("c", c)
				path = strings.ReplaceAll(path, "//", "/")
				err := tar.NewWriter(io.Discard).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Format: tar.FormatUSTAR})
				require.Equal(t, err == nil, fitsUSTAR(path), path)
			}
		}
	}
}

// tarOf returns what the callback writes, compressed as the packer would.
func tarOf(t *testing.T, f Format, write func(*tar.Writer)) []byte {
	t.Helper()
	var plain bytes.Buffer
	tw := tar.NewWriter(&plain)
	write(tw)
	require.NoError(t, tw.Close())
	return compressed(t, f, plain.Bytes())
}

// compressed returns the canonical compression of data, whatever that is.
func compressed(t testing.TB, f Format, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = nopCloser{&b}
	switch f {
	case TarGz:
		w = newGzipWriter(&b)
	case TarZst:
		zw, err := newZstdWriter(&b)
		require.NoError(t, err)
		w = zw
	}
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// Attacks with headers that the packer never writes, each in a container that
// is canonical in all other respects.
func TestTarHeaderAttacks(t *testing.T) {
	ustar := tar.Header{Typeflag: tar.TypeReg, Name: "a", Mode: 0o644, ModTime: fixTime, Format: tar.FormatUSTAR}
	differs := expectation{"a", "not what the packer would have written", ErrNotCanonical}
	attacks := map[string]struct {
		change func(*tar.Header)
		want   expectation
	}{
		"hard link":        {func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeLink, "b" }, expectation{"a", "hard link", nil}},
		"symbolic link":    {func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "../b" }, expectation{"a", "symbolic link", nil}},
		"character device": {func(h *tar.Header) { h.Typeflag = tar.TypeChar }, expectation{"a", "device", nil}},
		"block device":     {func(h *tar.Header) { h.Typeflag = tar.TypeBlock }, expectation{"a", "device", nil}},
		"named pipe":       {func(h *tar.Header) { h.Typeflag = tar.TypeFifo }, expectation{"a", "named pipe", nil}},
		"folder":           {func(h *tar.Header) { h.Typeflag, h.Name = tar.TypeDir, "a/" }, expectation{"a/", "folder", nil}},
		"contiguous file":  {func(h *tar.Header) { h.Typeflag = tar.TypeCont }, expectation{"a", "of type", nil}},
		"PAX":              {func(h *tar.Header) { h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"X.y": "z"} }, expectation{"a", "PAX", ErrNotCanonical}},
		"PAX times":        {func(h *tar.Header) { h.Format, h.AccessTime = tar.FormatPAX, fixTime }, expectation{"a", "PAX", ErrNotCanonical}},
		"GNU":              {func(h *tar.Header) { h.Format, h.AccessTime = tar.FormatGNU, fixTime }, expectation{"a", "GNU", ErrNotCanonical}},
		"GNU long name":    {func(h *tar.Header) { h.Format, h.Name = tar.FormatGNU, strings.Repeat("x", 101) }, expectation{strings.Repeat("x", 101), "GNU", ErrNotCanonical}},
		"mode 0600":        {func(h *tar.Header) { h.Mode = 0o600 }, expectation{"a", "mode 0600", nil}},
		"mode 0777":        {func(h *tar.Header) { h.Mode = 0o777 }, expectation{"a", "mode 0777", nil}},
		"setuid":           {func(h *tar.Header) { h.Mode = 0o4755 }, expectation{"a", "mode 04755", nil}},
		"owner":            {func(h *tar.Header) { h.Uid = 1000 }, expectation{"a", "names an owner", ErrNotCanonical}},
		"group":            {func(h *tar.Header) { h.Gid = 1000 }, expectation{"a", "names an owner", ErrNotCanonical}},
		"owner's name":     {func(h *tar.Header) { h.Uname = "root" }, expectation{"a", "names an owner", ErrNotCanonical}},
		"group's name":     {func(h *tar.Header) { h.Gname = "root" }, expectation{"a", "names an owner", ErrNotCanonical}},
		"link name":        {func(h *tar.Header) { h.Linkname = "b" }, differs},
		"device number":    {func(h *tar.Header) { h.Devmajor = 1 }, differs},
		"before 1980":      {func(h *tar.Header) { h.ModTime = time.Unix(0, 0) }, expectation{"a", "years 1980 to 2107", nil}},
		"after 2107":       {func(h *tar.Header) { h.ModTime = time.Date(2108, 1, 1, 0, 0, 0, 0, time.UTC) }, expectation{"a", "years 1980 to 2107", nil}},
	}
	for name, a := range attacks {
		for _, f := range []Format{Tar, TarGz, TarZst} {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				h := ustar
				a.change(&h)
				if f != Tar && a.want == differs {
					a.want.entry = "" // shows when the compressor's block is complete
				}
				a.want.check(t, readContainer(t.Context(), f, tarOf(t, f, func(tw *tar.Writer) { require.NoError(t, tw.WriteHeader(&h)) })))
			})
		}
	}
}

// Attacks with bytes that no header describes.
func TestTarStreamAttacks(t *testing.T) {
	plain := container(t, Tar, fileOf{path: "a", content: "content"}, fileOf{path: "b", content: "b"})
	zeros := make([]byte, 512)
	attacks := map[string]struct {
		data []byte
		want expectation
	}{
		"empty":                      {nil, expectation{"", "holds no files", nil}},
		"end blocks alone":           {plain[len(plain)-1024:], expectation{"", "holds no files", nil}},
		"no end blocks":              {plain[:len(plain)-1024], expectation{"", "ends where", ErrNotCanonical}},
		"one end block":              {plain[:len(plain)-512], expectation{"", "ends where", ErrNotCanonical}},
		"three end blocks":           {append(bytes.Clone(plain), zeros...), expectation{"", "after its last entry", ErrNotCanonical}},
		"two archives":               {append(bytes.Clone(plain), plain...), expectation{"", "after its last entry", ErrNotCanonical}},
		"text after the end":         {append(bytes.Clone(plain), "text"...), expectation{"", "after its last entry", ErrNotCanonical}},
		"padding that is not zero":   {edit(plain, 512+100, 'x'), expectation{"b", "not what the packer", ErrNotCanonical}},
		"header cut off":             {plain[:100], expectation{"", "cut off", io.ErrUnexpectedEOF}},
		"content cut off":            {plain[:515], expectation{"a", "cut off", io.ErrUnexpectedEOF}},
		"wrong checksum":             {edit(plain, 0, 'b'), expectation{"", "damaged", tar.ErrHeader}},
		"second half of the padding": {edit(plain, 1023, 1), expectation{"b", "not what the packer", ErrNotCanonical}},
	}
	for name, a := range attacks {
		for _, f := range []Format{Tar, TarGz, TarZst} {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				err := readContainer(t.Context(), f, compressed(t, f, a.data))
				want := a.want
				if f != Tar { // differences show as late as a block of the compressor is complete
					want.entry, want.reason = refusedEntry(err), ""
				}
				want.check(t, err)
			})
		}
	}
}

func refusedEntry(err error) string {
	var refused *RefusedError
	errors.As(err, &refused)
	return refused.Entry
}

// edit returns data with one byte changed.
func edit(data []byte, at int, to byte) []byte {
	data = bytes.Clone(data)
	data[at] = to
	return data
}

// insert returns data with more bytes at the given place.
func insert(data []byte, at int, more ...byte) []byte {
	return append(append(bytes.Clone(data[:at]), more...), data[at:]...)
}

func TestCompressedStreamAttacks(t *testing.T) {
	files := []fileOf{{path: "a", content: "content"}}
	plain := container(t, Tar, files...)
	gz, zst := container(t, TarGz, files...), container(t, TarZst, files...)
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}
	empty := compressed(t, TarGz, nil)
	for name, a := range map[string]struct {
		format Format
		data   []byte
	}{
		"two gzip members":               {TarGz, append(bytes.Clone(gz), gz...)},
		"an empty gzip member behind":    {TarGz, append(bytes.Clone(gz), empty...)},
		"an empty gzip member before":    {TarGz, append(bytes.Clone(empty), gz...)},
		"an archive in two gzip members": {TarGz, append(compressed(t, TarGz, plain[:700]), compressed(t, TarGz, plain[700:])...)},
		"zeros after gzip":               {TarGz, append(bytes.Clone(gz), 0, 0, 0, 0)},
		"gzip time":                      {TarGz, edit(gz, 4, 1)},
		"gzip extra flags":               {TarGz, edit(gz, 8, 2)},
		"gzip system":                    {TarGz, edit(gz, 9, 3)},
		"gzip name":                      {TarGz, insert(edit(gz, 3, 8), 10, 'x', 0)},
		"gzip comment":                   {TarGz, insert(edit(gz, 3, 16), 10, 'x', 0)},
		"gzip size":                      {TarGz, edit(gz, len(gz)-1, 1)},
		"two zstd frames":                {TarZst, append(bytes.Clone(zst), zst...)},
		"an archive in two zstd frames":  {TarZst, append(compressed(t, TarZst, plain[:700]), compressed(t, TarZst, plain[700:])...)},
		"skippable frame behind":         {TarZst, append(bytes.Clone(zst), skippable...)},
		"skippable frame before":         {TarZst, append(bytes.Clone(skippable), zst...)},
		"zstd checksum":                  {TarZst, edit(zst, len(zst)-1, zst[len(zst)-1]^1)},
		"gzip as zstd":                   {TarZst, gz},
		"zstd as gzip":                   {TarGz, zst},
		"zip as tar":                     {Tar, container(t, Zip, files...)},
		"tar as zip":                     {Zip, plain},
		"nothing as gzip":                {TarGz, nil},
		"nothing as zstd":                {TarZst, nil},
		"nothing as zip":                 {Zip, nil},
	} {
		t.Run(name, func(t *testing.T) {
			requireRefused(t, readContainer(t.Context(), a.format, a.data))
		})
	}
}

// An endless run of empty blocks is read no further than maxLag.
func TestDataWithoutContentIsRefused(t *testing.T) {
	zst := container(t, TarZst, fileOf{path: "a", content: string(random(1, 300_000))})
	const frameHeader = 6 // magic, descriptor, window
	emptyRaw := []byte{0, 0, 0}
	data := append(bytes.Clone(zst[:frameHeader]), bytes.Repeat(emptyRaw, maxLag)...)
	data = append(data, zst[frameHeader:]...)
	expectation{"", "nothing is decoded", ErrNotCanonical}.check(t, readContainer(t.Context(), TarZst, data))
}

func TestZipAttacks(t *testing.T) {
	data := container(t, Zip, fileOf{path: "a", content: strings.Repeat("content ", 20)}, fileOf{path: "b", content: "b", mode: "0755"})
	le := binary.LittleEndian
	end := len(data) - zipEndLen
	central := int(le.Uint32(data[end+16:]))
	second := bytes.LastIndex(data[:central], []byte("PK\x03\x04"))
	lastCentral := bytes.LastIndex(data[:end], []byte("PK\x01\x02"))
	mode := func(at int, bits uint32) []byte {
		b := bytes.Clone(data)
		le.PutUint32(b[at+38:], bits<<16)
		return b
	}
	// both headers of the first member
	both := func(local, inCentral int, to byte) []byte {
		return edit(edit(data, local, to), central+inCentral, to)
	}
	attacks := map[string]struct {
		data []byte
		want expectation
	}{
		"encrypted":               {both(6, 8, 1), expectation{"a", "encrypted", ErrNotCanonical}},
		"data descriptor":         {both(6, 8, 8), expectation{"a", "flags", ErrNotCanonical}},
		"UTF-8 flag":              {both(7, 9, 8), expectation{"a", "flags", ErrNotCanonical}},
		"UTF-8 flag in one place": {edit(data, central+9, 8), expectation{"", "not what the packer", ErrNotCanonical}},
		"stored":                  {both(8, 10, 0), expectation{"a", "deflate", ErrNotCanonical}},
		"extra field":             {edit(data, 28, 1), expectation{"a", "extra field", ErrNotCanonical}},
		"needs another version":   {both(4, 6, 45), expectation{"", "not what the packer", ErrNotCanonical}},
		"made by another system":  {edit(data, central+5, 0), expectation{"", "not what the packer", ErrNotCanonical}},
		"symbolic link":           {mode(central, 0o120777), expectation{"a", "regular files", nil}},
		"folder":                  {mode(central, 0o040755), expectation{"a", "regular files", nil}},
		"device":                  {mode(central, 0o060644), expectation{"a", "regular files", nil}},
		"setuid":                  {mode(lastCentral, 0o104755), expectation{"b", "mode 04755", nil}},
		"mode 0666":               {mode(lastCentral, 0o100666), expectation{"b", "mode 0666", nil}},
		"no mode":                 {mode(lastCentral, 0), expectation{"b", "regular files", nil}},
		"DOS attributes":          {edit(data, central+38, 1), expectation{"", "not what the packer", ErrNotCanonical}},
		"text attribute":          {edit(data, central+36, 1), expectation{"", "not what the packer", ErrNotCanonical}},
		"another name inside":     {edit(data, central+zipCentralLen, 'x'), expectation{"", "not what the packer", ErrNotCanonical}},
		"another offset":          {edit(data, lastCentral+42, data[lastCentral+42]+1), expectation{"", "not what the packer", ErrNotCanonical}},
		"second 60":               {both(10, 12, data[10]|0x1f), expectation{"b", "another time", ErrNotCanonical}},
		"another checksum":        {both(14, 16, data[14]+1), expectation{"a", "checksum", ErrNotCanonical}},
		"another packed size":     {both(18, 20, data[18]+1), expectation{"a", "more compressed bytes", ErrNotCanonical}},
		"smaller packed size":     {both(18, 20, data[18]-3), expectation{"a", "cut off", io.ErrUnexpectedEOF}},
		"larger size":             {both(22, 24, data[22]+1), expectation{"a", "cut off", io.ErrUnexpectedEOF}},
		"smaller size":            {both(22, 24, data[22]-1), expectation{"a", "more content", ErrNotCanonical}},
		"gap between members":     {shift(insert(data, second, 'x'), 1), expectation{"", "belong to none", ErrNotCanonical}},
		"gap before directory":    {shift(insert(data, central, 'x'), 1), expectation{"", "belong to none", ErrNotCanonical}},
		"prefix":                  {shift(insert(data, 0, []byte("#!/bin/sh\n")...), 10), expectation{"", "belong to none", ErrNotCanonical}},
		"prefix, offsets as ours": {insert(data, 0, []byte("#!/bin/sh\n")...), expectation{"", "not where it belongs", ErrNotCanonical}},
		"data after the end":      {append(bytes.Clone(data), 'x'), expectation{"", "end record", ErrNotCanonical}},
		"comment":                 {append(edit(data, len(data)-2, 1), 'x'), expectation{"", "end record", ErrNotCanonical}},
		"two archives":            {append(bytes.Clone(data), data...), expectation{"", "not where it belongs", ErrNotCanonical}},
		"number of disks":         {edit(data, end+4, 1), expectation{"", "not what the packer", ErrNotCanonical}},
		"count, one less":         {edit(edit(data, end+8, 1), end+10, 1), expectation{"b", "directory", ErrNotCanonical}},
		"count on this disk":      {edit(data, end+8, 1), expectation{"", "not what the packer", ErrNotCanonical}},
		"count, one more":         {edit(data, end+10, 3), expectation{"", "cut off", io.ErrUnexpectedEOF}},
		"cut in the directory":    {data[:end-3], expectation{"", "end record", ErrNotCanonical}},
		"directory alone":         {shift(data[central:], -central), expectation{"", "no files", nil}},
		"hidden member":           {hideSecond(data, central, end), expectation{"b", "directory", ErrNotCanonical}},
		"member without data":     {dropSecond(data, second, central), expectation{"", "does not hold", ErrNotCanonical}},
	}
	for name, a := range attacks {
		t.Run(name, func(t *testing.T) { a.want.check(t, readContainer(t.Context(), Zip, a.data)) })
	}
}

// shift moves the directory's offset in the end record.
func shift(data []byte, by int) []byte {
	data = bytes.Clone(data)
	at := len(data) - zipEndLen + 16
	binary.LittleEndian.PutUint32(data[at:], uint32(int(binary.LittleEndian.Uint32(data[at:]))+by))
	return data
}

// hideSecond takes the second member out of the directory but not out of the archive.
func hideSecond(data []byte, central, end int) []byte {
	first := zipCentralLen + 1
	b := append(bytes.Clone(data[:central+first]), data[end:]...)
	at := len(b) - zipEndLen
	b[at+8], b[at+10] = 1, 1
	binary.LittleEndian.PutUint32(b[at+12:], uint32(first))
	return b
}

// dropSecond takes the second member out of the archive but not out of the directory.
func dropSecond(data []byte, second, central int) []byte {
	return shift(append(bytes.Clone(data[:second]), data[central:]...), second-central)
}
