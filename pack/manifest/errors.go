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
	value := e.Value
	if len(value) > maxQuoted {
		value = value[:maxQuoted] + "…"
	}
	return fmt.Sprintf("manifest: %s %q %s", e.Field, value, e.Reason)
}

// within returns err with the field put below parent.
func within(parent string, err error) error {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return &InvalidError{Field: parent + "." + invalid.Field, Value: invalid.Value, Reason: invalid.Reason}
	}
	return err
}
