package delta

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
)

// decodeWhole writes the new file, which is the body's one stream.
func decodeWhole(ctx context.Context, header Info, body []byte, w io.Writer) error {
	size, n := binary.Uvarint(body)
	if n <= 0 || size != uint64(len(body)-n) {
		return corrupt("its stream is cut short")
	}
	z, err := newDecompressor(bytes.NewReader(body[n:]))
	if err != nil {
		return err
	}
	defer z.Close()
	block, left := make([]byte, blockSize), header.New.Size
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := io.ReadFull(z, block)
		if left -= int64(n); left < 0 {
			return corrupt("it makes a larger file than it says")
		}
		if _, err := w.Write(block[:n]); err != nil {
			return err
		}
		switch {
		case err == nil:
		case (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) && left == 0:
			return nil
		default:
			return unreadable(err)
		}
	}
}
