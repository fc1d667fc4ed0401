package timestamp_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// FuzzVerify requires that nothing is accepted that nobody signed, and that what
// is refused is refused by a typed error.
func FuzzVerify(f *testing.F) {
	for _, options := range [][]timestamptest.Option{
		nil,
		{timestamptest.WithRSA(2048)},
		{change(func(a *answer) { a.ByKeyID, a.CertificateIDs, a.Nonce = true, []int{1, 2}, big.NewInt(7) })},
		{change(func(a *answer) { a.Status, a.StatusText, a.Failure = 2, "no", []int{2} })},
		{change(func(a *answer) { a.UnsignedAttrs = true })},
	} {
		response := stamp(f, newTSA(f, options...))
		f.Add(response)
		f.Add(response[:len(response)/2])
	}
	trust := authority(f, newTSA(f).Issuers())
	f.Fuzz(func(t *testing.T, response []byte) {
		_, err := verify(response, trust)
		require.Error(t, err, "the trusted authority signed nothing")
		var refused *timestamp.Error
		var rejected *timestamp.StatusError
		assert.True(t, errors.As(err, &refused) || errors.As(err, &rejected), "untyped: %v", err)
		assert.NotContains(t, err.Error(), "\n")
	})
}

func FuzzNewAuthority(f *testing.F) {
	f.Add(trusted().Chain())
	f.Add(trusted().Issuers())
	f.Add(trusted().Chain()[:1000])
	f.Fuzz(func(t *testing.T, chain []byte) {
		a, err := timestamp.NewAuthority("test", chain)
		if err != nil {
			require.ErrorIs(t, err, timestamp.ErrChain)
			return
		}
		assert.Equal(t, "test", a.Name())
	})
}
