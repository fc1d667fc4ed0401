package pack

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// gzipLevel is the level of compression in tar.gz and zip. It is a part of the
// format, as is the compressor of zstd: see the golden tests.
const gzipLevel = 6

func newGzipWriter(w io.Writer) io.WriteCloser {
	zw, err := gzip.NewWriterLevel(w, gzipLevel)
	if err != nil {
		panic(err) // the level is a constant
	}
	return zw
}

// newZstdWriter returns a compressor without goroutines of its own. A new one
// is made for each archive, so that no state of an earlier one is left in it.
func newZstdWriter(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w,
		zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithWindowSize(maxWindow),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(true))
}

func newGzipReader(r io.Reader) (io.Reader, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	zr.Multistream(false)
	return zr, nil
}

func newZstdReader(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecoderMaxMemory(maxWindow))
}

// tarEncoder writes USTAR into a compressor.
type tarEncoder struct {
	*tar.Writer
	compressor io.Closer
}

func newTarEncoder(w io.WriteCloser) *tarEncoder {
	// The compressors have a ReadFrom that cuts blocks elsewhere than Write does.
	return &tarEncoder{Writer: tar.NewWriter(struct{ io.Writer }{w}), compressor: w}
}

func (e *tarEncoder) create(h header) error {
	return e.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg,
		Name:     h.path,
		Size:     h.size,
		Mode:     int64(modeBits(h.mode)),
		ModTime:  h.time,
		Format:   tar.FormatUSTAR,
	})
}

func (e *tarEncoder) close() error {
	if err := e.Writer.Close(); err != nil {
		return err
	}
	return e.compressor.Close()
}

// tarDecoder reads USTAR from a decompressor.
type tarDecoder struct {
	*tar.Reader
	stream io.Reader
	done   func()
}

func newTarDecoder(r io.Reader, done func()) *tarDecoder {
	return &tarDecoder{Reader: tar.NewReader(r), stream: r, done: done}
}

func (d *tarDecoder) next() (header, error) {
	h, err := d.Next()
	if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // such a path is refused like any other that breaks the rules
		return header{}, err
	}
	if reason := unsupportedType(h.Typeflag); reason != "" {
		return header{}, refuse(h.Name, reason, nil)
	}
	if h.Format != tar.FormatUSTAR {
		return header{}, refuse(h.Name, "has a header that is not plain USTAR, as with a PAX or GNU extension", ErrNotCanonical)
	}
	if h.Uid|h.Gid != 0 || h.Uname+h.Gname != "" {
		return header{}, refuse(h.Name, "names an owner, where the packer writes none", ErrNotCanonical)
	}
	mode, ok := modeOf(h.Mode)
	if !ok {
		return header{}, refuse(h.Name, fmt.Sprintf("has mode %#o where only 0644 and 0755 are allowed", h.Mode), nil)
	}
	return header{path: h.Name, mode: mode, size: h.Size, time: h.ModTime.UTC()}, nil
}

// unsupportedType says what an entry of the given type is, or nothing for a
// regular file.
func unsupportedType(flag byte) string {
	const only = ", where only regular files are allowed"
	switch flag {
	case tar.TypeReg:
		return ""
	case tar.TypeLink:
		return "is a hard link" + only
	case tar.TypeSymlink:
		return "is a symbolic link" + only
	case tar.TypeChar, tar.TypeBlock:
		return "is a device" + only
	case tar.TypeFifo:
		return "is a named pipe" + only
	case tar.TypeDir:
		return "is a folder" + only
	}
	return fmt.Sprintf("is of type %q", flag) + only
}

func (d *tarDecoder) finish() error {
	var b [1]byte
	switch n, err := io.ReadFull(d.stream, b[:]); {
	case n > 0:
		return refuse("", "has data after its last entry", ErrNotCanonical)
	case err != io.EOF:
		return err
	}
	return nil
}

func (d *tarDecoder) close() { d.done() }
