package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxPatterns is the number of patterns that a set may have.
const MaxPatterns = 256

// Set selects targets by patterns; the package comment describes them. It is immutable. The zero value selects nothing.
type Set struct{ patterns []pattern }

// ParseSet returns the set of the given patterns. Each argument may hold several, separated by commas; spaces around a
// pattern are ignored. Whether the names in them exist is found by [Set.Expand], which knows the toolchain's list.
//
// The error is a *[PatternError] for a pattern that is malformed or longer than [MaxLength], for more than [MaxPatterns], and for
// patterns of which none includes anything.
func ParseSet(patterns ...string) (Set, error) {
	var s Set
	for _, arg := range patterns {
		for text := range strings.SplitSeq(arg, ",") {
			if len(s.patterns) == MaxPatterns {
				return Set{}, &PatternError{Pattern: clip(text), Err: fmt.Errorf("is one more than %d", MaxPatterns)}
			}
			p, err := parsePattern(strings.Trim(text, " "))
			if err != nil {
				return Set{}, err
			}
			s.patterns = append(s.patterns, p)
		}
	}
	if !slices.ContainsFunc(s.patterns, func(p pattern) bool { return !p.exclude }) {
		return Set{}, &PatternError{Pattern: clip(s.String()), Err: errors.New("includes nothing; begin with */* to include every port")}
	}
	return s, nil
}

// String returns the patterns, joined with commas. [ParseSet] reads it back.
func (s Set) String() string {
	texts := make([]string, len(s.patterns))
	for i, p := range s.patterns {
		texts[i] = p.String()
	}
	return strings.Join(texts, ",")
}

// Match reports whether s selects t, which has to be canonical. It does not ask whether the port exists.
func (s Set) Match(t Target) bool {
	included := slices.ContainsFunc(s.patterns, func(p pattern) bool { return !p.exclude && p.includes(t) })
	return included && !s.excludes(t)
}

func (s Set) excludes(t Target) bool {
	return slices.ContainsFunc(s.patterns, func(p pattern) bool { return p.exclude && p.excludes(t) })
}

// Expand returns the targets that s selects among the supported ports, sorted by [Compare] and without duplicates.
//
// The error is a *[PatternError]. It wraps [ErrNoMatch] if a pattern matches nothing, with the nearest one that would: an
// inclusion has to match a supported port, an exclusion a supported or a [Known] one, so that the same set serves
// toolchains with and without a port. It wraps [ErrExcluded] if nothing is left.
func (s Set) Expand(supported List) ([]Target, error) {
	var targets []Target
	for _, p := range s.patterns {
		matched, err := p.expand(supported)
		if err != nil {
			return nil, err
		}
		targets = append(targets, matched...)
	}
	targets = slices.DeleteFunc(targets, s.excludes)
	if len(targets) == 0 {
		return nil, s.nothingLeft()
	}
	slices.SortFunc(targets, Compare)
	return slices.Compact(targets), nil
}

func (s Set) nothingLeft() error {
	if len(s.patterns) == 0 {
		return &PatternError{Err: ErrNoMatch}
	}
	return &PatternError{Pattern: clip(s.String()), Err: ErrExcluded}
}

// pattern is one element of a set.
type pattern struct {
	segments
	exclude bool
}

func parsePattern(text string) (pattern, error) {
	if len(text) > MaxLength {
		return pattern{}, &PatternError{Pattern: clip(text), Err: fmt.Errorf("is longer than %d bytes", MaxLength)}
	}
	body, exclude := strings.CutPrefix(text, "!")
	if reason := malformedPattern(body); reason != "" {
		return pattern{}, &PatternError{Pattern: clip(text), Err: errors.New(reason)}
	}
	return pattern{segments: splitSegments(strings.Clone(body)), exclude: exclude}, nil
}

// malformedPattern says why s does not have the form of a pattern without its exclamation mark, and returns the empty
// string if it has.
func malformedPattern(s string) string {
	switch {
	case s == "":
		return "is empty, want os/arch[/variant]"
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "has a character that no target has"
	case strings.ContainsAny(s, `[]{}\!`):
		return "has a character that patterns do not use; only * and ? stand for others"
	case !segmented(s):
		return "is not os/arch[/variant]"
	}
	return ""
}

// String returns the pattern as it is written.
func (p pattern) String() string {
	if p.exclude {
		return "!" + p.segments.String()
	}
	return p.segments.String()
}

// matchesPort reports whether OS and architecture match.
func (p pattern) matchesPort(t Target) bool { return glob(p.os, t.OS) && glob(p.arch, t.Arch) }

// expand returns the targets that p adds to a set, which are none for an exclusion, and an error if p matches nothing.
func (p pattern) expand(supported List) ([]Target, error) {
	if p.exclude {
		return nil, p.mustExclude(supported)
	}
	var targets []Target
	for _, port := range supported {
		targets = append(targets, p.targets(port.Port())...)
	}
	if len(targets) == 0 {
		return nil, p.noMatch(supported)
	}
	return targets, nil
}

// mustExclude returns an error unless p excludes some target that a toolchain could build.
func (p pattern) mustExclude(supported List) error {
	for _, l := range []List{supported, Known()} {
		if slices.ContainsFunc(l, p.excludesSome) {
			return nil
		}
	}
	return p.noMatch(supported)
}

func (p pattern) noMatch(l List) error {
	return &PatternError{Pattern: clip(p.String()), Suggestion: p.nearest(l), Err: ErrNoMatch}
}

// targets returns the targets of one port that p includes.
func (p pattern) targets(port Target) []Target {
	switch {
	case !p.matchesPort(port):
		return nil
	case p.variant == "":
		return []Target{port}
	case !hasGlob(p.variant):
		if t, ok := port.withVariant(p.variant); ok {
			return []Target{t}
		}
		return nil
	}
	var targets []Target
	for _, value := range familyOf(port.Arch).plain() {
		if t, ok := port.withVariant(value); ok && glob(p.variant, value) {
			targets = append(targets, t)
		}
	}
	return targets
}

func (p pattern) includes(t Target) bool { return slices.Contains(p.targets(t.Port()), t) }

// excludes reports whether p, an exclusion, removes t.
func (p pattern) excludes(t Target) bool {
	switch {
	case !p.matchesPort(t):
		return false
	case p.variant == "":
		return true
	case hasGlob(p.variant):
		return glob(p.variant, familyOf(t.Arch).written(t.Variant))
	}
	other, ok := t.withVariant(p.variant)
	return ok && other == t
}

// excludesSome reports whether p removes port in any of its variants.
func (p pattern) excludesSome(port Target) bool {
	if !p.matchesPort(port) {
		return false
	}
	if !hasGlob(p.variant) {
		_, ok := port.withVariant(p.variant)
		return ok
	}
	return slices.ContainsFunc(familyOf(port.Arch).all(), func(variant string) bool { return glob(p.variant, variant) })
}

func hasGlob(s string) bool { return strings.ContainsAny(s, "*?") }

// glob reports whether all of s matches pattern, in which * stands for any bytes, also none, and ? for one. Its time is at
// most proportional to the product of the lengths.
func glob(pattern, s string) bool {
	p, i := 0, 0
	star, resume := -1, 0 // where to go on when the last * has to take one byte more
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			resume++
			p, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
