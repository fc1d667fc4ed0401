package compare

import (
	"bytes"
	"fmt"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// compareCode says in words what differs first between the code of two
// functions, or "". Data that they refer to is noted for later.
func (c *comparison) compareCode(m *match) string {
	if why := compareInstructions(m.old, m.new); why != "" {
		return why
	}
	for i, ref := range m.old.refs {
		if why := c.compareReference(m, ref, m.new.refs[i]); why != "" {
			return why
		}
	}
	return ""
}

// compareInstructions ignores all addresses.
func compareInstructions(a, b *function) string {
	if len(a.code) != len(b.code) {
		return fmt.Sprintf("its code has %d bytes instead of %d", len(b.code), len(a.code))
	}
	if len(a.refs) != len(b.refs) {
		return "its instructions differ"
	}
	for i, ref := range a.refs {
		if other := b.refs[i]; ref.Offset != other.Offset || ref.Kind != other.Kind || ref.Size != other.Size {
			return "its instructions differ"
		}
	}
	if !bytes.Equal(code.Mask(a.code, a.refs), code.Mask(b.code, b.refs)) {
		return "its instructions differ"
	}
	return ""
}

// compareReference compares what two instructions at the same place refer to.
func (c *comparison) compareReference(m *match, a, b code.Reference) string {
	withinA, withinB := a.Within(m.old.addr, len(m.old.code)), b.Within(m.new.addr, len(m.new.code))
	if withinA || withinB {
		if withinA && withinB && a.Target-m.old.addr == b.Target-m.new.addr {
			return ""
		}
		return "it jumps elsewhere"
	}
	before, after := c.old.at(a.Target), c.new.at(b.Target)
	if before != nil || after != nil {
		return compareCallees(before, after, a.Target, b.Target)
	}
	p := c.pair(pointers{a.Target, b.Target})
	p.users = append(p.users, m)
	return ""
}

func compareCallees(before, after *function, a, b uint64) string {
	switch {
	case before == nil || after == nil:
		return "it refers to code instead of data, or the other way"
	case !same(before, after):
		return fmt.Sprintf("it refers to %s instead of %s", after.Name, before.Name)
	case a-before.addr != b-after.addr:
		return "it jumps elsewhere in " + after.Name
	}
	return ""
}
