package build

import (
	"errors"
	"fmt"
)

// Errors of [Reproduce] and [Prove].
var (
	// ErrNotExecutable says that a file is not an ELF, PE or Mach-O executable.
	ErrNotExecutable = errors.New("not an ELF, PE or Mach-O executable")

	// ErrNoBuildInfo says that an executable has no Go build info.
	ErrNoBuildInfo = errors.New("no Go build info")
)

// NoBuildInfoError says why nothing can be read from an executable. It wraps
// [ErrNoBuildInfo].
type NoBuildInfoError struct {
	File   string // path of the file
	Reason string // what the file seems to be
}

func (e *NoBuildInfoError) Error() string {
	return fmt.Sprintf("%s has %v: %s", e.File, ErrNoBuildInfo, e.Reason)
}

// Unwrap returns [ErrNoBuildInfo].
func (e *NoBuildInfoError) Unwrap() error { return ErrNoBuildInfo }

// MissingError says what is missing for a file to be rebuilt. It is the cause
// of the verdict [CannotTell].
type MissingError struct {
	What string // what is missing
	Hint string // what to do about it; may be empty
	Err  error  // cause; may be nil
}

func (e *MissingError) Error() string {
	message := e.What
	if e.Err != nil {
		message += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		message += ": " + e.Hint
	}
	return message
}

func (e *MissingError) Unwrap() error { return e.Err }

func missing(hint, format string, args ...any) error {
	return &MissingError{What: fmt.Sprintf(format, args...), Hint: hint}
}
