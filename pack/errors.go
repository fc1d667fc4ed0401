package pack

import (
	"errors"
	"fmt"
	"io"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// ErrNotCanonical is the cause in a [*RefusedError] when an archive can be
// decoded, but is not the byte string that the packer writes for what it
// holds: other software compressed it, or something was added or changed.
var ErrNotCanonical = errors.New("archive is not in canonical form")

// ErrDestination is wrapped by the errors of [Extract] and [Unpack] when the
// destination exists and is not an empty folder.
var ErrDestination = errors.New("destination is not an empty folder")

// RefusedError says that an archive breaks a rule of the format, and which.
// Every function that reads an archive returns it, wrapped or not; any other
// error of those functions is a [*MissingBaseError], a failure of the system or a
// cancelled context, and says nothing about the archive.
type RefusedError struct {
	Archive string // path of the archive; empty if it was not opened by path
	Entry   string // path of the member; empty if the rule is about the whole
	Reason  string // the rule that it breaks, as the end of a sentence
	Err     error  // the cause: [ErrNotCanonical], a [*LimitError], a [*manifest.InvalidError], a decoder's error …; or nil
}

// Error returns one sentence.
func (e *RefusedError) Error() string {
	archive := e.Archive
	if archive == "" {
		archive = "the archive"
	}
	if e.Entry == "" {
		return fmt.Sprintf("refusing %s: it %s", archive, e.Reason)
	}
	return fmt.Sprintf("refusing %s: entry %q %s", archive, clip(e.Entry), e.Reason)
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// LimitError says that an archive, or what is to be packed, is larger than a
// limit allows.
type LimitError struct {
	What  string // what is limited, as "bytes in one file"
	Limit int64  // the largest number that is allowed
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("more than %d %s", e.Limit, e.What)
}

// ChangedError says that a file is not, or is no longer, the one that was to
// be packed.
type ChangedError struct {
	Path string          // the file
	Want manifest.Digest // what was to be packed
	Got  manifest.Digest // what was read; zero if the size alone shows the change
}

func (e *ChangedError) Error() string {
	if e.Got.IsZero() {
		return fmt.Sprintf("%s has changed its size since it was measured: build it again and let nothing else write to it", e.Path)
	}
	return fmt.Sprintf("%s has digest %s where %s was to be packed: build it again and let nothing else write to it", e.Path, e.Got, e.Want)
}

// MissingBaseError says that a delta package could not be applied, because the
// executable that it starts from is not at hand.
type MissingBaseError struct {
	Base manifest.Binary // that is wanted
	Err  error           // what came of looking for it
}

func (e *MissingBaseError) Error() string {
	return fmt.Sprintf("the package is a delta from %s with digest %s, which is not at hand (%v): take the full package, or say where that executable is",
		e.Base.Version, e.Base.Digest, e.Err)
}

// Unwrap returns what came of looking for the base.
func (e *MissingBaseError) Unwrap() error { return e.Err }

// DigestError says that an archive is not the one that [WithDigest] asked for.
type DigestError struct {
	Want, Got manifest.Digest
}

func (e *DigestError) Error() string { return fmt.Sprintf("digest is %s, not %s", e.Got, e.Want) }

// refuse returns a refusal of one entry, or of the archive if entry is empty.
func refuse(entry, reason string, cause error) error {
	return &RefusedError{Entry: entry, Reason: reason, Err: cause}
}

func refuseLimit(entry, what string, limit int64) error {
	cause := &LimitError{What: what, Limit: limit}
	return refuse(entry, fmt.Sprintf("has %s: leave it out, or raise the limit if you trust its source", cause), cause)
}

// refuseInvalid turns the error of a check of package manifest into a refusal.
func refuseInvalid(entry string, err error) error {
	var invalid *manifest.InvalidError
	if errors.As(err, &invalid) && invalid.Field == "path" {
		return refuse(entry, invalid.Reason, err)
	}
	return refuse(entry, fmt.Sprintf("is not valid: %v", err), err)
}

// refuseDamaged explains the error of a decoder.
func refuseDamaged(entry string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refuse(entry, "is cut off: fetch the archive again", io.ErrUnexpectedEOF)
	}
	return refuse(entry, fmt.Sprintf("is damaged: fetch the archive again (%v)", err), err)
}

// inArchive names the archive in a refusal, and adds the path to other errors.
func inArchive(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	var refused *RefusedError
	if errors.As(err, &refused) {
		named := *refused
		named.Archive = path
		return &named
	}
	if path == "" {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}

// maxQuoted bounds how much of a hostile name is repeated in a message.
const maxQuoted = 80

func clip(s string) string {
	if len(s) > maxQuoted {
		return s[:maxQuoted] + "…"
	}
	return s
}
