package verify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// What people read: which thing, what is wrong with it, what to do.
func TestMessages(t *testing.T) {
	a, b := verify.KeyID{0x11}, verify.KeyID{0x22}
	want, got := manifest.DigestOf([]byte("a")), manifest.DigestOf([]byte("b"))
	tests := map[string]error{
		`verify: bundle has no payload`: &verify.BundleError{Reason: "has no payload"},
		`verify: bundle "x" names the trusted key 11: signature does not match the payload and key; the bundle was altered or belongs to another release`: &verify.BundleError{
			Bundle: "x", Reason: "names the trusted key 11", Err: verify.ErrSignature,
		},
		`verify: bundle "x" signs another statement than the first bundle; do not mix bundles of several releases`: &verify.BundleError{
			Bundle: "x", Err: verify.ErrDifferentPayload,
		},
		`verify: not enough trusted signatures: 0 of 1 needed; have another trusted signer sign, and keep its bundle with the packages`: &verify.ThresholdError{Threshold: 1},
		`verify: not enough trusted signatures: 1 of 2 needed, by 1100000000000000 (on call); have another trusted signer sign, and keep its bundle with the packages`: &verify.ThresholdError{
			Threshold: 2, Signers: []verify.Signature{{Signer: a, Name: "on call"}},
		},
		`verify: not enough trusted signatures: 0 of 1 needed; not counted: 1100000000000000: is not trusted, 2200000000000000 (lead): was revoked; check that you trust the right keys, or have another trusted signer sign`: &verify.ThresholdError{
			Threshold: 1, Uncounted: []verify.Uncounted{{Signer: a, Reason: "is not trusted"}, {Signer: b, Name: "lead", Reason: "was revoked"}},
		},
		`verify: file "a" is longer than the 5 bytes that are listed: it was damaged or exchanged; fetch it again from where it was published`: &verify.MismatchError{
			Name: "a", WantSize: 5, GotSize: 6,
		},
		`verify: file "a" ends after 4 of 5 bytes: it was damaged or exchanged; fetch it again from where it was published`: &verify.MismatchError{
			Name: "a", WantSize: 5, GotSize: 4,
		},
		`verify: file "a" has digest ` + got.String() + `, not ` + want.String() + `: it was damaged or exchanged; fetch it again from where it was published`: &verify.MismatchError{
			Name: "a", Want: want, Got: got, WantSize: -1, GotSize: 4,
		},
		`verify: file "a" is not listed; remove it, or check where it comes from`:                               &verify.FileError{Name: "a", Err: verify.ErrUnexpected},
		`public key is wrong; make another`:                                                                     &verify.KeyError{Subject: "public key", Reason: "is wrong", Remedy: "make another"},
		`verify: the payload is signed by trusted keys, but refused: x; it was made by another tool or version`: &verify.StatementError{Err: errors.New("x")},
	}
	for text, err := range tests {
		assert.EqualError(t, err, text)
	}
	assert.EqualError(t, &verify.MismatchError{Name: "a", Want: want, Got: got, WantSize: 5, GotSize: 5}, `verify: file "a" has digest `+got.String()+`, not `+want.String()+`: it was damaged or exchanged; fetch it again from where it was published`)
	assert.EqualError(t, &verify.MismatchError{Name: "a", WantSize: 0, GotSize: 1}, `verify: file "a" is longer than the 0 bytes that are listed: it was damaged or exchanged; fetch it again from where it was published`)
	cause := errors.New("x")
	assert.ErrorIs(t, &verify.StatementError{Err: cause}, cause)
	for _, n := range []int{80, 81} {
		refused := &verify.FileError{Name: strings.Repeat("x", n), Err: cause}
		assert.Equal(t, n > 80, strings.Contains(refused.Error(), "…"))
	}
	hostile := &verify.FileError{Name: strings.Repeat("\x1b", 1000), Err: verify.ErrUnexpected}
	assert.NotContains(t, hostile.Error(), "\x1b")
	assert.Less(t, len(hostile.Error()), 500)
}

// Each error has one rule; what says nothing of the release has none.
func TestRuleOf(t *testing.T) {
	for want, list := range map[verify.Rule][]error{
		"":                    {nil, errors.New("x"), context.Canceled, fmt.Errorf("x: %w", context.DeadlineExceeded), &verify.FileError{Err: context.Canceled}, &verify.FileError{Err: context.DeadlineExceeded}, verify.ErrNoKeys},
		verify.RulePermit:     {fmt.Errorf("x: %w", &verify.RefusalError{Rule: verify.RulePermit, Err: &verify.BundleError{}})},
		verify.RuleProvenance: {fmt.Errorf("%w: %w", verify.ErrProvenance, &verify.ThresholdError{}), &verify.ProvenanceError{}},
		verify.RuleSignature:  {&verify.BundleError{Err: verify.ErrSignature}},
		verify.RuleBundle:     {&verify.BundleError{}, &verify.BundleError{Err: manifest.ErrNotCanonical}},
		verify.RuleThreshold:  {&verify.ThresholdError{}},
		verify.RuleStatement:  {&verify.StatementError{}, manifest.ErrNotCanonical},
		verify.RuleFiles:      {&verify.MismatchError{}, &verify.FileError{Err: verify.ErrMissing}},
	} {
		for _, err := range list {
			assert.Equal(t, want, verify.RuleOf(err), "%v", err)
		}
	}
}
