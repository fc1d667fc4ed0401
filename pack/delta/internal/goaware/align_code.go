package goaware

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

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
	if size > 0 {
		a.write(after[0].at, size)
	}
}

// write writes new instructions: padding as such, others as they are.
func (a *aligner) write(at, size int) {
	for in := range a.new.Instructions(program.Range{Start: at, End: at + size}) {
		from := at + in.Offset
		if from < a.padTo {
			continue // part of the padding
		}
		if n := padded(a.new.Program, from); n > 0 && in.Offset+n <= size {
			a.ops = append(a.ops, operation{Kind: padBytes, Size: n})
			a.padTo = from + n
		} else {
			a.literal(in.Size)
		}
	}
}

// token is an instruction.
type token struct {
	at, size int
	hash     uint64
}

func (n *plain) tokens(r program.Range) []token {
	code := bytes.Clone(n.masked[r.Start:r.End])
	for ref := range n.References.All(n.References.From(r.Start)) {
		if ref.End() > r.End {
			break
		}
		ref.Offset -= int32(r.Start)
		n.put(code, ref)
	}
	var list []token
	for in := range n.Instructions(r) {
		list = append(list, token{r.Start + in.Offset, in.Size, hash64(code[in.Offset : in.Offset+in.Size])})
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
