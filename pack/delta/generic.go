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
)

// The streams of a generic patch, in their order. Each is one zstd frame with its
// compressed size, a varint, in front.
const (
	streamSegments = iota // for each: length, rest, and how far its old bytes are from the end of the last one's
	streamGaps            // how many copied bytes are right before each one that is replaced
	streamValues          // what is added to these, modulo 256
	streamLiterals
	streams
)

// encodeGeneric makes the body of a patch for files of any kind.
func encodeGeneric(ctx context.Context, old, new []byte) ([]byte, error) {
	found, err := findSegments(ctx, old, new)
	if err != nil {
		return nil, err
	}
	var plain [streams][]byte
	end, gap := 0, uint64(0)
	for _, s := range found {
		plain[streamSegments] = binary.AppendUvarint(plain[streamSegments], uint64(s.length))
		plain[streamSegments] = binary.AppendUvarint(plain[streamSegments], uint64(s.rest))
		plain[streamSegments] = binary.AppendVarint(plain[streamSegments], int64(s.oldOffset-end))
		end = s.oldOffset + s.length
		for i := range s.length {
			if d := new[s.newOffset+i] - old[s.oldOffset+i]; d != 0 {
				plain[streamGaps], plain[streamValues] = binary.AppendUvarint(plain[streamGaps], gap), append(plain[streamValues], d)
				gap = 0
			} else {
				gap++
			}
		}
		from := s.newOffset + s.length
		plain[streamLiterals] = append(plain[streamLiterals], new[from:from+s.rest]...)
	}
	return compressStreams(plain[:])
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
	old     io.ReaderAt
	header  Info
	streams [streams]*bufio.Reader
	gap     uint64 // copied bytes that are right before the next replaced one
	ended   bool   // no more bytes are replaced
	written int64
	buffer  []byte
}

// blockSize is how many bytes are read and written at once.
const blockSize = 64 << 10

func decodeGeneric(ctx context.Context, old io.ReaderAt, header Info, body []byte, w io.Writer) error {
	d := &genericDecoder{old: old, header: header, buffer: make([]byte, blockSize)}
	for i := range d.streams {
		size, n := binary.Uvarint(body)
		if n <= 0 || size > uint64(len(body)-n) {
			return corrupt("a stream is cut short")
		}
		z, err := newDecompressor(bytes.NewReader(body[n : n+int(size)]))
		if err != nil {
			return err
		}
		defer z.Close()
		d.streams[i], body = bufio.NewReader(z), body[n+int(size):]
	}
	if len(body) > 0 {
		return corrupt("something follows the last stream")
	}
	if err := d.nextGap(); err != nil {
		return err
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
		length, err := d.size(streamSegments)
		if err != nil {
			return err
		}
		rest, err := d.size(streamSegments)
		if err != nil {
			return err
		}
		skip, err := binary.ReadVarint(d.streams[streamSegments])
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
func (d *genericDecoder) size(stream int) (int64, error) {
	n, err := binary.ReadUvarint(d.streams[stream])
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
		if err := d.replace(block); err != nil {
			return err
		}
		if err := d.write(block, w); err != nil {
			return err
		}
		from, length = from+int64(len(block)), length-int64(len(block))
	}
	return nil
}

// replace puts the bytes of a block right that differ.
func (d *genericDecoder) replace(block []byte) error {
	at := uint64(0)
	for !d.ended && d.gap < uint64(len(block))-at {
		at += d.gap
		value, err := d.streams[streamValues].ReadByte()
		if err != nil {
			return unreadable(err)
		}
		block[at] += value
		at++
		if err := d.nextGap(); err != nil {
			return err
		}
	}
	d.gap -= uint64(len(block)) - at
	return nil
}

func (d *genericDecoder) nextGap() error {
	gap, err := binary.ReadUvarint(d.streams[streamGaps])
	if errors.Is(err, io.EOF) {
		d.ended = true
		return nil
	}
	d.gap = gap
	return unreadable(err)
}

func (d *genericDecoder) literal(n int64, w io.Writer) error {
	for n > 0 {
		block := d.buffer[:min(n, blockSize)]
		if _, err := io.ReadFull(d.streams[streamLiterals], block); err != nil {
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
	if !d.ended {
		return corrupt("bytes are replaced behind the end of the new file")
	}
	for _, s := range d.streams {
		if _, err := s.ReadByte(); !errors.Is(err, io.EOF) {
			if err != nil {
				return unreadable(err)
			}
			return corrupt("a stream holds more than the new file needs")
		}
	}
	return nil
}
