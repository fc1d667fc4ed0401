package delta

// replacements models which copied bytes are replaced, and by how much. Where a
// program moves, the distances in its code change: that depends on the opcodes in
// front of them, and one that changed as another did before is likely.
type replacements struct {
	byOpcode  []prob // by the two old bytes in front, and whether the last byte was replaced
	byHistory []prob // by the old byte in front, and which of the last eight were replaced
	values    []prob // by how many bytes in a row were replaced, what was added last there, and the bits above
	last      [phases]byte

	before  uint32 // old bytes in front, the nearest lowest
	history uint32 // bits for the last bytes, 1 for replaced ones
	phase   int
}

// phases is how many bytes of a number in code are told apart.
const phases = 4

// Limits of what probabilities learn from, and what they begin with.
const (
	flagLimit  = 255
	valueLimit = 30
	flagStart  = probOne - probOne>>9
	valueStart = probOne / 2
)

func newReplacements() *replacements {
	return &replacements{byOpcode: newProbs(1<<17, flagStart), byHistory: newProbs(1<<16, flagStart), values: newProbs(phases<<16, valueStart)}
}

// contexts are the two probabilities that say whether the next byte is replaced.
func (r *replacements) contexts() (a, b *prob) {
	return &r.byOpcode[r.before&0xffff|r.history&1<<16], &r.byHistory[r.before&0xff|r.history&0xff<<8]
}

func mix(a, b *prob) uint32 { return clamp((a.zero() + b.zero()) / 2) }

// after notes what happened to a byte.
func (r *replacements) after(old, value byte) {
	r.before = r.before<<8 | uint32(old)
	if value == 0 {
		r.history, r.phase = r.history<<1, 0
		return
	}
	r.last[r.phase] = value
	r.history, r.phase = r.history<<1|1, (r.phase+1)%phases
}

func (r *replacements) tree() []prob {
	from := (r.phase<<8 | int(r.last[r.phase])) << 8
	return r.values[from : from+256]
}

// encode codes what is added to an old byte.
func (r *replacements) encode(e *rangeEncoder, old, value byte) {
	a, b := r.contexts()
	flag := 0
	if value != 0 {
		flag = 1
	}
	e.encode(flag, mix(a, b))
	a.learn(flag, flagLimit)
	b.learn(flag, flagLimit)
	if value != 0 {
		tree, node := r.tree(), 1
		for i := 7; i >= 0; i-- {
			bit := int(value>>i) & 1
			e.encode(bit, clamp(tree[node].zero()))
			tree[node].learn(bit, valueLimit)
			node = node<<1 | bit
		}
	}
	r.after(old, value)
}

// decode returns what is added to an old byte.
func (r *replacements) decode(d *rangeDecoder, old byte) (value byte) {
	a, b := r.contexts()
	flag := d.decode(mix(a, b))
	a.learn(flag, flagLimit)
	b.learn(flag, flagLimit)
	if flag != 0 {
		tree, node := r.tree(), 1
		for node < 256 {
			bit := d.decode(clamp(tree[node].zero()))
			tree[node].learn(bit, valueLimit)
			node = node<<1 | bit
		}
		value = byte(node)
	}
	r.after(old, value)
	return value
}
