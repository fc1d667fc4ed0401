package verify

import (
	"context"
	"errors"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Rule names what a release must satisfy. Its text is stable: audit lines and
// scripts hold it.
type Rule string

// The rules, in the order in which they are checked.
const (
	RuleBundle       Rule = "bundle"       // each bundle is well formed, and all are over the same bytes
	RuleSignature    Rule = "signature"    // a bundle that names a trusted signer holds that signer's signature
	RuleTimestamp    Rule = "timestamp"    // the timestamps in it are an authority's, over that signature
	RuleTrust        Rule = "trust"        // the trust file is in force, and not older than one that was used
	RuleClock        Rule = "clock"        // the clock is not behind a time that has passed already
	RuleThreshold    Rule = "threshold"    // enough trusted signers signed
	RuleStatement    Rule = "statement"    // what they signed is the statement of a release
	RuleProduct      Rule = "product"      // it is one of a product and channel that are trusted
	RuleNotBefore    Rule = "not-before"   // its time has come
	RuleExpires      Rule = "expires"      // and has not passed
	RuleAge          Rule = "age"          // it is not too old
	RuleMinimum      Rule = "minimum"      // it is not below the minimum secure version
	RuleWithdrawn    Rule = "withdrawn"    // it was not taken back
	RuleRollback     Rule = "rollback"     // it is not older than what was confirmed, unless a permit says so
	RuleEquivocation Rule = "equivocation" // one number has one content
	RuleJump         Rule = "jump"         // its number is not too far above
	RulePrerequisite Rule = "prerequisite" // the hotfixes that it needs are installed
	RuleTarget       Rule = "target"       // it has a package for this host's target
	RuleBase         Rule = "base"         // that replaces what this host runs
	RulePermit       Rule = "permit"       // a permit is for this release, host and time
	RuleProvenance   Rule = "provenance"   // its provenance is signed alike, and as demanded
	RuleFiles        Rule = "files"        // the files are those that were signed
)

// RefusalError says which rule a release breaks, and what to do. It is returned
// by the methods of [Verifier] and [Trust].
type RefusalError struct {
	Rule   Rule
	Reason string // what is wrong, as a sentence without a full stop
	Remedy string // what to do
	Err    error  // one of the Err… values below, to compare; may be nil
}

func (e *RefusalError) Error() string { return "verify: " + e.Reason + "; " + e.Remedy }

// Unwrap returns the cause, or nil.
func (e *RefusalError) Unwrap() error { return e.Err }

// Reasons that a [*RefusalError] wraps.
var (
	ErrTrustExpired    = errors.New("the trust file has expired")
	ErrTrustVersion    = errors.New("the trust file has another version than the next one")
	ErrClock           = errors.New("the clock is wrong")
	ErrUnknownProduct  = errors.New("the product or channel is not trusted")
	ErrNotYetValid     = errors.New("not valid yet")
	ErrExpired         = errors.New("expired")
	ErrTooOld          = errors.New("too old")
	ErrBelowMinimum    = errors.New("below the minimum secure version")
	ErrWithdrawn       = errors.New("withdrawn")
	ErrRollback        = errors.New("older than what is installed")
	ErrEquivocation    = errors.New("two releases have one number")
	ErrJump            = errors.New("the number is too far ahead")
	ErrPrerequisite    = errors.New("a prerequisite is missing")
	ErrWrongTarget     = errors.New("no package for this target")
	ErrWrongBase       = errors.New("for another base")
	ErrWrongPermit     = errors.New("the permit does not apply")
	ErrNoProvenance    = errors.New("no provenance")
	ErrFloorSinks      = errors.New("the floor would sink")
	ErrUntimedSigner   = errors.New("no timestamp proves when it was signed")
	ErrSignerValidity  = errors.New("signed outside of the signer's validity")
	ErrSignerRevoked   = errors.New("the signer is revoked")
	ErrUnknownSigner   = errors.New("the signer is not trusted")
	ErrSignerElsewhere = errors.New("the signer is not trusted for this product and channel")
)

// refuse returns a refusal.
func refuse(rule Rule, cause error, reason, remedy string) error {
	return &RefusalError{Rule: rule, Reason: reason, Remedy: remedy, Err: cause}
}

// RuleOf names the rule by which an error of this package refuses something; ""
// for an error that says nothing about what was verified, such as a context's.
func RuleOf(err error) Rule {
	var refusal *RefusalError
	var bundle *BundleError
	var threshold *ThresholdError
	var statement *StatementError
	var mismatch *MismatchError
	var file *FileError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ""
	case errors.As(err, &refusal):
		return refusal.Rule
	case errors.Is(err, ErrProvenance):
		return RuleProvenance
	case errors.Is(err, ErrSignature):
		return RuleSignature
	case errors.As(err, &bundle):
		return RuleBundle
	case errors.As(err, &threshold):
		return RuleThreshold
	case errors.As(err, &statement), errors.Is(err, manifest.ErrNotCanonical):
		return RuleStatement
	case errors.As(err, &mismatch), errors.As(err, &file):
		return RuleFiles
	}
	return ""
}
