package timestamp_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// stamped is the time of the stamps of the tests.
func stamped() time.Time { return time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC) }

func message() []byte { return []byte("a signature") }

// trusted is the authority of most tests, made once.
var trusted = sync.OnceValue(func() *timestamptest.TSA {
	a, err := timestamptest.New(timestamptest.At(stamped()))
	if err != nil {
		panic(err)
	}
	return a
})

func newTSA(t testing.TB, options ...timestamptest.Option) *timestamptest.TSA {
	t.Helper()
	a, err := timestamptest.New(append([]timestamptest.Option{timestamptest.At(stamped())}, options...)...)
	require.NoError(t, err)
	return a
}

// sibling is another signer of the trusted authority.
func sibling(t testing.TB, options ...timestamptest.Option) *timestamptest.TSA {
	t.Helper()
	a, err := trusted().Sibling(options...)
	require.NoError(t, err)
	return a
}

func stamp(t testing.TB, a *timestamptest.TSA) []byte {
	t.Helper()
	response, err := a.Stamp(t.Context(), message())
	require.NoError(t, err)
	return response
}

func authority(t testing.TB, chain []byte, options ...timestamp.AuthorityOption) timestamp.Authority {
	t.Helper()
	a, err := timestamp.NewAuthority("test", chain, options...)
	require.NoError(t, err)
	return a
}

func verify(response []byte, authorities ...timestamp.Authority) (timestamp.Stamp, error) {
	return timestamp.Verify(response, message(), authorities)
}
