package goaware

import (
	"encoding/binary"

	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

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
