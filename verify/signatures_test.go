package verify_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// Of several bundles of one signer, the one that is proven to be the earliest counts.
func TestEarliestBundleOfASignerCounts(t *testing.T) {
	early, late := newTSA(t, days(-1)), newTSA(t, anHourAgo())
	for name, test := range map[string]struct {
		stamps []*timestamptest.TSA // nil for a bundle without a timestamp
		want   time.Time
	}{
		"late, then early":      {[]*timestamptest.TSA{late, early}, days(-1)},
		"early, then late":      {[]*timestamptest.TSA{early, late}, days(-1)},
		"unproven, then proven": {[]*timestamptest.TSA{nil, late}, anHourAgo()},
		"proven, then unproven": {[]*timestamptest.TSA{late, nil}, anHourAgo()},
		"never proven":          {[]*timestamptest.TSA{nil, nil}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.trust.Products[0].Releases = quorum(1, engineer())
			s.trust.Authorities = []manifest.TrustAuthority{authority("early", early), authority("late", late)}
			s.bundles = func(p []byte) (bundles [][]byte) {
				for _, tsa := range test.stamps {
					if tsa == nil {
						bundles = append(bundles, engineer().bundle(p))
					} else {
						bundles = append(bundles, engineer().stampedBundle(t, p, tsa, nil))
					}
				}
				return bundles
			}
			r, err := s.verify(t)
			require.NoError(t, err)
			require.Len(t, r.Signers, 1)
			assert.Equal(t, test.want, r.Signers[0].Time)
			assert.Equal(t, test.want.IsZero(), r.Signers[0].Authority == "")
		})
	}
}

// Who signed is told by id, whatever the order of the bundles, and each once.
func TestSignersAreSorted(t *testing.T) {
	s, lost := good(), newECDSA(elliptic.P256())
	s.trust.Products[0].Releases = quorum(1, engineer(), reviewer())
	s.trust.Signers = append(s.trust.Signers, trustSigner("of permits", edwards()), trustSigner("revoked", lost))
	signerOf(&s.trust, lost).Revoked = &manifest.Revocation{Reason: "lost"}
	s.trust.Root = quorum(1, edwards())
	sortSigners(&s.trust)
	order := []*signer{engineer(), stranger(), lost, edwards(), reviewer(), p384(), stranger(), lost}
	for range 2 {
		slices.Reverse(order)
		s.signers = order
		r, err := s.verify(t)
		require.NoError(t, err)
		require.Len(t, r.Signers, 2)
		require.Len(t, r.Uncounted, 4)
		assert.Negative(t, bytes.Compare(r.Signers[0].Signer[:], r.Signers[1].Signer[:]))
		assert.True(t, slices.IsSortedFunc(r.Uncounted, func(a, b verify.Uncounted) int { return bytes.Compare(a.Signer[:], b.Signer[:]) }))
		for _, u := range r.Uncounted {
			switch u.Signer {
			case edwards().key.ID():
				assert.Equal(t, "of permits", u.Name)
				assert.ErrorIs(t, u.Err, verify.ErrSignerElsewhere)
			case lost.key.ID():
				assert.Equal(t, "revoked", u.Name)
				assert.ErrorIs(t, u.Err, verify.ErrSignerRevoked)
			default:
				assert.ErrorIs(t, u.Err, verify.ErrUnknownSigner)
			}
		}
	}
	order = []*signer{p384(), engineer(), stranger(), reviewer()}
	for range 2 {
		slices.Reverse(order)
		_, err := newVerifier(t, 3, engineer(), reviewer(), edwards()).Verify(t.Context(), bundlesOf(s.payload(t), order...))
		var refused *verify.ThresholdError
		require.ErrorAs(t, err, &refused)
		assert.Negative(t, bytes.Compare(refused.Signers[0].Signer[:], refused.Signers[1].Signer[:]))
		assert.Negative(t, bytes.Compare(refused.Uncounted[0].Signer[:], refused.Uncounted[1].Signer[:]))
	}
}

func bundlesOf(payload []byte, signers ...*signer) (bundles [][]byte) {
	for _, s := range signers {
		bundles = append(bundles, s.bundle(payload))
	}
	return bundles
}

// Why a signature does not count is told with the time at which it is judged.
func TestReasonsOfUncounted(t *testing.T) {
	for says, change := range map[string]func(s *manifest.TrustSigner){
		"signed at 2026-09-22T13:00:00Z, and the key is valid from 2026-09-22T13:00:01Z on": func(s *manifest.TrustSigner) { s.NotBefore = anHourAgo().Add(time.Second) },
		"signed at 2026-09-22T13:00:00Z, and the key was valid up to 2026-09-22T12:59:59Z":  func(s *manifest.TrustSigner) { s.NotAfter = anHourAgo().Add(-time.Second) },
	} {
		s := stamped(t, newTSA(t, anHourAgo()))
		change(signerOf(&s.trust, engineer()))
		_, err := s.verify(t)
		require.ErrorContains(t, err, "(release engineer): "+says)
	}
	s := good()
	signerOf(&s.trust, engineer()).NotAfter = days(-1)
	_, err := s.verify(t)
	require.ErrorContains(t, err, "has no timestamp that proves when it was made, and the key was valid up to 2026-09-21T14:00:00Z")
}

// Neither names nor reasons can change what a terminal shows.
func TestPrintable(t *testing.T) {
	for name, shown := range map[string]string{
		"a b~":                             "a b~",
		"\x1b[2J\x7f\x1f":                  "?[2J??",
		"é":                                "?",
		strings.Repeat("x", 80):            strings.Repeat("x", 80),
		strings.Repeat("x", 81):            strings.Repeat("x", 80) + "…",
		strings.Repeat("x", 79) + "\x1b\n": strings.Repeat("x", 79) + "?…",
	} {
		assert.Equal(t, "0000000000000000 ("+shown+")", verify.Signature{Name: name}.String())
		assert.Equal(t, "0000000000000000 ("+shown+"): no", verify.Uncounted{Name: name, Reason: "no"}.String())
	}
	assert.Equal(t, "0000000000000000", verify.Signature{}.String())
	assert.Equal(t, "0000000000000000: no", verify.Uncounted{Reason: "no"}.String())
	assert.Equal(t, "0000000000000000 at 2026-09-22T14:00:00Z by ?", verify.Signature{Time: now(), Authority: "\a"}.String())
}

// ofOtherKind knows no bundle.
type ofOtherKind struct{}

func (ofOtherKind) VerifyBundle(context.Context, []byte) (verify.Signed, error) {
	return verify.Signed{}, verify.ErrOtherKind
}

// Each verifier of other bundles is asked in turn.
func TestSeveralBundleVerifiers(t *testing.T) {
	s := byIdentity(vouched{signed: signedBy()})
	s.options = append([]verify.Option{verify.WithBundleVerifier(ofOtherKind{})}, s.options...)
	_, err := s.verify(t)
	require.NoError(t, err)
	s.options = []verify.Option{verify.WithBundleVerifier(ofOtherKind{}), verify.WithBundleVerifier(ofOtherKind{})}
	_, err = s.verify(t)
	var refused *verify.BundleError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "2 of 2", refused.Bundle)
	assert.ErrorContains(t, err, "is not the JSON of a Sigstore bundle")
}
