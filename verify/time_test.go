package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Without a trust file, clocks may differ by five minutes.
func TestSkewOfKeys(t *testing.T) {
	for name, test := range map[string]struct {
		behind time.Duration
		want   error
	}{
		"five minutes behind": {5 * time.Minute, nil},
		"a second more":       {5*time.Minute + time.Second, verify.ErrClock},
	} {
		t.Run(name, func(t *testing.T) {
			floor := installed()
			floor.Clock = now().Add(test.behind)
			v, err := verify.New(verify.WithKeys(engineer().key), verify.WithFloor(floor), verify.WithClock(now))
			require.NoError(t, err)
			r, err := v.Verify(t.Context(), [][]byte{engineer().bundle(payload(t, hotfix()))})
			require.ErrorIs(t, err, test.want)
			if test.want == nil {
				assert.Equal(t, floor.Clock, r.Judged, "never a time that has passed already")
				return
			}
			assert.ErrorContains(t, err, "as the floor proves")
		})
	}
}

// The later of what the trust file and the floor prove has passed.
func TestWhatHasPassed(t *testing.T) {
	for name, test := range map[string]struct {
		trust, floor time.Time
		says         string // "" if the clock is right
	}{
		"neither":        {days(-100), days(-20), ""},
		"the trust file": {days(2), days(1), "2026-09-24T14:00:00Z has passed already, as the trust file proves"},
		"the floor":      {days(1), days(2), "2026-09-24T14:00:00Z has passed already, as the floor proves"},
		"both alike":     {days(2), days(2), "as the trust file proves"},
		"no time yet":    {days(-100), time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			s.trust.Created, s.floor.Clock = test.trust, test.floor
			_, err := s.verify(t)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, verify.ErrClock)
			assert.ErrorContains(t, err, test.says)
		})
	}
}

// Whether a release has an end is told.
func TestEndIsTold(t *testing.T) {
	s := good()
	r, err := s.verify(t)
	require.NoError(t, err)
	assert.Contains(t, r.String(), "judged at 2026-09-22T14:00:00Z; it has no end")
	s.release.Expires = days(1)
	r, err = s.verify(t)
	require.NoError(t, err)
	assert.Contains(t, r.String(), "valid at 2026-09-22T14:00:00Z, until 2026-09-23T14:00:00Z")
}

// What was judged is told in the order of the rules, whatever was given.
func TestOrderOfFindings(t *testing.T) {
	s := good()
	s.trust.Products[0].Minimum = &manifest.Number{Sequence: 1}
	r, err := s.verify(t)
	require.NoError(t, err)
	var rules []verify.Rule
	for _, f := range r.Established {
		rules = append(rules, f.Rule)
	}
	assert.Equal(t, []verify.Rule{
		verify.RuleThreshold, verify.RuleProduct, verify.RuleExpires, verify.RuleMinimum, verify.RuleRollback, verify.RuleTarget, verify.RuleBase,
	}, rules)
	assert.Equal(t, []verify.Finding{{Rule: verify.RuleProvenance, Text: "there is no provenance"}}, r.Unchecked)
	assert.True(t, strings.HasSuffix(r.String(), "; there is no provenance"))
	assert.NotContains(t, r.String(), "not counted")
}
