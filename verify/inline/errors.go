package inline

import (
	"errors"
	"fmt"
)

// ErrNoBlock is wrapped by an [*Error] for a text that holds no block.
var ErrNoBlock = errors.New("no block in the text")

// Error says why a text is refused.
type Error struct {
	Reason string // the rule that the block breaks, as the end of a sentence
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	text := "inline: the block " + e.Reason
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text + ": copy the whole text again from where it was published"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func refuse(cause error, format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...), Err: cause}
}
