package disk

import (
	"io"
	"maps"
	"sync"
)

// blockSize is the unit in which contents are shared between disks.
const blockSize = 4096

// Disk is what a device holds. Blocks of zeros take up no memory, and copies share
// what they have in common. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex
	size   int64
	blocks map[int64]*[blockSize]byte // never changed once they are here
}

// New returns a disk of zeros, of size bytes: a multiple of 4096.
func New(size int64) *Disk {
	return &Disk{size: size / blockSize * blockSize, blocks: map[int64]*[blockSize]byte{}}
}

// Size returns the number of bytes.
func (d *Disk) Size() int64 { return d.size }

// Clone returns a copy.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Disk{size: d.size, blocks: maps.Clone(d.blocks)}
}

// ReadAt implements [io.ReaderAt].
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for n < len(p) && off < d.size {
		piece := p[n:min(len(p), n+int(blockSize-off%blockSize))]
		if b := d.blocks[off/blockSize]; b != nil {
			copy(piece, b[off%blockSize:])
		} else {
			clear(piece)
		}
		n += len(piece)
		off += int64(len(piece))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements [io.WriterAt]. What is beyond the end is [io.ErrShortWrite].
func (d *Disk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for n < len(p) && off < d.size {
		piece := p[n:min(len(p), n+int(blockSize-off%blockSize))]
		d.put(off/blockSize, int(off%blockSize), piece)
		n += len(piece)
		off += int64(len(piece))
	}
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

func (d *Disk) put(index int64, at int, piece []byte) {
	var next [blockSize]byte
	if b := d.blocks[index]; b != nil {
		next = *b
	}
	copy(next[at:], piece)
	if next == ([blockSize]byte{}) {
		delete(d.blocks, index)
		return
	}
	d.blocks[index] = &next
}
