package verify_test

import (
	"encoding/pem"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

func newTSA(t testing.TB, at time.Time) *timestamptest.TSA {
	t.Helper()
	tsa, err := timestamptest.New(timestamptest.At(at))
	require.NoError(t, err)
	return tsa
}

// authority describes an authority for a trust file.
func authority(name string, tsa *timestamptest.TSA) manifest.TrustAuthority {
	a := manifest.TrustAuthority{Name: name}
	for rest := tsa.Chain(); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return a
		}
		a.Certificates = append(a.Certificates, block.Bytes)
	}
}

// stampedBundle signs, and has the signature stamped; over another signature if
// one is given.
func (s *signer) stampedBundle(t testing.TB, payload []byte, tsa *timestamptest.TSA, over []byte) []byte {
	t.Helper()
	b := verify.Bundle{Key: s.key.ID(), Payload: payload, Signature: s.sign(verify.SignedBytes(payload))}
	if over == nil {
		over = b.Signature
	}
	response, err := tsa.Stamp(t.Context(), over)
	require.NoError(t, err)
	b.Timestamps = [][]byte{response}
	return must(b.Encode())
}

// stamped is a scenario in which both signatures were stamped an hour before now,
// as the trust file demands.
func stamped(t testing.TB, tsa *timestamptest.TSA) *scenario {
	t.Helper()
	s := good()
	s.trust.Products[0].RequireTimestamp = true
	s.trust.Authorities = []manifest.TrustAuthority{authority("the company's clock", tsa)}
	s.bundles = func(payload []byte) [][]byte {
		return [][]byte{engineer().stampedBundle(t, payload, tsa, nil), reviewer().stampedBundle(t, payload, tsa, nil)}
	}
	return s
}

func anHourAgo() time.Time { return now().Add(-time.Hour) }

func TestStampedRelease(t *testing.T) {
	r, err := stamped(t, newTSA(t, anHourAgo())).verify(t)
	require.NoError(t, err)
	require.Len(t, r.Signers, 2)
	for _, s := range r.Signers {
		assert.Equal(t, anHourAgo(), s.Time)
		assert.Equal(t, "the company's clock", s.Authority)
	}
	assert.Contains(t, r.String(), "at 2026-09-22T13:00:00Z by the company's clock")
	f, err := r.Seen(installed())
	require.NoError(t, err)
	assert.Equal(t, anHourAgo(), f.Clock, "a time that an authority has stamped has passed")
}

func TestKeysThatExpiredAfterTheySigned(t *testing.T) {
	tsa := newTSA(t, anHourAgo())
	for name, test := range map[string]struct {
		change func(s *manifest.TrustSigner)
		good   bool
	}{
		"expired after it signed": {func(s *manifest.TrustSigner) { s.NotAfter = anHourAgo() }, true},
		"signed after it expired": {func(s *manifest.TrustSigner) { s.NotAfter = anHourAgo().Add(-time.Second) }, false},
		"signed before it began":  {func(s *manifest.TrustSigner) { s.NotBefore = anHourAgo().Add(time.Second) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := stamped(t, tsa)
			test.change(signerOf(&s.trust, engineer()))
			_, err := s.verify(t)
			if test.good {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, verify.ErrThreshold)
			var refused *verify.ThresholdError
			require.ErrorAs(t, err, &refused)
			require.Len(t, refused.Uncounted, 1)
			assert.ErrorIs(t, refused.Uncounted[0].Err, verify.ErrSignerValidity)
		})
	}
}

func TestTimestampAttacks(t *testing.T) {
	tsa, other := newTSA(t, anHourAgo()), newTSA(t, anHourAgo())
	future := newTSA(t, now().Add(301*time.Second))
	for name, test := range map[string]struct {
		change func(s *scenario)
		want   error
	}{
		"timestamp of another signature": {func(s *scenario) {
			s.bundles = func(p []byte) [][]byte {
				return [][]byte{engineer().stampedBundle(t, p, tsa, []byte("another signature")), reviewer().stampedBundle(t, p, tsa, nil)}
			}
		}, timestamp.ErrOtherMessage},
		"timestamp by a stranger": {func(s *scenario) {
			s.bundles = func(p []byte) [][]byte {
				return [][]byte{engineer().stampedBundle(t, p, other, nil), reviewer().stampedBundle(t, p, tsa, nil)}
			}
		}, timestamp.ErrUntrusted},
		"timestamp after the authority's validity":  {func(s *scenario) { s.trust.Authorities[0].NotAfter = anHourAgo().Add(-time.Second) }, timestamp.ErrValidity},
		"timestamp before the authority's validity": {func(s *scenario) { s.trust.Authorities[0].NotBefore = anHourAgo().Add(time.Second) }, timestamp.ErrValidity},
		"timestamp from the future": {func(s *scenario) {
			s.trust.Authorities = []manifest.TrustAuthority{authority("clock", future)}
			s.bundles = func(p []byte) [][]byte {
				return [][]byte{engineer().stampedBundle(t, p, future, nil), reviewer().stampedBundle(t, p, future, nil)}
			}
		}, verify.ErrClock},
		"timestamps, and nobody to believe them": {func(s *scenario) { s.trust.Authorities = nil }, verify.ErrThreshold},
		"one of two is not stamped": {func(s *scenario) {
			s.bundles = func(p []byte) [][]byte {
				return [][]byte{engineer().stampedBundle(t, p, tsa, nil), reviewer().bundle(p)}
			}
		}, verify.ErrThreshold},
		"the permit is not stamped": {func(s *scenario) {
			s.release.Sequence = s.floor.Sequence - 1
			s.permits = s.permit(t, nil, reviewer())
		}, verify.ErrThreshold},
	} {
		t.Run(name, func(t *testing.T) {
			s := stamped(t, tsa)
			test.change(s)
			_, err := s.verify(t)
			require.ErrorIs(t, err, test.want)
			t.Log(err)
		})
	}
}

// Keys without a trust file say nothing of authorities: timestamps are not looked at.
func TestTimestampsBesideKeys(t *testing.T) {
	tsa := newTSA(t, anHourAgo())
	r, err := newVerifier(t, 1, engineer()).Verify(t.Context(), [][]byte{engineer().stampedBundle(t, payload(t, release()), tsa, []byte("another signature"))})
	require.NoError(t, err)
	assert.Equal(t, []verify.Signature{{Signer: engineer().key.ID()}}, r.Signers)
}

// Of several timestamps of one signature, the earliest counts: it existed then.
func TestEarliestTimestampCounts(t *testing.T) {
	early, late := newTSA(t, days(-1)), newTSA(t, anHourAgo())
	s := stamped(t, early)
	s.trust.Authorities = append(s.trust.Authorities, authority("zz", late))
	s.bundles = func(p []byte) [][]byte {
		b, err := verify.ParseBundle(engineer().stampedBundle(t, p, late, nil))
		require.NoError(t, err)
		response, err := early.Stamp(t.Context(), b.Signature)
		require.NoError(t, err)
		b.Timestamps = append(b.Timestamps, response)
		return [][]byte{must(b.Encode()), reviewer().stampedBundle(t, p, late, nil)}
	}
	r, err := s.verify(t)
	require.NoError(t, err)
	for _, signature := range r.Signers {
		if signature.Signer == engineer().key.ID() {
			assert.Equal(t, days(-1), signature.Time)
			assert.Equal(t, "the company's clock", signature.Authority)
		} else {
			assert.Equal(t, anHourAgo(), signature.Time)
			assert.Equal(t, "zz", signature.Authority)
		}
	}
}

// Each of several timestamps must hold, wherever it stands.
func TestOneBadTimestampOfTwo(t *testing.T) {
	tsa, other := newTSA(t, anHourAgo()), newTSA(t, anHourAgo())
	for _, order := range [][]*timestamptest.TSA{{tsa, other}, {other, tsa}} {
		s := stamped(t, tsa)
		s.bundles = func(p []byte) [][]byte {
			b := verify.Bundle{Key: engineer().key.ID(), Payload: p, Signature: engineer().sign(verify.SignedBytes(p))}
			for _, a := range order {
				response, err := a.Stamp(t.Context(), b.Signature)
				require.NoError(t, err)
				b.Timestamps = append(b.Timestamps, response)
			}
			return [][]byte{must(b.Encode()), reviewer().stampedBundle(t, p, tsa, nil)}
		}
		_, err := s.verify(t)
		require.ErrorIs(t, err, timestamp.ErrUntrusted)
		assert.Equal(t, verify.RuleTimestamp, verify.RuleOf(err))
	}
}

// The later of two stamps does not take the place of the earlier one.
func TestLaterTimestampDoesNotCount(t *testing.T) {
	early, late := newTSA(t, days(-1)), newTSA(t, anHourAgo())
	s := stamped(t, early)
	s.trust.Authorities = append(s.trust.Authorities, authority("zz", late))
	s.trust.Products[0].Releases = quorum(1, engineer())
	s.bundles = func(p []byte) [][]byte {
		b, err := verify.ParseBundle(engineer().stampedBundle(t, p, early, nil))
		require.NoError(t, err)
		response, err := late.Stamp(t.Context(), b.Signature)
		require.NoError(t, err)
		b.Timestamps = append(b.Timestamps, response)
		return [][]byte{must(b.Encode())}
	}
	r, err := s.verify(t)
	require.NoError(t, err)
	assert.Equal(t, days(-1), r.Signers[0].Time)
}

func TestBadAuthorities(t *testing.T) {
	for name, change := range map[string]func(a *manifest.TrustAuthority){
		"no certificate": func(a *manifest.TrustAuthority) { a.Certificates = nil },
		"a damaged one":  func(a *manifest.TrustAuthority) { a.Certificates[0][20] ^= 1 },
		"in the wrong order": func(a *manifest.TrustAuthority) {
			a.Certificates[0], a.Certificates[2] = a.Certificates[2], a.Certificates[0]
		},
		"a validity backwards": func(a *manifest.TrustAuthority) { a.NotBefore, a.NotAfter = days(1), days(0) },
		"no name":              func(a *manifest.TrustAuthority) { a.Name = "" },
	} {
		t.Run(name, func(t *testing.T) {
			d := trustFile()
			a := authority("clock", newTSA(t, now()))
			change(&a)
			d.Authorities = []manifest.TrustAuthority{a}
			_, err := verify.NewTrust(d)
			require.Error(t, err)
		})
	}
}

// The bits of a release that two people signed and had stamped: each is refused
// that is flipped.
func TestFlippedBitsOfAStampedRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("tries every bit of a bundle")
	}
	tsa := newTSA(t, anHourAgo())
	s := stamped(t, tsa)
	signed := s.payload(t)
	bundles := s.bundles(signed)
	v := s.verifier(t)
	_, err := v.Verify(t.Context(), bundles)
	require.NoError(t, err)
	tried := 0
	for i := range len(bundles[0]) * 8 {
		bundles[0][i/8] ^= 1 << (i % 8)
		_, err := v.Verify(t.Context(), bundles)
		require.Error(t, err, "bit %d", i)
		bundles[0][i/8] ^= 1 << (i % 8)
		tried++
	}
	t.Logf("%d flipped bits, 0 accepted", tried)
}
