package keyless_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/keyless"
)

// protobuf's encoder for Go puts spaces at places that depend on the program it is in.
func TestWhiteSpaceMayDiffer(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	b := s.sign(signing{}).v1()
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, encode(b), "", "  "))
	for _, data := range [][]byte{must(protojson.Marshal(b)), []byte(protojson.Format(b)), indented.Bytes(), append(encode(b), '\n')} {
		_, err := v.VerifyBundle(t.Context(), data)
		assert.NoError(t, err)
	}
}

func TestOtherSpellingsAreRefused(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	d := s.sign(signing{payload: []byte("1234")}) // its base64 has padding
	good := string(encode(d.v1Stamped()))
	_, err := v.VerifyBundle(t.Context(), []byte(good))
	require.NoError(t, err)

	spelled := func(old, replacement string) string {
		require.Equal(t, 1, strings.Count(good, old), old)
		return strings.Replace(good, old, replacement, 1)
	}
	first, second, _ := strings.Cut(strings.Trim(good, "{}"), `,"dsseEnvelope":`)
	for name, data := range map[string]string{
		"name in the form of protobuf": spelled(`"mediaType"`, `"media_type"`),
		"escaped text":                 spelled(`"kind":"dsse"`, `"kind":"\u0064sse"`),
		"escaped name":                 spelled(`"kind"`, `"k\u0069nd"`),
		"escaped slash":                spelled(`"payloadType":"application/`, `"payloadType":"application\/`),
		"number as a number":           spelled(`"logIndex":"4711"`, `"logIndex":4711`),
		"number with an exponent":      spelled(`"logIndex":"4711"`, `"logIndex":4.711e3`),
		"null":                         spelled(`"sig":`, `"keyid":null,"sig":`),
		"default spelled out":          spelled(`"sig":`, `"keyid":"","sig":`),
		"base64 without padding":       spelled(b64(d.payload), strings.TrimRight(b64(d.payload), "=")),
		"base64 for addresses":         spelled(b64(d.cert), base64.URLEncoding.EncodeToString(d.cert)),
		"names in another order":       `{"dsseEnvelope":` + second + "}," + first + "}",
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, good, data)
			require.True(t, json.Valid([]byte(data)))
			_, err := v.VerifyBundle(t.Context(), []byte(data))
			checkRefusal(t, err, manifest.ErrNotCanonical)
		})
	}
}

func TestNotABundle(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	good := string(encode(s.sign(signing{}).v1()))
	for name, data := range map[string]string{
		"nothing":             "",
		"no JSON":             "bundle",
		"half of one":         good[:len(good)/2],
		"two":                 good + good,
		"a byte order mark":   "\ufeff" + good,
		"an unknown name":     strings.Replace(good, `"kind"`, `"Kind"`, 1),
		"a name twice":        strings.Replace(good, `{"kind"`, `{"kind":"dsse","kind"`, 1),
		"two signers":         strings.Replace(good, `{"certificate"`, `{"publicKey":{},"certificate"`, 1),
		"bytes that are none": strings.Replace(good, "dsse", "ds\xffe", 1),
		"deep nesting":        strings.Repeat(`{"verificationMaterial":`, 1000) + strings.Repeat("}", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.VerifyBundle(t.Context(), []byte(data))
			checkRefusal(t, err, nil)
			assert.ErrorContains(t, err, "is not the JSON of a Sigstore bundle")
		})
	}
}

func TestHostileSizes(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	d := s.sign(signing{})
	good := string(encode(d.v1()))
	repeat := func(name, value string) []byte {
		return []byte(`{"verificationMaterial":{` + name + `:[` + strings.Repeat(value+",", (keyless.MaxBundle-1000)/(len(value)+1)) + value + `]}}`)
	}
	manyEntries := d.bundle(make(entries, keyless.MaxEntries+1))
	for i := range manyEntries.VerificationMaterial.TlogEntries {
		manyEntries.VerificationMaterial.TlogEntries[i] = d.entryV1()
	}
	changed := func(change func(e *protorekor.TransparencyLogEntry)) []byte {
		b := d.v1()
		change(entryOf(b))
		return encode(b)
	}
	stamps := make([][]byte, keyless.MaxTimestamps+1)
	for i := range stamps {
		stamps[i] = d.timestamp()
	}
	bigCertificate := d.v1()
	bigCertificate.VerificationMaterial.GetCertificate().RawBytes = make([]byte, keyless.MaxCertificate+1)
	for name, test := range map[string]struct {
		data []byte
		says string
	}{
		"100 MB":         {bytes.Repeat([]byte(" "), 100<<20), "at most 6291456 are allowed"},
		"a byte more":    {append([]byte(good), bytes.Repeat([]byte(" "), keyless.MaxBundle+1-len(good))...), "at most 6291456 are allowed"},
		"objects":        {repeat(`"tlogEntries"`, "{}"), "more than 4096 values"},
		"texts":          {repeat(`"tlogEntries"`, `""`), "more than 4096 values"},
		"arrays":         {bytes.Repeat([]byte("["), keyless.MaxBundle), "more than 4096 values"},
		"a long text":    {[]byte(`{"mediaType":"` + strings.Repeat("x", keyless.MaxBundle-100) + `"}`), "has media type"},
		"a long name":    {[]byte(`{"` + strings.Repeat("x", keyless.MaxBundle-100) + `":1}`), "not the JSON"},
		"backslashes":    {[]byte(`{"mediaType":"` + strings.Repeat(`\\`, keyless.MaxBundle/2-100)), "not the JSON"},
		"a huge number":  {[]byte(strings.Replace(good, `"4711"`, strings.Repeat("9", keyless.MaxBundle-len(good)), 1)), "not the JSON"},
		"a long payload": {encode(s.sign(signing{payload: make([]byte, manifest.MaxDocument+1)}).v1()), "payload of"},
		"log entries":    {encode(manyEntries), "has 9 log entries, at most 8"},
		"a long entry": {changed(func(e *protorekor.TransparencyLogEntry) {
			e.CanonicalizedBody = make([]byte, keyless.MaxEntry+1)
		}), "log entry of 65537 bytes"},
		"hashes": {changed(func(e *protorekor.TransparencyLogEntry) {
			e.InclusionProof.Hashes = make([][]byte, keyless.MaxHashes+1)
		}), "at most 64 hashes"},
		"a long checkpoint": {changed(func(e *protorekor.TransparencyLogEntry) {
			e.InclusionProof.Checkpoint.Envelope = strings.Repeat("x", keyless.MaxEntry+1)
		}), "checkpoint of 65537 bytes"},
		"timestamps":         {encode(d.bundle(nil, stamps...)), "list of 9 timestamps"},
		"a long timestamp":   {encode(d.bundle(nil, make([]byte, keyless.MaxTimestamp+1))), "timestamp of 16385 bytes"},
		"a long certificate": {encode(bigCertificate), "certificate of 16385 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			allocated := allocatedBy(func() { _, err = v.VerifyBundle(t.Context(), test.data) })
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, test.says)
			assert.Less(t, len(err.Error()), 600)
			assert.Less(t, allocated, uint64(64<<20))
		})
	}
}

// allocatedBy returns how many bytes f allocates, of which it may have freed some.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Anybody can have a certificate, and with it a signature over a statement that takes
// much memory when it is parsed: it is not.
func TestPayloadIsNotParsed(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	hostile := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[` + strings.Repeat("{},", 1<<18) + `{}]}`)
	for _, payload := range [][]byte{hostile, []byte("not JSON")} {
		data := encode(s.sign(signing{payload: payload}).v2())
		var got verify.Signed
		var err error
		allocated := allocatedBy(func() { got, err = v.VerifyBundle(t.Context(), data) })
		require.NoError(t, err)
		assert.Equal(t, payload, got.Payload)
		assert.Less(t, allocated, uint64(32<<20))
		t.Logf("%d bytes of payload: %d allocated", len(payload), allocated)
	}
}
