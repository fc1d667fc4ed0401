package verify_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

const (
	issuer  = "https://id.example.com"
	subject = "release@example.com"
)

// vouched is a verifier of bundles that begin with a word: the rest is the payload.
type vouched struct {
	signed verify.Signed
	err    error
}

func (v vouched) VerifyBundle(_ context.Context, bundle []byte) (verify.Signed, error) {
	payload, ok := bytes.CutPrefix(bundle, []byte("vouched:"))
	if !ok {
		return verify.Signed{}, verify.ErrOtherKind
	}
	v.signed.Payload = payload
	return v.signed, v.err
}

// byIdentity is a scenario in which an identity signs beside the engineer.
func byIdentity(v vouched) *scenario {
	s := good()
	id := verify.IdentityID(issuer, subject)
	s.trust.Signers = append(s.trust.Signers, manifest.TrustSigner{ID: id.String(), Name: "release workflow", Identity: &manifest.TrustIdentity{Issuer: issuer, Subject: subject}})
	sortSigners(&s.trust)
	q := &s.trust.Products[0].Releases
	*q = quorum(2, engineer())
	q.Signers = append(q.Signers, id.String())
	if q.Signers[0] > q.Signers[1] {
		q.Signers[0], q.Signers[1] = q.Signers[1], q.Signers[0]
	}
	s.bundles = func(payload []byte) [][]byte {
		return [][]byte{engineer().bundle(payload), append([]byte("vouched:"), payload...)}
	}
	s.options = []verify.Option{verify.WithBundleVerifier(v)}
	return s
}

func signedBy() verify.Signed {
	return verify.Signed{Signer: verify.IdentityID(issuer, subject), Name: subject, Time: days(-1)}
}

func TestIdentity(t *testing.T) {
	r, err := byIdentity(vouched{signed: signedBy()}).verify(t)
	require.NoError(t, err)
	require.Len(t, r.Signers, 2)
	assert.Contains(t, r.String(), "release workflow")
	assert.Contains(t, r.String(), days(-1).Format(time.RFC3339))
}

func TestRefusedIdentities(t *testing.T) {
	other, untimed, future := signedBy(), signedBy(), signedBy()
	other.Signer = verify.IdentityID(issuer, "somebody@example.com")
	untimed.Time, future.Time = time.Time{}, now().Add(301*time.Second)
	broken := errors.New("the certificate is another's")
	for name, test := range map[string]struct {
		by   vouched
		want error
	}{
		"another identity":       {vouched{signed: other}, verify.ErrThreshold},
		"no time":                {vouched{signed: untimed}, verify.ErrUntimedSigner},
		"a time to come":         {vouched{signed: future}, verify.ErrClock},
		"a signature that fails": {vouched{signed: signedBy(), err: broken}, broken},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := byIdentity(test.by).verify(t)
			require.ErrorIs(t, err, test.want)
		})
	}
	s := byIdentity(vouched{signed: signedBy()})
	s.options = nil
	_, err := s.verify(t)
	var refused *verify.BundleError
	require.ErrorAs(t, err, &refused, "nobody knows this kind of bundle")
	_, err = verify.New(verify.WithKeys(engineer().key), verify.WithBundleVerifier(vouched{}))
	assert.ErrorContains(t, err, "keys say nothing about identities")
}

// A signer's validity is judged at the time that is proven, not now.
func TestValidityAtTheProvenTime(t *testing.T) {
	id := verify.IdentityID(issuer, subject).String()
	for name, test := range map[string]struct {
		change func(s *manifest.TrustSigner)
		good   bool
	}{
		"expired after it signed":    {func(s *manifest.TrustSigner) { s.NotAfter = days(-1).Add(time.Second) }, true},
		"expired as it signed":       {func(s *manifest.TrustSigner) { s.NotAfter = days(-1) }, true},
		"signed after it expired":    {func(s *manifest.TrustSigner) { s.NotAfter = days(-1).Add(-time.Second) }, false},
		"signed before it was valid": {func(s *manifest.TrustSigner) { s.NotBefore = days(-1).Add(time.Second) }, false},
		"revoked since then":         {func(s *manifest.TrustSigner) { s.Revoked = &manifest.Revocation{Since: days(0), Reason: "left"} }, true},
		"revoked before it signed":   {func(s *manifest.TrustSigner) { s.Revoked = &manifest.Revocation{Since: days(-1), Reason: "left"} }, false},
		"revoked for good":           {func(s *manifest.TrustSigner) { s.Revoked = &manifest.Revocation{Reason: "stolen"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := byIdentity(vouched{signed: signedBy()})
			s.trust.Products[0].Releases.Threshold = 1
			s.trust.Products[0].RequireTimestamp = true
			for i := range s.trust.Signers {
				if s.trust.Signers[i].ID == id {
					test.change(&s.trust.Signers[i])
				}
			}
			// A quorum of those who are not revoked must be possible.
			r, err := s.verify(t)
			if !test.good {
				require.ErrorIs(t, err, verify.ErrThreshold)
				return
			}
			require.NoError(t, err)
			assert.Len(t, r.Signers, 1)
			assert.Len(t, r.Uncounted, 1, "the engineer's has no timestamp")
		})
	}
}
