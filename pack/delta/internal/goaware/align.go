package goaware

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"sort"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// align finds from where the bytes of the new file are copied.
func (m *maker) align() error {
	seed := maphash.MakeSeed()
	a := &aligner{maker: m, old: newPlain(m.old, m.blank[0], seed), new: newPlain(m.new, m.blank[1], seed)}
	both := m.old.Parts.Relocations.Len() > 0 && m.new.Parts.Relocations.Len() > 0
	oldParts, newParts := a.old.parts(both), a.new.parts(both)
	if len(oldParts) != len(newParts) {
		return fmt.Errorf("%w: its parts overlap", ErrUnknown)
	}
	for i, to := range newParts {
		from := oldParts[i]
		if from.kind != to.kind {
			return fmt.Errorf("%w: its parts are in another order", ErrUnknown)
		}
		switch to.kind {
		case copyBytes:
			a.match(from.Range, to.Range)
		case literalBytes: // code
			a.matchCode(from.Range, to.Range)
		default:
			a.ops = append(a.ops, operation{Kind: to.kind, Size: to.Len()})
		}
	}
	m.script.Operations = a.ops
	at := 0
	for _, op := range a.ops {
		if op.Kind == literalBytes {
			m.script.Literals = append(m.script.Literals, m.literal(at, op.Size)...)
		}
		at += op.Size
	}
	return nil
}

// literal are bytes of the new file without what is computed.
func (m *maker) literal(at, size int) []byte {
	data := bytes.Clone(m.new.Data[at : at+size])
	for _, s := range m.sealed {
		if from, to := max(s.Start-at, 0), min(s.End-at, size); from < to {
			clear(data[from:to])
		}
	}
	return data
}

// plain is a program whose references say what they lead to instead of where.
type plain struct {
	*program.Program
	masked []byte   // references are zeros
	named  []byte   // references outside of code are hashes of what they lead to
	names  []uint32 // hashes of functions' names
	seed   maphash.Seed
}

func newPlain(p *program.Program, data []byte, seed maphash.Seed) *plain {
	n := &plain{Program: p, masked: data, seed: seed}
	for _, r := range p.References {
		r.Mask(n.masked[r.Offset : r.Offset+int32(r.Size)])
	}
	n.names = make([]uint32, len(p.Functions))
	for i := range p.Functions {
		n.names[i] = n.hash([]byte(p.NameOf(&p.Functions[i])))
	}
	// What a pointer leads to may hold nothing but pointers: these are told apart by
	// what they lead to in turn.
	n.named = n.masked
	for range 2 {
		named := bytes.Clone(n.masked)
		for _, r := range p.References {
			if r.Kind >= program.Word {
				n.put(named, r)
			}
		}
		n.named = named
	}
	return n
}

// put writes the identity of what a reference leads to where it holds its
// distance.
func (n *plain) put(named []byte, r program.Reference) {
	field := named[r.Offset : r.Offset+int32(r.Size)]
	switch {
	case r.Kind == program.Line || r.Kind == program.Within: // paths have versions in them, and functions change
	case r.Kind == program.Distance && (r.Base == program.BaseNames || r.Base == program.BaseFiles):
		binary.LittleEndian.PutUint32(field, n.text(n.Low()+uint64(r.Target)))
	case r.Kind == program.Distance:
		binary.LittleEndian.PutUint32(field, n.identity(r))
	case r.Kind == program.Word:
		id := uint64(n.identity(r))
		binary.LittleEndian.PutUint64(field, id<<16|id)
	case r.Size > 1: // others are jumps inside a function
		program.Mark(r, field, n.identity(r))
	}
}

func (n *plain) hash(b []byte) uint32 { return uint32(maphash.Bytes(n.seed, b)) }

// text is the identity of a text that ends in a zero.
func (n *plain) text(addr uint64) uint32 {
	at, size, ok := n.Offset(addr)
	if !ok {
		return 1
	}
	data := n.Data[at : at+size]
	if end := bytes.IndexByte(data, 0); end >= 0 {
		data = data[:end]
	}
	// A file's path has its module's version in it.
	if from := bytes.IndexByte(data, '@'); from >= 0 {
		to := max(bytes.IndexByte(data[from:], '/'), 0)
		return n.hash(data[:from]) + n.hash(data[from+to:])
	}
	return n.hash(data)
}

// identity tells what a reference leads to: a function by its name, data by its
// first bytes.
func (n *plain) identity(r program.Reference) uint32 {
	addr := n.Low() + uint64(r.Target)
	if i := n.FunctionAt(addr); i >= 0 {
		if n.Functions[i].Entry == addr {
			return n.names[i]
		}
		return n.names[i] + 1
	}
	at, size, ok := n.Offset(addr)
	if !ok {
		return 2
	}
	return n.hash(n.named[at : at+min(size, 24)])
}

// piece is a range of a file that is matched in one way.
type piece struct {
	program.Range
	kind operationKind
}

// parts cuts a file into its code, its tables and what lies between; none if they
// overlap.
func (n *plain) parts(relocations bool) []piece {
	first, last := n.Functions[0], n.Functions[len(n.Functions)-1]
	start, _, _ := n.Offset(first.Entry)
	end, _, ok := n.Offset(last.Entry + uint64(last.Size) - 1)
	code := program.Range{Start: start, End: end + 1}
	if !ok || code.Len() < 0 {
		code.End = code.Start
	}
	known := []piece{{code, literalBytes}, {n.Parts.Programs, programsTable}, {n.Parts.Records, recordsTable}, {n.Parts.Finder, finderTable}}
	if relocations {
		known = append(known, piece{n.Parts.Relocations, relocationsTable})
	}
	slices.SortFunc(known, func(a, b piece) int { return cmp.Compare(a.Start, b.Start) })
	var all []piece
	at := 0
	for _, k := range known {
		if k.Start < at || k.End < k.Start || k.End > len(n.Data) {
			return nil
		}
		all = append(all, piece{program.Range{Start: at, End: k.Start}, copyBytes}, k)
		at = k.End
	}
	return append(all, piece{program.Range{Start: at, End: len(n.Data)}, copyBytes})
}

// aligner collects the operations in the order of the new file.
type aligner struct {
	*maker
	old, new *plain
	ops      []operation
}

// copy appends a copy, as part of the last one if that is possible.
func (a *aligner) copy(from, size int) {
	if size == 0 {
		return
	}
	if n := len(a.ops); n > 0 && a.ops[n-1].Kind == copyBytes && a.ops[n-1].Old+a.ops[n-1].Size == from {
		a.ops[n-1].Size += size
		return
	}
	a.ops = append(a.ops, operation{Kind: copyBytes, Old: from, Size: size})
}

func (a *aligner) literal(size int) {
	if size == 0 {
		return
	}
	if n := len(a.ops); n > 0 && a.ops[n-1].Kind == literalBytes {
		a.ops[n-1].Size += size
		return
	}
	a.ops = append(a.ops, operation{Kind: literalBytes, Size: size})
}

// matchCode goes through the functions.
func (a *aligner) matchCode(from, to program.Range) {
	at := to.Start
	for i := range a.maker.new.Functions {
		f := &a.maker.new.Functions[i]
		start, _, ok := a.new.Offset(f.Entry)
		if !ok || start < at || start+f.Size > to.End {
			continue
		}
		a.literal(start - at)
		at = start + f.Size
		a.matchFunction(i, program.Range{Start: start, End: at}, from)
	}
	a.literal(to.End - at)
}

func (a *aligner) matchFunction(i int, to program.Range, all program.Range) {
	partner := a.partners[i]
	if partner < 0 {
		a.literal(to.Len())
		return
	}
	f := &a.maker.old.Functions[partner]
	start, _, ok := a.old.Offset(f.Entry)
	if !ok || start+f.Size > all.End {
		a.literal(to.Len())
		return
	}
	from := program.Range{Start: start, End: start + f.Size}
	if bytes.Equal(a.old.masked[from.Start:from.End], a.new.masked[to.Start:to.End]) {
		a.copy(from.Start, from.Len())
		return
	}
	a.matchInstructions(from, to)
}

// blocks finds where bytes of a range of the old file stand.
type blocks struct {
	data []byte
	from program.Range
	bits int
	head []int32
	next []int32
}

const (
	window   = 16 // bytes that are looked up
	stride   = 4  // between those that can be found
	maxChain = 48
	decisive = 256 // bytes after which a longer match is no better
	near     = 160 // bytes after which a mismatch may be over
)

func newBlocks(data []byte, from program.Range) blocks {
	b := blocks{data: data, from: from, bits: 8}
	n := from.Len() / stride
	for 1<<b.bits < n {
		b.bits++
	}
	b.head = make([]int32, 1<<b.bits)
	b.next = make([]int32, n+1)
	for i := n - 1; i >= 0; i-- {
		at := from.Start + i*stride
		if at+window > from.End {
			continue
		}
		h := b.hash(data[at:])
		b.next[i+1] = b.head[h]
		b.head[h] = int32(i + 1)
	}
	return b
}

func (b *blocks) hash(data []byte) uint32 {
	x := binary.LittleEndian.Uint64(data)*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(data[8:])*0xc2b2ae3d27d4eb4f
	return uint32((x ^ x>>29) * 0xbf58476d1ce4e5b9 >> (64 - b.bits))
}

// find returns the place in the old data that goes on longest as data does, of
// equal ones the one nearest to where it is expected.
func (b *blocks) find(data []byte, expected int) (at, length int) {
	if len(data) < window || b.head == nil {
		return 0, 0
	}
	checked := 0
	for i := b.head[b.hash(data)]; i > 0 && checked < maxChain; i, checked = b.next[i], checked+1 {
		from := b.from.Start + int(i-1)*stride
		n := common(b.data[from:b.from.End], data[:min(len(data), decisive)])
		if n >= window && (n > length || n == length && abs(from-expected) < abs(at-expected)) {
			at, length = from, n
		}
	}
	return at, length
}

func abs(n int) int { return max(n, -n) }

func common(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+8 <= n && binary.LittleEndian.Uint64(a[i:]) == binary.LittleEndian.Uint64(b[i:]) {
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// match copies ranges that hold no code. As long as bytes agree, now and then with
// a mismatch, it goes on; then it looks for a place from which to go on.
func (a *aligner) match(from, to program.Range) {
	index := blocks{}
	old, new := a.old.named, a.new.named
	at, source := to.Start, from.Start
	for at < to.End {
		n := common(old[min(source, from.End):from.End], new[at:to.End])
		a.copy(source, n)
		at, source = at+n, source+n
		if at == to.End {
			return
		}
		if n := zeros(new[at:to.End]); n >= window {
			a.ops = append(a.ops, operation{Kind: zeroBytes, Size: n})
			at += n
			source = min(source+zeros(old[min(source, from.End):from.End]), from.End)
			continue
		}
		wrong, cost := a.mismatch(old, new, source, at, from, to)
		if wrong > 0 && cost <= cheap {
			a.copy(source, wrong)
			at, source = at+wrong, source+wrong
			continue
		}
		if index.head == nil {
			index = newBlocks(old, from)
		}
		literal, found := a.search(&index, old, new, source, at, from, to, cost)
		if found < 0 && wrong > 0 {
			a.copy(source, wrong)
			at, source = at+wrong, source+wrong
			continue
		}
		if found >= 0 {
			source = found
		}
		a.literal(literal)
		at += literal
	}
}

// zeros counts those at the beginning of data.
func zeros(data []byte) int {
	n := 0
	for n < len(data) && data[n] == 0 {
		n++
	}
	return n
}

// Costs of what an alignment can do, in about bytes of the patch.
const (
	cheap      = 6 // a correction for which no other place is looked for
	jumpCost   = 5 // going on elsewhere
	hopeless   = 1 << 30
	runCost    = 1 // of a run of bytes that are wrong
	wrongTimes = 1 // of each
)

// mismatch returns how many bytes to copy though some are wrong, and about what
// that costs; 0 if what follows does not agree again soon.
func (a *aligner) mismatch(old, new []byte, source, at int, from, to program.Range) (n, cost int) {
	cost = runCost + wrongTimes
	run := true
	for n := 1; n <= near; n++ {
		if source+n >= from.End || at+n >= to.End {
			if from.End-source == to.End-at {
				return n, cost
			}
			return 0, hopeless
		}
		same := common(old[source+n:from.End], new[at+n:to.End])
		if same >= 16 || same == to.End-at-n && same == from.End-source-n {
			return n, cost
		}
		switch {
		case same > 0:
			run = false
		case run:
			cost += wrongTimes
		default:
			run, cost = true, cost+runCost+wrongTimes
		}
	}
	return 0, hopeless
}

// search looks for another place to go on from, if that costs less than so much,
// and returns how many bytes are new before it; -1 for no place.
func (a *aligner) search(index *blocks, old, new []byte, source, at int, from, to program.Range, cost int) (literal, found int) {
	for literal := 0; at+literal < to.End && literal+jumpCost < cost; literal++ {
		place, length := index.find(new[at+literal:to.End], source)
		if length < window {
			continue
		}
		back := 0
		for back < literal && place-back > from.Start && old[place-back-1] == new[at+literal-back-1] {
			back++
		}
		return literal - back, place - back
	}
	return to.End - at, -1
}

// matchInstructions aligns the code of a function that differs.
func (a *aligner) matchInstructions(from, to program.Range) {
	before, after := a.old.tokens(from), a.new.tokens(to)
	pairs := align(before, after)
	i, j := 0, 0
	flush := func(i2, j2 int) { a.replace(before[i:i2], after[j:j2]) }
	for _, p := range pairs {
		flush(p[0], p[1])
		a.copy(before[p[0]].at, before[p[0]].size)
		i, j = p[0]+1, p[1]+1
	}
	flush(len(before), len(after))
}

// replace writes instructions that have no counterpart: a copy if there are as
// many of the same sizes, since the difference is small then.
func (a *aligner) replace(before, after []token) {
	size := 0
	same := len(before) == len(after)
	wrong := 0
	for i, t := range after {
		size += t.size
		if same = same && before[i].size == t.size; same {
			for j := range t.size {
				if a.old.masked[before[i].at+j] != a.new.masked[t.at+j] {
					wrong++
				}
			}
		}
	}
	if same && size > 0 && 3*wrong <= 2*size {
		a.copy(before[0].at, size)
		return
	}
	a.literal(size)
}

// token is an instruction.
type token struct {
	at, size int
	hash     uint64
}

func (n *plain) tokens(r program.Range) []token {
	code := bytes.Clone(n.masked[r.Start:r.End])
	refs := n.References
	from := sort.Search(len(refs), func(i int) bool { return int(refs[i].Offset) >= r.Start })
	for _, ref := range refs[from:] {
		if int(ref.Offset)+int(ref.Size) > r.End {
			break
		}
		ref.Offset -= int32(r.Start)
		n.put(code, ref)
	}
	var list []token
	for in := range n.Instructions(r) {
		list = append(list, token{r.Start + in.Offset, in.Size, maphash.Bytes(n.seed, code[in.Offset:in.Offset+in.Size])})
	}
	return list
}

// align returns pairs of equal tokens in their order, as many as can be found
// with bounded work.
func align(a, b []token) [][2]int {
	var pairs [][2]int
	start := 0
	for start < len(a) && start < len(b) && a[start].hash == b[start].hash {
		pairs = append(pairs, [2]int{start, start})
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end].hash == b[len(b)-1-end].hash {
		end++
	}
	pairs = append(pairs, middle(a[start:len(a)-end], b[start:len(b)-end], start)...)
	for ; end > 0; end-- {
		pairs = append(pairs, [2]int{len(a) - end, len(b) - end})
	}
	return pairs
}

// maxTable bounds the table of the longest common sequence.
const maxTable = 16 << 20

// middle finds a longest common sequence, or, in long functions, that of tokens
// that occur once on both sides first.
func middle(a, b []token, offset int) [][2]int {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	if len(a)*len(b) > maxTable {
		return unique(a, b, offset)
	}
	width := len(b) + 1
	weight := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			best := max(weight[(i+1)*width+j], weight[i*width+j+1])
			if a[i].hash == b[j].hash {
				value := weight[(i+1)*width+j+1] + int32(2*a[i].size)
				if i+1 < len(a) && j+1 < len(b) && a[i+1].hash == b[j+1].hash {
					value++
				}
				best = max(best, value)
			}
			weight[i*width+j] = best
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		here := weight[i*width+j]
		switch {
		case here == weight[(i+1)*width+j]:
			i++
		case here == weight[i*width+j+1]:
			j++
		default:
			pairs = append(pairs, [2]int{offset + i, offset + j})
			i, j = i+1, j+1
		}
	}
	return pairs
}

// unique pairs tokens that occur once on each side, in ascending order, and goes
// on between them.
func unique(a, b []token, offset int) [][2]int {
	type count struct{ a, b, i, j int }
	seen := map[uint64]*count{}
	for i, t := range a {
		if seen[t.hash] == nil {
			seen[t.hash] = &count{}
		}
		seen[t.hash].a++
		seen[t.hash].i = i
	}
	for j, t := range b {
		if c := seen[t.hash]; c != nil {
			c.b++
			c.j = j
		}
	}
	var anchors [][2]int
	for _, c := range seen {
		if c.a == 1 && c.b == 1 {
			anchors = append(anchors, [2]int{c.i, c.j})
		}
	}
	slices.SortFunc(anchors, func(x, y [2]int) int { return cmp.Compare(x[0], y[0]) })
	anchors = ascending(anchors)
	var pairs [][2]int
	i, j := 0, 0
	for _, x := range append(anchors, [2]int{len(a), len(b)}) {
		if (x[0]-i)*(x[1]-j) <= maxTable {
			for _, p := range middle(a[i:x[0]], b[j:x[1]], 0) {
				pairs = append(pairs, [2]int{offset + i + p[0], offset + j + p[1]})
			}
		}
		if x[0] < len(a) {
			pairs = append(pairs, [2]int{offset + x[0], offset + x[1]})
		}
		i, j = x[0]+1, x[1]+1
	}
	return pairs
}

// ascending keeps a longest sequence in which both numbers ascend.
func ascending(anchors [][2]int) [][2]int {
	var tails []int // index of the smallest end of a sequence of each length
	back := make([]int, len(anchors))
	for i, x := range anchors {
		n := sort.Search(len(tails), func(k int) bool { return anchors[tails[k]][1] >= x[1] })
		back[i] = -1
		if n > 0 {
			back[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	if len(tails) == 0 {
		return nil
	}
	var kept [][2]int
	for i := tails[len(tails)-1]; i >= 0; i = back[i] {
		kept = append(kept, anchors[i])
	}
	slices.Reverse(kept)
	return kept
}
