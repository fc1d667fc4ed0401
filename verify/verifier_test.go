package verify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

func TestNewFailsClosed(t *testing.T) {
	one := verify.WithKeys(engineer().key)
	tests := map[string]struct {
		options []verify.Option
		want    error
	}{
		"no option":             {nil, verify.ErrNoKeys},
		"no key":                {[]verify.Option{verify.WithKeys()}, verify.ErrNoKeys},
		"threshold alone":       {[]verify.Option{verify.WithThreshold(1)}, verify.ErrNoKeys},
		"empty key":             {[]verify.Option{verify.WithKeys(verify.Key{})}, nil},
		"threshold zero":        {[]verify.Option{one, verify.WithThreshold(0)}, nil},
		"threshold negative":    {[]verify.Option{one, verify.WithThreshold(-1)}, nil},
		"threshold above keys":  {[]verify.Option{one, verify.WithThreshold(2)}, verify.ErrUnreachable},
		"same key counted once": {[]verify.Option{one, one, verify.WithThreshold(2)}, verify.ErrUnreachable},
		"nil option":            {[]verify.Option{one, nil}, nil},
		"threshold below keys":  {[]verify.Option{verify.WithThreshold(3), verify.WithKeys(engineer().key, reviewer().key)}, verify.ErrUnreachable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := verify.New(test.options...)
			require.Error(t, err)
			assert.Nil(t, v)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
		})
	}
}

// Options that are wrong by themselves, or beside others, are named.
func TestNewNamesTheOption(t *testing.T) {
	keys, trust := verify.WithKeys(engineer().key), verify.WithTrust(compiled(t, trustFile()))
	floor, at, permit := verify.WithFloor(installed()), verify.WithHost(host()), verify.WithPermits([]byte("{}"))
	nameless, elsewhere, nowhere := host(), host(), host()
	nameless.Name, elsewhere.Name, nowhere.Target = "", "../pay-7", target.Target{}
	tests := map[string]struct {
		options []verify.Option
		says    string
	}{
		"second key empty":                 {[]verify.Option{verify.WithKeys(engineer().key, verify.Key{})}, "WithKeys: key 2 is empty"},
		"no trust file":                    {[]verify.Option{verify.WithTrust(nil)}, "WithTrust: the trust file is empty"},
		"an empty trust file":              {[]verify.Option{verify.WithTrust(&verify.Trust{})}, "WithTrust: the trust file is empty"},
		"a trust file and keys":            {[]verify.Option{trust, keys}, "WithTrust replaces WithKeys"},
		"a trust file and a threshold":     {[]verify.Option{trust, verify.WithThreshold(1)}, "WithTrust replaces WithKeys"},
		"no clock":                         {[]verify.Option{keys, verify.WithClock(nil)}, "WithClock: there is no clock"},
		"an empty floor":                   {[]verify.Option{keys, verify.WithFloor(manifest.Floor{})}, "WithFloor: "},
		"a host that is no name":           {[]verify.Option{keys, verify.WithHost(elsewhere)}, "WithHost: "},
		"a host without a target":          {[]verify.Option{keys, verify.WithHost(nowhere)}, "WithHost: "},
		"too many permits":                 {[]verify.Option{trust, floor, at, verify.WithPermits(make([][]byte, verify.MaxBundles+1)...)}, "64"},
		"permits and keys":                 {[]verify.Option{keys, floor, at, permit}, "WithPermits: "},
		"permits without a floor":          {[]verify.Option{trust, at, permit}, "WithPermits: "},
		"permits without a host":           {[]verify.Option{trust, floor, permit}, "WithPermits: "},
		"permits for a nameless host":      {[]verify.Option{trust, floor, verify.WithHost(nameless), permit}, "WithPermits: "},
		"no verifier of other bundles":     {[]verify.Option{trust, verify.WithBundleVerifier(nil)}, "WithBundleVerifier: there is none"},
		"keys, and bundles of other kinds": {[]verify.Option{keys, verify.WithBundleVerifier(vouched{})}, "WithBundleVerifier: keys say nothing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := verify.New(test.options...)
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, v)
		})
	}
	_, err := verify.New(trust, floor, at, permit, verify.WithBundleVerifier(vouched{}))
	require.NoError(t, err, "all of them together")
	_, err = verify.New(keys, verify.WithHost(nameless))
	require.NoError(t, err, "a host without permits needs no name")
}

// Permits add up over several options, and so do keys.
func TestOptionsAddUp(t *testing.T) {
	s := good()
	permitFor(nil)(t, s)
	first := s.permits
	s.permits = nil
	s.trust.Products[0].Permits = &manifest.Quorum{Threshold: 2, Signers: s.trust.Products[0].Releases.Signers}
	s.options = []verify.Option{verify.WithPermits(s.permit(t, nil, engineer())...), verify.WithPermits(first...)}
	_, err := s.verify(t)
	require.NoError(t, err)
}

// A floor is not changed from outside after it was given.
func TestWithFloorIsACopy(t *testing.T) {
	s := good()
	s.release.Prerequisites = []string{"payments-1.4.1"}
	s.floor.Withdrawn = []manifest.Withdrawal{{ID: "payments-1.4.0", Reason: "leaks"}}
	v := s.verifier(t)
	s.floor.Installed[0], s.floor.Withdrawn[0].ID = "payments-1.4.0", s.release.ID
	_, err := v.Verify(t.Context(), [][]byte{engineer().bundle(s.payload(t)), reviewer().bundle(s.payload(t))})
	require.NoError(t, err)
}

// Without options, one signature is enough, and the clock is the system's.
func TestDefaults(t *testing.T) {
	v, err := verify.New(verify.WithKeys(engineer().key, reviewer().key))
	require.NoError(t, err)
	before := time.Now()
	result, err := v.Verify(t.Context(), [][]byte{engineer().bundle(payload(t, release()))})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Threshold)
	assert.WithinRange(t, result.Judged, before, time.Now())
	assert.Equal(t, time.UTC, result.Judged.Location())
	assert.Contains(t, result.String(), "signed by 1 trusted key (1 needed)")
	assert.Contains(t, result.String(), "no floor was given")
	assert.Contains(t, result.String(), "no host was given")
}

// Before enough have signed, nothing that was signed is read.
func TestNothingIsReadBeforeTheThreshold(t *testing.T) {
	for name, bundles := range map[string][][]byte{
		"one of two": {engineer().bundle([]byte("{}"))},
		"a stranger": {engineer().bundle([]byte("{}")), stranger().bundle([]byte("{}"))},
		"nobody":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := good().verifier(t).Verify(t.Context(), bundles)
			require.ErrorIs(t, err, verify.ErrThreshold)
			_, _, err = good().verifier(t).VerifyNotice(t.Context(), bundles)
			require.ErrorIs(t, err, verify.ErrThreshold)
			_, err = newVerifier(t, 2, engineer(), reviewer()).Verify(t.Context(), bundles)
			require.ErrorIs(t, err, verify.ErrThreshold)
		})
	}
	s := lenient()
	_, err := s.verifier(t).Verify(t.Context(), [][]byte{engineer().bundle([]byte("{}"))})
	var refused *verify.StatementError
	require.ErrorAs(t, err, &refused, "one is enough for another product, and only what it signed tells which it is")
	_, err = s.verifier(t).Verify(t.Context(), [][]byte{engineer().bundle(s.payload(t))})
	require.ErrorIs(t, err, verify.ErrThreshold)
}

func TestZeroVerifierRefusesEverything(t *testing.T) {
	bundles := [][]byte{stranger().bundle(payload(t, release()))}
	for name, v := range map[string]*verify.Verifier{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			result, err := v.Verify(t.Context(), bundles)
			assert.ErrorIs(t, err, verify.ErrNoKeys)
			assert.Nil(t, result)
			result, err = v.VerifyDist(t.Context(), dist(t, stranger()))
			assert.ErrorIs(t, err, verify.ErrNoKeys)
			assert.Nil(t, result)
			result, _, err = v.VerifyPackage(t.Context(), dist(t, stranger()), amd64)
			assert.ErrorIs(t, err, verify.ErrNoKeys)
			assert.Nil(t, result)
			_, _, err = v.VerifyNotice(t.Context(), bundles)
			assert.ErrorIs(t, err, verify.ErrNoKeys)
		})
	}
}

func TestVerifyKeyKinds(t *testing.T) {
	tests := map[verify.Algorithm][]*signer{
		verify.ECDSAP256: {engineer()},
		verify.ECDSAP384: {p384()},
		verify.Ed25519:   {edwards()},
		verify.RSAPKCS1:  {rsa2048(), rsa3072()},
	}
	signed := payload(t, release())
	for algorithm, signers := range tests {
		for _, s := range signers {
			t.Run(string(algorithm), func(t *testing.T) {
				assert.Equal(t, algorithm, s.key.Algorithm())
				parsed, err := verify.ParsePublicKey(publicPEM(t, s.private.Public()))
				require.NoError(t, err)
				v, err := verify.New(verify.WithKeys(parsed))
				require.NoError(t, err)
				result, err := v.Verify(t.Context(), [][]byte{s.bundle(signed)})
				require.NoError(t, err)
				assert.Equal(t, []verify.Signature{{Signer: s.key.ID()}}, result.Signers)
				assert.Equal(t, release(), result.Release)
				assert.Equal(t, manifest.DigestOf(signed), result.Statement)

				sig := s.sign(verify.SignedBytes(signed))
				sig[len(sig)/2] ^= 1
				altered, err := verify.Bundle{Key: s.key.ID(), Payload: signed, Signature: sig}.Encode()
				require.NoError(t, err)
				_, err = v.Verify(t.Context(), [][]byte{altered})
				assert.ErrorIs(t, err, verify.ErrSignature)
			})
		}
	}
}

func TestVerifyThreshold(t *testing.T) {
	signed := payload(t, release())
	a, b, m := engineer().bundle(signed), reviewer().bundle(signed), stranger().bundle(signed)
	tests := map[string]struct {
		threshold int
		bundles   [][]byte
		signers   int // -1 for a ThresholdError
		unknown   int
	}{
		"one of two":                       {1, [][]byte{a}, 1, 0},
		"two of two":                       {2, [][]byte{a, b}, 2, 0},
		"two of two, another order":        {2, [][]byte{b, a}, 2, 0},
		"two of two and a stranger":        {2, [][]byte{m, a, b}, 2, 1},
		"no bundle":                        {1, nil, -1, 0},
		"a stranger alone":                 {1, [][]byte{m}, -1, 1},
		"a stranger does not count":        {2, [][]byte{a, m}, -1, 1},
		"the same bundle twice":            {2, [][]byte{a, a}, -1, 0},
		"the same key with two signatures": {2, [][]byte{a, engineer().bundle(signed)}, -1, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := newVerifier(t, test.threshold, engineer(), reviewer()).Verify(t.Context(), test.bundles)
			if test.signers < 0 {
				var refused *verify.ThresholdError
				require.ErrorAs(t, err, &refused)
				assert.ErrorIs(t, err, verify.ErrThreshold)
				assert.Len(t, refused.Uncounted, test.unknown)
				for _, u := range refused.Uncounted {
					assert.ErrorContains(t, err, u.String())
					assert.ErrorIs(t, u.Err, verify.ErrUnknownSigner)
				}
				assert.Nil(t, result)
				return
			}
			require.NoError(t, err)
			assert.Len(t, result.Signers, test.signers)
			assert.Len(t, result.Uncounted, test.unknown)
			for _, s := range result.Signers {
				assert.Contains(t, result.String(), s.Signer.Short())
			}
			for _, u := range result.Uncounted {
				assert.Contains(t, result.String(), u.Signer.Short())
			}
		})
	}
}

// strangeSignature returns the same ECDSA signature as two bare numbers.
func strangeSignature(sig []byte, size int) []byte {
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &pair); err != nil {
		panic(err)
	}
	return append(pair.R.FillBytes(make([]byte, size)), pair.S.FillBytes(make([]byte, size))...)
}

// paddingBits returns base64 text that decodes to the same bytes, but whose
// unused last bits are set.
func paddingBits(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	body := strings.TrimRight(text, "=")
	last := strings.IndexByte(alphabet, body[len(body)-1])
	return body[:len(body)-1] + alphabet[last|1:last|1+1] + text[len(body):]
}

func TestAttacksOnBundle(t *testing.T) {
	signed := payload(t, release())
	for len(signed)%3 == 0 { // so that its base64 has padding bits
		r := release()
		r.Flags = append(r.Flags, "-a")
		signed = payload(t, r)
	}
	other := release()
	other.Version = "6.6.6"
	encode := base64.StdEncoding.EncodeToString
	alter := func(change func(*spelled)) string {
		b := engineer().spell(signed)
		change(&b)
		return b.String()
	}
	good := engineer().spell(signed).String()
	replace := func(old, new string) string {
		changed := strings.Replace(good, old, new, 1)
		require.NotEqual(t, good, changed)
		return changed
	}
	var notCanonical, unsupported = manifest.ErrNotCanonical, errors.ErrUnsupported
	tests := map[string]struct {
		bundle string
		want   error // nil for any BundleError
	}{
		"signature of another key": {alter(func(b *spelled) { b.sigs = stranger().spell(signed).sigs }), verify.ErrSignature},
		"payload of another release": {alter(func(b *spelled) {
			b.payload = encode(payload(t, other))
		}), verify.ErrSignature},
		"signature over the payload without DSSE": {alter(func(b *spelled) { b.sigs[0] = encode(engineer().sign(signed)) }), verify.ErrSignature},
		"signature of another payload type": {alter(func(b *spelled) {
			b.sigs[0] = encode(engineer().sign([]byte("DSSEv1 10 text/plain " + string(verify.SignedBytes(signed))[39:])))
		}), verify.ErrSignature},
		"another payload type": {alter(func(b *spelled) { b.payloadType = "text/plain" }), unsupported},
		"payload type in other case": {alter(func(b *spelled) {
			b.payloadType = "application/vnd.in-toto+JSON"
		}), unsupported},
		"no payload type": {alter(func(b *spelled) { b.payloadType = "" }), unsupported},
		"ECDSA signature not DER": {alter(func(b *spelled) {
			b.sigs[0] = encode(strangeSignature(engineer().sign(verify.SignedBytes(signed)), 32))
		}), verify.ErrSignature},
		"bytes after the DER":      {alter(func(b *spelled) { b.sigs[0] = encode(append(engineer().sign(verify.SignedBytes(signed)), 0)) }), verify.ErrSignature},
		"two signatures":           {alter(func(b *spelled) { b.sigs = append(b.sigs, b.sigs[0]) }), nil},
		"two signers":              {alter(func(b *spelled) { b.sigs = append(b.sigs, reviewer().spell(signed).sigs...) }), nil},
		"no signature":             {alter(func(b *spelled) { b.sigs = nil }), nil},
		"null signature first":     {replace(`"signatures":[`, `"signatures":[null,`), notCanonical},
		"signatures null":          {strings.Split(good, `"signatures":`)[0] + `"signatures":null}}`, nil},
		"empty signature":          {alter(func(b *spelled) { b.sigs[0] = "" }), nil},
		"huge signature":           {alter(func(b *spelled) { b.sigs[0] = encode(make([]byte, verify.MaxSignature+1)) }), nil},
		"empty payload":            {alter(func(b *spelled) { b.payload = "" }), nil},
		"media type v0.1":          {alter(func(b *spelled) { b.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1" }), unsupported},
		"media type v0.2":          {alter(func(b *spelled) { b.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2" }), unsupported},
		"media type v0.3, old":     {alter(func(b *spelled) { b.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.3" }), unsupported},
		"media type in other case": {alter(func(b *spelled) { b.mediaType = strings.ToUpper(b.mediaType) }), unsupported},
		"no hint":                  {alter(func(b *spelled) { b.hint = "" }), nil},
		"hint too short":           {alter(func(b *spelled) { b.hint = encode(make([]byte, 31)) }), nil},
		"hint with padding bits":   {alter(func(b *spelled) { b.hint = paddingBits(b.hint) }), nil},
		"hint with line break":     {alter(func(b *spelled) { b.hint = b.hint[:10] + `\n` + b.hint[10:] }), nil},
		"payload with padding bits": {alter(func(b *spelled) {
			b.payload = paddingBits(b.payload)
		}), notCanonical},
		"payload with line break": {alter(func(b *spelled) { b.payload = b.payload[:10] + `\n` + b.payload[10:] }), notCanonical},
		"payload without padding": {alter(func(b *spelled) { b.payload = strings.TrimRight(b.payload, "=") }), nil},
		"payload in URL alphabet": {alter(func(b *spelled) { b.payload = "____" + b.payload }), nil},
		"key in other case":       {replace(`"mediaType"`, `"MediaType"`), notCanonical},
		"key with long s":         {replace(`"sig"`, `"ſig"`), notCanonical},
		"escaped key":             {replace(`"payload"`, `"p\u0061yload"`), notCanonical},
		"escaped value":           {replace(`vnd.dev`, `vnd\u002edev`), notCanonical},
		"unknown key":             {replace(`{"mediaType"`, `{"extra":1,"mediaType"`), notCanonical},
		"duplicate key, last wins": {replace(`"payloadType"`, `"payload":"e30=","payloadType"`),
			notCanonical},
		"duplicate key, same value":   {replace(`"dsseEnvelope"`, `"mediaType":"`+verify.BundleMediaType+`","dsseEnvelope"`), notCanonical},
		"key order":                   {replace(`"payload":"`+encode(signed)+`","payloadType":"`+verify.PayloadType+`"`, `"payloadType":"`+verify.PayloadType+`","payload":"`+encode(signed)+`"`), notCanonical},
		"space":                       {replace(`":"`, `": "`), notCanonical},
		"newline at the end":          {good + "\n", notCanonical},
		"second document":             {good + good, nil},
		"byte order mark":             {"\ufeff" + good, nil},
		"cut":                         {good[:300], nil},
		"empty":                       {"", nil},
		"null":                        {"null", unsupported},
		"list":                        {"[" + good + "]", nil},
		"deep nesting":                {strings.Repeat("[", 1<<20), nil},
		"too large":                   {strings.Repeat(" ", verify.MaxBundle+1), nil},
		"statement is not canonical":  {string(engineer().bundle(append(signed, '\n'))), nil},
		"statement with other spaces": {string(engineer().bundle(bytes.Replace(signed, []byte(`,`), []byte(`, `), 1))), nil},
		"statement with duplicate key": {
			string(engineer().bundle(bytes.Replace(signed, []byte(`"subject"`), []byte(`"_type":"https://in-toto.io/Statement/v1","subject"`), 1))), nil},
		"payload is no statement": {string(engineer().bundle([]byte("{}"))), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := newVerifier(t, 1, engineer(), reviewer()).Verify(t.Context(), [][]byte{[]byte(test.bundle)})
			require.Error(t, err)
			assert.Nil(t, result)
			assert.Less(t, len(err.Error()), 600, "message repeats too much of the input")
			if strings.Contains(name, "statement") {
				var refused *verify.StatementError
				require.ErrorAs(t, err, &refused)
				return
			}
			var refused *verify.BundleError
			require.ErrorAs(t, err, &refused)
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
			assert.ErrorContains(t, err, `bundle "1 of 1"`)
		})
	}
	_, err := newVerifier(t, 1, engineer()).Verify(t.Context(), [][]byte{[]byte(good)})
	require.NoError(t, err, "the bundle that the attacks start from")
}

// Nor does a P-384 key sign with two bare numbers.
func TestSignatureOfTwoNumbers(t *testing.T) {
	signed := payload(t, release())
	for _, s := range []*signer{engineer(), p384()} {
		strange := strangeSignature(s.sign(verify.SignedBytes(signed)), s.private.Public().(*ecdsa.PublicKey).Params().BitSize/8)
		bundle := must(verify.Bundle{Key: s.key.ID(), Payload: signed, Signature: strange}.Encode())
		_, err := newVerifier(t, 1, s).Verify(t.Context(), [][]byte{bundle})
		assert.ErrorIs(t, err, verify.ErrSignature)
	}
}

func TestVerifyMixedReleases(t *testing.T) {
	other := release()
	other.Version = "1.4.4"
	bundles := [][]byte{engineer().bundle(payload(t, release())), reviewer().bundle(payload(t, other))}
	for _, threshold := range []int{1, 2} {
		_, err := newVerifier(t, threshold, engineer(), reviewer()).Verify(t.Context(), bundles)
		assert.ErrorIs(t, err, verify.ErrDifferentPayload)
		assert.ErrorContains(t, err, `bundle "2 of 2"`)
	}
	_, err := newVerifier(t, 1, engineer()).Verify(t.Context(), bundles)
	assert.ErrorIs(t, err, verify.ErrDifferentPayload, "also where the second key is unknown")
}

func TestVerifyBadBundleBesideGoodOnes(t *testing.T) {
	signed := payload(t, release())
	stolen := reviewer().spell(signed)
	stolen.sigs = stranger().spell(signed).sigs
	_, err := newVerifier(t, 1, engineer(), reviewer()).Verify(t.Context(), [][]byte{engineer().bundle(signed), []byte(stolen.String())})
	assert.ErrorIs(t, err, verify.ErrSignature)
	_, err = newVerifier(t, 1, engineer()).Verify(t.Context(), [][]byte{engineer().bundle(signed), []byte("{}")})
	var refused *verify.BundleError
	assert.ErrorAs(t, err, &refused)
}

func TestVerifyTooManyBundles(t *testing.T) {
	bundles := make([][]byte, verify.MaxBundles+1)
	for i := range bundles {
		bundles[i] = engineer().bundle(payload(t, release()))
	}
	v := newVerifier(t, 1, engineer())
	_, err := v.Verify(t.Context(), bundles)
	var refused *verify.BundleError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "65 of 65", refused.Bundle)
	_, err = v.Verify(t.Context(), bundles[1:])
	require.NoError(t, err)
}

func TestVerifyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := newVerifier(t, 1, engineer())
	_, err := v.Verify(ctx, [][]byte{engineer().bundle(payload(t, release()))})
	assert.ErrorIs(t, err, context.Canceled)
	_, err = v.VerifyDist(ctx, dist(t, engineer()))
	assert.ErrorIs(t, err, context.Canceled)
	folder := dist(t, engineer())
	folder["hotfix.x.sigstore.json"] = file(nil)
	_, err = v.VerifyDist(ctx, folder)
	assert.ErrorIs(t, err, context.Canceled, "before the first bundle is read")
}

// Every single-bit change, every cut, and every doubled, removed or swapped
// byte of a bundle must be refused.
func TestVerifyMutants(t *testing.T) {
	v := newVerifier(t, 1, engineer())
	good := engineer().bundle(payload(t, release()))
	tried := 0
	refuse := func(what string, at int, mutant []byte) {
		tried++
		if bytes.Equal(mutant, good) {
			return
		}
		if _, err := v.Verify(t.Context(), [][]byte{mutant}); err == nil {
			t.Fatalf("accepted: %s at %d", what, at)
		}
	}
	step := 1
	if testing.Short() {
		step = 13
	}
	for i := 0; i < len(good); i += step {
		for bit := range 8 {
			mutant := bytes.Clone(good)
			mutant[i] ^= 1 << bit
			refuse("bit flip", i, mutant)
		}
		refuse("cut", i, good[:i])
		refuse("removed byte", i, append(bytes.Clone(good[:i]), good[i+1:]...))
		refuse("doubled byte", i, append(bytes.Clone(good[:i+1]), good[i:]...))
		refuse("space", i, append(append(bytes.Clone(good[:i]), ' '), good[i:]...))
		if i > 0 {
			mutant := bytes.Clone(good)
			mutant[i-1], mutant[i] = mutant[i], mutant[i-1]
			refuse("swap", i, mutant)
		}
	}
	t.Logf("%d mutants of %d bytes refused", tried, len(good))
}

// A list of two million signatures fits into a bundle's size, and must not
// become two million structs.
func TestHostileBundleIsCheap(t *testing.T) {
	prefix := `{"mediaType":"` + verify.BundleMediaType + `","dsseEnvelope":{"signatures":[`
	suffix := `{}]}}`
	hostile := []byte(prefix + strings.Repeat("{},", (verify.MaxBundle-len(prefix)-len(suffix))/3) + suffix)
	require.True(t, json.Valid(hostile))

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := verify.ParseBundle(hostile)
	runtime.ReadMemStats(&after)
	require.Error(t, err)
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d bytes allocated to refuse %d", allocated, len(hostile))
	assert.Less(t, allocated, uint64(2*verify.MaxBundle))
}
