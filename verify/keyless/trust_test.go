package keyless_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/keyless"
)

func theNextDay() time.Time { return time.Date(2026, 9, 22, 14, 0, 0, 0, time.UTC) }

// trustFile trusts one identity for the release of the tests.
func trustFile(issuer, subject string) manifest.Trust {
	id := verify.IdentityID(issuer, subject).String()
	quorum := manifest.Quorum{Threshold: 1, Signers: []string{id}}
	return manifest.Trust{
		Schema: manifest.TrustSchema, Version: 1, Created: theNextDay().AddDate(0, -1, 0), Expires: theNextDay().AddDate(1, 0, 0),
		Signers:  []manifest.TrustSigner{{ID: id, Name: "release workflow", Identity: &manifest.TrustIdentity{Issuer: issuer, Subject: subject}}},
		Root:     quorum,
		Products: []manifest.TrustProduct{{Product: release().Product, Channels: []string{release().Channel}, Releases: quorum, RequireTimestamp: true}},
		Clock:    manifest.TrustClock{MaxSkewSeconds: 300},
	}
}

// The core counts an identity that its trust file lists, and no other; and what a
// log proves about the time is what counts.
func TestTrustedIdentities(t *testing.T) {
	s := newInstance()
	signed := encode(s.sign(signing{}).v1())
	found, err := newVerifier(t, s).VerifyBundle(t.Context(), signed)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		change func(d *manifest.TrustSigner)
		want   error
	}{
		"listed":                  {func(*manifest.TrustSigner) {}, nil},
		"expired after it signed": {func(d *manifest.TrustSigner) { d.NotAfter = found.Time.Truncate(time.Second).Add(time.Second) }, nil},
		"expired before":          {func(d *manifest.TrustSigner) { d.NotAfter = found.Time.Truncate(time.Second).Add(-time.Second) }, verify.ErrThreshold},
	} {
		t.Run(name, func(t *testing.T) {
			document := trustFile("https://accounts.example.com", "release@example.com")
			test.change(&document.Signers[0])
			_, err := judge(t, document, newVerifier(t, s)).Verify(t.Context(), [][]byte{signed})
			require.ErrorIs(t, err, test.want)
		})
	}
	for _, other := range [][2]string{{"https://accounts.example.com", "somebody@example.com"}, {"https://other.example.com", "release@example.com"}} {
		_, err := judge(t, trustFile(other[0], other[1]), newVerifier(t, s)).Verify(t.Context(), [][]byte{signed})
		require.ErrorIs(t, err, verify.ErrThreshold)
	}
	_, err = judge(t, trustFile("https://accounts.example.com", "release@example.com"), newVerifier(t, newInstance())).Verify(t.Context(), [][]byte{signed})
	require.Error(t, err, "another instance's root")
	assert.Equal(t, verify.RuleBundle, verify.RuleOf(err), err)
}

func judge(t *testing.T, document manifest.Trust, identities *keyless.Verifier) *verify.Verifier {
	t.Helper()
	trust, err := verify.NewTrust(document)
	require.NoError(t, err)
	v, err := verify.New(verify.WithTrust(trust), verify.WithBundleVerifier(identities), verify.WithClock(theNextDay))
	require.NoError(t, err)
	return v
}
