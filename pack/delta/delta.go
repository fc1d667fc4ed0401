package delta

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/gohotfix/hotfix/pack/delta/internal/goaware"
)

// maxWindow is how far back a compressed stream may refer, in bytes: what a
// decoder must hold.
const maxWindow = 8 << 20

// Option changes how a patch is made.
type Option func(*encoder)

// WithEveryCoder tries all coders whatever the first one gives. The default is to
// try the others only where they can be expected to give less, since they cost
// several times as much.
func WithEveryCoder() Option { return func(e *encoder) { e.every = true } }

// encoder makes a patch.
type encoder struct {
	Info
	every bool
}

// Diff writes a patch that makes the new file of the old one, the smallest of
// what the coders give. It has applied the patch, which compares digests, before
// it writes anything. Errors are [ErrTooLarge], those of the writer, and the
// context's. It is safe for concurrent use, as are all functions of this package.
func Diff(ctx context.Context, old, new []byte, w io.Writer, opts ...Option) (Info, error) {
	if len(old) > MaxSize || len(new) > MaxSize {
		return Info{}, fmt.Errorf("making a patch: a file has more than %d bytes: %w", MaxSize, ErrTooLarge)
	}
	e := &encoder{Info: Info{Old: identify(old), New: identify(new)}}
	for _, opt := range opts {
		opt(e)
	}
	for _, try := range []func(context.Context, []byte, []byte) ([]byte, error){e.encodeProgram, e.encodeAny} {
		body, err := try(ctx, old, new)
		if errors.Is(err, goaware.ErrUnknown) {
			continue
		}
		if err != nil {
			return Info{}, fmt.Errorf("making a patch: %w", err)
		}
		patch := append(e.encode(), body...)
		err = Apply(ctx, bytes.NewReader(old), bytes.NewReader(patch), io.Discard)
		if errors.Is(err, ErrCorrupt) && e.Coder == Program {
			continue // others are there for what was not foreseen
		}
		if err != nil {
			return Info{}, fmt.Errorf("checking the patch that was made: %w", err)
		}
		_, err = w.Write(patch)
		return e.Info, err
	}
	return Info{}, fmt.Errorf("checking the patch that was made: %w", ErrCorrupt)
}

// rarely is how many times smaller than the new file a patch of [Program] must be
// so that the others are not tried: they say each distance that changed, which is
// far more.
const rarely = 256

// encodeProgram makes a body for executables of Go, or the smallest one of all
// coders if it is not that much smaller.
func (e *encoder) encodeProgram(ctx context.Context, old, new []byte) ([]byte, error) {
	body, err := goaware.Make(ctx, old, new)
	if err != nil {
		return nil, err
	}
	if e.every || len(body) > len(new)/rarely {
		other, err := e.encodeAny(ctx, old, new)
		if err != nil || len(other) < len(body) {
			return other, err
		}
	}
	e.Coder = Program
	return body, nil
}

// encodeAny makes the smaller one of the bodies for files of any kind.
func (e *encoder) encodeAny(ctx context.Context, old, new []byte) ([]byte, error) {
	whole, err := compressStreams([][]byte{new})
	if err != nil {
		return nil, err
	}
	generic, err := encodeGeneric(ctx, old, new)
	if err != nil {
		return nil, err
	}
	if len(whole) <= len(generic) {
		e.Coder = Whole
		return whole, nil
	}
	e.Coder = Generic
	return generic, nil
}

// Apply writes the new file that a patch makes of the old one. The old file is
// read through first, and refused by a [*BaseError] if it is not the one that the
// patch was made for. What is written counts only if the error is nil: it is
// checked at the end. The error is one of this package, or of the reader, the
// writer or the context.
func Apply(ctx context.Context, old io.ReaderAt, patch io.Reader, w io.Writer) error {
	data, err := io.ReadAll(io.LimitReader(patch, MaxPatch+1))
	if err != nil {
		return fmt.Errorf("reading the patch: %w", err)
	}
	if len(data) > MaxPatch {
		return fmt.Errorf("the patch has more than %d bytes: %w", MaxPatch, ErrTooLarge)
	}
	info, body, err := decodeInfo(data)
	if err != nil {
		return fmt.Errorf("reading the patch: %w", err)
	}
	if err := checkBase(ctx, old, info.Old); err != nil {
		return err
	}
	sum := sha256.New()
	if err := info.decodeBody(ctx, old, body, io.MultiWriter(sum, w)); err != nil {
		return fmt.Errorf("applying the patch: %w", err)
	}
	if !bytes.Equal(sum.Sum(nil), info.New.SHA256[:]) {
		return fmt.Errorf("applying the patch: %w", corrupt("what it makes has another digest than it says"))
	}
	return nil
}

func (i Info) decodeBody(ctx context.Context, old io.ReaderAt, body []byte, w io.Writer) error {
	switch i.Coder {
	case Program:
		return decodeProgram(ctx, old, i, body, w)
	case Generic:
		return decodeGeneric(ctx, old, i, body, w)
	}
	return decodeWhole(ctx, i, body, w)
}

// decodeProgram makes the new file twice, piece by piece: once for its digest, and
// once to write it. So nothing wrong is written at all, and no more is held than
// the old file and what is known of it.
func decodeProgram(ctx context.Context, old io.ReaderAt, header Info, body []byte, w io.Writer) error {
	data := make([]byte, header.Old.Size)
	if _, err := old.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the old file: %w", err)
	}
	made, err := goaware.Apply(ctx, data, body, int(header.New.Size))
	if errors.Is(err, goaware.ErrCorrupt) || errors.Is(err, goaware.ErrUnknown) {
		return corrupt(err.Error())
	}
	if err != nil {
		return err
	}
	sum := sha256.New()
	if err := copyAll(ctx, sum, made, header.New.Size); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), header.New.SHA256[:]) {
		return corrupt("what it makes has another digest than it says")
	}
	return copyAll(ctx, w, made, header.New.Size)
}

// copyAll writes a file of the given size.
func copyAll(ctx context.Context, w io.Writer, r io.ReaderAt, size int64) error {
	block := make([]byte, min(size, blockSize))
	for at := int64(0); at < size; at += int64(len(block)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		block = block[:min(int64(len(block)), size-at)]
		if n, err := r.ReadAt(block, at); n < len(block) {
			return unreadable(err)
		}
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// checkBase reads the old file to its end, also if it is too long: the error tells
// which one it is.
func checkBase(ctx context.Context, old io.ReaderAt, want File) error {
	sum, block := sha256.New(), make([]byte, blockSize)
	got := File{}
	for got.Size <= MaxSize {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := old.ReadAt(block, got.Size)
		sum.Write(block[:n])
		got.Size += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the old file: %w", err)
		}
	}
	sum.Sum(got.SHA256[:0])
	if got != want {
		return &BaseError{Want: want, Got: got}
	}
	return nil
}

// newDecompressor bounds what a stream can make a host hold.
func newDecompressor(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
}
