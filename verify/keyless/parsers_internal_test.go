package keyless

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gohotfix/hotfix/verify"
)

func golden(t testing.TB, name string) *protobundle.Bundle {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	b := new(protobundle.Bundle)
	require.NoError(t, protojson.Unmarshal(data, b))
	return b
}

func TestParseCheckpoint(t *testing.T) {
	const root = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
	good := "log.test - 123\n17\n" + root + "\n\n— log.test AAAAAGE=\n"
	cp, ok := parseCheckpoint(good)
	require.True(t, ok)
	assert.Equal(t, int64(17), cp.size)
	assert.Len(t, cp.root, 32)

	replace := func(old, replacement string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, replacement, 1)
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"no signature":             "log.test - 123\n17\n" + root + "\n",
		"no root":                  "log.test - 123\n17\n\n— log.test AAAAAGE=\n",
		"size with a plus":         replace("17", "+17"),
		"size with a zero":         replace("17", "017"),
		"no size":                  replace("17", "many"),
		"huge size":                replace("17", "9223372036854775808"),
		"root without padding":     replace(root, strings.TrimSuffix(root, "=")),
		"root with odd bits":       replace("Cgg=", "Cgh="),
		"signature of another":     replace("— log.test", "— other.test"),
		"signature without a dash": replace("— ", "- "),
		"signature with odd bits":  replace("AAAAAGE=", "AAAAAGF="),
		"signature with more":      replace("AAAAAGE=", "AAAAAGE= x"),
		"signature not ended":      strings.TrimSuffix(good, "\n"),
		"two signatures":           good + "— log.test AAAAAGE=\n",
		"an empty line more":       good + "\n",
	} {
		_, ok := parseCheckpoint(text)
		assert.False(t, ok, name)
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	for _, name := range []string{"v1.sigstore.json", "v2.sigstore.json"} {
		f.Add(golden(f, name).GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof().GetCheckpoint().GetEnvelope())
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := parseCheckpoint(text); ok {
			assert.Equal(t, 1, strings.Count(text, "\n\n"))
			assert.Equal(t, 1, strings.Count(text, "\n— "))
		}
	})
}

func FuzzParseStamp(f *testing.F) {
	stamp := golden(f, "v2.sigstore.json").GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()[0].GetSignedTimestamp()
	_, err := parseStamp(stamp)
	require.NoError(f, err)
	f.Add(stamp)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseStamp(data)
		if err != nil {
			assert.ErrorIs(t, err, ErrTime)
			return
		}
		again, err := asn1.Marshal(r)
		require.NoError(t, err)
		assert.Equal(t, data, again)
	})
}

func FuzzIdentify(f *testing.F) {
	cert := golden(f, "v1.sigstore.json").GetVerificationMaterial().GetCertificate().GetRawBytes()
	f.Add(cert)
	f.Fuzz(func(t *testing.T, data []byte) {
		cert, err := x509.ParseCertificate(data)
		if err != nil {
			return
		}
		who, err := identify(cert)
		if err != nil {
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			return
		}
		assert.NotContains(t, who.issuer+who.subject, "\n")
		assert.Less(t, len(who.String()), 2*6*(maxQuotedText+10))
	})
}

func TestCountTokens(t *testing.T) {
	for text, want := range map[string]int{
		``:                               0,
		`{"a":[1,2,{}]}`:                 6,
		`"{[,:"`:                         0,
		`"\"{"`:                          0,
		`"\\"{`:                          1,
		`"`:                              0,
		`\`:                              0,
		strings.Repeat(`[`, MaxTokens*2): MaxTokens + 1,
	} {
		assert.Equal(t, want, countTokens([]byte(text)), cut(text, 20))
	}
}

// A bundle with all that the limits allow is below the limit of tokens.
func TestLimitOfTokensIsNoOther(t *testing.T) {
	b := golden(t, "v1-timestamp.sigstore.json")
	material := b.GetVerificationMaterial()
	entry, stamp := material.GetTlogEntries()[0], material.GetTimestampVerificationData().GetRfc3161Timestamps()[0]
	entry.InclusionProof.Hashes = make([][]byte, MaxHashes)
	for range MaxEntries - 1 {
		material.TlogEntries = append(material.TlogEntries, entry)
	}
	for range MaxTimestamps - 1 {
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps, stamp)
	}
	data, err := protojson.Marshal(b)
	require.NoError(t, err)
	require.True(t, json.Valid(data))
	assert.Less(t, countTokens(data), MaxTokens)
}

func TestIsDER(t *testing.T) {
	for name, test := range map[string]struct {
		data []byte
		want bool
	}{
		"nothing":             {nil, true},
		"null":                {[]byte{5, 0}, true},
		"nested":              {[]byte{0x30, 4, 0x31, 2, 5, 0}, true},
		"inner too long":      {[]byte{0x30, 4, 0x31, 3, 5, 0}, false},
		"inner too short":     {[]byte{0x30, 4, 0x31, 1, 5, 0}, false},
		"length not minimal":  {[]byte{5, 0x81, 0}, false},
		"length not definite": {[]byte{0x30, 0x80, 0, 0}, false},
		"too deep":            {nestedDER(maxDepth + 2), false},
		"as deep as allowed":  {nestedDER(maxDepth), true},
	} {
		assert.Equal(t, test.want, isDER(test.data, maxDepth), name)
	}
}

func nestedDER(depth int) []byte {
	var data []byte
	for range depth {
		data = append([]byte{0x30, byte(len(data))}, data...)
	}
	return data
}
