package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// signer is a key pair that signs whatever bytes a test asks for.
type signer struct {
	private crypto.Signer
	key     verify.Key
}

func newSigner(private crypto.Signer, err error) *signer {
	if err != nil {
		panic(err)
	}
	key, err := verify.NewKey(private.Public())
	if err != nil {
		panic(err)
	}
	return &signer{private: private, key: key}
}

func newECDSA(curve elliptic.Curve) *signer {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	return newSigner(private, err)
}

// The keys of the tests: engineer and reviewer are trusted, stranger is not.
var (
	engineer = sync.OnceValue(func() *signer { return newECDSA(elliptic.P256()) })
	reviewer = sync.OnceValue(func() *signer { return newECDSA(elliptic.P256()) })
	stranger = sync.OnceValue(func() *signer { return newECDSA(elliptic.P256()) })
	rsa3072  = sync.OnceValue(func() *signer {
		private, err := rsa.GenerateKey(rand.Reader, 3072)
		return newSigner(private, err)
	})
	rsa2048 = sync.OnceValue(func() *signer {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		return newSigner(private, err)
	})
	p384    = sync.OnceValue(func() *signer { return newECDSA(elliptic.P384()) })
	edwards = sync.OnceValue(func() *signer {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return newSigner(private, err)
	})
)

func (s *signer) sign(message []byte) []byte {
	hash := s.key.Algorithm().Hash()
	switch hash {
	case crypto.SHA256:
		d := sha256.Sum256(message)
		message = d[:]
	case crypto.SHA384:
		d := sha512.Sum384(message)
		message = d[:]
	}
	sig, err := s.private.Sign(rand.Reader, message, hash)
	if err != nil {
		panic(err)
	}
	return sig
}

// bundle signs payload as it is.
func (s *signer) bundle(payload []byte) []byte {
	data, err := verify.Bundle{Key: s.key.ID(), Payload: payload, Signature: s.sign(verify.SignedBytes(payload))}.Encode()
	if err != nil {
		panic(err)
	}
	return data
}

// spelled is a bundle whose every part can be spelled at will.
type spelled struct {
	mediaType, hint, payload, payloadType string
	sigs                                  []string
}

// spell returns the parts of a good bundle.
func (s *signer) spell(payload []byte) spelled {
	return spelled{
		mediaType:   verify.BundleMediaType,
		hint:        s.key.ID().Hint(),
		payload:     base64.StdEncoding.EncodeToString(payload),
		payloadType: verify.PayloadType,
		sigs:        []string{base64.StdEncoding.EncodeToString(s.sign(verify.SignedBytes(payload)))},
	}
}

func (b spelled) String() string {
	sigs := make([]string, len(b.sigs))
	for i, sig := range b.sigs {
		sigs[i] = fmt.Sprintf(`{"sig":"%s"}`, sig)
	}
	return fmt.Sprintf(`{"mediaType":"%s","verificationMaterial":{"publicKey":{"hint":"%s"}},"dsseEnvelope":{"payload":"%s","payloadType":"%s","signatures":[%s]}}`,
		b.mediaType, b.hint, b.payload, b.payloadType, strings.Join(sigs, ","))
}

// archives are the packages of the release of the tests.
func archives() map[string][]byte {
	return map[string][]byte{
		"payments-1.4.3-linux-amd64.tar.gz": []byte("the archive for amd64"),
		"payments-1.4.3-linux-arm64.tar.gz": []byte("the archive for arm64"),
	}
}

func release() manifest.Release {
	entry := func(name, on string) manifest.Entry {
		content := archives()[name]
		return manifest.Entry{Name: name, Digest: manifest.DigestOf(content), Size: int64(len(content)), Target: target.MustParse(on)}
	}
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "payments", Channel: "stable",
		ID: "payments-1.4.3", Version: "1.4.3", Sequence: 1790000000,
		Created: time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC),
		Packages: []manifest.Entry{
			entry("payments-1.4.3-linux-amd64.tar.gz", "linux/amd64"),
			entry("payments-1.4.3-linux-arm64.tar.gz", "linux/arm64"),
		},
		Source:    manifest.Source{Package: "example.com/payments/cmd/payments"},
		Toolchain: "go1.26.0",
		Flags:     []string{"-trimpath"},
	}
}

func payload(t testing.TB, r manifest.Release) []byte {
	t.Helper()
	data, err := manifest.NewStatement(r).Encode()
	require.NoError(t, err)
	return data
}

// dist is a good dist folder, signed by the given keys.
func dist(t testing.TB, signers ...*signer) fstest.MapFS {
	t.Helper()
	return buildDist(signers...)
}

func buildDist(signers ...*signer) fstest.MapFS {
	r := release()
	folder := fstest.MapFS{
		verify.ReleaseName:    file(must(r.Encode())),
		manifest.SumsName:     file(must(r.Sums().Encode())),
		verify.ReportHTMLName: file([]byte("<html>")),
		verify.ReportJSONName: file([]byte("{}")),
	}
	for name, content := range archives() {
		folder[name] = file(content)
	}
	for _, s := range signers {
		folder[verify.BundleName(s.key.ID())] = file(s.bundle(must(manifest.NewStatement(r).Encode())))
	}
	return folder
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func file(content []byte) *fstest.MapFile { return &fstest.MapFile{Data: content, Mode: 0o644} }

func newVerifier(t testing.TB, threshold int, signers ...*signer) *verify.Verifier {
	t.Helper()
	keys := make([]verify.Key, len(signers))
	for i, s := range signers {
		keys[i] = s.key
	}
	v, err := verify.New(verify.WithKeys(keys...), verify.WithThreshold(threshold))
	require.NoError(t, err)
	return v
}

func publicPEM(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// exampleDist is a dist folder signed by engineer, with her public key.
func exampleDist() (publicKey []byte, folder fstest.MapFS) {
	der, err := x509.MarshalPKIXPublicKey(engineer().private.Public())
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), buildDist(engineer())
}

// weakKey is a key that is too easy to break.
func weakKey() crypto.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), 1023)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}
