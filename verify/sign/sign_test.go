package sign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/sign"
)

func release() manifest.Release {
	content := []byte("the archive")
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "payments", Channel: "stable",
		ID: "payments-1.4.3", Version: "1.4.3", Sequence: 1790000000,
		Created: time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC),
		Packages: []manifest.Entry{{
			Name: "payments-1.4.3-linux-amd64.tar.gz", Digest: manifest.DigestOf(content), Size: int64(len(content)), Target: target.MustParse("linux/amd64"),
		}},
		Source:    manifest.Source{Package: "example.com/payments/cmd/payments"},
		Toolchain: "go1.26.0",
		Flags:     []string{"-trimpath"},
	}
}

// Keys that take long to make are made once.
var (
	rsa2048 = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	rsa3072 = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(3072) })
	keyPair = sync.OnceValue(func() [2][]byte {
		private, public, err := sign.GenerateKeyPair([]byte("secret"))
		if err != nil {
			panic(err)
		}
		return [2][]byte{private, public}
	})
)

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func password(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

func signAndVerify(t *testing.T, s *sign.Signer) {
	t.Helper()
	bundle, err := s.Sign(t.Context(), manifest.NewStatement(release()))
	require.NoError(t, err)
	v, err := verify.New(verify.WithKeys(s.Key()))
	require.NoError(t, err)
	result, err := v.Verify(t.Context(), [][]byte{bundle})
	require.NoError(t, err)
	assert.Equal(t, release(), result.Release)
	assert.Equal(t, []verify.Signature{{Signer: s.Key().ID()}}, result.Signers)
}

func TestGenerateAndLoad(t *testing.T) {
	private, public := keyPair()[0], keyPair()[1]
	s, err := sign.LoadKey(private, password("secret"))
	require.NoError(t, err)
	key, err := verify.ParsePublicKey(public)
	require.NoError(t, err)
	assert.Equal(t, key, s.Key())
	assert.Equal(t, verify.ECDSAP256, key.Algorithm())
	signAndVerify(t, s)

	old := bytes.ReplaceAll(private, []byte("SIGSTORE"), []byte("COSIGN"))
	s, err = sign.LoadKey(old, password("secret"))
	require.NoError(t, err)
	assert.Equal(t, key, s.Key())
}

func TestGenerateNeedsPassword(t *testing.T) {
	for _, empty := range [][]byte{nil, {}} {
		private, public, err := sign.GenerateKeyPair(empty)
		assert.ErrorIs(t, err, sign.ErrNoPassword)
		assert.Nil(t, private)
		assert.Nil(t, public)
	}
}

func TestLoadKeyPassword(t *testing.T) {
	private := keyPair()[0]
	failed := errors.New("terminal is gone")
	tests := map[string]struct {
		password func() ([]byte, error)
		want     error
	}{
		"wrong":      {password("guess"), sign.ErrPassword},
		"empty":      {password(""), sign.ErrPassword},
		"nil":        {func() ([]byte, error) { return nil, nil }, sign.ErrPassword},
		"none":       {nil, sign.ErrNoPassword},
		"unreadable": {func() ([]byte, error) { return nil, failed }, failed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := sign.LoadKey(private, test.password)
			require.ErrorIs(t, err, test.want)
			assert.Nil(t, s)
			assert.NotContains(t, err.Error(), "guess")
		})
	}
}

func plainPEM(t testing.TB, kind string, der []byte, err error) []byte {
	t.Helper()
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestLoadPlainKeys(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return plainPEM(t, "PRIVATE KEY", der, err)
	}
	sec1, err := x509.MarshalECPrivateKey(p256)
	tests := map[string]struct {
		file      []byte
		algorithm verify.Algorithm
	}{
		"P-256 in PKCS #8":    {pkcs8(p256), verify.ECDSAP256},
		"P-256 in SEC 1":      {plainPEM(t, "EC PRIVATE KEY", sec1, err), verify.ECDSAP256},
		"P-384":               {pkcs8(p384), verify.ECDSAP384},
		"Ed25519":             {pkcs8(edwards), verify.Ed25519},
		"RSA 2048 in PKCS #1": {plainPEM(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsa2048()), nil), verify.RSAPKCS1},
		"RSA 3072 in PKCS #8": {pkcs8(rsa3072()), verify.RSAPKCS1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := sign.LoadKey(test.file, func() ([]byte, error) { panic("asked for a password") })
			require.NoError(t, err)
			assert.Equal(t, test.algorithm, s.Key().Algorithm())
			signAndVerify(t, s)
			_, err = s.Sign(t.Context(), manifest.Statement[manifest.Release]{})
			var invalid *manifest.InvalidError
			assert.ErrorAs(t, err, &invalid)
		})
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	private, public := keyPair()[0], keyPair()[1]
	block, _ := pem.Decode(private)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	plain, err := x509.MarshalPKCS8PrivateKey(p256)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	large, err := x509.MarshalPKCS8PrivateKey(p521)
	require.NoError(t, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	exchange, err := x509.MarshalPKCS8PrivateKey(x25519)
	require.NoError(t, err)
	of := func(kind string, der []byte) []byte { return plainPEM(t, kind, der, nil) }
	tests := map[string]struct {
		data []byte
		want error
		says string
	}{
		"empty":                 {nil, nil, "PEM"},
		"first line alone":      {[]byte("-----BEGIN PRIVATE KEY-----\n"), nil, "does not begin"},
		"broken key first":      {append([]byte("-----BEGIN PRIVATE KEY-----\n"), private...), nil, "file of its own"},
		"long type":             {of(strings.Repeat("LONG ", 200), plain), errors.ErrUnsupported, "LONG"},
		"X25519":                {of("PRIVATE KEY", exchange), errors.ErrUnsupported, "cannot sign"},
		"text before":           {append([]byte("my key\n"), private...), nil, "PEM"},
		"text after":            {append(bytes.Clone(private), "my key\n"...), nil, "file of its own"},
		"two keys":              {append(bytes.Clone(private), private...), nil, "file of its own"},
		"public key":            {public, nil, "cannot sign"},
		"OpenSSL's encryption":  {of("ENCRYPTED PRIVATE KEY", plain), errors.ErrUnsupported, "import-key-pair"},
		"OpenSSL's old":         {pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"DEK-Info": "DES,00"}, Bytes: plain}), errors.ErrUnsupported, "import-key-pair"},
		"OpenSSH":               {of("OPENSSH PRIVATE KEY", plain), errors.ErrUnsupported, "OpenSSH"},
		"unknown":               {of("SECRET", plain), errors.ErrUnsupported, "SECRET"},
		"damaged plain":         {of("PRIVATE KEY", plain[:30]), nil, "damaged"},
		"damaged encrypted":     {of(block.Type, block.Bytes[:100]), nil, "damaged"},
		"plain under encrypted": {of(block.Type, plain), nil, "damaged"},
		"short nonce":           {of(block.Type, edited(t, block.Bytes, "cipher", "nonce", "AAAA")), nil, "damaged"},
		"other cipher":          {of(block.Type, edited(t, block.Bytes, "cipher", "name", "rot13")), nil, "damaged"},
		"other key derivation":  {of(block.Type, edited(t, block.Bytes, "kdf", "name", "md5")), nil, "damaged"},
		"endless derivation":    {of(block.Type, edited(t, block.Bytes, "kdf", "params", map[string]int{"N": 1 << 30, "r": 8, "p": 1})), sign.ErrPassword, "damaged"},
		"P-521":                 {of("PRIVATE KEY", large), errors.ErrUnsupported, "P-521"},
		"huge":                  {append(bytes.Clone(private), make([]byte, sign.MaxKeyFile)...), nil, "at most"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := sign.LoadKey(test.data, password("secret"))
			var refused *verify.KeyError
			require.ErrorAs(t, err, &refused)
			assert.Nil(t, s)
			assert.ErrorContains(t, err, test.says)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			} else {
				assert.NotErrorIs(t, err, sign.ErrPassword, "the password is not at fault")
			}
			assert.Less(t, len(err.Error()), 300)
		})
	}
}

// edited changes one field of an encrypted key.
func edited(t *testing.T, sealed []byte, part, field string, value any) []byte {
	t.Helper()
	var doc map[string]any
	require.NoError(t, json.Unmarshal(sealed, &doc))
	doc[part].(map[string]any)[field] = value
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	return data
}

func TestFromSigstore(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good, err := signature.LoadECDSASigner(private, crypto.SHA256)
	require.NoError(t, err)
	s, err := sign.FromSigstore(t.Context(), good)
	require.NoError(t, err)
	signAndVerify(t, s)

	otherHash, err := signature.LoadECDSASigner(private, crypto.SHA512)
	require.NoError(t, err)
	s, err = sign.FromSigstore(t.Context(), otherHash)
	require.NoError(t, err)
	bundle, err := s.Sign(t.Context(), manifest.NewStatement(release()))
	assert.ErrorIs(t, err, verify.ErrSignature)
	assert.ErrorContains(t, err, "another hash or padding")
	assert.Nil(t, bundle)

	pss, err := signature.LoadRSAPSSSigner(rsa2048(), crypto.SHA256, nil)
	require.NoError(t, err)
	s, err = sign.FromSigstore(t.Context(), pss)
	require.NoError(t, err)
	_, err = s.Sign(t.Context(), manifest.NewStatement(release()))
	assert.ErrorIs(t, err, verify.ErrSignature)

	_, err = sign.FromSigstore(t.Context(), nil)
	assert.Error(t, err)
	_, err = sign.FromSigstore(t.Context(), service{err: errors.New("service is down")})
	assert.ErrorContains(t, err, "service is down")
	_, err = sign.FromSigstore(t.Context(), service{public: "not a key"})
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

// service is a key service that answers as it is told.
type service struct {
	public crypto.PublicKey
	err    error
}

func (s service) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return s.public, s.err
}

func (s service) SignMessage(io.Reader, ...signature.SignOption) ([]byte, error) {
	return nil, s.err
}

// device is a crypto.Signer whose signatures a test can spoil.
type device struct {
	crypto.Signer
	sign func(sig []byte, err error) ([]byte, error)
}

func (d device) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.sign(d.Signer.Sign(r, digest, opts))
}

func TestSignChecksItsOwnOutput(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, spoil := range map[string]func([]byte, error) ([]byte, error){
		"altered":    func(sig []byte, _ error) ([]byte, error) { sig[10] ^= 1; return sig, nil },
		"empty":      func([]byte, error) ([]byte, error) { return nil, nil },
		"huge":       func([]byte, error) ([]byte, error) { return make([]byte, verify.MaxSignature+1), nil },
		"with error": func(sig []byte, _ error) ([]byte, error) { return sig, errors.New("device is locked") },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := sign.New(device{Signer: private, sign: spoil})
			require.NoError(t, err)
			bundle, err := s.Sign(t.Context(), manifest.NewStatement(release()))
			require.Error(t, err)
			assert.Nil(t, bundle)
		})
	}
	_, err = sign.New(nil)
	assert.Error(t, err)
}

func TestSignCancelled(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	asked := false
	s, err := sign.New(device{Signer: private, sign: func(sig []byte, err error) ([]byte, error) { asked = true; return sig, err }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Sign(ctx, manifest.NewStatement(release()))
	assert.ErrorIs(t, err, context.Canceled)
	assert.False(t, asked)
}

func TestNothingSecretIsPrinted(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	s, err := sign.New(private)
	require.NoError(t, err)
	secret, err := private.Bytes()
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{s, *s} {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, new(big.Int).SetBytes(secret).String())
			assert.NotContains(t, text, fmt.Sprintf("%x", secret))
			assert.NotContains(t, text, base64.StdEncoding.EncodeToString(secret))
		}
	}
	assert.Contains(t, s.String(), s.Key().ID().Short())
}

func FuzzLoadKey(f *testing.F) {
	private, public := keyPair()[0], keyPair()[1]
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(f, err)
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	f.Add(private)
	f.Add(public)
	f.Add(plainPEM(f, "PRIVATE KEY", plain, err))
	f.Add(plainPEM(f, "ENCRYPTED PRIVATE KEY", plain, nil))
	f.Add(private[:len(private)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		// The password is not given, because one key derivation takes 0.2 s.
		s, err := sign.LoadKey(data, nil)
		if err != nil {
			var refused *verify.KeyError
			if !errors.As(err, &refused) {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		if _, err := s.Sign(t.Context(), manifest.NewStatement(release())); err != nil {
			t.Fatalf("accepted a key that cannot sign: %v", err)
		}
	})
}
