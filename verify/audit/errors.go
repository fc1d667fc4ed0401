package audit

import (
	"errors"
	"fmt"
)

// What may be wrong with a log, wrapped by [*DamageError].
var (
	// ErrAltered says that the line is not the one that was written.
	ErrAltered = errors.New("was altered")
	// ErrRemoved says that lines are missing before this one.
	ErrRemoved = errors.New("comes too early: lines before it were removed")
	// ErrReordered says that lines which belong before this one come later.
	ErrReordered = errors.New("comes too early: lines were moved, or this one was inserted")
	// ErrInserted says that the number of the line has been before.
	ErrInserted = errors.New("comes too late: it, or a line before it, was inserted")
	// ErrCut says that the log ends too early.
	ErrCut = errors.New("is where the log was cut off")
	// ErrRewritten says that the chain is whole, but not the one that is remembered.
	ErrRewritten = errors.New("is not the one that is remembered: the log was written anew")
)

// Outcomes to compare with [errors.Is].
var (
	// ErrClosed is returned by methods of a closed [Log].
	ErrClosed = errors.New("audit: the log is closed")
	// ErrBroken is wrapped by the error of [Log.Append] if what is on the disk is
	// no longer known. Close the log and open it again.
	ErrBroken = errors.New("audit: the log cannot be written any more; close it and open it again")
	// ErrChanged is returned by [Log.Append] if somebody else wrote, moved or
	// replaced the file.
	ErrChanged = errors.New("audit: the file was changed by another program; stop that program and open the log again")
	// ErrRotated is wrapped by [*RotatedError].
	ErrRotated = errors.New("audit: the log goes on in another file")
)

// DamageError says where a log is not what was written, and what was done to
// it. It is returned by [Verify], [Lines] and [Open].
type DamageError struct {
	Line   int64  // the place in the file, from 1, that first shows it
	Reason string // how that was found
	Err    error  // ErrAltered, ErrRemoved, ErrReordered, ErrInserted, ErrCut or ErrRewritten
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("audit: line %d %v (%s); keep the file as evidence and compare it with a copy", e.Line, e.Err, e.Reason)
}

// Unwrap returns what was done.
func (e *DamageError) Unwrap() error { return e.Err }

// RotatedError is returned by [Open] for a file that [Log.Rotate] has ended:
// open the next one, with [WithStart] of Head.
type RotatedError struct {
	Path string // of the file, as it was given to Open
	Head Head   // the last line of the file
}

func (e *RotatedError) Error() string {
	return fmt.Sprintf("%v: %s was ended by a rotation after line %d; open the file that follows it", ErrRotated, e.Path, e.Head.N)
}

// Unwrap returns [ErrRotated].
func (e *RotatedError) Unwrap() error { return ErrRotated }

// EntryError is returned by [Log.Append] for an [Entry] that the caller must
// correct; nothing is written.
type EntryError struct {
	Field  string // its key in the file
	Reason string // what is wrong with it
}

func (e *EntryError) Error() string { return fmt.Sprintf("audit: %s %s", e.Field, e.Reason) }
