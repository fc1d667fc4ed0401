package subprocess

import "bytes"

// Buffer keeps the first bytes that are written to it and drops the rest, so
// that a program that prints without end cannot exhaust memory. It does not embed
// its buffer, whose ReadFrom method would go around the bound. One goroutine at a
// time may write.
type Buffer struct {
	kept    bytes.Buffer
	limit   int
	dropped bool
}

// NewBuffer returns a buffer that keeps up to limit bytes.
func NewBuffer(limit int) *Buffer { return &Buffer{limit: limit} }

// Write never fails, and never says that it wrote less.
func (b *Buffer) Write(p []byte) (int, error) {
	room := max(0, b.limit-b.kept.Len())
	b.kept.Write(p[:min(len(p), room)])
	b.dropped = b.dropped || len(p) > room
	return len(p), nil
}

// Bytes returns what was kept.
func (b *Buffer) Bytes() []byte { return b.kept.Bytes() }

// Dropped reports whether there was more than what was kept.
func (b *Buffer) Dropped() bool { return b.dropped }
