package keyless

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
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
		"signature alone":          replace("— log.test ", ""),
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

func goldenStamp(t testing.TB) []byte {
	t.Helper()
	return golden(t, "v2.sigstore.json").GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()[0].GetSignedTimestamp()
}

// None of these parts is signed.
func TestStampsOfOtherForms(t *testing.T) {
	oid := asn1.ObjectIdentifier{1, 2, 3}
	for name, change := range map[string]func(r *stampResponse){
		"granted with changes": func(r *stampResponse) { r.Status.Status = 1 },
		"rejected":             func(r *stampResponse) { r.Status.Status = 2 },
		"no signed data":       func(r *stampResponse) { r.Token.Type = oid },
		"no timestamp":         func(r *stampResponse) { r.Token.Signed.Content.Type = oid },
		"other version":        func(r *stampResponse) { r.Token.Signed.Version = 1 },
		"no signer":            func(r *stampResponse) { r.Token.Signed.Signers = nil },
		"two signers": func(r *stampResponse) {
			r.Token.Signed.Signers = append(r.Token.Signed.Signers, r.Token.Signed.Signers[0])
		},
		"signer of other version": func(r *stampResponse) { r.Token.Signed.Signers[0].Version = 3 },
		"no digest":               func(r *stampResponse) { r.Token.Signed.Digests = nil },
		"two digests": func(r *stampResponse) {
			r.Token.Signed.Digests = append(r.Token.Signed.Digests, r.Token.Signed.Digests[0])
		},
		"other digest": func(r *stampResponse) { r.Token.Signed.Digests[0] = asn1.NullRawValue },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parseStamp(goldenStamp(t))
			require.NoError(t, err)
			change(&r)
			data, err := asn1.Marshal(r)
			require.NoError(t, err)
			_, err = parseStamp(data)
			assert.ErrorIs(t, err, ErrTime)
		})
	}
}

// Sigstore's verifier mends such lengths before it looks at the signature.
func TestStampWithLengthsThatDoNotAddUp(t *testing.T) {
	stamp := goldenStamp(t)
	digest := []byte{0x31, 0x22, 0x04, 0x20} // a set with a digest
	require.Equal(t, 1, bytes.Count(stamp, digest))
	_, err := parseStamp(bytes.Replace(stamp, digest, []byte{0x31, 0x21, 0x04, 0x20}, 1))
	assert.ErrorContains(t, err, "not a response in DER")
}

func TestSubjectsThatAreRefused(t *testing.T) {
	name := func(class, tag int, compound bool, content []byte) asn1.RawValue {
		return asn1.RawValue{Class: class, Tag: tag, IsCompound: compound, Bytes: content}
	}
	other := func(oid asn1.ObjectIdentifier, parts ...any) []byte {
		data, err := asn1.Marshal(oid)
		require.NoError(t, err)
		for _, part := range parts {
			more, err := asn1.Marshal(part)
			require.NoError(t, err)
			data = append(data, more...)
		}
		return data
	}
	text := func(tag int) asn1.RawValue {
		return name(asn1.ClassContextSpecific, 0, true, append([]byte{byte(tag), 1}, 'a'))
	}
	extension := func(names ...asn1.RawValue) []byte {
		data, err := asn1.Marshal(names)
		require.NoError(t, err)
		return data
	}
	good := extension(name(asn1.ClassContextSpecific, nameOther, true, other(oidUserName, text(asn1.TagUTF8String))))
	subject, err := subjectOf(withSubjects(good))
	require.NoError(t, err)
	require.Equal(t, "a", subject)

	for what, value := range map[string][]byte{
		"nothing":            nil,
		"no list":            {5, 0},
		"empty list":         extension(),
		"more behind":        append(good, 5, 0),
		"universal class":    extension(name(asn1.ClassUniversal, nameEmail, false, []byte{1})),
		"host":               extension(name(asn1.ClassContextSpecific, 2, false, []byte("a"))),
		"name of other form": extension(name(asn1.ClassContextSpecific, nameOther, true, other(oidSignedData, text(asn1.TagUTF8String)))),
		"name of no text":    extension(name(asn1.ClassContextSpecific, nameOther, true, other(oidUserName, text(asn1.TagInteger)))),
		"name without text":  extension(name(asn1.ClassContextSpecific, nameOther, true, other(oidUserName))),
	} {
		_, err := subjectOf(withSubjects(value))
		assert.ErrorIs(t, err, ErrIdentity, what)
	}
}

func withSubjects(value []byte) *x509.Certificate {
	return &x509.Certificate{Extensions: []pkix.Extension{{Id: oidSubjectAltName, Value: value}}}
}

func FuzzParseStamp(f *testing.F) {
	stamp := goldenStamp(f)
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
