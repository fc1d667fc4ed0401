package verify_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify"
)

// What is accepted has exactly one spelling.

func FuzzParseBundle(f *testing.F) {
	good := engineer().bundle(payload(f, release()))
	f.Add(good)
	f.Add(edwards().bundle([]byte("{}")))
	stamped, err := stampedBundle(f, engineer(), []byte("{}")).Encode()
	require.NoError(f, err)
	f.Add(stamped)
	f.Add(good[:len(good)/2])
	f.Add(bytes.Replace(good, []byte("mediaType"), []byte("mediatype"), 1))
	f.Add(bytes.Replace(good, []byte("v0.3+json"), []byte("v0.2+json"), 1))
	v := newVerifier(f, 1, reviewer())
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := v.Verify(t.Context(), [][]byte{data})
		require.Error(t, err, "nobody but the fuzzer signed this")
		b, err := verify.ParseBundle(data)
		if err != nil {
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			return
		}
		again, err := b.Encode()
		require.NoError(t, err)
		assert.Equal(t, data, again)
	})
}

func FuzzParsePublicKey(f *testing.F) {
	for _, s := range []*signer{engineer(), p384(), edwards(), rsa2048()} {
		f.Add(publicPEM(f, s.private.Public()))
	}
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := verify.ParsePublicKey(data)
		if err != nil {
			var refused *verify.KeyError
			require.ErrorAs(t, err, &refused)
			return
		}
		_, err = verify.New(verify.WithKeys(key))
		require.NoError(t, err)
	})
}
