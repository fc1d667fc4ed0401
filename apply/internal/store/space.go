package store

import "fmt"

// reserve is what must be left for the journal and the links, in bytes.
const reserve = 1 << 20

// CheckSpace requires room for so many bytes more: [ErrNoSpace]. Where the system
// cannot tell, it says nothing.
func (s *Store) CheckSpace(bytes int64) error {
	available, known, err := free(s.dir)
	if err != nil {
		return fmt.Errorf("asking for the free space of %s: %w", s.dir, err)
	}
	if known && available < bytes+reserve {
		return fmt.Errorf("%w: %s has %d bytes free, and %d are needed; nothing was written: make room, for example by removing old versions", ErrNoSpace, s.dir, available, bytes+reserve)
	}
	return nil
}
