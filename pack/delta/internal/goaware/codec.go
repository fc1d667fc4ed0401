package goaware

import (
	"errors"
	"reflect"

	"github.com/gohotfix/hotfix/pack/delta/internal/entropy"
	"github.com/gohotfix/hotfix/pack/delta/internal/program"
)

// ErrCorrupt says that a body is damaged.
var ErrCorrupt = errors.New("its body is damaged")

// codec writes or reads a script: the same code does both, so that the two cannot
// disagree. A reader ignores what is in the script, and checks every number, since
// a script is trusted afterwards.
type codec struct {
	coder  entropy.Coder
	reader *entropy.Decoder // nil for a writer
	old    *program.Program
	size   int     // of the new file
	shifts *shifts // once the moves are known
	budget int     // bytes that the script may still take up
	excess bool    // a number that was written is larger than can be coded
}

// generous is how many bytes a script may take up for one of the two files
// together, and beyond: a body of few bytes must not make a host hold many.
const (
	generous = 2
	beyond   = 1 << 20
)

func newCodec(coder entropy.Coder, old *program.Program, size int) *codec {
	k := &codec{coder: coder, old: old, size: size, budget: generous*max(size, len(old.Data)) + beyond}
	k.reader, _ = coder.(*entropy.Decoder)
	return k
}

func (k *codec) script(s *script) error {
	for _, part := range []func(*script) error{
		k.sections, k.operations, k.literals, k.labelMoves, k.numberMoves, k.functionEdits, k.relocationEdits, k.seals, k.corrections,
	} {
		if err := part(s); err != nil {
			return err
		}
	}
	return k.check(true)
}

// check is the error of a number that cannot be.
func (k *codec) check(ok bool) error {
	if !ok || k.excess || k.reader != nil && k.reader.Overrun() {
		return ErrCorrupt
	}
	return nil
}

// spend takes bytes from the budget.
func (k *codec) spend(n int) error {
	if n < 0 || n > k.budget {
		return ErrCorrupt
	}
	k.budget -= n
	return nil
}

// integer codes a number that is not negative.
func (k *codec) integer(m *entropy.Number, n *int) {
	k.excess = k.excess || k.reader == nil && *n < 0
	*n = int(m.Code(k.coder, uint64(max(*n, 0))))
}

// signed codes a number of at most 61 bits and a sign.
func (k *codec) signed(m *entropy.Number, n *int64) {
	const most = 1 << 61
	if k.reader == nil && (*n < -most || *n >= most) {
		k.excess, *n = true, 0
	}
	*n = m.CodeSigned(k.coder, *n)
}

// after codes a number by how much greater it is than another.
func (k *codec) after(m *entropy.Number, n *int64, other int64) {
	more := *n - other
	k.signed(m, &more)
	*n = other + more
}

// flag codes a bit.
func (k *codec) flag(m *entropy.Flag, context int, value bool) bool {
	return m.Code(k.coder, context, value)
}

// one codes which of n values something is, by a bit for each that it may be.
func (k *codec) one(m *entropy.Flag, context, n, value int) int {
	for guess := range n - 1 {
		if k.flag(m, context*n+guess, value == guess) {
			return guess
		}
	}
	return n - 1
}

// list codes how many elements a list has, then each.
func list[T any](k *codec, items *[]T, code func(item *T) error) error {
	n := len(*items)
	k.integer(entropy.NewNumber(), &n)
	var zero T
	each := int(reflect.TypeFor[T]().Size())
	for i := range n {
		if err := k.spend(each); err != nil {
			return err
		}
		if k.reader != nil {
			*items = append(*items, zero)
		}
		if err := code(&(*items)[i]); err != nil {
			return err
		}
		if err := k.check(true); err != nil {
			return err
		}
	}
	return nil
}
