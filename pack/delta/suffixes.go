package delta

// suffixes returns the positions of all suffixes of a text in their bytewise
// order, by induced sorting (Nong, Zhang and Chan, "Two Efficient Algorithms for
// Linear Time Suffix Array Construction", 2011). Time and memory are linear.
func suffixes(text []byte) []int32 {
	sa := make([]int32, len(text))
	sortSuffixes(text, sa, 256)
	return sa
}

// letter is what texts are made of: bytes, and the names that stand for parts of
// the text one level up.
type letter interface{ byte | int32 }

// sorter sorts the suffixes of one text. A suffix is small if it is less than the
// one that follows it, and else large; the end of the text is less than all.
type sorter[T letter] struct {
	text    []T
	sa      []int32
	small   []uint64 // one bit a position
	buckets []int32  // where the suffixes that begin with each letter end
	next    []int32  // scratch, of the same length
}

func sortSuffixes[T letter](text []T, sa []int32, letters int) {
	if len(text) == 0 {
		return
	}
	s := &sorter[T]{text: text, sa: sa, small: make([]uint64, len(text)/64+1), buckets: make([]int32, letters), next: make([]int32, letters)}
	s.classify()
	n := s.sortStarts()
	names := s.name(n)
	reduced, order := sa[len(sa)-n:], sa[:n]
	if names < n {
		sortSuffixes(reduced, order, names)
	} else {
		for i, name := range reduced {
			order[name] = int32(i)
		}
	}
	s.finish(n)
}

func (s *sorter[T]) isSmall(i int32) bool { return s.small[i/64]>>(i%64)&1 != 0 }

// isStart reports whether a position is a small one behind a large one: the
// leftmost of a run. The order of these decides that of all others.
func (s *sorter[T]) isStart(i int32) bool { return i > 0 && s.isSmall(i) && !s.isSmall(i-1) }

func (s *sorter[T]) classify() {
	for _, c := range s.text {
		s.buckets[c]++
	}
	sum := int32(0)
	for c, n := range s.buckets {
		sum += n
		s.buckets[c] = sum
	}
	for i := len(s.text) - 2; i >= 0; i-- {
		if a, b := s.text[i], s.text[i+1]; a < b || a == b && s.isSmall(int32(i+1)) {
			s.small[i/64] |= 1 << (i % 64)
		}
	}
}

// ends resets the scratch to the ends of the buckets, begins to their beginnings.
func (s *sorter[T]) ends() { copy(s.next, s.buckets) }

func (s *sorter[T]) begins() {
	s.next[0] = 0
	copy(s.next[1:], s.buckets)
}

func (s *sorter[T]) clear(from int) {
	for i := range s.sa[from:] {
		s.sa[from+i] = -1
	}
}

// induce sorts all suffixes by those starts that stand at the ends of their
// buckets: the large ones from the left, then the small ones from the right.
func (s *sorter[T]) induce() {
	s.begins()
	last := int32(len(s.text) - 1)
	s.pushLarge(last)
	for i := range s.sa {
		if j := s.sa[i] - 1; j >= 0 && !s.isSmall(j) {
			s.pushLarge(j)
		}
	}
	s.ends()
	for i := len(s.sa) - 1; i >= 0; i-- {
		if j := s.sa[i] - 1; j >= 0 && s.isSmall(j) {
			s.pushSmall(j)
		}
	}
}

func (s *sorter[T]) pushLarge(i int32) {
	c := s.text[i]
	s.sa[s.next[c]] = i
	s.next[c]++
}

func (s *sorter[T]) pushSmall(i int32) {
	c := s.text[i]
	s.next[c]--
	s.sa[s.next[c]] = i
}

// sortStarts puts the starts, in the order of what lies between each and the
// next one, at the front, and returns how many there are.
func (s *sorter[T]) sortStarts() int {
	s.clear(0)
	s.ends()
	for i := len(s.text) - 1; i > 0; i-- {
		if s.isStart(int32(i)) {
			s.pushSmall(int32(i))
		}
	}
	s.induce()
	n := 0
	for _, i := range s.sa {
		if s.isStart(i) {
			s.sa[n] = i
			n++
		}
	}
	return n
}

// name gives the parts from each start to the next names by their order, equal
// ones the same, and writes these to the end in the order of the text. It returns
// how many names there are.
func (s *sorter[T]) name(n int) int {
	s.clear(n)
	names, previous := 0, int32(-1)
	for _, i := range s.sa[:n] {
		if previous < 0 || !s.samePart(previous, i) {
			names++
		}
		previous = i
		s.sa[n+int(i)/2] = int32(names - 1) // starts are at least two apart
	}
	at := len(s.sa)
	for i := len(s.sa) - 1; i >= n; i-- {
		if s.sa[i] >= 0 {
			at--
			s.sa[at] = s.sa[i]
		}
	}
	return names
}

func (s *sorter[T]) samePart(a, b int32) bool {
	for k := int32(0); ; k++ {
		i, j := a+k, b+k
		if end := int32(len(s.text)); i == end || j == end {
			return false // the end of the text is like nothing else
		}
		if s.text[i] != s.text[j] || s.isSmall(i) != s.isSmall(j) {
			return false
		}
		if k > 0 && (s.isStart(i) || s.isStart(j)) {
			return s.isStart(i) && s.isStart(j)
		}
	}
}

// finish sorts all suffixes by the starts, whose order among themselves is known.
func (s *sorter[T]) finish(n int) {
	starts := s.sa[len(s.sa)-n:]
	at := 0
	for i := range s.text {
		if s.isStart(int32(i)) {
			starts[at] = int32(i)
			at++
		}
	}
	for i, k := range s.sa[:n] {
		s.sa[i] = starts[k]
	}
	s.clear(n)
	s.ends()
	for i := n - 1; i >= 0; i-- {
		start := s.sa[i]
		s.sa[i] = -1
		s.pushSmall(start)
	}
	s.induce()
}
