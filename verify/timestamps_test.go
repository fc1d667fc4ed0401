package verify_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

var tsa = sync.OnceValue(func() *timestamptest.TSA {
	a, err := timestamptest.New(timestamptest.At(time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC)))
	if err != nil {
		panic(err)
	}
	return a
})

// stampedBundle is a bundle with a timestamp over its signature.
func stampedBundle(t testing.TB, s *signer, payload []byte) verify.Bundle {
	t.Helper()
	b, err := verify.ParseBundle(s.bundle(payload))
	require.NoError(t, err)
	stamp, err := tsa().Stamp(t.Context(), b.Signature)
	require.NoError(t, err)
	b.Timestamps = [][]byte{stamp}
	return b
}

func TestBundleWithTimestamps(t *testing.T) {
	b := verify.Bundle{Payload: []byte("{}"), Signature: []byte{1}, Timestamps: [][]byte{{1, 2, 3}, {4}}}
	data, err := b.Encode()
	require.NoError(t, err)
	assert.Equal(t, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"`+b.Key.Hint()+
		`"},"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AQID"},{"signedTimestamp":"BA=="}]}},`+
		`"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AQ=="}]}}`, string(data))
	again, err := verify.ParseBundle(data)
	require.NoError(t, err)
	assert.Equal(t, b, again)

	largest := verify.Bundle{Payload: make([]byte, manifest.MaxDocument), Signature: make([]byte, verify.MaxSignature)}
	for i := range verify.MaxTimestamps {
		largest.Timestamps = append(largest.Timestamps, bytes.Repeat([]byte{byte(i)}, verify.MaxTimestamp))
	}
	data, err = largest.Encode()
	require.NoError(t, err)
	_, err = verify.ParseBundle(data)
	require.NoError(t, err, "every bundle that can be written can be read")
}

func TestTimestampsThatAreRefused(t *testing.T) {
	const good = `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AQID"}]}`
	list := func(stamps ...string) string {
		return `"timestampVerificationData":{"rfc3161Timestamps":[` + strings.Join(stamps, ",") + `]}`
	}
	nth := func(i int) string { return fmt.Sprintf(`{"signedTimestamp":"AQI%c"}`, "0123456789"[i]) }
	plain := string(engineer().bundle([]byte("{}")))
	with := func(stamps string) []byte {
		return []byte(strings.Replace(plain, `"}},"dsse`, `"},`+stamps+`},"dsse`, 1))
	}
	_, err := verify.ParseBundle(with(good))
	require.NoError(t, err)
	var many []string
	for i := range verify.MaxTimestamps + 1 {
		many = append(many, nth(i))
	}
	for name, test := range map[string]struct{ stamps, says string }{
		"empty list":        {list(), "empty list"},
		"no list":           {`"timestampVerificationData":{}`, "empty list"},
		"null":              {`"timestampVerificationData":null`, "spelled in another way"},
		"null list":         {`"timestampVerificationData":{"rfc3161Timestamps":null}`, "empty list"},
		"null stamp":        {list("null"), "empty list"},
		"null between":      {list(nth(0), "null"), "spelled in another way"},
		"empty stamp":       {list(`{"signedTimestamp":""}`), "0 bytes as timestamp 1"},
		"no stamp":          {list(`{}`), "0 bytes as timestamp 1"},
		"twice":             {list(nth(0), nth(0)), "twice"},
		"too many":          {list(many...), "more than 8"},
		"millions":          {list(strings.Repeat("{},", 1<<20) + "{}"), "more than 8"},
		"too large":         {list(`{"signedTimestamp":"` + base64.StdEncoding.EncodeToString(make([]byte, verify.MaxTimestamp+1)) + `"}`), "16385 bytes as timestamp 1"},
		"another good one":  {strings.Replace(good, "AQID", "AQI=", 1), ""},
		"other padding":     {strings.Replace(good, "AQID", "AQJ=", 1), "spelled in another way"},
		"key case":          {strings.Replace(good, "signedTimestamp", "signedtimestamp", 1), "spelled in another way"},
		"key case of list":  {strings.Replace(good, "rfc3161Timestamps", "RFC3161Timestamps", 1), "spelled in another way"},
		"more keys":         {strings.Replace(good, `"AQID"`, `"AQID","more":1`, 1), "spelled in another way"},
		"white space":       {strings.Replace(good, `:"AQID"`, `: "AQID"`, 1), "spelled in another way"},
		"twice as a key":    {good + "," + good, "the same timestamp twice"},
		"not base64":        {strings.Replace(good, "AQID", "!!!!", 1), "not the JSON of a Sigstore bundle"},
		"before public key": {"", "spelled in another way"},
	} {
		t.Run(name, func(t *testing.T) {
			data := with(test.stamps)
			if name == "before public key" {
				data = []byte(strings.Replace(plain, `{"publicKey"`, `{`+good+`,"publicKey"`, 1))
			}
			_, err := verify.ParseBundle(data)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, test.says)
		})
	}
}

// believe does what a host does with a bundle whose time matters.
func believe(data []byte, key verify.Key, authorities []timestamp.Authority) error {
	b, err := verify.ParseBundle(data)
	if err != nil {
		return err
	}
	if err := b.Verify(key); err != nil {
		return err
	}
	if len(b.Timestamps) == 0 {
		return timestamp.ErrFormat
	}
	for _, stamp := range b.Timestamps {
		if _, err := timestamp.Verify(stamp, b.Signature, authorities); err != nil {
			return err
		}
	}
	return nil
}

// No bit of a bundle with a timestamp can be flipped; in -short, one in 97
// is tried.
func TestEveryFlippedBitOfABundleIsRefused(t *testing.T) {
	data, err := stampedBundle(t, engineer(), payload(t, release())).Encode()
	require.NoError(t, err)
	trusted, err := timestamp.NewAuthority("test", tsa().Issuers())
	require.NoError(t, err)
	authorities := []timestamp.Authority{trusted}
	require.NoError(t, believe(data, engineer().key, authorities))
	step := 1
	if testing.Short() {
		step = 97
	}
	for i := 0; i < 8*len(data); i += step {
		changed := bytes.Clone(data)
		changed[i/8] ^= 1 << (i % 8)
		if believe(changed, engineer().key, authorities) == nil {
			t.Errorf("bit %d of byte %d can be flipped", i%8, i/8)
		}
	}
}

// A timestamp of one bundle says nothing about another.
func TestTimestampOfAnotherBundle(t *testing.T) {
	one, other := stampedBundle(t, engineer(), []byte("{}")), stampedBundle(t, reviewer(), []byte("{}"))
	one.Timestamps = other.Timestamps
	data, err := one.Encode()
	require.NoError(t, err)
	trusted, err := timestamp.NewAuthority("test", tsa().Chain())
	require.NoError(t, err)
	assert.ErrorIs(t, believe(data, engineer().key, []timestamp.Authority{trusted}), timestamp.ErrOtherMessage)
}

// spaced puts white space between the parts of a document, as the encoders of
// other tools do.
func spaced(data []byte) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, data, " ", "\t"); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// fileBundle is the signature of a file as cosign's sign-blob makes it.
func fileBundle(s *signer, content []byte, timestamps string) []byte {
	digest := manifest.DigestOf(content)
	return fmt.Appendf(nil, `{"mediaType":"%s","verificationMaterial":{"publicKey":{"hint":"%s"}%s},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"%s"},"signature":"%s"}}`,
		verify.BundleMediaType, s.key.ID().Hint(), timestamps, base64.StdEncoding.EncodeToString(digest[:]), base64.StdEncoding.EncodeToString(s.sign(content)))
}

func TestForeignAttestation(t *testing.T) {
	b := stampedBundle(t, engineer(), []byte("{}"))
	data, err := b.Encode()
	require.NoError(t, err)
	for _, spelled := range [][]byte{data, spaced(data), append(data, '\n')} {
		got, err := verify.ParseForeignBundle(spelled)
		require.NoError(t, err)
		assert.Equal(t, verify.Foreign{Bundle: b}, got)
		assert.True(t, got.IsAttestation())
		require.NoError(t, got.Bundle.Verify(engineer().key))
		err = got.VerifyFile(engineer().key, []byte("{}"))
		assert.ErrorIs(t, err, verify.ErrSignature)
		assert.ErrorContains(t, err, "is an attestation and no signature of a file")
	}
}

func TestForeignSignatureOfAFile(t *testing.T) {
	content := []byte("the archive")
	data := fileBundle(engineer(), content, `,"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AQID"}]}`)
	got, err := verify.ParseForeignBundle(spaced(data))
	require.NoError(t, err)
	assert.False(t, got.IsAttestation())
	assert.Equal(t, manifest.DigestOf(content), got.File)
	assert.Equal(t, [][]byte{{1, 2, 3}}, got.Bundle.Timestamps)
	require.NoError(t, got.VerifyFile(engineer().key, content))
	unnamed := got
	unnamed.Bundle.Key = verify.KeyID{}
	for name, test := range map[string]struct {
		err  error
		says string
	}{
		"another file":     {got.VerifyFile(engineer().key, []byte("another archive")), "signs another file"},
		"another key":      {got.VerifyFile(reviewer().key, content), "names the key " + engineer().key.ID().Short() + ", not " + reviewer().key.ID().Short()},
		"no key":           {got.VerifyFile(verify.Key{}, content), "names the key"},
		"neither key":      {unnamed.VerifyFile(verify.Key{}, content), "names the key 0000000000000000, not 0000000000000000"},
		"as a bundle":      {got.Bundle.Verify(engineer().key), "does not match the payload"},
		"another's claims": {claiming(got, reviewer()).VerifyFile(reviewer().key, content), "does not match the payload"},
	} {
		assert.ErrorIs(t, test.err, verify.ErrSignature, name)
		assert.ErrorContains(t, test.err, test.says, name)
	}
	_, err = verify.ParseBundle(data)
	assert.Error(t, err, "hosts take no signatures of files")
}

// claiming names another key.
func claiming(f verify.Foreign, s *signer) verify.Foreign {
	f.Bundle.Key = s.key.ID()
	return f
}

func TestForeignBundlesThatAreRefused(t *testing.T) {
	file, attestation := string(fileBundle(engineer(), []byte("x"), "")), string(engineer().bundle([]byte("{}")))
	envelope := attestation[strings.Index(attestation, `,"dsseEnvelope"`):]
	replaced := func(s, old, new string) string {
		require.Contains(t, s, old)
		return strings.Replace(s, old, new, 1)
	}
	for name, test := range map[string]struct{ data, says string }{
		"nothing":          {"", "not the JSON"},
		"empty":            {"{}", "either a DSSE envelope or"},
		"both":             {strings.TrimSuffix(file, "}") + envelope, "either a DSSE envelope or"},
		"too large":        {file + strings.Repeat(" ", verify.MaxBundle), "at most 6291456"},
		"more after it":    {file + "{}", "not the JSON"},
		"media type":       {replaced(file, "v0.3", "v0.2"), "media type"},
		"hint":             {replaced(file, `"hint":"`, `"hint":"x`), "key hint"},
		"another hash":     {replaced(file, "SHA2_256", "SHA2_512"), "digest by"},
		"short digest":     {replaced(file, `"digest":"`, `"digest":"AAAA","digest":"`), "spells it in another way"},
		"no digest":        {replaced(file, `"digest":"`, `"other":"`), "digest of 0 bytes"},
		"no signature":     {replaced(file, `"signature":"`, `"other":"`), "signature of 0 bytes"},
		"key case":         {replaced(file, `"signature":"`, `"Signature":"`), "spells it in another way"},
		"log entries":      {replaced(file, `},"messageSignature"`, `,"tlogEntries":[{"logIndex":"1"}]},"messageSignature"`), "holds more than"},
		"in another order": {replaced(replaced(file, `"algorithm":"SHA2_256",`, ``), `},"signature"`, `,"algorithm":"SHA2_256"},"signature"`), "spells it in another way"},
		"escaped":          {replaced(file, "SHA2_256", `SHA2\u005f256`), "spells it in another way"},
		"payload type":     {replaced(attestation, "in-toto+json", "in-toto+xml"), "payload type"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify.ParseForeignBundle([]byte(test.data))
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, test.says)
		})
	}
}

func FuzzParseForeignBundle(f *testing.F) {
	f.Add(fileBundle(engineer(), []byte("x"), ""))
	f.Add(spaced(engineer().bundle([]byte("{}"))))
	stamped, err := stampedBundle(f, engineer(), []byte("{}")).Encode()
	require.NoError(f, err)
	f.Add(stamped)
	f.Add(spaced(stamped))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := verify.ParseForeignBundle(data)
		if err != nil {
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			return
		}
		assert.NotEqual(t, got.IsAttestation(), got.File != manifest.Digest{})
		if got.IsAttestation() {
			again, err := got.Bundle.Encode()
			require.NoError(t, err)
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, data))
			assert.Equal(t, compact.Bytes(), again)
		}
	})
}
