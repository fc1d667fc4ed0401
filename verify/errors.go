package verify

import (
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Outcomes to compare with [errors.Is].
var (
	// ErrNoKeys is returned by [New], and by every method of a Verifier that
	// New did not make: without a trusted key nothing can be verified.
	ErrNoKeys = errors.New("verify: no trusted key is given; pass at least one public key with WithKeys")
	// ErrUnreachable is returned by [New] for a threshold that the keys cannot meet.
	ErrUnreachable = errors.New("verify: threshold cannot be met by the trusted keys")
	// ErrThreshold is wrapped by [*ThresholdError].
	ErrThreshold = errors.New("verify: not enough trusted signatures")
	// ErrSignature is wrapped by a [*BundleError] whose bundle names a trusted
	// key, but does not hold that key's signature over its payload.
	ErrSignature = errors.New("signature does not match the payload and key; the bundle was altered or belongs to another release")
	// ErrDifferentPayload is wrapped by a [*BundleError] whose bundle signs
	// other bytes than the bundles before it.
	ErrDifferentPayload = errors.New("signs another statement than the first bundle; do not mix bundles of several releases")
	// ErrWeakKey is wrapped by a [*KeyError] for a key that is too easy to break.
	ErrWeakKey = errors.New("key is too weak")
	// ErrPrivateKey is wrapped by a [*KeyError] for a private key in the place of a public one.
	ErrPrivateKey = errors.New("key is private")
)

// Reasons that a [*FileError] wraps.
var (
	ErrMissing    = errors.New("is missing; fetch it again from where it was published")
	ErrUnexpected = errors.New("is not listed; remove it, or check where it comes from")
	ErrUnsigned   = errors.New("is not signed; have it signed, or remove it")
	ErrNotRegular = errors.New("is not a regular file; replace the link, folder or device by the file itself")
	ErrMode       = errors.New("has other permission bits than the manifest says; extract the package again")
	ErrTooLarge   = errors.New("is larger than any such file may be; fetch it again from where it was published")
)

// BundleError says which bundle is refused, and why. It is returned by
// [ParseBundle], [Bundle.Encode], [Verifier.Verify] and [Verifier.VerifyDist].
type BundleError struct {
	Bundle string // file name or place in the list; empty where only one was given
	Reason string // what is wrong, where Err alone does not say it
	Err    error  // ErrSignature, ErrDifferentPayload, manifest.ErrNotCanonical, errors.ErrUnsupported, …; may be nil
}

func (e *BundleError) Error() string {
	text := "verify: bundle"
	if e.Bundle != "" {
		text += " " + quote(e.Bundle)
	}
	switch {
	case e.Err == nil:
		return text + " " + e.Reason
	case e.Reason == "":
		return text + " " + e.Err.Error()
	}
	return text + " " + e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause, or nil.
func (e *BundleError) Unwrap() error { return e.Err }

// ThresholdError says whose signatures count and whose do not. It is returned
// by [Verifier.Verify] and [Verifier.VerifyDist].
type ThresholdError struct {
	Threshold int         // signatures needed
	Signers   []Signature // that count
	Uncounted []Uncounted // that do not
}

func (e *ThresholdError) Error() string {
	text := fmt.Sprintf("%v: %d of %d needed", ErrThreshold, len(e.Signers), e.Threshold)
	if len(e.Signers) > 0 {
		text += ", by " + join(e.Signers)
	}
	if len(e.Uncounted) > 0 {
		return text + fmt.Sprintf("; not counted: %s; check that you trust the right keys, or have another trusted signer sign", join(e.Uncounted))
	}
	return text + "; have another trusted signer sign, and keep its bundle with the packages"
}

// Unwrap returns [ErrThreshold].
func (e *ThresholdError) Unwrap() error { return ErrThreshold }

// StatementError reports that the signed payload is not a statement that this
// version accepts, although the signatures over it are good.
type StatementError struct{ Err error }

func (e *StatementError) Error() string {
	return fmt.Sprintf("verify: the payload is signed by trusted keys, but refused: %v; it was made by another tool or version", e.Err)
}

// Unwrap returns the cause, an error of package manifest.
func (e *StatementError) Unwrap() error { return e.Err }

// MismatchError reports a file whose content is not the one that is listed.
type MismatchError struct {
	Name     string // file name, without a folder
	Want     manifest.Digest
	Got      manifest.Digest // zero if the size already differs
	WantSize int64           // bytes; -1 if no size is listed
	GotSize  int64           // bytes; reading stops one byte after WantSize
}

func (e *MismatchError) Error() string {
	const remedy = "it was damaged or exchanged; fetch it again from where it was published"
	name := quote(e.Name)
	switch {
	case e.WantSize >= 0 && e.GotSize > e.WantSize:
		return fmt.Sprintf("verify: file %s is longer than the %d bytes that are listed: %s", name, e.WantSize, remedy)
	case e.GotSize < e.WantSize:
		return fmt.Sprintf("verify: file %s ends after %d of %d bytes: %s", name, e.GotSize, e.WantSize, remedy)
	}
	return fmt.Sprintf("verify: file %s has digest %v, not %v: %s", name, e.Got, e.Want, remedy)
}

// FileError reports a file that cannot be checked or should not be there.
type FileError struct {
	Name string // file name or path in the folder that was checked
	Err  error  // ErrMissing, ErrUnexpected, ErrNotRegular, ErrMode, ErrTooLarge or an error of the system
}

func (e *FileError) Error() string { return fmt.Sprintf("verify: file %s %v", quote(e.Name), e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// KeyError says why a key cannot be used, and what to do. The text never
// holds any part of the key.
type KeyError struct {
	Subject string // "public key" or "private key"
	Reason  string // what is wrong with it
	Remedy  string // what to do
	Err     error  // ErrWeakKey, ErrPrivateKey, errors.ErrUnsupported, …; may be nil
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("%s %s; %s", e.Subject, e.Reason, e.Remedy)
}

// Unwrap returns the cause, or nil.
func (e *KeyError) Unwrap() error { return e.Err }

// maxQuoted bounds how much of a hostile text is repeated in a message.
const maxQuoted = 80

// quote makes a text of unknown origin safe to print.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "…"
	}
	return fmt.Sprintf("%q", s)
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
