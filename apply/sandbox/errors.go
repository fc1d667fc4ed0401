package sandbox

import (
	"errors"
	"fmt"
	"syscall"
)

var (
	// ErrTime says that a program was ended because it ran longer than [WithTime] allows.
	ErrTime = errors.New("the time limit of the sandbox is over")

	// ErrStopped says that a program was ended by [Running.Stop].
	ErrStopped = errors.New("the program was stopped")
)

// LackError says that this system cannot confine what [WithRequired] demands.
// It wraps [errors.ErrUnsupported].
type LackError struct {
	Aspect Aspect // what was demanded
	Reason string // why it cannot be had
}

func (e *LackError) Error() string {
	return fmt.Sprintf("the sandbox must confine %s and cannot here: %s", e.Aspect, e.Reason)
}

func (e *LackError) Unwrap() error { return errors.ErrUnsupported }

// FailedError is a program that ran in the sandbox and failed. See [Outcome.Err].
type FailedError struct {
	Program  string         // path
	ExitCode int            // -1 if it was ended by a signal
	Signal   syscall.Signal // 0 if it ended by itself
	Tail     string         // last lines of its output, joined into one
}

// Error is one line, however many the program printed.
func (e *FailedError) Error() string {
	status := fmt.Sprintf("%s in the sandbox: exit status %d", e.Program, e.ExitCode)
	if e.Signal != 0 {
		status = fmt.Sprintf("%s in the sandbox: ended by signal %d (%s)", e.Program, int(e.Signal), e.Signal)
	}
	if e.Tail != "" {
		return status + ": " + e.Tail
	}
	return status
}
