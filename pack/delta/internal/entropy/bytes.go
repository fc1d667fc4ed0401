package entropy

import "math/bits"

// Bytes models bytes by those in front of them: for several lengths of context,
// and for the longest one that was seen before, there is a prediction, and a
// mixer learns which of them to believe (context mixing, as in Mahoney's lpaq).
// All arithmetic is on integers.
type Bytes struct {
	tables  []Prob // of all orders, each by a hash of the context and of the bits so far
	width   int    // of the hash in bits
	matched []Prob // by how long the match is, and the bit that it expects
	weights [mixerSets][inputs]int32
	history []byte
	index   []int32 // by the upper bits of a hash of the last bytes: where they stood last

	bases   [orders]uint32 // hashes of the contexts of this byte
	match   int            // where in the history the next byte may be, 0 for nowhere
	length  int            // of the match
	squash  [squashSize]uint16
	stretch [stretchSize]int16
}

const (
	orders = 7          // contexts of 0 to 4 and 6 bytes, and of every fourth byte
	inputs = orders + 2 // of the mixer: the orders, the match, a constant

	leastBits  = 15 // of the number of probabilities for each context
	mostBits   = 19
	roomEach   = 160 // bytes of room for one probability of each order
	slotBits   = 1   // of the number of probabilities for each byte and context
	byteLimit  = 60  // of probabilities
	matchLimit = 250

	minMatch   = 5
	maxMatch   = 31
	indexBits  = 16
	mixerRate  = 14
	mixerShift = 16
	mixerRound = 20
	mixerStart = 1 << mixerShift * 3 / 10
	mixerSets  = 256

	stretchBits = 12
	stretchSize = 1 << stretchBits
	squashSize  = 4096
	squashRange = 2047 // of stretched probabilities, 8 bits behind the point
)

// NewBytes returns a model for about so many bytes, trained ones included, that
// itself takes up about a quarter of the given room, or a megabyte.
func NewBytes(size, room int) *Bytes {
	length := bits.Len(uint(size))
	width := max(min(length+slotBits, bits.Len(uint(room/roomEach)), mostBits), leastBits)
	m := &Bytes{history: make([]byte, 0, size), index: make([]int32, 1<<min(length+slotBits, indexBits)), matched: NewProbs(2*(maxMatch+1), One/2)}
	m.width, m.tables = width, NewProbs(orders<<width, One/2)
	for i := range m.weights {
		for j := range m.weights[i] {
			m.weights[i][j] = mixerStart
		}
	}
	m.fillCurves()
	return m
}

// fillCurves makes the logistic function, by its values at the whole numbers from -8
// to 8 in parts of 1<<16 and straight lines between, and its inverse.
func (m *Bytes) fillCurves() {
	values := [...]uint32{22, 60, 162, 439, 1179, 3108, 7812, 17625, 32768, 47911, 57724, 62428, 64357, 65097, 65374, 65476, 65514}
	for i := range m.squash {
		part := uint32(i & 255) // of 256 to the next whole number
		a, b := values[i>>8], values[i>>8+1]
		m.squash[i] = uint16(min((a*(256-part)+b*part)>>8, 65535))
	}
	at := 0
	for i := range m.stretch {
		for at < squashSize-1 && uint32(m.squash[at]) < uint32(i)<<(16-stretchBits) {
			at++
		}
		m.stretch[i] = int16(at - squashSize/2)
	}
}

// learner is a coder that only passes bits through.
type learner struct{}

func (learner) Code(bit int, _ uint32) int { return bit }

// Learn takes note of bytes that are known on both sides.
func (m *Bytes) Learn(data []byte) {
	for _, b := range data {
		m.Code(learner{}, b)
	}
}

// Code codes a byte; a decoder ignores the one that it is given.
func (m *Bytes) Code(c Coder, value byte) byte {
	m.begin()
	node := 1
	for i := 7; i >= 0; i-- {
		node = node<<1 | m.bit(c, node, int(value>>i)&1)
	}
	m.end(byte(node))
	return byte(node)
}

// begin hashes the contexts of the next byte.
func (m *Bytes) begin() {
	var last uint64 // the last eight bytes, the nearest lowest
	n := len(m.history)
	for i := max(0, n-8); i < n; i++ {
		last = last<<8 | uint64(m.history[i])
	}
	for i, mask := range [orders]uint64{0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffffff, 0xff000000ff000000} {
		m.bases[i] = uint32((last&mask+uint64(i)+1)*0x9e3779b97f4a7c15>>32) + uint32(i)*0x2545f491
	}
}

// bit codes one bit of a byte, whose bits so far are those of node below its
// highest.
func (m *Bytes) bit(c Coder, node, value int) int {
	// The probabilities of half a byte lie side by side, so that they are in the
	// processor's cache.
	half, within := uint32(0), uint32(node)
	if node >= 1<<4 {
		so := bits.Len(uint(node)) - 1 - 4
		half, within = uint32(node>>so)*0x9e3779b1, 1<<so|uint32(node)&(1<<so-1)
	}
	var slots [orders]*Prob
	var in [inputs]int32
	mask := uint32(1)<<m.width - 1
	for i := range slots {
		slots[i] = &m.tables[uint32(i)<<m.width|((m.bases[i]+half)>>4<<4|within)&mask]
		in[i] = m.stretched(*slots[i])
	}
	expected, known := m.expected(node)
	matched := &m.matched[2*min(m.length, maxMatch)+expected]
	if known {
		in[orders] = m.stretched(*matched)
	}
	in[orders+1] = 64
	weights := &m.weights[min(m.length, 15)<<4|bits.Len(uint(node))]
	sum := int64(0)
	for i := range in {
		sum += int64(in[i]) * int64(weights[i])
	}
	mixed := min(max(sum>>mixerShift, -squashRange), squashRange)
	zero := uint32(m.squash[mixed+squashSize/2])
	value = c.Code(value, Clamp(zero<<(probBits-16)))
	failed := int64(zero) // by how much more a 0 was expected
	if value == 0 {
		failed -= 65535
	}
	for i := range in {
		weights[i] -= int32((int64(in[i])*failed*mixerRate + 1<<(mixerRound-1)) >> mixerRound)
	}
	for _, p := range slots {
		p.Learn(value, byteLimit)
	}
	if known {
		matched.Learn(value, matchLimit)
	}
	return value
}

// stretched is a probability as the mixer takes it.
func (m *Bytes) stretched(p Prob) int32 {
	return int32(m.stretch[p.Zero()>>(probBits-stretchBits)&(stretchSize-1)])
}

// expected is the next bit of the match, if the bits so far agree with it.
func (m *Bytes) expected(node int) (bit int, known bool) {
	if m.match == 0 {
		return 0, false
	}
	so := bits.Len(uint(node)) - 1
	byteOf := int(m.history[m.match]) | 1<<8
	if byteOf>>(8-so) != node {
		return 0, false
	}
	return byteOf >> (7 - so) & 1, true
}

// end takes note of a whole byte.
func (m *Bytes) end(value byte) {
	if m.match > 0 && m.history[m.match] == value {
		m.match, m.length = m.match+1, m.length+1
	} else {
		m.match, m.length = 0, 0
	}
	m.history = append(m.history, value)
	n := len(m.history)
	if n < minMatch {
		return
	}
	hash := uint32(0)
	for _, b := range m.history[n-minMatch:] {
		hash = (hash + uint32(b) + 1) * 0x2f0b4a27
	}
	slot := &m.index[hash>>(33-bits.Len(uint(len(m.index))))]
	if m.match == 0 && *slot > 0 {
		m.match = int(*slot)
		for m.length < maxMatch && m.length < m.match && m.history[m.match-1-m.length] == m.history[n-1-m.length] {
			m.length++
		}
		if m.length < minMatch {
			m.match, m.length = 0, 0
		}
	}
	*slot = int32(n)
}
