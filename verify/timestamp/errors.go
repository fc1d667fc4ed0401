package timestamp

import (
	"errors"
	"fmt"
	"strings"
)

// Outcomes to compare with [errors.Is].
var (
	// ErrNoAuthority is returned by [Verify] if there is nobody to trust.
	ErrNoAuthority = errors.New("timestamp: no time-stamp authority is trusted; name at least one")
	// ErrTooLarge is wrapped by an [*Error] for a response above [MaxResponse].
	ErrTooLarge = errors.New("timestamp is too large")
	// ErrFormat is wrapped by an [*Error] for a response that is not the DER of a
	// granted timestamp, or that holds more than one needs.
	ErrFormat = errors.New("timestamp is not in the one accepted form")
	// ErrRejected is wrapped by a [*StatusError].
	ErrRejected = errors.New("timestamp was not granted")
	// ErrOtherMessage is wrapped by an [*Error] for a timestamp of other bytes.
	ErrOtherMessage = errors.New("timestamp is of another message")
	// ErrUntrusted is wrapped by an [*Error] for a signer that no authority vouches for.
	ErrUntrusted = errors.New("timestamp is by an authority that is not trusted")
	// ErrUsage is wrapped by an [*Error] for a certificate that was not made for
	// timestamps alone.
	ErrUsage = errors.New("certificate is not one for timestamps")
	// ErrValidity is wrapped by an [*Error] for a time at which a certificate of the
	// chain, or the authority, was not valid.
	ErrValidity = errors.New("timestamp is outside the validity of its authority")
	// ErrSignature is wrapped by an [*Error] for a signature that does not match.
	ErrSignature = errors.New("timestamp's signature does not match")
)

// Error says why a timestamp is refused. [Verify] and [Inspect] return it.
type Error struct {
	Authority string // the authority that refused; empty where none was asked
	Reason    string // what is wrong and what to do, as the end of a sentence
	Err       error  // one of the outcomes of this package, errors.ErrUnsupported or both
}

func (e *Error) Error() string {
	if e.Authority != "" {
		return fmt.Sprintf("timestamp: authority %q: %s", e.Authority, e.Reason)
	}
	return "timestamp: " + e.Reason
}

// Unwrap returns the outcome.
func (e *Error) Unwrap() error { return e.Err }

func refuse(outcome error, format string, args ...any) *Error {
	return &Error{Reason: fmt.Sprintf(format, args...), Err: outcome}
}

// unsupported refuses an algorithm that this package does not know.
func unsupported(format string, args ...any) *Error {
	return refuse(errors.ErrUnsupported, format, args...)
}

// StatusError is the refusal of an authority, in its own words. It wraps [ErrRejected].
type StatusError struct {
	Status   int      // PKIStatus of RFC 3161, section 2.4.2: 1 is "granted with modifications", 2 "rejection", …
	Text     string   // what the authority says, cut to [MaxStatusText] bytes; anybody may have written it
	Failures []string // names of PKIFailureInfo: "badAlg", "timeNotAvailable", …
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("timestamp: the authority answered with status %d (%s), not 0 (granted)", e.Status, statusName(e.Status))
	if len(e.Failures) > 0 {
		text += ": " + strings.Join(e.Failures, ", ")
	}
	if e.Text != "" {
		text += fmt.Sprintf("; it says %q", e.Text)
	}
	return text + "; ask again later, or ask another authority"
}

// Unwrap returns [ErrRejected].
func (e *StatusError) Unwrap() error { return ErrRejected }

func statusName(status int) string {
	names := []string{"granted", "granted with modifications", "rejection", "waiting", "revocation warning", "revocation notification"}
	if status < 0 || status >= len(names) {
		return "unknown"
	}
	return names[status]
}

// failureName names a bit of PKIFailureInfo; others are reserved.
func failureName(bit int) string {
	switch bit {
	case 0:
		return "badAlg"
	case 2:
		return "badRequest"
	case 5:
		return "badDataFormat"
	case 14:
		return "timeNotAvailable"
	case 15:
		return "unacceptedPolicy"
	case 16:
		return "unacceptedExtension"
	case 17:
		return "addInfoNotAvailable"
	case 25:
		return "systemFailure"
	}
	return fmt.Sprintf("failure %d", bit)
}
