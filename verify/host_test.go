package verify_test

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// A refusal names each base that the release replaces once, in order.
func TestBasesAreNamed(t *testing.T) {
	s := good()
	other := manifest.Binary{Version: "1.4.3-rc", Digest: sha256.Sum256([]byte("another base")), Size: 8}
	more, again := s.release.Packages[0], s.release.Packages[0]
	more.Name, more.Base, more.Delta = "a.tar.gz", &other, true
	again.Name, again.Delta = "b.tar.gz", true
	result := manifest.Result{Version: s.release.Version, Digest: sha256.Sum256([]byte("the result")), Size: 10, Mode: manifest.ModeExecutable}
	for _, e := range []*manifest.Entry{&more, &again, &s.release.Packages[0], &s.release.Packages[1]} {
		e.Result = &result
	}
	s.release.Packages = append([]manifest.Entry{more, again}, s.release.Packages...)
	s.host.Base = sha256.Sum256([]byte("something else"))
	_, err := s.verify(t)
	require.ErrorIs(t, err, verify.ErrWrongBase)
	assert.ErrorContains(t, err, "replaces 1.4.2 ("+running().Digest.String()+") or 1.4.3-rc ("+other.Digest.String()+"), and this host runs "+s.host.Base.String()+";")

	s.host.Base = manifest.Digest{}
	_, err = s.verify(t)
	assert.ErrorContains(t, err, "and this host runs nothing;")
	for _, base := range []manifest.Digest{other.Digest, running().Digest, result.Digest} {
		s.host.Base = base
		r, err := s.verify(t)
		require.NoError(t, err)
		assert.Contains(t, r.String(), "replaces what this host runs, "+base.String())
	}
}

// A permit that is damaged or forged is told as the downgrade that it is for.
func TestBadPermits(t *testing.T) {
	for name, test := range map[string]struct {
		bundles func(t *testing.T, s *scenario) [][]byte
		rule    verify.Rule
	}{
		"garbage": {func(*testing.T, *scenario) [][]byte { return [][]byte{[]byte("{}")} }, verify.RuleBundle},
		"forged": {func(t *testing.T, s *scenario) [][]byte {
			b, err := verify.ParseBundle(s.permit(t, nil, reviewer())[0])
			require.NoError(t, err)
			return [][]byte{forged(reviewer(), stranger(), b.Payload)}
		}, verify.RuleSignature},
		"another document": {func(t *testing.T, s *scenario) [][]byte { return [][]byte{reviewer().bundle(s.payload(t))} }, verify.RuleStatement},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.release.Sequence = s.floor.Sequence - 1
			s.permits = test.bundles(t, s)
			r, err := s.verify(t)
			require.Error(t, err)
			assert.Nil(t, r)
			assert.Equal(t, test.rule, verify.RuleOf(err), err)
			assert.ErrorContains(t, err, "older than what this host has confirmed")
			assert.ErrorContains(t, err, "and the permit is refused")
		})
	}
}
