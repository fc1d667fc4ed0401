// Package entropy codes bits with the probabilities that are learned from those
// coded before.
//
// # Guarantee
//
// A [Decoder] gives the bits that an [Encoder] was given, as long as both are
// asked with the same probabilities. Models written for the interface [Coder]
// do the same work on both sides, so that they cannot disagree. Nothing fails:
// damaged data makes other bits, and behind its end zeros are read. All numbers
// of this package are part of the patch format.
package entropy

import "bytes"

// A binary range coder as that of LZMA (Pavlov, lzma-specification): each bit is
// coded with the probability that it is 0, which adapts to the bits that were
// coded with it. Probabilities have 22 bits here, since most bits of a patch are
// very likely.
const (
	probBits  = 22
	probOne   = 1 << probBits
	topOfBits = 1 << 24
)

// Coder is an [Encoder] or a [Decoder].
type Coder interface {
	// Code codes a bit, which is 0 with the probability zero in parts of 1<<22, and
	// returns it. A decoder ignores the bit that it is given.
	Code(bit int, zero uint32) int
}

// Prob is a probability: in its upper 22 bits that of a 0, below how many bits it
// has learned from, at most its limit. The first bits count most, so that a rare
// context is learned at once, and a frequent one precisely.
type Prob uint32

const countBits = 32 - probBits

// One is the probability of what is certain.
const One = probOne

// NewProbs are n probabilities of a 0, in parts of [One].
func NewProbs(n int, zero uint32) []Prob {
	list := make([]Prob, n)
	for i := range list {
		list[i] = Prob(zero << countBits)
	}
	return list
}

// Zero is the probability of a 0.
func (p Prob) Zero() uint32 { return uint32(p >> countBits) }

// rates are the parts by which a probability moves towards a bit, in 1<<rateBits, by
// how many bits it has learned from: one of as many and one and a half.
var rates = func() (parts [mostLearned + 1]uint32) {
	for count := range parts {
		parts[count] = 2 << rateBits / (2*uint32(count) + 3)
	}
	return parts
}()

const (
	rateBits    = 16
	mostLearned = 1<<8 - 1
)

// Learn moves a probability towards a bit that was seen. The limit is how many bits
// it learns from at most, below 256.
func (p *Prob) Learn(bit int, limit uint32) {
	zero, count := p.Zero(), uint32(*p&(1<<countBits-1))
	rate := uint64(rates[count&mostLearned])
	if bit == 0 {
		zero += uint32(uint64(probOne-1-zero) * rate >> rateBits)
	} else {
		zero -= uint32(uint64(zero) * rate >> rateBits)
	}
	*p = Prob(zero<<countBits | min(count+1, limit))
}

// Clamp keeps a probability away from certainty.
func Clamp(p uint32) uint32 { return min(max(p, 1<<6), probOne-1<<6) }

// Encoder writes bits.
type Encoder struct {
	low    uint64
	length uint32
	cache  byte
	more   int64 // bytes that are held back, as a carry may still change them
	out    []byte
}

// NewEncoder returns an encoder that has written nothing.
func NewEncoder() *Encoder { return &Encoder{length: 1<<32 - 1, more: 1} }

// Code writes a bit.
func (e *Encoder) Code(bit int, p uint32) int {
	bound := uint32(uint64(e.length) * uint64(p) >> probBits)
	if bit == 0 {
		e.length = bound
	} else {
		e.low += uint64(bound)
		e.length -= bound
	}
	for e.length < topOfBits {
		e.length <<= 8
		e.shift()
	}
	return bit
}

func (e *Encoder) shift() {
	if e.low < 0xff000000 || e.low > 1<<32-1 {
		carry := byte(e.low >> 32)
		for ; e.more > 0; e.more-- {
			e.out = append(e.out, e.cache+carry)
			e.cache = 0xff
		}
		e.cache = byte(e.low >> 24)
	}
	e.more++
	e.low = e.low & 0x00ffffff << 8
}

// Finish returns what was written, without zeros at its end and the one at its
// start. Nothing can be written afterwards.
func (e *Encoder) Finish() []byte {
	end := e.low + uint64(e.length)
	for _, keep := range []uint64{topOfBits - 1, 1<<32 - 1} { // the value with the fewest bytes
		if value := (e.low + keep) &^ keep; value < end {
			e.low = value
		}
	}
	for range 5 {
		e.shift()
	}
	return bytes.TrimRight(e.out[1:], "\x00")
}

// Decoder reads what an [Encoder] wrote. Behind the end of its data it reads
// zeros.
type Decoder struct {
	data   []byte
	at     int
	code   uint32
	length uint32
}

// NewDecoder returns a decoder of data.
func NewDecoder(data []byte) *Decoder {
	d := &Decoder{data: data, length: 1<<32 - 1}
	for range 4 {
		d.code = d.code<<8 | uint32(d.next())
	}
	return d
}

func (d *Decoder) next() byte {
	d.at++
	if d.at > len(d.data) {
		return 0
	}
	return d.data[d.at-1]
}

// Overrun reports whether more was read than there can be.
func (d *Decoder) Overrun() bool { return d.at > len(d.data)+8 }

// Done reports whether all data was read.
func (d *Decoder) Done() bool { return d.at >= len(d.data) }

// Code reads a bit.
func (d *Decoder) Code(_ int, p uint32) (bit int) {
	bound := uint32(uint64(d.length) * uint64(p) >> probBits)
	if d.code < bound {
		d.length = bound
	} else {
		d.code -= bound
		d.length -= bound
		bit = 1
	}
	for d.length < topOfBits {
		d.length <<= 8
		d.code = d.code<<8 | uint32(d.next())
	}
	return bit
}

// Len is about how many bytes were written.
func (e *Encoder) Len() int { return len(e.out) + int(e.more) }
