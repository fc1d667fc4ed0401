package inline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Limits of what is read.
const (
	MaxText     = 1 << 20 // bytes of a text with a block in it
	MaxPackages = 64      // packages in a block
)

// The version begins every block. A block has the lowest that can carry it.
const (
	versionPlain   = 1 // signatures alone
	versionStamped = 2 // signatures with timestamps
)

// block is what is carried. Nothing of it is authenticated.
type block struct {
	statement []byte
	signed    []signature // in the order of the keys
	packages  [][]byte
}

type signature struct {
	key        verify.KeyID
	bytes      []byte
	timestamps [][]byte
}

func (b block) version() byte {
	if slices.ContainsFunc(b.signed, func(s signature) bool { return len(s.timestamps) > 0 }) {
		return versionStamped
	}
	return versionPlain
}

// bundles are the bundle files that the block was made of.
func (b block) bundles() ([][]byte, error) {
	all := make([][]byte, len(b.signed))
	for i, s := range b.signed {
		data, err := verify.Bundle{Key: s.key, Payload: b.statement, Signature: s.bytes, Timestamps: s.timestamps}.Encode()
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

// check applies the rules that need no signature.
func (b block) check() error {
	if n := len(b.signed); n == 0 || n > verify.MaxBundles {
		return refuse(nil, "has %d signatures, must have 1 to %d", n, verify.MaxBundles)
	}
	for i := range b.signed[1:] {
		if bytes.Compare(b.signed[i].key[:], b.signed[i+1].key[:]) >= 0 {
			return refuse(nil, "has signatures out of order or twice")
		}
	}
	if n := len(b.packages); n == 0 || n > MaxPackages {
		return refuse(nil, "has %d packages, must have 1 to %d", n, MaxPackages)
	}
	return nil
}

func (b block) encode() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	deflated, err := deflate(b.statement)
	if err != nil {
		return nil, err
	}
	out := binary.AppendUvarint([]byte{b.version()}, uint64(len(b.signed)))
	for _, s := range b.signed {
		out = appendPart(append(out, s.key[:]...), s.bytes)
		if b.version() == versionStamped {
			out = appendParts(out, s.timestamps)
		}
	}
	return appendParts(appendPart(out, deflated), b.packages), nil
}

func appendParts(out []byte, parts [][]byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(parts)))
	for _, p := range parts {
		out = appendPart(out, p)
	}
	return out
}

func appendPart(out, part []byte) []byte {
	return append(binary.AppendUvarint(out, uint64(len(part))), part...)
}

// decode accepts only what encode writes.
func decode(data []byte) (block, error) {
	if len(data) == 0 || data[0] != versionPlain && data[0] != versionStamped {
		return block{}, refuse(errors.ErrUnsupported, "is of a format that this version does not know")
	}
	r := &reader{rest: data[1:]}
	var b block
	for range r.count(verify.MaxBundles) {
		s := signature{key: verify.KeyID(r.take(uint64(len(verify.KeyID{})))), bytes: r.part()}
		if data[0] == versionStamped {
			s.timestamps = r.parts(verify.MaxTimestamps)
		}
		b.signed = append(b.signed, s)
	}
	deflated := r.part()
	b.packages = r.parts(MaxPackages)
	if r.short {
		return block{}, refuse(io.ErrUnexpectedEOF, "is cut short")
	}
	var err error
	if b.statement, err = inflate(deflated); err != nil {
		return block{}, err
	}
	again, err := b.encode()
	if err != nil {
		return block{}, err
	}
	if !bytes.Equal(data, again) {
		return block{}, refuse(manifest.ErrNotCanonical, "is written in another way than this library writes it")
	}
	return b, nil
}

// reader takes a block apart. What it returns after it has met the end is of the
// right length, and empty.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.short = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) count(limit uint64) uint64 { return min(r.number(), limit+1) }

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.short, r.rest = true, nil
		return make([]byte, min(n, uint64(len(verify.KeyID{}))))
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) part() []byte { return r.take(r.number()) }

// parts takes a number and so many parts, of which it returns one more than the
// limit at most.
func (r *reader) parts(limit uint64) (all [][]byte) {
	for range r.count(limit) {
		all = append(all, r.part())
	}
	return all
}

func deflate(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriterDict(&out, flate.BestCompression, []byte(dictionary))
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func inflate(data []byte) ([]byte, error) {
	r := flate.NewReaderDict(bytes.NewReader(data), []byte(dictionary))
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, manifest.MaxDocument+1))
	if err != nil {
		return nil, refuse(err, "has a statement that cannot be inflated")
	}
	if len(out) > manifest.MaxDocument {
		return nil, refuse(nil, "has a statement of more than %d bytes", manifest.MaxDocument)
	}
	return out, nil
}
