package delta

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
)

// The parts of a generic body, in their order, each with its size, a varint, in
// front.
const (
	partSegments     = iota // zstd: for each: length, rest, and how far its old bytes are from the end of the last one's
	partLiterals            // zstd
	partReplacements        // range coded: what is added to each copied byte, modulo 256
	parts
)

// encodeGeneric makes the body of a patch for files of any kind.
func encodeGeneric(ctx context.Context, old, new []byte) ([]byte, error) {
	found, err := findSegments(ctx, old, new)
	if err != nil {
		return nil, err
	}
	var segments, literals []byte
	coder, model, end := entropy.NewEncoder(), newReplacements(), 0
	for _, s := range found {
		segments = binary.AppendUvarint(segments, uint64(s.length))
		segments = binary.AppendUvarint(segments, uint64(s.rest))
		segments = binary.AppendVarint(segments, int64(s.oldOffset-end))
		end = s.oldOffset + s.length
		for i, b := range old[s.oldOffset:end] {
			model.code(coder, b, new[s.newOffset+i]-b)
		}
		from := s.newOffset + s.length
		literals = append(literals, new[from:from+s.rest]...)
	}
	body, err := compressStreams([][]byte{segments, literals})
	if err != nil {
		return nil, err
	}
	replaced := coder.Finish()
	return append(binary.AppendUvarint(body, uint64(len(replaced))), replaced...), nil
}

// compressStreams is the part of a body that holds streams.
func compressStreams(plain [][]byte) (body []byte, err error) {
	for _, p := range plain {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(windowFor(len(p))))
		if err != nil {
			return nil, err
		}
		packed := z.EncodeAll(p, nil)
		body = append(binary.AppendUvarint(body, uint64(len(packed))), packed...)
		if err := z.Close(); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// windowFor is the smallest window that reaches over a stream, since the encoder
// takes memory by its size.
func windowFor(size int) int {
	window := zstd.MinWindowSize
	for window < size && window < maxWindow {
		window *= 2
	}
	return window
}

// genericDecoder reads a generic body while it writes the new file.
type genericDecoder struct {
	old      io.ReaderAt
	header   Info
	segments *bufio.Reader
	literals *bufio.Reader
	replaced *entropy.Decoder
	model    *replacements
	written  int64
	buffer   []byte
}

// blockSize is how many bytes are read and written at once.
const blockSize = 16 << 10

func decodeGeneric(ctx context.Context, old io.ReaderAt, header Info, body []byte, w io.Writer) error {
	var part [parts][]byte
	for i := range part {
		size, n := binary.Uvarint(body)
		if n <= 0 || size > uint64(len(body)-n) {
			return corrupt("a part of it is cut short")
		}
		part[i], body = body[n:n+int(size)], body[n+int(size):]
	}
	if len(body) > 0 {
		return corrupt("something follows its last part")
	}
	d := &genericDecoder{old: old, header: header, replaced: entropy.NewDecoder(part[partReplacements]), model: newReplacements(), buffer: make([]byte, blockSize)}
	for i, stream := range map[int]**bufio.Reader{partSegments: &d.segments, partLiterals: &d.literals} {
		z, err := newDecompressor(bytes.NewReader(part[i]))
		if err != nil {
			return err
		}
		defer z.Close()
		*stream = bufio.NewReader(z)
	}
	if err := d.run(ctx, w); err != nil {
		return err
	}
	return d.finish()
}

func (d *genericDecoder) run(ctx context.Context, w io.Writer) error {
	end := int64(0) // of the old bytes that the last segment copied
	for d.written < d.header.New.Size {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		length, err := d.size()
		if err != nil {
			return err
		}
		rest, err := d.size()
		if err != nil {
			return err
		}
		skip, err := binary.ReadVarint(d.segments)
		if err != nil {
			return unreadable(err)
		}
		from := end + skip
		switch {
		case length+rest == 0 || length > d.header.New.Size-d.written || rest > d.header.New.Size-d.written-length:
			return corrupt("a segment has no bytes, or more than the new file")
		case length > 0 && (from < 0 || from > d.header.Old.Size || length > d.header.Old.Size-from):
			return corrupt("a segment lies outside of the old file")
		}
		if err := d.copy(from, length, w); err != nil {
			return err
		}
		if err := d.literal(rest, w); err != nil {
			return err
		}
		end = from + length
	}
	return nil
}

// size reads a number that no file can exceed.
func (d *genericDecoder) size() (int64, error) {
	n, err := binary.ReadUvarint(d.segments)
	if err != nil {
		return 0, unreadable(err)
	}
	if n > MaxSize {
		return 0, corrupt("a segment is larger than any file")
	}
	return int64(n), nil
}

func (d *genericDecoder) copy(from, length int64, w io.Writer) error {
	for length > 0 {
		block := d.buffer[:min(length, blockSize)]
		if _, err := d.old.ReadAt(block, from); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading the old file: %w", err)
		}
		for i, b := range block {
			block[i] = b + d.model.code(d.replaced, b, 0)
		}
		if err := d.write(block, w); err != nil {
			return err
		}
		from, length = from+int64(len(block)), length-int64(len(block))
	}
	return nil
}

func (d *genericDecoder) literal(n int64, w io.Writer) error {
	for n > 0 {
		block := d.buffer[:min(n, blockSize)]
		if _, err := io.ReadFull(d.literals, block); err != nil {
			return unreadable(err)
		}
		if err := d.write(block, w); err != nil {
			return err
		}
		n -= int64(len(block))
	}
	return nil
}

func (d *genericDecoder) write(block []byte, w io.Writer) error {
	d.written += int64(len(block))
	_, err := w.Write(block)
	return err
}

// finish refuses what nothing was made of.
func (d *genericDecoder) finish() error {
	if !d.replaced.Done() {
		return corrupt("it replaces more or fewer bytes than it copies")
	}
	for _, s := range []*bufio.Reader{d.segments, d.literals} {
		if _, err := s.ReadByte(); !errors.Is(err, io.EOF) {
			if err != nil {
				return unreadable(err)
			}
			return corrupt("a part of it holds more than the new file needs")
		}
	}
	return nil
}
