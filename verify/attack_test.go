package verify_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

func TestGoodRelease(t *testing.T) {
	r, err := good().verify(t)
	require.NoError(t, err)
	assert.Len(t, r.Signers, 2)
	assert.EqualValues(t, 3, r.TrustVersion)
	assert.False(t, r.Installed)
	require.Len(t, r.Unchecked, 1, "there is no provenance")
	assert.Equal(t, now(), r.Judged)
	for _, words := range []string{"hotfix payments-1.4.3 of payments", "signed by 2 trusted signers (2 needed)", "(release engineer)", "(reviewer)", "newer than what this host has confirmed", "has a package for linux/amd64", "version 3"} {
		assert.Contains(t, r.String(), words)
	}
}

// An attack is what somebody tries, and the rule that stops it.
type attack struct {
	change func(t *testing.T, s *scenario)
	rule   verify.Rule
	err    error // nil: any
}

// The attacks of The Update Framework and of this project, one a row. In each, one
// thing differs from what TestGoodRelease accepts.
func attacks() map[string]attack {
	return map[string]attack{
		"arbitrary software: nobody signed":    {func(_ *testing.T, s *scenario) { s.signers = nil }, verify.RuleThreshold, verify.ErrThreshold},
		"arbitrary software: strangers signed": {func(_ *testing.T, s *scenario) { s.signers = []*signer{stranger(), p384()} }, verify.RuleThreshold, verify.ErrThreshold},
		"arbitrary software: a stranger in the name of an engineer": {func(_ *testing.T, s *scenario) {
			s.bundles = func(payload []byte) [][]byte {
				return [][]byte{forged(engineer(), stranger(), payload), reviewer().bundle(payload)}
			}
		}, verify.RuleSignature, verify.ErrSignature},
		"one of two keys stolen":                 {func(_ *testing.T, s *scenario) { s.signers = []*signer{engineer()} }, verify.RuleThreshold, verify.ErrThreshold},
		"one of two keys stolen, and used twice": {func(_ *testing.T, s *scenario) { s.signers = []*signer{engineer(), engineer()} }, verify.RuleThreshold, verify.ErrThreshold},
		"a signer of another product": {func(t *testing.T, s *scenario) {
			s.trust.Signers = append(s.trust.Signers, trustSigner("of billing", stranger()))
			sortSigners(&s.trust)
			s.trust.Products = append([]manifest.TrustProduct{{Product: "billing", Channels: []string{"stable"}, Releases: quorum(1, stranger())}}, s.trust.Products...)
			s.signers = []*signer{engineer(), stranger()}
		}, verify.RuleThreshold, verify.ErrThreshold},
		"wrong product":                  {func(_ *testing.T, s *scenario) { s.release.Product = "billing" }, verify.RuleProduct, verify.ErrUnknownProduct},
		"wrong channel":                  {func(_ *testing.T, s *scenario) { s.release.Channel = "nightly" }, verify.RuleProduct, verify.ErrUnknownProduct},
		"the floor of another product":   {func(_ *testing.T, s *scenario) { s.floor.Product = "billing" }, verify.RuleProduct, verify.ErrUnknownProduct},
		"wrong target":                   {func(_ *testing.T, s *scenario) { s.host.Target = target.MustParse("linux/386") }, verify.RuleTarget, verify.ErrWrongTarget},
		"wrong variant of the target":    {func(_ *testing.T, s *scenario) { s.host.Target = target.MustParse("linux/amd64/v3") }, verify.RuleTarget, verify.ErrWrongTarget},
		"wrong base by one bit":          {func(_ *testing.T, s *scenario) { s.host.Base[31] ^= 1 }, verify.RuleBase, verify.ErrWrongBase},
		"no base, where one is replaced": {func(_ *testing.T, s *scenario) { s.host.Base = manifest.Digest{} }, verify.RuleBase, verify.ErrWrongBase},
		"the base of another target": {func(_ *testing.T, s *scenario) {
			other := manifest.Binary{Version: "1.4.2", Digest: sha256.Sum256([]byte("for arm64")), Size: 8}
			s.release.Packages[1].Base = &other
			s.host.Base = other.Digest
		}, verify.RuleBase, verify.ErrWrongBase},
		"rollback":          {func(_ *testing.T, s *scenario) { s.floor.Sequence = s.release.Sequence + 1 }, verify.RuleRollback, verify.ErrRollback},
		"rollback by epoch": {func(_ *testing.T, s *scenario) { s.floor.Epoch = 1 }, verify.RuleRollback, verify.ErrRollback},
		"replay of a release that was confirmed once": {func(_ *testing.T, s *scenario) {
			s.release.ID, s.release.Sequence = "payments-1.4.1", s.floor.Sequence-1
		}, verify.RuleRollback, verify.ErrRollback},
		"same number, other bytes": {func(_ *testing.T, s *scenario) { s.floor.Sequence = s.release.Sequence }, verify.RuleEquivocation, verify.ErrEquivocation},
		"fast forward":             {func(_ *testing.T, s *scenario) { s.release.Sequence = s.floor.Sequence + manifest.DefaultMaxJump + 1 }, verify.RuleJump, verify.ErrJump},
		"fast forward beyond the trust file's own limit": {func(_ *testing.T, s *scenario) { s.trust.Products[0].MaxJump = 999_999 }, verify.RuleJump, verify.ErrJump},
		"fast forward by epochs":                         {func(_ *testing.T, s *scenario) { s.release.Epoch = 2 }, verify.RuleJump, verify.ErrJump},
		"below the minimum secure version": {func(_ *testing.T, s *scenario) {
			s.trust.Products[0].Minimum = &manifest.Number{Sequence: s.release.Sequence + 1}
		}, verify.RuleMinimum, verify.ErrBelowMinimum},
		"withdrawn": {func(_ *testing.T, s *scenario) {
			s.floor.Withdrawn = []manifest.Withdrawal{{ID: s.release.ID, Reason: "it loses orders"}}
		}, verify.RuleWithdrawn, verify.ErrWithdrawn},
		"indefinite freeze: the trust file has expired": {func(_ *testing.T, s *scenario) { s.trust.Expires = s.now }, verify.RuleTrust, verify.ErrTrustExpired},
		"indefinite freeze: the release has expired":    {func(_ *testing.T, s *scenario) { s.release.Expires = s.now }, verify.RuleExpires, verify.ErrExpired},
		"indefinite freeze: the release is old":         {func(_ *testing.T, s *scenario) { s.trust.Products[0].MaxAgeSeconds = 80_000 }, verify.RuleAge, verify.ErrTooOld},
		"an old trust file":                             {func(_ *testing.T, s *scenario) { s.floor.Trust = 4 }, verify.RuleTrust, verify.ErrTrustVersion},
		"before its time":                               {func(_ *testing.T, s *scenario) { s.release.NotBefore = s.now.Add(301 * time.Second) }, verify.RuleNotBefore, verify.ErrNotYetValid},
		"the clock is at 1970":                          {func(_ *testing.T, s *scenario) { s.now = time.Unix(0, 0) }, verify.RuleClock, verify.ErrClock},
		"the clock was turned back, so that an expired release is valid": {func(_ *testing.T, s *scenario) {
			s.release.Expires, s.floor.Clock, s.now = days(1), days(2), days(0)
		}, verify.RuleClock, verify.ErrClock},
		"a clock that is behind within what is allowed": {func(_ *testing.T, s *scenario) {
			s.release.Expires = days(1)
			s.floor.Clock, s.now = days(1), days(1).Add(-200*time.Second)
		}, verify.RuleExpires, verify.ErrExpired},
		"a missing prerequisite": {func(_ *testing.T, s *scenario) {
			s.release.Prerequisites = []string{"payments-1.4.1", "payments-1.4.9"}
		}, verify.RulePrerequisite, verify.ErrPrerequisite},
		"revoked key": {func(_ *testing.T, s *scenario) {
			s.trust.Products[0].Releases = quorum(1, engineer(), reviewer())
			signerOf(&s.trust, engineer()).Revoked = &manifest.Revocation{Reason: "lost"}
			s.signers = []*signer{engineer()}
		}, verify.RuleThreshold, verify.ErrThreshold},
		"expired key":                        {func(_ *testing.T, s *scenario) { signerOf(&s.trust, engineer()).NotAfter = days(0).Add(-time.Second) }, verify.RuleThreshold, verify.ErrThreshold},
		"key that is not valid yet":          {func(_ *testing.T, s *scenario) { signerOf(&s.trust, engineer()).NotBefore = days(0).Add(time.Second) }, verify.RuleThreshold, verify.ErrThreshold},
		"no timestamp where one is demanded": {func(_ *testing.T, s *scenario) { s.trust.Products[0].RequireTimestamp = true }, verify.RuleThreshold, verify.ErrThreshold},
		"mix and match of two releases": {func(t *testing.T, s *scenario) {
			other := s.release
			other.ID = "payments-1.4.4"
			s.bundles = func(p []byte) [][]byte { return [][]byte{engineer().bundle(p), reviewer().bundle(payload(t, other))} }
		}, verify.RuleBundle, verify.ErrDifferentPayload},
		"signature of another payload type": {func(_ *testing.T, s *scenario) {
			s.bundles = func(p []byte) [][]byte {
				confused := verify.Bundle{Key: engineer().key.ID(), Payload: p, Signature: engineer().sign(preAuth("application/json", p))}
				return [][]byte{must(confused.Encode()), reviewer().bundle(p)}
			}
		}, verify.RuleSignature, verify.ErrSignature},
		"DSSE confusion: a signature over the payload alone": {func(_ *testing.T, s *scenario) {
			s.bundles = func(p []byte) [][]byte {
				confused := verify.Bundle{Key: engineer().key.ID(), Payload: p, Signature: engineer().sign(p)}
				return [][]byte{must(confused.Encode()), reviewer().bundle(p)}
			}
		}, verify.RuleSignature, verify.ErrSignature},
		"a permit in the place of a release": {func(t *testing.T, s *scenario) {
			permit := s.permit(t, nil, engineer(), reviewer())
			s.bundles = func([]byte) [][]byte { return permit }
		}, verify.RuleStatement, nil},
		"a permit by somebody who may not": {func(t *testing.T, s *scenario) {
			s.release.Sequence = s.floor.Sequence - 1
			s.permits = s.permit(t, nil, engineer())
		}, verify.RuleThreshold, verify.ErrThreshold},
		"a permit where nobody may": {func(t *testing.T, s *scenario) {
			s.release.Sequence = s.floor.Sequence - 1
			s.permits = s.permit(t, nil, reviewer())
			s.trust.Products[0].Permits = nil
		}, verify.RulePermit, verify.ErrWrongPermit},
		"a permit for another host":    {permitFor(func(p *manifest.Permit) { p.Host = "pay-8" }), verify.RulePermit, verify.ErrWrongPermit},
		"a permit for another product": {permitFor(func(p *manifest.Permit) { p.Product = "billing" }), verify.RulePermit, verify.ErrWrongPermit},
		"a permit for another release": {permitFor(func(p *manifest.Permit) { p.Statement[0] ^= 1 }), verify.RulePermit, verify.ErrWrongPermit},
		"a permit that has expired":    {permitFor(func(p *manifest.Permit) { p.Expires = days(0) }), verify.RulePermit, verify.ErrWrongPermit},
		"a permit for later":           {permitFor(func(p *manifest.Permit) { p.NotBefore = days(0).Add(301 * time.Second) }), verify.RulePermit, verify.ErrWrongPermit},
		"a permit does not help what was withdrawn": {func(t *testing.T, s *scenario) {
			permitFor(nil)(t, s)
			s.floor.Withdrawn = []manifest.Withdrawal{{ID: s.release.ID, Reason: "it loses orders"}}
		}, verify.RuleWithdrawn, verify.ErrWithdrawn},
		"a permit does not help below the minimum": {func(t *testing.T, s *scenario) {
			permitFor(nil)(t, s)
			s.trust.Products[0].Minimum = &manifest.Number{Sequence: s.release.Sequence + 1}
		}, verify.RuleMinimum, verify.ErrBelowMinimum},
		"too many bundles": {func(_ *testing.T, s *scenario) {
			s.bundles = func(p []byte) [][]byte { return make([][]byte, verify.MaxBundles+1) }
		}, verify.RuleBundle, nil},
		"endless data: a bundle of 100 MB": {func(_ *testing.T, s *scenario) {
			s.bundles = func(p []byte) [][]byte { return [][]byte{make([]byte, 100<<20)} }
		}, verify.RuleBundle, nil},
	}
}

// permitFor makes the release older, and gives a permit that is changed.
func permitFor(change func(*manifest.Permit)) func(t *testing.T, s *scenario) {
	return func(t *testing.T, s *scenario) {
		s.release.Sequence = s.floor.Sequence - 1
		s.permits = s.permit(t, change, reviewer())
	}
}

func TestAttacks(t *testing.T) {
	for name, a := range attacks() {
		t.Run(name, func(t *testing.T) {
			s := good()
			a.change(t, s)
			r, err := s.verify(t)
			require.Error(t, err)
			assert.Nil(t, r)
			assert.Equal(t, a.rule, verify.RuleOf(err), err)
			if a.err != nil {
				assert.ErrorIs(t, err, a.err)
			}
			assert.NotContains(t, err.Error(), "\n")
			t.Log(err)
		})
	}
}

// What looks like one of the attacks above and is none.
func TestNotAnAttack(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, s *scenario){
		"the first release of a host":   func(_ *testing.T, s *scenario) { s.floor = manifest.NewFloor("payments") },
		"a number as high as allowed":   func(_ *testing.T, s *scenario) { s.trust.Products[0].MaxJump = 1_000_000 },
		"the next epoch, numbered anew": func(_ *testing.T, s *scenario) { s.release.Epoch, s.release.Sequence = 1, 1 },
		"the next epoch, far ahead": func(_ *testing.T, s *scenario) {
			s.release.Epoch, s.release.Sequence = 1, s.floor.Sequence+manifest.DefaultMaxJump+1
		},
		"as far ahead as allowed": func(_ *testing.T, s *scenario) { s.release.Sequence = s.floor.Sequence + manifest.DefaultMaxJump },
		"the minimum itself":      func(_ *testing.T, s *scenario) { n := s.release.Number(); s.trust.Products[0].Minimum = &n },
		"prerequisites that are there": func(_ *testing.T, s *scenario) {
			s.release.Prerequisites = []string{"payments-1.4.1", "payments-1.4.2"}
		},
		"one second before it expires":  func(_ *testing.T, s *scenario) { s.release.Expires = s.now.Add(time.Second) },
		"one second before trust does":  func(_ *testing.T, s *scenario) { s.trust.Expires = s.now.Add(time.Second) },
		"early within the skew":         func(_ *testing.T, s *scenario) { s.release.NotBefore = s.now.Add(300 * time.Second) },
		"a clock that is a little late": func(_ *testing.T, s *scenario) { s.floor.Clock = s.now.Add(300 * time.Second) },
		"as old as allowed": func(_ *testing.T, s *scenario) {
			s.trust.Products[0].MaxAgeSeconds = int64(s.now.Sub(s.release.Created) / time.Second)
		},
		"a key in its last second":    func(_ *testing.T, s *scenario) { signerOf(&s.trust, engineer()).NotAfter = s.now },
		"a key in its first second":   func(_ *testing.T, s *scenario) { signerOf(&s.trust, engineer()).NotBefore = s.now },
		"a stranger's bundle beside":  func(_ *testing.T, s *scenario) { s.signers = append(s.signers, stranger()) },
		"a host that runs the result": runsResult,
		"a release without a base":    func(_ *testing.T, s *scenario) { s.release.Packages[0].Base = nil },
		"another hotfix was withdrawn": func(_ *testing.T, s *scenario) {
			s.floor.Withdrawn = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "x"}}
		},
		"a downgrade that is permitted":  permitFor(nil),
		"a permit that is not needed":    func(t *testing.T, s *scenario) { s.permits = s.permit(t, nil, stranger()) },
		"a permit in its last second":    permitFor(func(p *manifest.Permit) { p.Expires = now().Add(time.Second) }),
		"a permit early within the skew": permitFor(func(p *manifest.Permit) { p.NotBefore = now().Add(300 * time.Second) }),
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			change(t, s)
			r, err := s.verify(t)
			require.NoError(t, err)
			assert.False(t, r.Installed)
		})
	}
}

func runsResult(_ *testing.T, s *scenario) {
	result := manifest.Result{Version: s.release.Version, Digest: sha256.Sum256([]byte("the result")), Size: 10, Mode: manifest.ModeExecutable}
	s.release.Packages[0].Result = &result
	s.host.Base = result.Digest
}

// The very release that was confirmed may come again, however old it is by now.
func TestConfirmedReleaseAgain(t *testing.T) {
	s := good()
	s.trust.Products[0].MaxAgeSeconds = 1
	s.floor.Sequence, s.floor.Statement = s.release.Sequence, manifest.DigestOf(s.payload(t))
	r, err := s.verify(t)
	require.NoError(t, err)
	assert.True(t, r.Installed)
	assert.Contains(t, r.String(), "confirmed on this host before")
}

// Where nobody may permit a downgrade, the permit is not even read.
func TestNobodyMayPermit(t *testing.T) {
	s := good()
	permitFor(nil)(t, s)
	s.trust.Products[0].Permits = nil
	_, err := s.verify(t)
	require.ErrorIs(t, err, verify.ErrWrongPermit)
	assert.ErrorContains(t, err, "nobody may permit downgrades of product payments")
}

func TestPermitIsTold(t *testing.T) {
	s := good()
	permitFor(nil)(t, s)
	r, err := s.verify(t)
	require.NoError(t, err)
	require.NotNil(t, r.Permit)
	assert.Equal(t, "pay-7", r.Permit.Host)
	assert.Contains(t, r.String(), "the newer one loses orders")
	f, err := r.Confirmed(s.floor)
	require.NoError(t, err)
	assert.Equal(t, s.floor.Number(), f.Number(), "a floor never sinks")
}

// forged is a bundle in the name of one signer with the signature of another.
func forged(as, by *signer, payload []byte) []byte {
	return must(verify.Bundle{Key: as.key.ID(), Payload: payload, Signature: by.sign(verify.SignedBytes(payload))}.Encode())
}

// preAuth is the DSSE encoding of a payload of another type.
func preAuth(kind string, payload []byte) []byte {
	return append([]byte(fmt.Sprintf("DSSEv1 %d %s %d ", len(kind), kind, len(payload))), payload...)
}
