package keyless

import (
	"errors"
	"fmt"
	"strconv"
)

// Outcomes to compare with [errors.Is]. A [*verify.BundleError] wraps all but the first.
var (
	// ErrNoRoot is returned by a Verifier that [New] did not make.
	ErrNoRoot = errors.New("keyless: the verifier has no trusted root; make it with New")
	// ErrLog says that the transparency log does not prove the signature.
	ErrLog = errors.New("the transparency log does not prove the signature; check that the trusted root knows the log, or sign again")
	// ErrTime says that nobody trusted tells when the signature existed.
	ErrTime = errors.New("no trusted log or authority tells when it was signed; check that the trusted root knows them, or sign again with a timestamp")
	// ErrCertificate says that the certificate was not issued by a trusted authority, or was not valid
	// when it was used.
	ErrCertificate = errors.New("the certificate is not one of a trusted authority at the time of the signature; check the trusted root, or sign again")
	// ErrIdentity says that the certificate does not name exactly one signer.
	ErrIdentity = errors.New("the certificate does not say who signed; sign again with a certificate of Fulcio")
)

// RootError says why a trusted root cannot be used. It is returned by [New].
type RootError struct {
	Reason string // what is wrong with it, and what to do
	Err    error  // the cause; may be nil
}

func (e *RootError) Error() string {
	if e.Err == nil {
		return "keyless: the trusted root " + e.Reason
	}
	return fmt.Sprintf("keyless: the trusted root %s: %v", e.Reason, e.Err)
}

// Unwrap returns the cause, or nil.
func (e *RootError) Unwrap() error { return e.Err }

// How much of a text of unknown origin is repeated in a message or a name.
const (
	maxQuotedText = 80  // bytes
	maxQuotedWhy  = 240 // bytes, of what a library says
)

// quote makes a text of unknown origin safe to print.
func quote(s string) string { return strconv.QuoteToASCII(cut(s, maxQuotedText)) }

// why is what a library says about a hostile input, which it may repeat.
func why(err error) string { return strconv.QuoteToASCII(cut(err.Error(), maxQuotedWhy)) }

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "…"
}
