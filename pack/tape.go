package pack

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// tape reads an archive once and gives its bytes to two consumers at their own
// pace: the decoder, which calls Read, and the encoder of what was decoded,
// whose calls of Write are compared with the archive. Since the bytes that are
// hashed, decoded and compared are the same bytes, nobody gains by changing the
// file while it is read.
//
// An archive that the packer wrote keeps both consumers close together, for
// they differ by no more than the blocks that decompressor and compressor hold
// back. A distance of more than maxLag bytes is therefore refused, and bounds
// the memory.
type tape struct {
	src      io.Reader
	hash     hash.Hash
	buf      []byte // what was read and is still needed
	start    int64  // offset of buf[0] in the archive
	decoded  int64  // offset of the next byte for Read
	compared int64  // offset of the next byte for Write
	entry    string // member that is being read, for messages
	refused  error  // why the comparison failed
	failed   error  // why the archive could not be read
}

// tapeChunk is the number of bytes that are read at once.
const tapeChunk = 32 << 10

func newTape(src io.Reader) *tape { return &tape{src: src, hash: sha256.New()} }

// end returns the offset after the last byte that was read.
func (t *tape) end() int64 { return t.start + int64(len(t.buf)) }

// Read implements [io.Reader] for the decoder.
func (t *tape) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if t.decoded == t.end() {
		if err := t.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.buf[t.decoded-t.start:])
	t.decoded += int64(n)
	return n, nil
}

// Write implements [io.Writer] for the encoder. It fails where p differs from
// the archive.
func (t *tape) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if t.compared == t.end() {
			if err := t.fill(); err == io.EOF {
				return done, t.differ("ends where the packer would have written more")
			} else if err != nil {
				return done, err
			}
		}
		n, same := commonPrefix(t.buf[t.compared-t.start:], p[done:])
		t.compared += int64(n)
		done += n
		if !same {
			return done, t.differ("is not what the packer would have written")
		}
	}
	return done, nil
}

// commonPrefix returns how many bytes a and b begin with in common, and whether
// that is all of the shorter one.
func commonPrefix(a, b []byte) (int, bool) {
	n := min(len(a), len(b))
	if bytes.Equal(a[:n], b[:n]) {
		return n, true
	}
	for i := range n {
		if a[i] != b[i] {
			return i, false
		}
	}
	return n, true
}

// differ records a refusal at the current place of the comparison.
func (t *tape) differ(reason string) error {
	t.refused = refuse(t.entry, fmt.Sprintf(
		"%s (at byte %d of the archive): pack it with the same version of this library that reads it", reason, t.compared), ErrNotCanonical)
	return t.refused
}

// fill reads the next bytes of the archive.
func (t *tape) fill() error {
	if used := min(t.decoded, t.compared) - t.start; used > 0 {
		t.buf = append(t.buf[:0], t.buf[used:]...)
		t.start += used
	}
	if len(t.buf) > maxLag {
		return t.differ("holds data from which nothing is decoded")
	}
	have := len(t.buf)
	t.buf = append(t.buf, make([]byte, tapeChunk)...)
	n, err := io.ReadAtLeast(t.src, t.buf[have:], 1)
	t.buf = t.buf[:have+n]
	t.hash.Write(t.buf[have:])
	if err != nil && err != io.EOF {
		t.failed = err
	}
	return err
}

// finish requires that the comparison has reached the end of the archive.
func (t *tape) finish() error {
	if t.compared == t.end() {
		if err := t.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return t.differ("goes on where the packer would have ended")
}

// digest returns the digest of the archive once finish has succeeded.
func (t *tape) digest() manifest.Digest { return manifest.Digest(t.hash.Sum(nil)) }

// explain returns the cause of a failed read: what the tape itself met if
// there is such a thing, since decoders and encoders hide or wrap it, and
// otherwise err as damage to the archive, unless it is a refusal.
func (t *tape) explain(err error) error {
	switch {
	case t.failed != nil:
		return t.failed
	case t.refused != nil:
		return t.refused
	case isRefusal(err):
		return err
	}
	return refuseDamaged(t.entry, err)
}
