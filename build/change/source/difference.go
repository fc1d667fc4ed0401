package source

import (
	"maps"
	"slices"

	"github.com/gohotfix/hotfix/build/policy"
)

// difference is a fact of one side that the other does not have.
type difference struct {
	fact
	status policy.Status
}

// differences compares facts by their keys, of which there may be several: a
// function of each target, or several init functions.
func differences(old, now []fact) []difference {
	var all []difference
	gone := map[string][]fact{}
	for _, f := range subtract(old, now) {
		gone[f.key] = append(gone[f.key], f)
	}
	for _, f := range subtract(now, old) {
		if rest := gone[f.key]; len(rest) > 0 {
			gone[f.key] = rest[1:]
			all = append(all, difference{f, policy.Changed})
			continue
		}
		all = append(all, difference{f, policy.Added})
	}
	for _, key := range slices.Sorted(maps.Keys(gone)) {
		for _, f := range gone[key] {
			all = append(all, difference{f, policy.Removed})
		}
	}
	return all
}

// subtract returns the facts that the other list does not have, or not as
// often.
func subtract(facts, other []fact) []fact {
	type said struct{ key, text string }
	count := map[said]int{}
	for _, f := range other {
		count[said{f.key, f.text}]++
	}
	var rest []fact
	for _, f := range facts {
		if s := (said{f.key, f.text}); count[s] > 0 {
			count[s]--
			continue
		}
		rest = append(rest, f)
	}
	return rest
}
