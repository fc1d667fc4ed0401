package entropy

import "math/bits"

// Number models numbers of which small ones are likely: first how many bits one
// has, then the bits below the highest, of which the first few are learned.
// The zero value is not ready: see [NewNumber].
type Number struct {
	lengths []Prob // a tree of lengths
	high    []Prob // for each length, a tree of the bits that follow the highest
}

const (
	lengthBits  = 6 // of a length, at most 63
	learnedBits = 3 // of a number that are learned
	numberLimit = 60
)

// NewNumber returns a model that has seen nothing, and expects less than 16 bits.
func NewNumber() *Number {
	m := &Number{lengths: NewProbs(1<<lengthBits, One/2), high: NewProbs((1<<lengthBits)<<learnedBits, One/2)}
	for node := 1; node < 4; node++ { // those that tell lengths from 32 and from 16 on
		m.lengths[node] = NewProbs(1, One-One/16)[0]
	}
	return m
}

// Code codes a number below 1<<63; a decoder ignores the one that it is given.
func (m *Number) Code(c Coder, value uint64) uint64 {
	length := codeTree(c, m.lengths, lengthBits, bits.Len64(value), numberLimit)
	if length < 2 {
		return uint64(length)
	}
	result, node := uint64(1), 1
	for i := length - 2; i >= 0; i-- {
		bit := int(value>>i) & 1
		if learned := length - 2 - i; learned < learnedBits {
			p := &m.high[length<<learnedBits|node]
			bit = c.Code(bit, Clamp(p.Zero()))
			p.Learn(bit, numberLimit)
			node = node<<1 | bit
		} else {
			bit = c.Code(bit, One/2)
		}
		result = result<<1 | uint64(bit)
	}
	return result
}

// CodeSigned codes a number between -1<<61 and 1<<61.
func (m *Number) CodeSigned(c Coder, value int64) int64 {
	folded := m.Code(c, uint64(value<<1^value>>63)&(1<<63-1))
	return int64(folded>>1) ^ -int64(folded&1)
}

// codeTree codes a value of so many bits, the highest first, each with the
// probability that belongs to those above it.
func codeTree(c Coder, tree []Prob, width, value int, limit uint32) int {
	node := 1
	for i := width - 1; i >= 0; i-- {
		bit := c.Code(value>>i&1, Clamp(tree[node].Zero()))
		tree[node].Learn(bit, limit)
		node = node<<1 | bit
	}
	return node - 1<<width
}

// Flag models bits, each in one of several contexts.
type Flag struct{ probs []Prob }

// NewFlag returns a model with so many contexts.
func NewFlag(contexts int) *Flag { return &Flag{NewProbs(contexts, One/2)} }

// Code codes a bit in a context.
func (m *Flag) Code(c Coder, context int, value bool) bool {
	bit := 0
	if value {
		bit = 1
	}
	p := &m.probs[context]
	bit = c.Code(bit, Clamp(p.Zero()))
	p.Learn(bit, numberLimit)
	return bit == 1
}
