package inline_test

import (
	"encoding/binary"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
	"github.com/gohotfix/hotfix/verify/sign"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// stampedBundle is a bundle with that many timestamps.
func stampedBundle(t testing.TB, signer *sign.Signer, n int) []byte {
	t.Helper()
	tsa, err := timestamptest.New()
	require.NoError(t, err)
	b := bundle(t, release(), signer)
	for range n {
		b, err = sign.AddTimestamp(t.Context(), b, tsa)
		require.NoError(t, err)
	}
	return b
}

func decoded(t testing.TB, text []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(text)
	require.NotNil(t, block, "it is PEM")
	return block.Bytes
}

func TestTimestampsAreCarried(t *testing.T) {
	first, second := newSigner(t), newSigner(t)
	for name, bundles := range map[string][][]byte{
		"one of one":      {stampedBundle(t, first, 1)},
		"three of one":    {stampedBundle(t, first, 3)},
		"one of two":      {stampedBundle(t, first, 1), bundle(t, release(), second)},
		"several of both": {stampedBundle(t, first, 2), stampedBundle(t, second, verify.MaxTimestamps)},
	} {
		t.Run(name, func(t *testing.T) {
			text := encode(t, bundles, deltaOf(0))
			assert.EqualValues(t, 2, decoded(t, text)[0])
			got, err := inline.Verify(t.Context(), text, newVerifier(t, len(bundles), first, second))
			require.NoError(t, err)
			assert.Equal(t, deltaOf(0), got.Packages[0].Content)
			for _, b := range bundles {
				parsed, err := verify.ParseBundle(b)
				require.NoError(t, err)
				for _, stamp := range parsed.Timestamps {
					assert.Contains(t, string(decoded(t, text)), string(stamp))
				}
			}
		})
	}
}

// Without timestamps a block has the bytes that it always had.
func TestVersionFollowsFromTheContent(t *testing.T) {
	signer := newSigner(t)
	plain := encode(t, [][]byte{bundle(t, release(), signer)}, deltaOf(0))
	data := decoded(t, plain)
	assert.EqualValues(t, 1, data[0])

	const key = 1 + 1 + 32 // version, count, key
	size, n := binary.Uvarint(data[key:])
	end := key + n + int(size)
	as := func(stamps ...byte) []byte {
		changed := append([]byte{2}, data[1:end]...)
		changed = append(changed, stamps...)
		return armored(append(changed, data[end:]...))
	}
	many := []byte{verify.MaxTimestamps + 1}
	for i := range byte(verify.MaxTimestamps + 1) {
		many = append(many, 1, i)
	}
	for says, text := range map[string][]byte{
		"written in another way":     as(0),
		"0 bytes as timestamp 1":     as(1, 0),
		"same timestamp twice":       as(2, 1, 7, 1, 7),
		"more than 8 timestamps":     as(many...),
		"is cut short":               as(0xff, 0xff, 0xff, 0x0f),
		"format that this version d": armored(append([]byte{3}, data[1:]...)),
	} {
		_, err := inline.Verify(t.Context(), text, newVerifier(t, 1, signer))
		assert.ErrorContains(t, err, says)
	}
}
