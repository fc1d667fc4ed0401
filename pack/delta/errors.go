package delta

import (
	"errors"
	"fmt"
	"io"
)

// Errors of this package.
var (
	// ErrNotPatch says that something is not a patch, or one of a format that this
	// version does not know.
	ErrNotPatch = errors.New("not a patch of a known format")
	// ErrCorrupt says that a patch is damaged.
	ErrCorrupt = errors.New("the patch is damaged")
	// ErrTooLarge says that a file is larger than [MaxSize], or a patch than
	// [MaxPatch].
	ErrTooLarge = errors.New("too large")
)

// BaseError says that a file is not the one that a patch was made for.
type BaseError struct {
	Want, Got File
}

func (e *BaseError) Error() string {
	return fmt.Sprintf("the patch was made for the file of %d bytes with the SHA-256 %x, and this one has %d bytes and %x: apply it to that file, or take the full package",
		e.Want.Size, e.Want.SHA256, e.Got.Size, e.Got.SHA256)
}

func corrupt(reason string) error { return fmt.Errorf("%w: %s: fetch it again", ErrCorrupt, reason) }

// unreadable is the error of a stream that cannot be read, nil for none.
func unreadable(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return corrupt("it ends too early")
	}
	return fmt.Errorf("%w: %w: fetch it again", ErrCorrupt, err)
}
