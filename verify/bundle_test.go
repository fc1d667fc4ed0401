package verify_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestBundleRoundTrip(t *testing.T) {
	b := verify.Bundle{Key: engineer().key.ID(), Payload: []byte("<&>"), Signature: []byte{1, 2, 3}}
	data, err := b.Encode()
	require.NoError(t, err)
	assert.Equal(t, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"`+
		b.Key.Hint()+`"}},"dsseEnvelope":{"payload":"PCY+","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AQID"}]}}`, string(data))
	again, err := verify.ParseBundle(data)
	require.NoError(t, err)
	assert.Equal(t, b, again)

	largest := verify.Bundle{Payload: make([]byte, manifest.MaxDocument), Signature: make([]byte, verify.MaxSignature)}
	data, err = largest.Encode()
	require.NoError(t, err)
	_, err = verify.ParseBundle(data)
	require.NoError(t, err, "every bundle that can be written can be read")
}

// Each limit is the first thing that is wrong.
func TestBundleLimits(t *testing.T) {
	tests := map[string]struct {
		payload, sig int
		says         string
	}{
		"no payload":        {0, 1, "payload of 0 bytes"},
		"large payload":     {manifest.MaxDocument + 1, 1, "payload of 4194305 bytes"},
		"no signature":      {1, 0, "signature of 0 bytes"},
		"large signature":   {1, verify.MaxSignature + 1, "signature of 1025 bytes"},
		"nothing":           {0, 0, "payload of 0 bytes"},
		"everything at max": {manifest.MaxDocument, verify.MaxSignature, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := verify.Bundle{Payload: make([]byte, test.payload), Signature: make([]byte, test.sig)}
			_, encodeErr := b.Encode()
			written := spelled{
				mediaType: verify.BundleMediaType, hint: b.Key.Hint(), payloadType: verify.PayloadType,
				payload: base64.StdEncoding.EncodeToString(b.Payload), sigs: []string{base64.StdEncoding.EncodeToString(b.Signature)},
			}
			_, parseErr := verify.ParseBundle([]byte(written.String()))
			if test.says == "" {
				require.NoError(t, encodeErr)
				require.NoError(t, parseErr)
				return
			}
			for _, err := range []error{encodeErr, parseErr} {
				var refused *verify.BundleError
				require.ErrorAs(t, err, &refused)
				assert.ErrorContains(t, err, test.says)
			}
		})
	}
}

func TestParseBundleSaysWhatIsWrong(t *testing.T) {
	b := engineer().spell([]byte("{}"))
	for says, data := range map[string]string{
		"at most 6291456 are allowed":        b.String() + strings.Repeat(" ", verify.MaxBundle),
		"not the JSON of a Sigstore bundle":  b.String()[:100],
		"not the JSON of a Sigstore bundle:": strings.Replace(b.String(), `"sig":"`, `"sig":["`, 1),
		"no signature, must have":            strings.Replace(b.String(), `[{"sig":"`+b.sigs[0]+`"}]`, `[]`, 1),
		"several signatures, must have":      strings.Replace(b.String(), `[{`, `[{},{},{`, 1),
		"spelled in another way":             b.String() + "\n",
	} {
		_, err := verify.ParseBundle([]byte(data))
		assert.ErrorContains(t, err, says)
	}
}

// A bundle of exactly the limit is looked at, one byte more is not.
func TestBundleOfTheLimit(t *testing.T) {
	for says, size := range map[string]int{"not the JSON": verify.MaxBundle, "at most 6291456 are allowed": verify.MaxBundle + 1} {
		data := []byte(strings.Repeat(" ", size))
		_, err := verify.ParseBundle(data)
		assert.ErrorContains(t, err, says)
		_, err = verify.ParseForeignBundle(data)
		assert.ErrorContains(t, err, says)
	}
}

func TestSmallestAttestation(t *testing.T) {
	assert.True(t, verify.Foreign{Bundle: verify.Bundle{Payload: []byte("x")}}.IsAttestation())
	assert.False(t, verify.Foreign{Bundle: verify.Bundle{Payload: []byte{}}}.IsAttestation())
}

func TestBundleOfNoKey(t *testing.T) {
	b := verify.Bundle{Payload: []byte("{}"), Signature: []byte{1}}
	assert.ErrorIs(t, b.Verify(verify.Key{}), verify.ErrSignature)
	assert.ErrorIs(t, verify.Foreign{Bundle: verify.Bundle{Signature: []byte{1}}, File: manifest.DigestOf(nil)}.VerifyFile(verify.Key{}, nil), verify.ErrSignature)
}

func TestNamesOfBundles(t *testing.T) {
	id := engineer().key.ID()
	for name, is := range map[string]struct{ release, provenance bool }{
		verify.BundleName(id):                  {true, false},
		verify.ProvenanceBundleName(id):        {false, true},
		"hotfix.x.sigstore.json":               {true, false},
		"provenance.x.sigstore.json":           {false, true},
		"hotfix..sigstore.json":                {},
		"provenance..sigstore.json":            {},
		"hotfix.0123456789abcdef.json":         {},
		"provenance.0123456789abcdef.json":     {},
		"hotfix.sigstore.json":                 {},
		"other.0123456789abcdef.sigstore.json": {},
		"":                                     {},
	} {
		assert.Equal(t, is.release, verify.IsBundleName(name), name)
		assert.Equal(t, is.provenance, verify.IsProvenanceBundleName(name), name)
		assert.Equal(t, is.release || is.provenance, verify.IsDistFile(name), name)
	}
}

// Limits are promises: who raises one lets hosts work longer, and who lowers one
// refuses what was good.
func TestLimits(t *testing.T) {
	for name, limit := range map[string]struct{ got, want int }{
		"MaxBundle":     {verify.MaxBundle, 6 * 1024 * 1024},
		"MaxSignature":  {verify.MaxSignature, 1024},
		"MaxBundles":    {verify.MaxBundles, 64},
		"MaxTimestamps": {verify.MaxTimestamps, 8},
		"MaxTimestamp":  {verify.MaxTimestamp, 16 * 1024},
		"MaxKeyFile":    {verify.MaxKeyFile, 64 * 1024},
		"MinRSABits":    {verify.MinRSABits, 2048},
		"MaxRSABits":    {verify.MaxRSABits, 4096},
	} {
		assert.Equal(t, limit.want, limit.got, name)
	}
}
