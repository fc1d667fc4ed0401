package manifest

import (
	"errors"
	"fmt"
)

// ErrNotCanonical is returned, wrapped, by every decoder when a document is
// valid JSON of the right shape but not the one byte string that the encoder
// writes for it.
var ErrNotCanonical = errors.New("document is not in canonical form")

// InvalidError says which field of a document breaks which rule.
type InvalidError struct {
	Field  string // path of the field, as "files[2].path"
	Value  string // the offending value; printed quoted and cut
	Reason string // the rule that it breaks, as the end of a sentence
}

// maxQuoted bounds how much of a hostile value is repeated in a message.
const maxQuoted = 80

func (e *InvalidError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("manifest: %s %s", e.Field, e.Reason)
	}
	return fmt.Sprintf("manifest: %s %s %s", e.Field, quote(e.Value), e.Reason)
}

func quote(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "…"
	}
	return fmt.Sprintf("%q", s)
}

// SumsError says which line of a SHA256SUMS file is refused, and why.
type SumsError struct {
	Line   int    // from 1; 0 for the file as a whole
	Reason string // the rule that is broken, as the end of a sentence
}

func (e *SumsError) Error() string {
	if e.Line == 0 {
		return "manifest: SHA256SUMS " + e.Reason
	}
	return fmt.Sprintf("manifest: SHA256SUMS line %d %s", e.Line, e.Reason)
}

// within returns err with the field put below parent.
func within(parent string, err error) error {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return &InvalidError{Field: parent + "." + invalid.Field, Value: invalid.Value, Reason: invalid.Reason}
	}
	return err
}
