package verify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/hostilejson"
	"github.com/gohotfix/hotfix/verify"
)

// A statement in another spelling is refused even when a trusted key has signed
// it: what one reader takes it for, another may not.
func TestSignedSpellingsAreRefused(t *testing.T) {
	v := newVerifier(t, 1, edwards())
	signed := payload(t, release())
	result, err := v.Verify(t.Context(), [][]byte{edwards().bundle(signed)})
	require.NoError(t, err, "the original is accepted")
	require.NotNil(t, result)

	all, err := hostilejson.Spellings(signed)
	require.NoError(t, err)
	tried := 0
	for name, spelled := range all {
		if tried++; testing.Short() && tried%10 != 0 {
			continue
		}
		result, err := v.Verify(t.Context(), [][]byte{edwards().bundle(spelled)})
		var refused *verify.StatementError
		require.ErrorAs(t, err, &refused, name)
		require.Nil(t, result, name)
	}
	t.Logf("%d spellings of a statement of %d bytes, 0 accepted", tried, len(signed))
	assert.Greater(t, tried, 4000)
}

// Nor is a bundle in another spelling read, whoever has signed it.
func TestSpellingsOfABundleAreRefused(t *testing.T) {
	v := newVerifier(t, 1, edwards())
	good := edwards().bundle(payload(t, release()))
	all, err := hostilejson.Spellings(good)
	require.NoError(t, err)
	tried := 0
	for name, spelled := range all {
		if tried++; testing.Short() && tried%10 != 0 {
			continue
		}
		result, err := v.Verify(t.Context(), [][]byte{spelled})
		var refused *verify.BundleError
		require.ErrorAs(t, err, &refused, name)
		require.Nil(t, result, name)
	}
	t.Logf("%d spellings of a bundle of %d bytes, 0 accepted", tried, len(good))
	assert.Greater(t, tried, 1000)
}
