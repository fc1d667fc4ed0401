package timestamp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

// certificate changes the signer's certificate.
func certificate(f func(*x509.Certificate)) timestamptest.Option {
	return timestamptest.WithCertificate(f)
}

func usage(critical bool, usages ...x509.ExtKeyUsage) timestamptest.Option {
	return certificate(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{timestamptest.Usage(critical, usages...)}
	})
}

// One row for each way in which an answer of a signer below the trusted root is
// not a timestamp of the message.
func TestAttacks(t *testing.T) {
	const stamping, signing = x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageCodeSigning
	stolen, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	other := sibling(t).Certificates()[0]
	for name, test := range map[string]struct {
		option timestamptest.Option
		want   error
		says   string
	}{
		"no usage":               {certificate(func(c *x509.Certificate) { c.ExtraExtensions = nil }), timestamp.ErrUsage, "not for timestamps alone"},
		"another usage":          {usage(true, signing), timestamp.ErrUsage, "not for timestamps alone"},
		"a usage more":           {usage(true, stamping, signing), timestamp.ErrUsage, "not for timestamps alone"},
		"an unknown usage more":  {certificate(func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{unknownUsage()} }), timestamp.ErrUsage, "not for timestamps alone"},
		"usage not critical":     {usage(false, stamping), timestamp.ErrUsage, "critical"},
		"key for encryption":     {certificate(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), timestamp.ErrUsage, "not for signatures"},
		"signer is an authority": {certificate(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), timestamp.ErrUsage, "certificate authority"},
		"certificate expired":    {certificate(func(c *x509.Certificate) { c.NotAfter = stamped().Add(-time.Second) }), timestamp.ErrValidity, "not all valid"},
		"certificate too new":    {certificate(func(c *x509.Certificate) { c.NotBefore = stamped().Add(time.Second) }), timestamp.ErrValidity, "not all valid"},
		"before the root":        {timestamptest.At(time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)), timestamp.ErrValidity, "not all valid"},
		"after the root":         {timestamptest.At(time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC)), timestamp.ErrValidity, "not all valid"},
		"weak RSA key":           {timestamptest.WithRSA(1024), errors.ErrUnsupported, "1024 bits"},
		"another kind of key":    {timestamptest.WithKey(newEd25519), errors.ErrUnsupported, "key of type ed25519.PublicKey"},
		"weak curve":             {timestamptest.WithCurve(elliptic.P224()), errors.ErrUnsupported, "P-224"},

		"another message":           {change(func(a *answer) { a.Imprint = bytes.Repeat([]byte{1}, 32) }), timestamp.ErrOtherMessage, "another message"},
		"imprint of no bytes":       {change(func(a *answer) { a.Imprint = nil }), timestamp.ErrOtherMessage, "another message"},
		"imprint cut":               {change(func(a *answer) { a.Imprint = a.Imprint[:31] }), timestamp.ErrOtherMessage, "another message"},
		"imprint of another hash":   {change(func(a *answer) { a.ImprintHash = crypto.SHA512 }), timestamp.ErrOtherMessage, "another message"},
		"imprint with SHA-1":        {change(func(a *answer) { a.ImprintHash = crypto.SHA1 }), errors.ErrUnsupported, "hash of the message"},
		"signed with SHA-1":         {change(func(a *answer) { a.Hash = crypto.SHA1 }), errors.ErrUnsupported, "digest algorithm"},
		"another key":               {change(func(a *answer) { a.Key = stolen }), timestamp.ErrSignature, "not that of its certificate's key"},
		"signature altered":         {change(func(a *answer) { a.Signature = func(s []byte) []byte { s[9] ^= 1; return s } }), timestamp.ErrSignature, "not that of its certificate's key"},
		"no signature":              {change(func(a *answer) { a.Signature = func([]byte) []byte { return nil } }), timestamp.ErrSignature, "not that of its certificate's key"},
		"signature with a tail":     {change(func(a *answer) { a.Signature = func(s []byte) []byte { return append(s, 0) } }), timestamp.ErrSignature, "not that of its certificate's key"},
		"digest of another content": {change(func(a *answer) { a.Digest = bytes.Repeat([]byte{1}, 32) }), timestamp.ErrSignature, "digest of another content"},
		"signs another certificate": {change(func(a *answer) { a.CertificateHash = bytes.Repeat([]byte{1}, 32) }), timestamp.ErrSignature, "another certificate"},
		"one of two is another": {change(func(a *answer) { a.CertificateIDs, a.CertificateHash = []int{1, 2}, bytes.Repeat([]byte{1}, 32) }),
			timestamp.ErrSignature, "another certificate"},
		"names another signer":      {change(func(a *answer) { a.Signer = other }), timestamp.ErrUntrusted, "another signer"},
		"names another key":         {change(func(a *answer) { a.Signer, a.ByKeyID = other, true }), timestamp.ErrUntrusted, "another signer"},
		"names no key":              {change(func(a *answer) { c := *a.Signer; c.SubjectKeyId = nil; a.Signer, a.ByKeyID = &c, true }), timestamp.ErrUntrusted, "another signer"},
		"certificate replaced":      {change(func(a *answer) { a.Certificates = [][]byte{other.Raw} }), timestamp.ErrUntrusted, "another signer"},
		"certificate not signed":    {change(func(a *answer) { a.CertificateIDs = nil }), timestamp.ErrFormat, "does not cover"},
		"attribute twice":           {change(func(a *answer) { a.CertificateIDs = []int{2, 2} }), timestamp.ErrFormat, "twice"},
		"another type in attribute": {change(func(a *answer) { a.AttributeType = "1.2.840.113549.1.7.1" }), timestamp.ErrFormat, "content type attribute"},
		"another content type":      {change(func(a *answer) { a.ContentType = "1.2.840.113549.1.7.1" }), timestamp.ErrFormat, "not a timestamp's content"},
		"no TSTInfo":                {change(func(a *answer) { a.Content = []byte("{}") }), timestamp.ErrFormat, "content"},
		"unsigned attribute":        {change(func(a *answer) { a.UnsignedAttrs = true }), timestamp.ErrFormat, "unsigned attributes"},
		"revocation lists":          {change(func(a *answer) { a.RevocationLists = true }), timestamp.ErrFormat, "revocation lists"},
		"no signer":                 {change(func(a *answer) { a.Signers = 0 }), timestamp.ErrFormat, "signer"},
		"two signers":               {change(func(a *answer) { a.Signers = 2 }), timestamp.ErrFormat, "several signers"},
		"critical extension": {change(func(a *answer) {
			a.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{1}}}
		}), errors.ErrUnsupported, "critical extension 1.2.3"},

		"rejected":                   {change(func(a *answer) { a.Status, a.StatusText, a.Failure = 2, "no\nclock", []int{14, 25} }), timestamp.ErrRejected, `timeNotAvailable, systemFailure; it says "no\nclock"`},
		"rejected at length":         {change(func(a *answer) { a.Status, a.StatusText = 2, strings.Repeat("é", 500) }), timestamp.ErrRejected, "é…"},
		"granted with modifications": {change(func(a *answer) { a.Status = 1 }), timestamp.ErrRejected, "granted with modifications"},
		"granted with a text":        {change(func(a *answer) { a.StatusText = "Operation Okay" }), timestamp.ErrFormat, "status"},
		"waiting":                    {change(func(a *answer) { a.Status = 3 }), timestamp.ErrRejected, "waiting"},
		"unknown status":             {change(func(a *answer) { a.Status = 77 }), timestamp.ErrRejected, "unknown"},
		"more after it":              {change(func(a *answer) { a.Tail = []byte{0} }), timestamp.ErrFormat, "end"},
		"too large":                  {change(func(a *answer) { a.Tail = make([]byte, timestamp.MaxResponse) }), timestamp.ErrTooLarge, "at most 16384"},
	} {
		t.Run(name, func(t *testing.T) {
			a := sibling(t, test.option)
			if _, other := a.Certificates()[0].PublicKey.(ed25519.PublicKey); other {
				a = sibling(t, test.option, change(func(a *answer) { a.Key = stolen }))
			}
			got, err := verify(stamp(t, a), authority(t, a.Issuers()))
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, test.says)
			assert.Zero(t, got)
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 1000)
		})
	}
}

func newEd25519() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

// What an authority says of itself is told in the words of the standard.
func TestStatusError(t *testing.T) {
	all := []int{0, 1, 2, 5, 14, 15, 16, 17, 25}
	_, err := timestamp.Inspect(stamp(t, sibling(t, change(func(a *answer) { a.Status, a.Failure = 5, all }))), message())
	var refused *timestamp.StatusError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, &timestamp.StatusError{Status: 5, Failures: []string{"badAlg", "failure 1", "badRequest", "badDataFormat",
		"timeNotAvailable", "unacceptedPolicy", "unacceptedExtension", "addInfoNotAvailable", "systemFailure"}}, refused)
	assert.ErrorContains(t, err, "status 5 (revocation notification), not 0 (granted): badAlg, ")
}

// DER in another shape than that of a response.
func TestOtherDER(t *testing.T) {
	for name, der := range map[string][]byte{
		"nothing":             nil,
		"no sequence":         {4, 0},
		"empty":               {0x30, 0},
		"status is no number": {0x30, 5, 0x30, 3, 1, 1, 0xff},
		"status alone":        {0x30, 5, 0x30, 3, 2, 1, 0},
		"huge status":         {0x30, 14, 0x30, 12, 2, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		"more in the status":  {0x30, 7, 0x30, 5, 2, 1, 2, 5, 0},
		"another length":      {0x30, 0x81, 5, 0x30, 3, 2, 1, 0},
		"endless length":      {0x30, 0x80, 0x30, 3, 2, 1, 0, 0, 0},
		"beyond the end":      {0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30},
	} {
		_, err := timestamp.Inspect(der, message())
		assert.ErrorIs(t, err, timestamp.ErrFormat, name)
	}
}

func unknownUsage() pkix.Extension {
	der, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}, {1, 2, 3}})
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: der}
}

func TestTimestampOfAnotherSignature(t *testing.T) {
	response := stamp(t, trusted())
	_, err := timestamp.Verify(response, []byte("another signature"), []timestamp.Authority{authority(t, trusted().Chain())})
	assert.ErrorIs(t, err, timestamp.ErrOtherMessage)
	_, err = timestamp.Inspect(response, []byte("another signature"))
	assert.ErrorIs(t, err, timestamp.ErrOtherMessage)
}

// A stranger may have the names of the trusted authority and lack its keys.
func TestUntrustedAuthority(t *testing.T) {
	trust := authority(t, trusted().Issuers())
	for name, embed := range map[string]func(a *timestamptest.TSA, answer *answer){
		"as it is":       func(*timestamptest.TSA, *answer) {},
		"with its chain": func(a *timestamptest.TSA, answer *answer) { answer.Certificates = raws(a.Certificates()) },
		"with the trusted chain": func(_ *timestamptest.TSA, answer *answer) {
			answer.Certificates = append(answer.Certificates, raws(trusted().Certificates()[1:])...)
		},
		"with the trusted signer": func(_ *timestamptest.TSA, answer *answer) { answer.Certificates = raws(trusted().Certificates()[:1]) },
	} {
		t.Run(name, func(t *testing.T) {
			var a *timestamptest.TSA
			a = newTSA(t, change(func(answer *answer) { embed(a, answer) }))
			_, err := verify(stamp(t, a), trust)
			assert.ErrorIs(t, err, timestamp.ErrUntrusted)
		})
	}
}

// With the certificate of the trusted signer but not with its key.
func TestForgedSigner(t *testing.T) {
	forger := newTSA(t, change(func(answer *answer) {
		answer.Signer = trusted().Certificates()[0]
		answer.Certificates = [][]byte{answer.Signer.Raw}
	}))
	for _, chain := range [][]byte{trusted().Chain(), trusted().Issuers()} {
		_, err := verify(stamp(t, forger), authority(t, chain))
		assert.ErrorIs(t, err, timestamp.ErrSignature)
	}
}

func raws(certificates []*x509.Certificate) (all [][]byte) {
	for _, c := range certificates {
		all = append(all, c.Raw)
	}
	return all
}

// A pinned signer excludes others of its own authority.
func TestPinnedSigner(t *testing.T) {
	a, b := sibling(t), sibling(t)
	_, err := verify(stamp(t, b), authority(t, a.Chain()))
	assert.ErrorIs(t, err, timestamp.ErrUntrusted)
	_, err = verify(stamp(t, b), authority(t, a.Issuers()))
	assert.NoError(t, err)
}

func TestValidityOfAnAuthority(t *testing.T) {
	response, none := stamp(t, trusted()), time.Time{}
	for name, test := range map[string]struct {
		notBefore, notAfter time.Time
		want                error
	}{
		"none":            {none, none, nil},
		"first moment":    {stamped(), none, nil},
		"last moment":     {none, stamped(), nil},
		"only moment":     {stamped(), stamped(), nil},
		"a second early":  {stamped().Add(time.Second), none, timestamp.ErrValidity},
		"a second late":   {none, stamped().Add(-time.Second), timestamp.ErrValidity},
		"within":          {stamped().Add(-time.Second), stamped().Add(time.Second), nil},
		"another window":  {stamped().Add(time.Second), stamped().Add(time.Hour), timestamp.ErrValidity},
		"an older window": {stamped().Add(-time.Hour), stamped().Add(-time.Second), timestamp.ErrValidity},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(response, authority(t, trusted().Chain(), timestamp.WithValidity(test.notBefore, test.notAfter)))
			assert.ErrorIs(t, err, test.want)
		})
	}
}

func TestSeveralAuthorities(t *testing.T) {
	named := func(name string, a *timestamptest.TSA, options ...timestamp.AuthorityOption) timestamp.Authority {
		made, err := timestamp.NewAuthority(name, a.Chain(), options...)
		require.NoError(t, err)
		return made
	}
	first, second := newTSA(t), newTSA(t)
	both := []timestamp.Authority{named("first", first), named("second", second)}
	got, err := verify(stamp(t, second), both...)
	require.NoError(t, err)
	assert.Equal(t, "second", got.Authority)

	_, err = verify(stamp(t, newTSA(t)), both...)
	assert.ErrorIs(t, err, timestamp.ErrUntrusted)
	assert.ErrorContains(t, err, `authority "first"`)

	closed := named("closed", second, timestamp.WithValidity(time.Time{}, stamped().Add(-time.Hour)))
	for _, list := range [][]timestamp.Authority{{both[0], closed}, {closed, both[0]}, {timestamp.Authority{}, closed}} {
		_, err = verify(stamp(t, second), list...)
		assert.ErrorIs(t, err, timestamp.ErrValidity, "the refusal that says more")
		var refused *timestamp.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "closed", refused.Authority)
	}
	got, err = verify(stamp(t, second), closed, both[1])
	require.NoError(t, err)
	assert.Equal(t, "second", got.Authority)

	_, err = verify(stamp(t, second))
	assert.ErrorIs(t, err, timestamp.ErrNoAuthority)
	_, err = verify(stamp(t, second), timestamp.Authority{})
	assert.ErrorIs(t, err, timestamp.ErrUntrusted)
}

func TestInspect(t *testing.T) {
	a, err := timestamptest.New(timestamptest.At(stamped()))
	require.NoError(t, err)
	claim, err := timestamp.Inspect(stamp(t, a), message())
	require.NoError(t, err)
	assert.Equal(t, stamped(), claim.Time)
	assert.Nil(t, claim.Nonce)
	assert.Positive(t, claim.Serial.Sign())
}

func TestNewAuthorityRefuses(t *testing.T) {
	chain, issuers := trusted().Chain(), trusted().Issuers()
	blocks := bytes.SplitAfter(chain, []byte("-----END CERTIFICATE-----\n"))
	signer, intermediate, root := blocks[0], blocks[1], blocks[2]
	join := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	for name, test := range map[string]struct {
		chain []byte
		says  string
	}{
		"empty":               {nil, "0 certificates"},
		"white space":         {[]byte(" \n"), "0 certificates"},
		"signer alone":        {signer, "no root"},
		"no intermediate":     {join(signer, root), "was not issued by"},
		"root first":          {join(root, intermediate, signer), "was not issued by"},
		"signer last":         {join(intermediate, root, signer), "not a certificate authority"},
		"two signers":         {join(signer, chain), "not a certificate authority"},
		"text between":        {join(signer, []byte("here it comes:\n"), issuers), "text between"},
		"text before":         {join([]byte("subject=test\n"), chain), "text between"},
		"text after":          {join(chain, []byte("end")), "text between"},
		"a key":               {[]byte("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"), "not of type CERTIFICATE"},
		"a damaged block":     {chain[:300], "PEM block is damaged"},
		"a damaged one":       {[]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), "certificate 1 is damaged"},
		"too many":            {bytes.Repeat(root, timestamp.MaxCertificates+1), "9 certificates"},
		"too large":           {make([]byte, timestamp.MaxChain+1), "65537 bytes"},
		"another's issuers":   {join(signer, newTSA(t).Issuers()), "was not issued by"},
		"with PEM headers":    {bytes.Replace(chain, []byte("CERTIFICATE-----\n"), []byte("CERTIFICATE-----\nA: b\n\n"), 1), "PEM block"},
		"of another endeavor": {sibling(t, usage(true, x509.ExtKeyUsageCodeSigning)).Chain(), "not for timestamps"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := timestamp.NewAuthority("test", test.chain)
			require.ErrorContains(t, err, test.says)
			assert.ErrorContains(t, err, `authority "test"`)
			assert.ErrorIs(t, err, timestamp.ErrChain)
		})
	}
	_, err := timestamp.NewAuthority("", chain)
	assert.ErrorContains(t, err, "no name")
	_, err = timestamp.NewAuthority("test", chain, nil)
	assert.ErrorContains(t, err, "option is nil")
	_, err = timestamp.NewAuthority("test", chain, timestamp.WithValidity(stamped(), stamped().Add(-1)))
	assert.ErrorContains(t, err, "before it begins")
	a, err := timestamp.NewAuthority("test", root)
	require.NoError(t, err, "a root alone will do")
	assert.Equal(t, "test", a.Name())
}

func TestStampStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := trusted().Stamp(ctx, message())
	assert.ErrorIs(t, err, context.Canceled)
}
