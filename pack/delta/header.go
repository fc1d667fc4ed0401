package delta

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
)

// magic begins every patch; its last byte is the version of the format.
const magic = "HFDELTA\x01"

// Limits of what is read.
const (
	MaxSize  = 1 << 30 // bytes of an old or new file
	MaxPatch = 1 << 30 // bytes of a patch

	maxHeader = len(magic) + 1 + 2*(binary.MaxVarintLen64+sha256.Size)
)

// Coder is how the body of a patch is coded.
type Coder byte

// Coders. Their numbers are part of the format.
const (
	Whole   Coder = 1 // the new file alone, compressed
	Generic Coder = 2 // for files of any kind
	Program Coder = 3 // for executables of Go
)

// String is the coder's name.
func (c Coder) String() string {
	switch c {
	case Whole:
		return "whole"
	case Generic:
		return "generic"
	case Program:
		return "program"
	}
	return "unknown"
}

// File identifies a file.
type File struct {
	Size   int64             // bytes
	SHA256 [sha256.Size]byte // of the content
}

// Info is what a patch says about itself.
type Info struct {
	Coder    Coder
	Old, New File
}

func identify(data []byte) File { return File{Size: int64(len(data)), SHA256: sha256.Sum256(data)} }

func (i Info) encode() []byte {
	b := append([]byte(magic), byte(i.Coder))
	for _, f := range []File{i.Old, i.New} {
		b = append(binary.AppendUvarint(b, uint64(f.Size)), f.SHA256[:]...)
	}
	return b
}

// decodeInfo reads the header, and returns what follows it. It accepts only what
// encode writes.
func decodeInfo(patch []byte) (Info, []byte, error) {
	rest, ok := bytes.CutPrefix(patch, []byte(magic))
	if !ok || len(rest) == 0 {
		return Info{}, nil, ErrNotPatch
	}
	i := Info{Coder: Coder(rest[0])}
	if i.Coder < Whole || i.Coder > Program {
		return Info{}, nil, ErrNotPatch
	}
	rest = rest[1:]
	for _, f := range []*File{&i.Old, &i.New} {
		size, n := binary.Uvarint(rest)
		switch {
		case n <= 0 || len(rest)-n < sha256.Size:
			return Info{}, nil, corrupt("its header is cut short")
		case size > MaxSize:
			return Info{}, nil, ErrTooLarge
		}
		f.Size = int64(size)
		rest = rest[n+copy(f.SHA256[:], rest[n:]):]
	}
	if !bytes.HasPrefix(patch, i.encode()) {
		return Info{}, nil, corrupt("its header is spelled in another way than it is written")
	}
	return i, rest, nil
}

// Inspect reads what a patch says about itself. Nothing of that is verified.
func Inspect(patch io.Reader) (Info, error) {
	head, err := io.ReadAll(io.LimitReader(patch, int64(maxHeader)))
	if err != nil {
		return Info{}, err
	}
	info, _, err := decodeInfo(head)
	return info, err
}
