package timestamp_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

type answer = timestamptest.Answer

func change(f func(*answer)) timestamptest.Option { return timestamptest.WithChange(f) }

// Everything that an authority may do differently from the next.
func TestAccepted(t *testing.T) {
	for name, options := range map[string][]timestamptest.Option{
		"P-256":           nil,
		"P-384, SHA-384":  {timestamptest.WithCurve(elliptic.P384()), change(func(a *answer) { a.Hash = crypto.SHA384 })},
		"P-521, SHA-512":  {timestamptest.WithCurve(elliptic.P521()), change(func(a *answer) { a.Hash = crypto.SHA512 })},
		"RSA 2048":        {timestamptest.WithRSA(2048)},
		"RSA, SHA-512":    {timestamptest.WithRSA(2048), change(func(a *answer) { a.Hash = crypto.SHA512 })},
		"RSA by key type": {timestamptest.WithRSA(2048), change(func(a *answer) { a.RSAByKeyType = true })},
		"by key id":       {change(func(a *answer) { a.ByKeyID = true })},
		"ESSCertID":       {change(func(a *answer) { a.CertificateIDs = []int{1} })},
		"both ESSCertIDs": {change(func(a *answer) { a.CertificateIDs = []int{1, 2} })},
		"nonce":           {change(func(a *answer) { a.Nonce = big.NewInt(-5) })},
		"another hash":    {change(func(a *answer) { a.ImprintHash, a.Imprint = crypto.SHA512, sha512of(message()) })},
		"signing time":    {change(func(a *answer) { a.MoreAttributes = [][]byte{signingTime()} })},
		"harmless addenda": {change(func(a *answer) {
			a.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{1}}}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			a := sibling(t, options...)
			response := stamp(t, a)
			for _, chain := range [][]byte{a.Chain(), a.Issuers()} {
				got, err := verify(response, authority(t, chain))
				require.NoError(t, err)
				assert.Equal(t, timestamp.Stamp{Time: stamped(), Authority: "test"}, got)
			}
		})
	}
}

func sha512of(data []byte) []byte {
	sum := sha512.Sum512(data)
	return sum[:]
}

// signingTime is an attribute that some authorities sign too.
func signingTime() []byte {
	type attribute struct {
		Type   asn1.ObjectIdentifier
		Values []time.Time `asn1:"set"`
	}
	der, err := asn1.Marshal(attribute{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}, []time.Time{stamped()}})
	if err != nil {
		panic(err)
	}
	return der
}

func TestFractionsOfSeconds(t *testing.T) {
	at := stamped().Add(120 * time.Millisecond)
	got, err := verify(stamp(t, sibling(t, timestamptest.At(at))), authority(t, trusted().Issuers()))
	require.NoError(t, err)
	assert.Equal(t, at, got.Time)
}

// Responses hold no certificates, the signer's, or more of the chain: s, i and r
// are signer, intermediate and root, x is of somebody else.
func TestEmbeddedCertificates(t *testing.T) {
	stranger := newTSA(t).Certificates()[0].Raw
	const known, unknown = true, false
	for name, test := range map[string]struct {
		embedded string
		signer   bool
		want     error
	}{
		"none":                      {"", unknown, timestamp.ErrUntrusted},
		"none, known signer":        {"", known, nil},
		"signer":                    {"s", unknown, nil},
		"signer and intermediate":   {"si", unknown, nil},
		"all":                       {"sir", unknown, nil},
		"all, known signer":         {"sir", known, nil},
		"others than the signer":    {"ir", unknown, timestamp.ErrUntrusted},
		"others, known signer":      {"i", known, nil},
		"signer twice":              {"ss", unknown, timestamp.ErrFormat},
		"signer twice, known":       {"ss", known, timestamp.ErrFormat},
		"root twice":                {"rsr", unknown, timestamp.ErrFormat},
		"a stranger's too":          {"sx", unknown, timestamp.ErrUntrusted},
		"a stranger's first":        {"xs", unknown, timestamp.ErrUntrusted},
		"a stranger's too, known":   {"sx", known, timestamp.ErrUntrusted},
		"a stranger's in its place": {"x", unknown, timestamp.ErrUntrusted},
		"no certificate":            {"0", unknown, timestamp.ErrFormat},
		"too many":                  {"sssssssss", known, timestamp.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			var a *timestamptest.TSA
			a = sibling(t, change(func(answer *answer) {
				of := map[rune][]byte{'s': answer.Signer.Raw, 'x': stranger, '0': {0x30, 0}}
				of['i'], of['r'] = a.Certificates()[1].Raw, a.Certificates()[2].Raw
				answer.Certificates = nil
				for _, c := range test.embedded {
					answer.Certificates = append(answer.Certificates, of[c])
				}
			}))
			chain := a.Issuers()
			if test.signer {
				chain = a.Chain()
			}
			_, err := verify(stamp(t, a), authority(t, chain))
			assert.ErrorIs(t, err, test.want)
		})
	}
}

// Of all orders, that of the chain and the one of DER's sets are accepted.
func TestOrderOfCertificates(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		var a *timestamptest.TSA
		var want error
		a = sibling(t, change(func(answer *answer) {
			answer.Certificates = nil
			for _, i := range order {
				answer.Certificates = append(answer.Certificates, a.Certificates()[i].Raw)
			}
			if !slices.IsSorted(order) && !slices.IsSortedFunc(answer.Certificates, bytes.Compare) {
				want = timestamp.ErrFormat
			}
		}))
		_, err := verify(stamp(t, a), authority(t, a.Issuers()))
		assert.ErrorIs(t, err, want, "%v", order)
	}
	sorted := sibling(t, change(func(answer *answer) {
		for _, c := range trusted().Certificates()[1:] {
			answer.Certificates = append(answer.Certificates, c.Raw)
		}
		answer.SortCertificates = true
	}))
	_, err := verify(stamp(t, sorted), authority(t, sorted.Issuers()))
	assert.NoError(t, err)
}

// No bit of a response can be flipped; in -short, none of every seventh.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 7
	}
	for name, options := range map[string][]timestamptest.Option{
		"P-256":     nil,
		"RSA":       {timestamptest.WithRSA(2048)},
		"by key id": {change(func(a *answer) { a.ByKeyID, a.CertificateIDs, a.Nonce = true, []int{1, 2}, big.NewInt(7) })},
	} {
		t.Run(name, func(t *testing.T) {
			a := sibling(t, options...)
			response := stamp(t, a)
			for _, trust := range []timestamp.Authority{authority(t, a.Chain()), authority(t, a.Issuers())} {
				_, err := verify(response, trust)
				require.NoError(t, err)
				for i := 0; i < 8*len(response); i += step {
					changed := bytes.Clone(response)
					changed[i/8] ^= 1 << (i % 8)
					if _, err := verify(changed, trust); err == nil {
						t.Errorf("bit %d of byte %d can be flipped", i%8, i/8)
					}
				}
			}
		})
	}
}
