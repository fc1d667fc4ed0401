package tsa

import (
	"errors"
	"fmt"
)

// Outcomes to compare with [errors.Is], besides those of package timestamp.
var (
	// ErrNonce is wrapped by an [*Error] for the answer to another request.
	ErrNonce = errors.New("answer is to another request")
	// ErrHTTP is wrapped by an [*Error] for an answer that is not a timestamp by
	// its status or type.
	ErrHTTP = errors.New("answer is no timestamp")
)

// Error says why no timestamp was had from an authority. [Client.Stamp] returns it.
type Error struct {
	URL    string // of the authority, without user and password
	Reason string // what is wrong and what to do, where Err alone does not say it
	Err    error  // ErrNonce, ErrHTTP, an error of package timestamp, of the context or of the network
}

func (e *Error) Error() string {
	text := fmt.Sprintf("tsa: asking %s for a timestamp: ", e.URL)
	switch {
	case e.Reason == "":
		return text + e.Err.Error()
	case e.Err == nil:
		return text + e.Reason
	}
	return text + e.Reason + " (" + e.Err.Error() + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
