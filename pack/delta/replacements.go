package delta

import "github.com/gohotfix/hotfix/pack/delta/internal/entropy"

// replacements models which copied bytes are replaced, and by how much. Where a
// program moves, the distances in its code change: that depends on the opcodes in
// front of them, and one that changed as another did before is likely.
type replacements struct {
	byOpcode  []entropy.Prob // by the two old bytes in front, and whether the last byte was replaced
	byHistory []entropy.Prob // by the old byte in front, and which of the last eight were replaced
	values    []entropy.Prob // by how many bytes in a row were replaced, what was added last there, and the bits above
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
	flagStart  = entropy.One - entropy.One>>9
	valueStart = entropy.One / 2
)

func newReplacements() *replacements {
	return &replacements{byOpcode: entropy.NewProbs(1<<17, flagStart), byHistory: entropy.NewProbs(1<<16, flagStart), values: entropy.NewProbs(phases<<16, valueStart)}
}

// contexts are the two probabilities that say whether the next byte is replaced.
func (r *replacements) contexts() (a, b *entropy.Prob) {
	return &r.byOpcode[r.before&0xffff|r.history&1<<16], &r.byHistory[r.before&0xff|r.history&0xff<<8]
}

func mix(a, b *entropy.Prob) uint32 { return entropy.Clamp((a.Zero() + b.Zero()) / 2) }

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

func (r *replacements) tree() []entropy.Prob {
	from := (r.phase<<8 | int(r.last[r.phase])) << 8
	return r.values[from : from+256]
}

// code codes what is added to an old byte; a decoder ignores the value that it is
// given.
func (r *replacements) code(c entropy.Coder, old, value byte) byte {
	a, b := r.contexts()
	flag := 0
	if value != 0 {
		flag = 1
	}
	flag = c.Code(flag, mix(a, b))
	a.Learn(flag, flagLimit)
	b.Learn(flag, flagLimit)
	if flag == 0 {
		value = 0
	} else {
		tree, node := r.tree(), 1
		for i := 7; i >= 0; i-- {
			bit := c.Code(int(value>>i)&1, entropy.Clamp(tree[node].Zero()))
			tree[node].Learn(bit, valueLimit)
			node = node<<1 | bit
		}
		value = byte(node)
	}
	r.after(old, value)
	return value
}
