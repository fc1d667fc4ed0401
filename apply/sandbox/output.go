package sandbox

import (
	"sync"
	"unicode"
)

// output keeps the first bytes that a program prints and drops the rest, so that
// one that prints without end neither fills the memory nor has to wait.
type output struct {
	mu      sync.Mutex
	kept    []byte
	max     int
	dropped bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := min(len(p), o.max-len(o.kept))
	o.kept = append(o.kept, p[:room]...)
	o.dropped = o.dropped || room < len(p)
	return len(p), nil
}

func (o *output) snapshot() (kept []byte, dropped bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]byte(nil), o.kept...), o.dropped
}

func printable(r rune) rune {
	if r == '\t' || !unicode.IsPrint(r) {
		return ' '
	}
	return r
}
