package compare

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/gohotfix/hotfix/internal/goexe"
)

// pointers are addresses on the two sides that must mean the same.
type pointers struct{ old, new uint64 }

// pair is a piece of data on both sides.
type pair struct {
	users []*match // functions that refer to it at the same place
	equal bool
	open  bool // being compared: what refers to itself is equal as long as nothing else differs
	done  bool
}

func (c *comparison) pair(at pointers) *pair {
	p := c.data[at]
	if p == nil {
		p = &pair{}
		c.data[at] = p
	}
	return p
}

// compareData compares everything that functions refer to. What is read-only
// and differs makes the functions differ that refer to it: a literal was
// edited. Types and variables are told of on their own.
func (c *comparison) compareData() {
	defer func() {
		if c.tooMuch {
			c.report.Unknown = append(c.report.Unknown, "the data holds more pointers than are followed; what depends on them is listed as different")
		}
	}()
	c.trusted = slices.SortedFunc(maps.Keys(c.data), comparePointers)
	for _, at := range c.trusted {
		p := c.data[at]
		if c.equal(at, 0) {
			continue
		}
		kind := c.kind(at)
		if kind == Constant {
			for _, m := range p.users {
				if m.why == "" {
					m.constant = true
					m.why = fmt.Sprintf("it uses the constant %s instead of %s", c.new.show(at.new), c.old.show(at.old))
				}
			}
		}
		c.report.Data = append(c.report.Data, c.describeData(at, kind, p.users))
	}
}

func comparePointers(a, b pointers) int {
	return cmp.Or(cmp.Compare(a.old, b.old), cmp.Compare(a.new, b.new))
}

func (c *comparison) kind(at pointers) Kind {
	_, _, isType := c.old.typeAround(at.old)
	switch {
	case isType:
		return Type
	case c.old.isVariable(at.old), c.new.isVariable(at.new):
		return Variable
	}
	if _, _, ok := c.old.methodTable(at.old); ok {
		return MethodTable
	}
	return Constant
}

func (s *side) isVariable(addr uint64) bool {
	r := s.region(addr)
	return r == inVariables || r == inZeroes
}

func (c *comparison) describeData(at pointers, kind Kind, users []*match) Data {
	d := Data{Kind: kind, Old: c.old.show(at.old), New: c.new.show(at.new)}
	for _, m := range users {
		d.Packages = append(d.Packages, m.new.Package())
		d.Users = append(d.Users, m.new.Name)
	}
	slices.Sort(d.Packages)
	slices.Sort(d.Users)
	d.Packages, d.Users = slices.Compact(d.Packages), slices.Compact(d.Users)
	d.Users = d.Users[:min(len(d.Users), MaxUsers)]
	return d
}

// maxShown is how many bytes of a piece of data a report shows.
const maxShown = 40

// show is a piece of data for people.
func (s *side) show(addr uint64) string {
	if t, _, ok := s.typeAround(addr); ok {
		return t.name
	}
	if of, as, ok := s.methodTable(addr); ok {
		return of.name + " as " + as.name
	}
	data := s.object(addr)
	if text, ok := printable(data); ok {
		return text
	}
	if text, ok := printable(s.stringAt(addr)); ok {
		return text
	}
	return fmt.Sprintf("%x", data[:min(len(data), maxShown/2)])
}

// stringAt returns the content of a string variable at an address, nil if there
// is none: a pointer and a length.
func (s *side) stringAt(addr uint64) []byte {
	word := uint64(s.file.PtrSize)
	data := s.image.At(addr)
	if uint64(len(data)) < 2*word {
		return nil
	}
	text, length := s.image.At(s.pointerAt(addr)), s.file.Word(data[word:])
	if length > uint64(len(text)) {
		return nil
	}
	return text[:length]
}

func printable(data []byte) (string, bool) {
	data = data[:min(len(data), maxShown)]
	for _, c := range data {
		if c < ' ' && c != '\n' && c != '\t' || c > '~' {
			return "", false
		}
	}
	return strconv.Quote(string(data)), len(data) > 0
}

// Limits of what is compared in data. Real programs stay far below: the largest
// that was tried, of 58 MB, has 98,336 pairs.
const (
	maxDepth = 100_000   // pointers behind each other
	maxPairs = 4_000_000 // pieces of data
)

// equal reports whether two addresses mean the same.
func (c *comparison) equal(at pointers, depth int) bool {
	p := c.pair(at)
	switch {
	case p.done:
		return p.equal
	case p.open:
		return true
	case depth > maxDepth || len(c.data) > maxPairs:
		c.tooMuch = true
		return false
	}
	p.open = true
	p.equal = c.sameContent(at, depth)
	p.open, p.done = false, true
	return p.equal
}

func (c *comparison) sameContent(at pointers, depth int) bool {
	a, b := c.old.region(at.old), c.new.region(at.new)
	if a != b {
		return false
	}
	switch a {
	case elsewhere, inLinkers, inZeroes:
		return true // nothing that was written is there before the program runs
	case inCode:
		before, after := c.old.at(at.old), c.new.at(at.new)
		return before != nil && after != nil && same(before, after) && at.old-before.addr == at.new-after.addr
	}
	if before, offset, ok := c.old.typeAround(at.old); ok {
		if after, ok := c.new.typeAt(at.new - offset); ok {
			return before == after
		}
	}
	return c.sameBytes(at, depth)
}

// objects returns two objects over the length of the shorter one.
func (c *comparison) objects(at pointers) (a, b []byte) {
	a, b = c.old.object(at.old), c.new.object(at.new)
	n := min(len(a), len(b))
	return a[:n], b[:n]
}

// sameBytes compares two objects word by word, where they can hold pointers.
// Words that point into the program are the same if what they point to is: equal addresses
// can hold different things on the two sides.
func (c *comparison) sameBytes(at pointers, depth int) bool {
	a, b := c.objects(at)
	// Variables without pointers: but the linker's own tables among them.
	if isBuildInfo(a) || c.old.module.NoPtrData <= at.old && at.old < c.old.module.EndNoPtrData && bytes.Equal(a, b) {
		return true
	}
	n, word := len(a), c.old.file.PtrSize
	if at.old%uint64(word) != at.new%uint64(word) {
		return bytes.Equal(a, b)
	}
	lead := min(n, int(-at.old%uint64(word))) // up to where words are aligned
	if !bytes.Equal(a[:lead], b[:lead]) {
		return false
	}
	hash := -1
	if _, _, ok := c.old.methodTable(at.old); ok {
		hash = 2 * word
	}
	for i := lead; i < n; i += word {
		if i == hash && bytes.Equal(a[i:min(i+word, n)], b[i:min(i+word, n)]) {
			continue // the hash of a type can look like an address
		}
		if !c.sameWord(a[i:min(i+word, n)], b[i:min(i+word, n)], pointers{at.old + uint64(i), at.new + uint64(i)}, depth) {
			return false
		}
	}
	return true
}

// sameWord compares the words that begin at two addresses, of which the objects
// may hold only the first bytes: a number that looked like a pointer can have
// cut them short.
func (c *comparison) sameWord(a, b []byte, at pointers, depth int) bool {
	same := bytes.Equal(a, b)
	before, after := c.old.pointerAt(at.old), c.new.pointerAt(at.new)
	if before == 0 || after == 0 || same && c.isNumber(before) {
		return same
	}
	return c.equal(pointers{before, after}, depth+1)
}

// pointerAt returns the address that the word at an address holds, 0 if it can
// only be a number, since it lies outside the program.
func (s *side) pointerAt(addr uint64) uint64 {
	data := s.image.At(addr)
	if len(data) < s.file.PtrSize {
		return 0
	}
	value := s.file.Word(data)
	if s.region(value) == elsewhere {
		return 0
	}
	return value
}

// methodTable reads the table at an address (abi.ITab) by which values of one
// type are used as an interface: the two types, the hash of the former, and
// functions.
func (s *side) methodTable(addr uint64) (of, as typeOf, ok bool) {
	as, isInterface := s.typeAt(s.pointerAt(addr))
	of, isType := s.typeAt(s.pointerAt(addr + uint64(s.file.PtrSize)))
	return of, as, isInterface && isType
}

// isNumber reports whether a word that is the same on both sides is more likely
// a number than an address: one inside a function, where only tables of jumps
// point, which belong to functions that differ themselves if a jump does; one in
// a part of the program that begins elsewhere on the other side; or one between
// pieces of data that moved.
func (c *comparison) isNumber(value uint64) bool {
	r := c.old.region(value)
	if r == inCode {
		return !c.old.isEntry(value)
	}
	return r != c.new.region(value) || c.old.start(value) != c.new.start(value) || c.moved(value)
}

// moved reports whether the nearest pieces of data on both sides of an address
// that code refers to are elsewhere in the new executable.
func (c *comparison) moved(addr uint64) bool {
	i, found := slices.BinarySearchFunc(c.trusted, addr, func(p pointers, addr uint64) int { return cmp.Compare(p.old, addr) })
	if found || i == 0 || i == len(c.trusted) {
		return false
	}
	before, after := c.trusted[i-1], c.trusted[i]
	return before.old != before.new && after.old != after.new
}

// start is where the part of the program begins that an address lies in.
func (s *side) start(addr uint64) uint64 {
	start := uint64(0)
	m := s.module
	for _, part := range []uint64{m.NoPtrData, m.Data, m.BSS, m.NoPtrBSS, s.image.Section(addr).Addr} {
		if part <= addr {
			start = max(start, part)
		}
	}
	return start
}

// isBuildInfo reports whether an object is the build information that the
// program can read about itself; it is compared by itself.
func isBuildInfo(data []byte) bool {
	return bytes.HasPrefix(data, []byte(goexe.InfoStart)) || bytes.HasPrefix(data, []byte("\xff Go buildinf:"))
}
