package keyless_test

import (
	"context"
	"encoding/asn1"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/keyless"
)

func release() manifest.Release {
	content := []byte("the archive")
	return manifest.Release{
		Schema: manifest.ReleaseSchema, Product: "payments", Channel: "stable",
		ID: "payments-1.4.3", Version: "1.4.3", Sequence: 1790000000,
		Created: time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC),
		Packages: []manifest.Entry{{
			Name: "payments-1.4.3-linux-amd64.tar.gz", Digest: manifest.DigestOf(content), Size: int64(len(content)),
			Target: target.MustParse("linux/amd64"),
		}},
		Source:    manifest.Source{Package: "example.com/payments/cmd/payments"},
		Toolchain: "go1.26.0",
		Flags:     []string{"-trimpath"},
	}
}

func payload() []byte { return must(manifest.NewStatement(release()).Encode()) }

func newVerifier(t testing.TB, s *instance, opts ...keyless.Option) *keyless.Verifier {
	t.Helper()
	v, err := keyless.New(s.trustedRoot(), opts...)
	require.NoError(t, err)
	return v
}

func TestAccepted(t *testing.T) {
	const workflow = "https://github.com/example/payments/.github/workflows/release.yml@refs/heads/main"
	s := newInstance()
	embedding := newInstance()
	embedding.withoutTSALeaf = true
	retiring := newInstance()
	retiring.logEnd = signedAt.Add(time.Hour)
	for name, test := range map[string]struct {
		instance *instance
		bundle   *protobundle.Bundle
		subject  string
		time     time.Time
	}{
		"log of version 1":                                 {s, s.sign(signing{}).v1(), testSubject, signedAt},
		"log and earlier timestamp":                        {s, s.sign(signing{stampedAt: signedAt.Add(-2 * time.Second)}).v1Stamped(), testSubject, signedAt.Add(-2 * time.Second)},
		"log and later timestamp":                          {s, s.sign(signing{stampedAt: signedAt.Add(2 * time.Second)}).v1Stamped(), testSubject, signedAt},
		"log of version 2 and timestamp":                   {s, s.sign(signing{}).v2(), testSubject, signedAt.Add(2 * time.Second)},
		"log of version 2 whose key went out of use since": {retiring, retiring.sign(signing{}).v2(), testSubject, signedAt.Add(2 * time.Second)},
		"both logs":                    {s, s.sign(signing{}).bothLogs(), testSubject, signedAt},
		"timestamp with a certificate": {embedding, embedding.sign(signing{}).v2(), testSubject, signedAt.Add(2 * time.Second)},
		"timestamp with a chain": {s, func() *protobundle.Bundle {
			d := s.sign(signing{})
			return d.bundle(entries{d.entryV2()}, withCertificates(d.timestamp(), s.tsa.cert.Raw, s.tsaRoot.cert.Raw))
		}(), testSubject, signedAt.Add(2 * time.Second)},
		"build job":                        {s, s.sign(signing{names: []asn1.RawValue{uri(workflow)}}).v1(), workflow, signedAt},
		"user name":                        {s, s.sign(signing{names: []asn1.RawValue{userName("deploy!example.com")}}).v1(), "deploy!example.com", signedAt},
		"both forms of the issuer":         {s, s.sign(signing{issuerV1: testIssuer}).v1(), testSubject, signedAt},
		"the old form of the issuer alone": {s, s.sign(signing{issuer: "-", issuerV1: testIssuer}).v1(), testSubject, signedAt},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newVerifier(t, test.instance).VerifyBundle(t.Context(), encode(test.bundle))
			require.NoError(t, err)
			assert.Equal(t, verify.IdentityID(testIssuer, test.subject), got.Signer)
			assert.Equal(t, payload(), got.Payload)
			assert.Equal(t, test.time, got.Time)
		})
	}
}

// What a name holds must not look like something else.
func TestName(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	long := "https://github.com/example/payments/.github/workflows/release.yml@refs/heads/a-long-name"
	for _, test := range []struct {
		subject asn1.RawValue
		issuer  string
		want    string
	}{
		{email(testSubject), testIssuer, "release@example.com (issued by https://accounts.example.com)"},
		{uri(long), testIssuer, long[:80] + "… (issued by https://accounts.example.com)"},
		{userName("release (issued by https://accounts.example.com)"), "https://evil.test", `"release (issued by https://accounts.example.com)" (issued by https://evil.test)`},
		{userName("reléase"), testIssuer, `"rel\u00e9ase" (issued by https://accounts.example.com)`},
	} {
		got, err := v.VerifyBundle(t.Context(), encode(s.sign(signing{names: []asn1.RawValue{test.subject}, issuer: test.issuer}).v1()))
		require.NoError(t, err)
		assert.Equal(t, test.want, got.Name)
	}
}

func TestOtherSignersHaveOtherIDs(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	ids := map[verify.KeyID]bool{}
	for _, w := range []signing{
		{}, {names: []asn1.RawValue{email("release@example.org")}}, {issuer: "https://accounts.example.org"},
		{names: []asn1.RawValue{email("Release@example.com")}}, {issuer: testIssuer + "/"},
	} {
		got, err := v.VerifyBundle(t.Context(), encode(s.sign(w).v1()))
		require.NoError(t, err)
		ids[got.Signer] = true
	}
	assert.Len(t, ids, 5)
}

// Whoever signs twice has two certificates and two keys, and is one signer.
func TestSameSignerHasSameID(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	first, err := v.VerifyBundle(t.Context(), encode(s.sign(signing{}).v1()))
	require.NoError(t, err)
	second, err := v.VerifyBundle(t.Context(), encode(s.sign(signing{}).v2()))
	require.NoError(t, err)
	assert.Equal(t, first.Signer, second.Signer)
}

func TestVerifierOfNobody(t *testing.T) {
	data := encode(newInstance().sign(signing{}).v1())
	for _, v := range []*keyless.Verifier{nil, {}} {
		_, err := v.VerifyBundle(t.Context(), data)
		assert.ErrorIs(t, err, keyless.ErrNoRoot)
	}
}

func TestCancelled(t *testing.T) {
	s := newInstance()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newVerifier(t, s).VerifyBundle(ctx, encode(s.sign(signing{}).v1()))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestConcurrentUse(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s)
	good, bad := encode(s.sign(signing{}).v2()), encode(newInstance().sign(signing{}).v2())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := v.VerifyBundle(t.Context(), good)
			assert.NoError(t, err)
			_, err = v.VerifyBundle(t.Context(), bad)
			assert.ErrorIs(t, err, keyless.ErrLog)
		})
	}
	wg.Wait()
}

// The libraries alone accept some of these: other media types, other base64,
// evidence that is skipped, parts of log entries and timestamps that nobody signed.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	s := newInstance()
	embedding := newInstance()
	embedding.withoutTSALeaf = true
	step := 1
	if testing.Short() {
		step = 61
	}
	for name, test := range map[string]struct {
		instance *instance
		data     []byte
	}{
		"log of version 1 and timestamp":           {s, encode(s.sign(signing{}).v1Stamped())},
		"log of version 2 and timestamp with cert": {embedding, encode(embedding.sign(signing{}).v2())},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(t, test.instance)
			_, err := v.VerifyBundle(t.Context(), test.data)
			require.NoError(t, err)
			tried := flip(test.data, step, func(i int, mutant []byte) {
				if _, err := v.VerifyBundle(t.Context(), mutant); err == nil {
					t.Errorf("accepted with %q for %q at %d", mutant[i], test.data[i], i)
				}
			})
			t.Logf("%d tried, 0 must be accepted", tried)
		})
	}
}

// flip calls try with copies of data in which one bit is flipped, on all processors.
func flip(data []byte, step int, try func(i int, mutant []byte)) (tried int64) {
	workers := runtime.GOMAXPROCS(0)
	var n atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			mutant := append([]byte(nil), data...)
			for bit := w * step; bit < 8*len(data); bit += workers * step {
				mutant[bit/8] ^= 1 << (bit % 8)
				try(bit/8, mutant)
				mutant[bit/8] ^= 1 << (bit % 8)
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return n.Load()
}
