package apply_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/internal/releases"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestTrustFileOfTheStore(t *testing.T) {
	s := newScene(t)
	h, err := apply.New(s.store, apply.WithSwapper(s.service), apply.WithSoak(0, time.Millisecond))
	require.NoError(t, err)
	first := apply.FromDist(s.release(1, "1.0.0", ""))
	_, err = h.Apply(t.Context(), first)
	require.ErrorIs(t, err, apply.ErrNoTrust)

	require.NoError(t, h.SetTrust(t.Context(), product, s.maker.Trust()))
	require.ErrorContains(t, h.SetTrust(t.Context(), product, s.maker.Trust()), "already")
	_, err = h.Apply(t.Context(), first)
	require.NoError(t, err)

	next, err := s.maker.NextTrust(t.Context())
	require.NoError(t, err)
	stranger, err := newScene(t).maker.NextTrust(t.Context())
	require.NoError(t, err)
	require.Error(t, h.UpdateTrust(t.Context(), product, [][]byte{stranger}))
	require.NoError(t, h.UpdateTrust(t.Context(), product, [][]byte{next}))
	require.ErrorIs(t, h.UpdateTrust(t.Context(), product, [][]byte{next}), verify.ErrTrustVersion)
	data, err := os.ReadFile(filepath.Join(s.store, product, "trust.json"))
	require.NoError(t, err)
	document, err := manifest.DecodeTrust(data)
	require.NoError(t, err)
	assert.EqualValues(t, 2, document.Version)
}

func TestNoticeIsHeeded(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	dist := filepath.Join(s.dir, "taken-back")
	release, err := s.maker.Make(t.Context(), dist, releases.Release{
		Product: product, ID: "HF-2", Version: "1.0.1", Sequence: 2, Executable: s.executable("1.0.1"), Old: s.executable("1.0.0"), OldVersion: "1.0.0",
	})
	require.NoError(t, err)
	bundle, err := s.maker.Notice(t.Context(), release)
	require.NoError(t, err)
	notice, err := s.host().Heed(t.Context(), product, [][]byte{bundle})
	require.NoError(t, err)
	assert.Equal(t, "HF-2", notice.Withdrawals[0].ID)
	_, err = s.host().Apply(t.Context(), apply.FromDist(dist))
	require.ErrorIs(t, err, verify.ErrWithdrawn)
	s.requireRuns("1.0.0")
}
