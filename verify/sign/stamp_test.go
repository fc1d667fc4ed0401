package sign_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

func stamped() time.Time { return time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC) }

func newTSA(t *testing.T, options ...timestamptest.Option) *timestamptest.TSA {
	t.Helper()
	a, err := timestamptest.New(append([]timestamptest.Option{timestamptest.At(stamped())}, options...)...)
	require.NoError(t, err)
	return a
}

func authority(t *testing.T, a *timestamptest.TSA) timestamp.Authority {
	t.Helper()
	made, err := timestamp.NewAuthority("test", a.Chain())
	require.NoError(t, err)
	return made
}

// Every kind of signer has its signatures stamped.
func TestSignWithTimestamps(t *testing.T) {
	first, second := newTSA(t), newTSA(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	service, err := signature.LoadECDSASigner(private, crypto.SHA256)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	option := sign.WithTimestamps(first, second)
	for name, make := range map[string]func() (*sign.Signer, error){
		"New": func() (*sign.Signer, error) { return sign.New(private, option) },
		"twice": func() (*sign.Signer, error) {
			return sign.New(private, sign.WithTimestamps(first), sign.WithTimestamps(second))
		},
		"LoadKey":      func() (*sign.Signer, error) { return sign.LoadKey(plainPEM(t, "PRIVATE KEY", der, err), nil, option) },
		"FromSigstore": func() (*sign.Signer, error) { return sign.FromSigstore(t.Context(), service, option) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := make()
			require.NoError(t, err)
			signAndVerify(t, s)
			data, err := s.Sign(t.Context(), manifest.NewStatement(release()))
			require.NoError(t, err)
			b, err := verify.ParseBundle(data)
			require.NoError(t, err)
			require.Len(t, b.Timestamps, 2)
			for i, a := range []*timestamptest.TSA{first, second} {
				got, err := timestamp.Verify(b.Timestamps[i], b.Signature, []timestamp.Authority{authority(t, a)})
				require.NoError(t, err)
				assert.Equal(t, stamped(), got.Time)
			}
		})
	}
}

// stamper answers as it is told.
type stamper func(ctx context.Context, signature []byte) ([]byte, error)

func (s stamper) Stamp(ctx context.Context, signature []byte) ([]byte, error) {
	return s(ctx, signature)
}

func TestStampersThatFail(t *testing.T) {
	failed := errors.New("the authority is on holiday")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	plain, err := sign.New(private)
	require.NoError(t, err)
	bundle, err := plain.Sign(t.Context(), manifest.NewStatement(release()))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		stamper stamper
		want    error
	}{
		"an error":          {func(context.Context, []byte) ([]byte, error) { return nil, failed }, failed},
		"nothing":           {func(context.Context, []byte) ([]byte, error) { return nil, nil }, timestamp.ErrFormat},
		"too much":          {func(context.Context, []byte) ([]byte, error) { return make([]byte, 1<<20), nil }, timestamp.ErrTooLarge},
		"another signature": {func(ctx context.Context, _ []byte) ([]byte, error) { return newTSA(t).Stamp(ctx, []byte("another")) }, timestamp.ErrOtherMessage},
		"a rejection":       {newTSA(t, timestamptest.WithChange(func(a *timestamptest.Answer) { a.Status = 2 })).Stamp, timestamp.ErrRejected},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := sign.New(private, sign.WithTimestamps(test.stamper))
			require.NoError(t, err)
			var refused *sign.StampError
			got, err := s.Sign(t.Context(), manifest.NewStatement(release()))
			require.ErrorIs(t, err, test.want)
			require.ErrorAs(t, err, &refused)
			assert.Nil(t, got)
			got, err = sign.AddTimestamp(t.Context(), bundle, test.stamper)
			require.ErrorIs(t, err, test.want)
			require.ErrorAs(t, err, &refused)
			assert.Nil(t, got)
		})
	}
}

// No authority is asked about a signature that does not verify.
func TestOnlyGoodSignaturesAreStamped(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	broken := device{Signer: private, sign: func(sig []byte, err error) ([]byte, error) { sig[10] ^= 1; return sig, err }}
	asked := false
	s, err := sign.New(broken, sign.WithTimestamps(stamper(func(context.Context, []byte) ([]byte, error) { asked = true; return nil, nil })))
	require.NoError(t, err)
	_, err = s.Sign(t.Context(), manifest.NewStatement(release()))
	assert.ErrorIs(t, err, verify.ErrSignature)
	assert.False(t, asked)
}

func TestOptionsOfSigners(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a := newTSA(t)
	_, err = sign.New(private, nil)
	assert.ErrorContains(t, err, "option is nil")
	_, err = sign.New(private, sign.WithTimestamps(a, nil))
	assert.ErrorContains(t, err, "stamper is nil")
	eight := slices.Repeat([]sign.Stamper{a}, verify.MaxTimestamps)
	_, err = sign.New(private, sign.WithTimestamps(eight...))
	assert.NoError(t, err)
	_, err = sign.New(private, sign.WithTimestamps(eight...), sign.WithTimestamps(a))
	assert.ErrorContains(t, err, "9 stampers")
}

func TestAddTimestamp(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	s, err := sign.New(private)
	require.NoError(t, err)
	bundle, err := s.Sign(t.Context(), manifest.NewStatement(release()))
	require.NoError(t, err)
	before := sha256.Sum256(bundle)
	a, more := newTSA(t), slices.Clone(bundle)
	for i := range verify.MaxTimestamps {
		more, err = sign.AddTimestamp(t.Context(), more, a)
		require.NoError(t, err)
		b, err := verify.ParseBundle(more)
		require.NoError(t, err)
		require.Len(t, b.Timestamps, i+1)
		_, err = timestamp.Verify(b.Timestamps[i], b.Signature, []timestamp.Authority{authority(t, a)})
		require.NoError(t, err)
	}
	assert.Equal(t, before, sha256.Sum256(bundle), "the caller's bundle is as it was")
	var refused *verify.BundleError
	_, err = sign.AddTimestamp(t.Context(), more, a)
	require.ErrorAs(t, err, &refused)
	assert.ErrorContains(t, err, "8 timestamps already")
	_, err = sign.AddTimestamp(t.Context(), []byte("{}"), a)
	assert.ErrorAs(t, err, &refused)
}
