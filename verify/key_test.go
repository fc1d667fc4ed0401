package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify"
)

func TestKeyID(t *testing.T) {
	der, err := x509.MarshalPKIXPublicKey(engineer().private.Public())
	require.NoError(t, err)
	sum := sha256.Sum256(der)
	id := engineer().key.ID()
	assert.Equal(t, verify.KeyID(sum), id)
	assert.Equal(t, base64.StdEncoding.EncodeToString(sum[:]), id.Hint())
	assert.Len(t, id.Short(), 16)
	assert.True(t, strings.HasPrefix(id.String(), id.Short()))
	assert.Equal(t, "hotfix."+id.Short()+".sigstore.json", verify.BundleName(id))
	assert.NotEqual(t, id, reviewer().key.ID())

	text, err := id.MarshalText()
	require.NoError(t, err)
	var again verify.KeyID
	require.NoError(t, again.UnmarshalText(text))
	assert.Equal(t, id, again)
	for _, bad := range []string{"", id.Short(), id.String() + "00", strings.ToUpper(strings.Repeat("ab", 32)), strings.Repeat("z", 64)} {
		assert.Error(t, again.UnmarshalText([]byte(bad)), bad)
	}
	assert.Equal(t, id, again, "an error changes nothing")
}

func TestKeyInWords(t *testing.T) {
	assert.Equal(t, edwards().key.ID().Short()+" (Ed25519)", edwards().key.String())
	assert.Zero(t, verify.Ed25519.Hash())
	assert.Equal(t, crypto.SHA256, verify.RSAPKCS1.Hash())
}

func TestNewKeyIsACopy(t *testing.T) {
	public := *rsa2048().private.Public().(*rsa.PublicKey)
	public.N = new(big.Int).Set(public.N)
	key, err := verify.NewKey(&public)
	require.NoError(t, err)
	v, err := verify.New(verify.WithKeys(key))
	require.NoError(t, err)
	public.N.Add(public.N, big.NewInt(2))
	_, err = v.Verify(t.Context(), [][]byte{rsa2048().bundle(payload(t, release()))})
	require.NoError(t, err)
}

func TestNewKeyRefuses(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	modulus := func(bits int) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return n.SetBit(n, 0, 1)
	}
	weak, unsupported := verify.ErrWeakKey, errors.ErrUnsupported
	tests := map[string]struct {
		key  crypto.PublicKey
		want error
	}{
		"nothing":          {nil, unsupported},
		"private key":      {engineer().private, unsupported},
		"P-224":            {p224.Public(), weak},
		"P-521":            {p521.Public(), unsupported},
		"X25519":           {x25519.Public(), unsupported},
		"nil ECDSA":        {(*ecdsa.PublicKey)(nil), nil},
		"empty ECDSA":      {&ecdsa.PublicKey{}, nil},
		"short Ed25519":    {ed25519.PublicKey("short"), unsupported},
		"nil RSA":          {(*rsa.PublicKey)(nil), nil},
		"empty RSA":        {&rsa.PublicKey{}, nil},
		"RSA 1024":         {&rsa.PublicKey{N: modulus(1024), E: 65537}, weak},
		"RSA 2047":         {&rsa.PublicKey{N: modulus(2047), E: 65537}, weak},
		"RSA negative":     {&rsa.PublicKey{N: new(big.Int).Neg(modulus(2048)), E: 65537}, nil},
		"off the curve":    {ecdsaKey(elliptic.P256(), big.NewInt(1), big.NewInt(1)), nil},
		"no point":         {&ecdsa.PublicKey{Curve: elliptic.P256()}, nil},
		"half a point":     {ecdsaKey(elliptic.P256(), big.NewInt(1), nil), nil},
		"the other half":   {ecdsaKey(elliptic.P256(), nil, big.NewInt(1)), nil},
		"a curve of 255":   {ecdsaKey(&elliptic.CurveParams{Name: "mine", BitSize: 255}, big.NewInt(1), big.NewInt(1)), weak},
		"a curve of 256":   {ecdsaKey(&elliptic.CurveParams{Name: "mine", BitSize: 256}, big.NewInt(1), big.NewInt(1)), unsupported},
		"RSA 4097":         {&rsa.PublicKey{N: modulus(4097), E: 65537}, unsupported},
		"RSA exponent 3":   {&rsa.PublicKey{N: modulus(2048), E: 3}, weak},
		"RSA exponent 1":   {&rsa.PublicKey{N: modulus(2048), E: 1}, weak},
		"RSA even":         {&rsa.PublicKey{N: modulus(2048), E: 65538}, weak},
		"RSA even modulus": {&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}, weak},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			key, err := verify.NewKey(test.key)
			var refused *verify.KeyError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, verify.Key{}, key)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
		})
	}
}

// ecdsaKey is a key of any coordinates.
func ecdsaKey(curve elliptic.Curve, x, y *big.Int) *ecdsa.PublicKey {
	//lint:ignore SA1019 such keys cannot be made otherwise
	return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}
}

func TestLargestRSAKey(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), verify.MaxRSABits-1)
	key, err := verify.NewKey(&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537})
	require.NoError(t, err)
	assert.Equal(t, verify.RSAPKCS1, key.Algorithm())
}

func TestParsePublicKeyRefuses(t *testing.T) {
	good := publicPEM(t, engineer().private.Public())
	block := func(kind string, content []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(engineer().private)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(engineer().private.Public())
	require.NoError(t, err)
	tests := map[string]struct {
		data []byte
		want error
		says string
	}{
		"empty":               {nil, nil, "BEGIN PUBLIC KEY"},
		"text":                {[]byte("ssh-ed25519 AAAA"), nil, "BEGIN PUBLIC KEY"},
		"DER":                 {der, nil, "BEGIN PUBLIC KEY"},
		"text before":         {append([]byte("my key\n"), good...), nil, "BEGIN PUBLIC KEY"},
		"text after":          {append(bytes.Clone(good), "my key\n"...), nil, "file of its own"},
		"one byte after":      {append(bytes.Clone(good), 'x'), nil, "file of its own"},
		"two keys":            {append(bytes.Clone(good), good...), nil, "file of its own"},
		"broken key first":    {append([]byte("-----BEGIN PUBLIC KEY-----\n"), good...), nil, "file of its own"},
		"first line alone":    {[]byte("-----BEGIN PUBLIC KEY-----\n"), nil, "BEGIN PUBLIC KEY"},
		"headers":             {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Headers: map[string]string{"a": "b"}, Bytes: der}), nil, "without headers"},
		"private key":         {block("PRIVATE KEY", pkcs8), verify.ErrPrivateKey, "file holds a private key; pass its public half"},
		"EC private key":      {block("EC PRIVATE KEY", pkcs8), verify.ErrPrivateKey, "public half"},
		"encrypted cosign":    {block("ENCRYPTED COSIGN PRIVATE KEY", pkcs8), verify.ErrPrivateKey, "encrypted private key"},
		"encrypted sigstore":  {block("ENCRYPTED SIGSTORE PRIVATE KEY", pkcs8), verify.ErrPrivateKey, "encrypted private key"},
		"encrypted PKCS #8":   {block("ENCRYPTED PRIVATE KEY", pkcs8), verify.ErrPrivateKey, "encrypted private key"},
		"encrypted text":      {block("ENCRYPTED MESSAGE", pkcs8), errors.ErrUnsupported, "PEM block of type"},
		"PKCS #1":             {block("RSA PUBLIC KEY", der), errors.ErrUnsupported, "openssl"},
		"certificate":         {block("CERTIFICATE", der), errors.ErrUnsupported, "openssl"},
		"unknown type":        {block("SIGNATURE", der), errors.ErrUnsupported, "PUBLIC KEY"},
		"point off the curve": {block("PUBLIC KEY", append(bytes.Clone(der[:len(der)-1]), der[len(der)-1]^1)), nil, "damaged"},
		"private as public":   {block("PUBLIC KEY", pkcs8), nil, "damaged"},
		"damaged":             {block("PUBLIC KEY", der[:40]), nil, "damaged"},
		"bytes after the DER": {block("PUBLIC KEY", append(bytes.Clone(der), 0)), nil, "damaged"},
		"huge":                {append(bytes.Clone(good), make([]byte, verify.MaxKeyFile)...), nil, "at most"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := verify.ParsePublicKey(test.data)
			var refused *verify.KeyError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, test.says)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
			assert.Less(t, len(err.Error()), 300)
		})
	}
}

func TestParsePublicKeyTakesOtherLineEnds(t *testing.T) {
	good := publicPEM(t, engineer().private.Public())
	for name, data := range map[string][]byte{
		"as written":    good,
		"Windows":       bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")),
		"no last line":  bytes.TrimSpace(good),
		"spaces around": []byte("\n\n" + string(good) + "\n \n"),
		"of the limit":  append(bytes.Clone(good), bytes.Repeat([]byte("\n"), verify.MaxKeyFile-len(good))...),
	} {
		key, err := verify.ParsePublicKey(data)
		require.NoError(t, err, name)
		assert.Equal(t, engineer().key, key, name)
	}
}
