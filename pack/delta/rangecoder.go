package delta

// A binary range coder as that of LZMA (Pavlov, lzma-specification): each bit is
// coded with the probability that it is 0, which adapts to the bits that were
// coded with it. Probabilities have 22 bits here, since most bits of a patch are
// very likely.
const (
	probBits  = 22
	probOne   = 1 << probBits
	topOfBits = 1 << 24
)

// prob is a probability: in its upper 22 bits that of a 0, below how many bits it
// has learned from, at most its limit. The first bits count most, so that a rare
// context is learned at once, and a frequent one precisely.
type prob uint32

const countBits = 32 - probBits

// newProbs are n probabilities of a 0, in parts of probOne.
func newProbs(n int, zero uint32) []prob {
	list := make([]prob, n)
	for i := range list {
		list[i] = prob(zero << countBits)
	}
	return list
}

func (p prob) zero() uint32 { return uint32(p >> countBits) }

// learn moves a probability towards a bit that was seen, by one part of as many
// bits as it has learned from and one and a half.
func (p *prob) learn(bit int, limit uint32) {
	zero, count := p.zero(), uint32(*p&(1<<countBits-1))
	step := 2*count + 3 // twice the parts
	if bit == 0 {
		zero += (probOne - 1 - zero) * 2 / step
	} else {
		zero -= zero / step * 2
	}
	if count < limit {
		count++
	}
	*p = prob(zero<<countBits | count)
}

// clamp keeps a probability away from certainty.
func clamp(p uint32) uint32 { return min(max(p, 1<<6), probOne-1<<6) }

type rangeEncoder struct {
	low    uint64
	length uint32
	cache  byte
	more   int64 // bytes that are held back, as a carry may still change them
	out    []byte
}

func newRangeEncoder() *rangeEncoder { return &rangeEncoder{length: 1<<32 - 1, more: 1} }

func (e *rangeEncoder) encode(bit int, p uint32) {
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
}

func (e *rangeEncoder) shift() {
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

func (e *rangeEncoder) finish() []byte {
	for range 5 {
		e.shift()
	}
	return e.out
}

// rangeDecoder reads what rangeEncoder wrote. Behind the end of its data it reads
// zeros, and overrun tells so.
type rangeDecoder struct {
	data   []byte
	at     int
	code   uint32
	length uint32
}

func newRangeDecoder(data []byte) *rangeDecoder {
	d := &rangeDecoder{data: data, length: 1<<32 - 1}
	for range 5 {
		d.code = d.code<<8 | uint32(d.next())
	}
	return d
}

func (d *rangeDecoder) next() byte {
	d.at++
	if d.at > len(d.data) {
		return 0
	}
	return d.data[d.at-1]
}

// exact reports whether all data was read and no more.
func (d *rangeDecoder) exact() bool { return d.at == len(d.data) }

func (d *rangeDecoder) decode(p uint32) (bit int) {
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
