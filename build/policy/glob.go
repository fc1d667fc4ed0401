package policy

import (
	"path"
	"strings"
)

// globs match slash-separated paths: "*", "?" and "[a-z]" within one element,
// as [path.Match] reads them, and "**" for any number of elements.
type globs []string

func (g globs) validate(function string) error {
	if len(g) == 0 {
		return argumentError(function, "no patterns: give at least one, as \"internal/auth/**\"")
	}
	for _, pattern := range g {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return argumentError(function, "%q is not a pattern: use *, ?, [a-z] and **, as in \"internal/auth/**\"", pattern)
		}
	}
	return nil
}

// match returns the first pattern that matches.
func (g globs) match(name string) (string, bool) {
	elements := strings.Split(name, "/")
	for _, pattern := range g {
		if matchElements(strings.Split(pattern, "/"), elements) {
			return pattern, true
		}
	}
	return "", false
}

// matchElements takes time proportional to the product of the lengths, since
// the elements of a path are a stranger's: reached[i] says that the patterns
// so far can match the first i elements.
func matchElements(patterns, elements []string) bool {
	reached := make([]bool, len(elements)+1)
	reached[0] = true
	for _, pattern := range patterns {
		next := make([]bool, len(reached))
		for i := range next {
			if pattern == "**" {
				next[i] = reached[i] || i > 0 && next[i-1]
				continue
			}
			if i > 0 && reached[i-1] {
				next[i], _ = path.Match(pattern, elements[i-1])
			}
		}
		reached = next
	}
	return reached[len(elements)]
}

// patterns match import paths as the go command does: "net" is that package,
// "net/..." is it and all below it.
type patterns []string

func (p patterns) validate(function string) error {
	if len(p) == 0 {
		return argumentError(function, "no packages: give at least one, as \"internal/auth/...\"")
	}
	for _, pattern := range p {
		if base := strings.TrimSuffix(pattern, "..."); strings.Contains(base, "...") || pattern == "" {
			return argumentError(function, "%q is not a pattern: use an import path, or one that ends in \"/...\"", pattern)
		}
	}
	return nil
}

func (p patterns) match(path string) bool {
	for _, pattern := range p {
		if base, below := strings.CutSuffix(pattern, "/..."); base == path || below && strings.HasPrefix(path, base+"/") || pattern == "..." {
			return true
		}
	}
	return false
}

// below returns the patterns as import paths of a module's packages: a pattern
// may be relative to the module, with or without "./".
func (p patterns) below(module string) patterns {
	var all patterns
	for _, pattern := range p {
		relative := strings.TrimPrefix(pattern, "./")
		switch {
		case relative == "." || relative == "":
			all = append(all, module)
		case relative == "...":
			all = append(all, module+"/...")
		default:
			all = append(all, pattern, path.Join(module, relative))
		}
	}
	return all
}
