package compare

import (
	"cmp"
	"hash/maphash"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/internal/goexe/code"
)

// maxAlignment bounds the product of how many function literals of one function
// there are on the two sides. More are matched by name alone.
const maxAlignment = 1 << 22

// literal is a function that the compiler names by its number in another one.
type literal struct {
	*function
	numbers []int
	hash    uint64 // of its code without addresses
}

// matchLiterals pairs function literals whose numbers have moved: one more at
// the top of a function, or among the initialisers of a package's variables,
// renames all that follow. They keep their order, so that the longest sequence
// of equal ones is kept, and what lies between is paired by name later, or
// stands alone.
func (c *comparison) matchLiterals() {
	before, after := literalsOf(c.old), literalsOf(c.new)
	for _, stem := range slices.Sorted(maps.Keys(after)) {
		old, now := before[stem], after[stem]
		if len(old)*len(now) > maxAlignment || !moved(old, now) {
			continue
		}
		seed := maphash.MakeSeed()
		for _, list := range [][]literal{old, now} {
			for i, l := range list {
				list[i].hash = maphash.Bytes(seed, code.Mask(l.code, l.refs))
			}
		}
		c.alignLiterals(old, now)
	}
}

// literalsOf groups literals by their name without numbers, in their order.
func literalsOf(s *side) map[string][]literal {
	numbered, number := regexp.MustCompile(`\.(func|gowrap|deferwrap)\d+(-range\d+)?(\.\d+)*`), regexp.MustCompile(`\d+`)
	groups := map[string][]literal{}
	for _, f := range s.functions {
		if !strings.Contains(f.Name, ".func") && !strings.Contains(f.Name, "wrap") {
			continue
		}
		var numbers []int
		stem := numbered.ReplaceAllStringFunc(f.Name, func(part string) string {
			for _, digits := range number.FindAllString(part, -1) {
				n, _ := strconv.Atoi(digits) // one that is too large is as good as any
				numbers = append(numbers, n)
			}
			return part[:strings.IndexFunc(part, func(r rune) bool { return r >= '0' && r <= '9' })] + "#" + strconv.Itoa(len(numbers))
		})
		if numbers != nil {
			groups[stem] = append(groups[stem], literal{function: f, numbers: numbers})
		}
	}
	for _, list := range groups {
		slices.SortStableFunc(list, func(a, b literal) int { return slices.Compare(a.numbers, b.numbers) })
	}
	return groups
}

// moved reports whether literals of one function are not the same one by one.
func moved(old, now []literal) bool {
	if len(old) == 0 {
		return false
	}
	return len(old) != len(now) || !slices.EqualFunc(old, now, func(a, b literal) bool {
		return a.Name == b.Name && compareInstructions(a.function, b.function) == ""
	})
}

// alignLiterals matches the longest common sequence, by the textbook's table of
// lengths.
func (c *comparison) alignLiterals(old, now []literal) {
	width := len(now) + 1
	length := make([]int32, (len(old)+1)*width)
	at := func(i, j int) int { return i*width + j }
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if old[i].hash == now[j].hash {
				length[at(i, j)] = length[at(i+1, j+1)] + 1
			} else {
				length[at(i, j)] = max(length[at(i+1, j)], length[at(i, j+1)])
			}
		}
	}
	for i, j := 0, 0; i < len(old) && j < len(now); {
		switch {
		case old[i].hash == now[j].hash:
			c.match(old[i].function, now[j].function)
			i, j = i+1, j+1
		case cmp.Less(length[at(i+1, j)], length[at(i, j+1)]):
			j++
		default:
			i++
		}
	}
}
