package pack

import (
	"fmt"
	"io"
)

// encoder writes a container. Members are written one after the other: create,
// then exactly the content. The bytes written depend on headers and contents
// alone, and not on how the content is divided into calls of Write.
type encoder interface {
	create(h header) error
	io.Writer
	close() error
}

// patchFunc overwrites bytes that were written before.
type patchFunc func(p []byte, offset int64) error

// newEncoder returns an encoder that writes to w. The zip format has sizes and
// checksums before the content that they describe: with a patch function they
// are filled in afterwards, without one they are taken from the headers and
// checked afterwards.
func newEncoder(f Format, w io.Writer, patch patchFunc) (encoder, error) {
	switch f {
	case Tar:
		return newTarEncoder(nopCloser{w}), nil
	case TarGz:
		return newTarEncoder(newGzipWriter(w)), nil
	case TarZst:
		zw, err := newZstdWriter(w)
		if err != nil {
			return nil, err
		}
		return newTarEncoder(zw), nil
	case Zip:
		return newZipEncoder(w, patch)
	}
	return nil, f.check(Formats())
}

// nopCloser is a writer with nothing to finish.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// decoder reads a container that may be hostile. It checks no more than it
// needs to read on; all else is for the rules and for the comparison.
type decoder interface {
	next() (header, error) // the next member; io.EOF after the last
	io.Reader              // the content of that member
	finish() error         // after io.EOF: requires that nothing follows
	close()
}

// newDecoder returns a decoder that reads from t, the same bytes that src has.
func newDecoder(f Format, t *tape, src source, limits Limits) (decoder, error) {
	switch f {
	case Tar:
		return newTarDecoder(t, func() {}), nil
	case TarGz:
		r, err := newGzipReader(t)
		if err != nil {
			return nil, err
		}
		return newTarDecoder(r, func() {}), nil
	case TarZst:
		r, err := newZstdReader(t)
		if err != nil {
			return nil, err
		}
		return newTarDecoder(r, r.Close), nil
	case Zip:
		return newZipDecoder(t, src, limits)
	}
	return nil, f.check(Formats())
}

// source is an archive to read.
type source struct {
	r    io.ReaderAt
	size int64
}

// format returns the format that the archive's first bytes show.
func (s source) format() (Format, error) {
	begin := make([]byte, min(sniffLen, s.size))
	if _, err := s.r.ReadAt(begin, 0); err != nil && err != io.EOF {
		return "", err
	}
	f, ok := sniff(begin)
	if !ok {
		return "", refuse("", fmt.Sprintf("is no package: it begins like none of %v", packageFormats()), nil)
	}
	return f, nil
}
