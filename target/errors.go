package target

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Outcomes of [Set.Expand], found with [errors.Is].
var (
	// ErrNoMatch says that a pattern matches no target, which most often is a typing error.
	ErrNoMatch = errors.New("matches no target")
	// ErrExcluded says that the exclusions of a set leave nothing of what it includes.
	ErrExcluded = errors.New("excludes every target that it includes")
)

// SyntaxError is returned for text that does not have the form of a target.
type SyntaxError struct {
	Input      string // as given, cut to MaxLength
	Reason     string // what is wrong, to follow the input: "is not os/arch[/variant]"
	Suggestion Target // the nearest target; zero if none is near
}

// Error returns the message, bounded and free of control characters.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("target %s %s%s", quote(e.Input), e.Reason, didYouMean(e.Suggestion.String()))
}

// UnknownError is returned for a port that does not exist, or not in the list that was asked.
type UnknownError struct {
	Input      string // as given, cut to MaxLength
	Elsewhere  bool   // the port is one of [Known], but not in the list
	Suggestion Target // the nearest target of the list; zero if none is near
}

// Error returns the message, bounded and free of control characters.
func (e *UnknownError) Error() string {
	reason := "does not exist"
	if e.Elsewhere {
		reason = "is not supported by this toolchain"
	}
	hint := didYouMean(e.Suggestion.String())
	if hint == "" {
		hint = `; "go tool dist list" prints those that are supported`
	}
	return fmt.Sprintf("target %s %s%s", quote(e.Input), reason, hint)
}

// VariantError is returned for a variant that the architecture does not have.
type VariantError struct {
	Input      string // the whole target as given, cut to MaxLength
	Variable   string // the variable that selects variants, such as GOAMD64; empty if the architecture has none
	Suggestion Target // the nearest target; never zero
}

// Error returns the message, bounded and free of control characters.
func (e *VariantError) Error() string {
	reason := "has a variant, but its architecture has none"
	if e.Variable != "" {
		reason = "has no valid variant (" + e.Variable + ")"
	}
	return fmt.Sprintf("target %s %s%s", quote(e.Input), reason, didYouMean(e.Suggestion.String()))
}

// PatternError is returned for a pattern that is malformed or that matches nothing.
type PatternError struct {
	Pattern    string // as given, cut to MaxLength; the whole set if Err is ErrExcluded
	Suggestion string // the nearest pattern that would match; empty if none is near
	Err        error  // ErrNoMatch, ErrExcluded, or what is wrong with the form
}

// Error returns the message, bounded and free of control characters.
func (e *PatternError) Error() string {
	return fmt.Sprintf("target pattern %s %v%s", quote(e.Pattern), e.Err, didYouMean(e.Suggestion))
}

// Unwrap returns e.Err.
func (e *PatternError) Unwrap() error { return e.Err }

// ListError is returned by [ParseDistList] for a list that it refuses.
type ListError struct {
	Entry int   // which entry is at fault, from 0; -1 if it is the list as a whole
	Err   error // why
}

// Error returns the message, bounded and free of control characters.
func (e *ListError) Error() string {
	if e.Entry < 0 {
		return fmt.Sprintf("list of ports: %v", e.Err)
	}
	return fmt.Sprintf("list of ports: entry %d: %v", e.Entry, e.Err)
}

// Unwrap returns e.Err.
func (e *ListError) Unwrap() error { return e.Err }

func tooLong(input string) error {
	return &SyntaxError{Input: clip(input), Reason: fmt.Sprintf("is longer than %d bytes", MaxLength)}
}

// variantError reports that port has no variant text.
func variantError(port Target, text string) error {
	return &VariantError{
		Input:      clip(port.OS + "/" + port.Arch + "/" + text),
		Variable:   familyOf(port.Arch).variable,
		Suggestion: nearestVariant(port, text),
	}
}

func didYouMean(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", suggestion)
}

// quote quotes s, cut to MaxLength, so that it is safe to print.
func quote(s string) string { return fmt.Sprintf("%+q", clip(s)) }

// clip returns a copy of s that is cut to MaxLength bytes, at the start of a rune and with an ellipsis in place of the rest.
func clip(s string) string {
	const ellipsis = "..."
	if len(s) <= MaxLength {
		return strings.Clone(s)
	}
	end := MaxLength - len(ellipsis)
	for end > MaxLength-len(ellipsis)-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}
