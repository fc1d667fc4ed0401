package verify_test

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestParseTrust(t *testing.T) {
	document := trustFile()
	data := must(document.Encode())
	trust, err := verify.ParseTrust(data)
	require.NoError(t, err)
	assert.EqualValues(t, 3, trust.Version())
	assert.Equal(t, document, trust.Document())
	trust.Document().Signers[0].Name = "changed"
	document.Signers[0].PublicKey[5] ^= 1
	assert.Equal(t, data, must(trust.Document().Encode()), "nobody changes it from outside")
}

// Trust files that would let the wrong people in, or nobody.
func TestBadTrust(t *testing.T) {
	for name, test := range map[string]struct {
		change func(d *manifest.Trust)
		want   string
	}{
		"no keys": {func(d *manifest.Trust) { d.Signers = nil }, "signers has 0 entries"},
		"one key under two ids": {func(d *manifest.Trust) {
			twin := *signerOf(d, engineer())
			twin.ID, twin.Name = strings.Repeat("0", 64), "twin"
			d.Signers = append([]manifest.TrustSigner{twin}, d.Signers...)
		}, "is not that of the key"},
		"a key twice": {func(d *manifest.Trust) {
			d.Signers = append(d.Signers, *signerOf(d, engineer()))
			sortSigners(d)
		}, "stands twice"},
		"a key in another encoding": {func(d *manifest.Trust) { s := signerOf(d, engineer()); s.PublicKey = append(s.PublicKey, 0) }, "damaged"},
		"a key with more after it, which the library overlooks": {func(d *manifest.Trust) {
			s := signerOf(d, engineer())
			var parts []asn1.RawValue
			if _, err := asn1.Unmarshal(s.PublicKey, &parts); err != nil {
				panic(err)
			}
			s.PublicKey = must(asn1.Marshal(append(parts, asn1.NullRawValue)))
		}, "is not that of the key"},
		"a damaged key":           {func(d *manifest.Trust) { signerOf(d, engineer()).PublicKey = []byte("x") }, "damaged"},
		"another key than the id": {func(d *manifest.Trust) { signerOf(d, engineer()).PublicKey = signerOf(d, reviewer()).PublicKey }, "is not that of the key"},
		"a key of a weak kind": {func(d *manifest.Trust) {
			signerOf(d, engineer()).PublicKey = must(x509.MarshalPKIXPublicKey(weakKey()))
		}, "at least 2048 are needed"},
		"an identity under another id": {func(d *manifest.Trust) {
			s := signerOf(d, engineer())
			s.PublicKey, s.Identity = nil, &manifest.TrustIdentity{Issuer: "https://id.example.com", Subject: "release@example.com"}
		}, "is not that of the key or identity"},
		"a key and an identity": {func(d *manifest.Trust) {
			signerOf(d, engineer()).Identity = &manifest.TrustIdentity{Issuer: "https://id.example.com", Subject: "release@example.com"}
		}, "and not both"},
		"neither key nor identity":              {func(d *manifest.Trust) { signerOf(d, engineer()).PublicKey = nil }, "and not both"},
		"threshold above the keys":              {func(d *manifest.Trust) { d.Products[0].Releases.Threshold = 3 }, "must be from 1 to the number of its signers that are not revoked, which is 2"},
		"threshold of nobody":                   {func(d *manifest.Trust) { d.Products[0].Releases.Threshold = 0 }, "must be from 1"},
		"threshold that only the revoked reach": {func(d *manifest.Trust) { signerOf(d, engineer()).Revoked = &manifest.Revocation{Reason: "lost"} }, "not revoked, which is 1"},
		"a stranger in a quorum":                {func(d *manifest.Trust) { d.Root = quorum(1, stranger()) }, "is not the id of a signer of this file"},
		"one signer twice in a quorum": {func(d *manifest.Trust) {
			id := engineer().key.ID().String()
			d.Products[0].Releases.Signers = []string{id, id}
		}, "stands twice"},
		"no root":                     {func(d *manifest.Trust) { d.Root = manifest.Quorum{Threshold: 1} }, "root.signers has 0 entries"},
		"a newer schema":              {func(d *manifest.Trust) { d.Schema = "hotfix.trust/v2" }, "update the program"},
		"no end":                      {func(d *manifest.Trust) { d.Expires = time.Time{} }, "expires is missing"},
		"an end before the beginning": {func(d *manifest.Trust) { d.Expires = d.Created }, "is not after created"},
		"version 0":                   {func(d *manifest.Trust) { d.Version = 0 }, "version"},
		"a channel in two entries": {func(d *manifest.Trust) {
			p := d.Products[0]
			p.Channels = []string{"beta", "stable"}
			d.Products = append([]manifest.TrustProduct{p}, d.Products...)
		}, "stands in another entry"},
		"a skew of days":       {func(d *manifest.Trust) { d.Clock.MaxSkewSeconds = 86401 }, "maxSkewSeconds"},
		"a validity backwards": {func(d *manifest.Trust) { s := signerOf(d, engineer()); s.NotBefore, s.NotAfter = days(2), days(1) }, "is not after notBefore"},
	} {
		t.Run(name, func(t *testing.T) {
			document := trustFile()
			test.change(&document)
			trust, err := verify.NewTrust(document)
			require.ErrorContains(t, err, test.want)
			assert.Nil(t, trust)
		})
	}
}

func TestParseTrustRefuses(t *testing.T) {
	good := must(trustFile().Encode())
	for name, data := range map[string][]byte{"nothing": nil, "cut": good[:len(good)-2], "respelled": append([]byte(" "), good...)} {
		trust, err := verify.ParseTrust(data)
		require.Error(t, err, name)
		assert.Nil(t, trust)
	}
	_, err := verify.ParseTrust(append(good, '\n'))
	require.ErrorIs(t, err, manifest.ErrNotCanonical)
	_, err = verify.NewTrust(manifest.Trust{})
	var refused *manifest.InvalidError
	require.ErrorAs(t, err, &refused)
	signer, err := verify.NewTrustSigner("nobody", verify.Key{})
	require.ErrorIs(t, err, verify.ErrNoKeys)
	assert.Equal(t, manifest.TrustSigner{}, signer)
}

// Who is at fault in a trust file is named.
func TestBadTrustNamesWho(t *testing.T) {
	d := trustFile()
	signerOf(&d, reviewer()).PublicKey = []byte("x")
	_, err := verify.NewTrust(d)
	require.ErrorContains(t, err, `signer "reviewer" of the trust file`)
	d = trustFile()
	d.Authorities = []manifest.TrustAuthority{authority("clock", newTSA(t, now()))}
	d.Authorities[0].Certificates[0] = []byte("x")
	_, err = verify.NewTrust(d)
	require.ErrorContains(t, err, `authority "clock" of the trust file`)
}

// next is the next version of the trust file: the stranger joins.
func next() manifest.Trust {
	d := trustFile()
	d.Version, d.Created = 4, days(-1)
	d.Signers = append(d.Signers, trustSigner("newcomer", stranger()))
	sortSigners(&d)
	d.Root = quorum(1, stranger())
	return d
}

func signTrust(t *testing.T, d manifest.Trust, signers ...*signer) [][]byte {
	t.Helper()
	data, err := manifest.NewStatement(d).Encode()
	require.NoError(t, err)
	var bundles [][]byte
	for _, s := range signers {
		bundles = append(bundles, s.bundle(data))
	}
	return bundles
}

func TestUpdate(t *testing.T) {
	trust := compiled(t, trustFile())
	updated, err := trust.Update(t.Context(), signTrust(t, next(), reviewer(), stranger()), now())
	require.NoError(t, err)
	assert.Equal(t, next(), updated.Document())

	old := trustFile()
	old.Expires = days(-2)
	updated, err = compiled(t, old).Update(t.Context(), signTrust(t, next(), reviewer(), stranger()), now())
	require.NoError(t, err, "a trust file that has expired can be replaced")
	assert.EqualValues(t, 4, updated.Version())
}

func TestRefusedUpdates(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(d *manifest.Trust)
		signers []*signer
		err     error
	}{
		"by the old root alone":       {nil, []*signer{reviewer()}, verify.ErrThreshold},
		"by the new root alone":       {nil, []*signer{stranger()}, verify.ErrThreshold},
		"by nobody":                   {nil, nil, verify.ErrThreshold},
		"by a release signer":         {nil, []*signer{engineer(), stranger()}, verify.ErrThreshold},
		"the same version":            {func(d *manifest.Trust) { d.Version = 3 }, []*signer{reviewer(), stranger()}, verify.ErrTrustVersion},
		"an older version":            {func(d *manifest.Trust) { d.Version = 2 }, []*signer{reviewer(), stranger()}, verify.ErrTrustVersion},
		"a version too far":           {func(d *manifest.Trust) { d.Version = 5 }, []*signer{reviewer(), stranger()}, verify.ErrTrustVersion},
		"made before":                 {func(d *manifest.Trust) { d.Created = days(-101) }, []*signer{reviewer(), stranger()}, verify.ErrTrustVersion},
		"expired already":             {func(d *manifest.Trust) { d.Expires = now() }, []*signer{reviewer(), stranger()}, verify.ErrTrustExpired},
		"a root key that has expired": {func(d *manifest.Trust) { signerOf(d, stranger()).NotAfter = days(-1) }, []*signer{reviewer(), stranger()}, verify.ErrThreshold},
	} {
		t.Run(name, func(t *testing.T) {
			d := next()
			if test.change != nil {
				test.change(&d)
			}
			updated, err := compiled(t, trustFile()).Update(t.Context(), signTrust(t, d, test.signers...), now())
			require.ErrorIs(t, err, test.err)
			assert.Nil(t, updated)
		})
	}
}

// A next version as old as this one is taken; one that is not as its ids say is not.
func TestNextVersionIsRead(t *testing.T) {
	d := next()
	d.Created = trustFile().Created
	_, err := compiled(t, trustFile()).Update(t.Context(), signTrust(t, d, reviewer(), stranger()), now())
	require.NoError(t, err)

	twin := *signerOf(&d, engineer())
	twin.ID, twin.Name = strings.Repeat("0", 64), "twin"
	d.Signers = append([]manifest.TrustSigner{twin}, d.Signers...)
	updated, err := compiled(t, trustFile()).Update(t.Context(), signTrust(t, d, reviewer(), stranger()), now())
	require.ErrorContains(t, err, "is not that of the key")
	assert.Nil(t, updated)
	assert.Equal(t, verify.RuleTrust, verify.RuleOf(err))
}

// A trust file that is signed as another kind of document is none.
func TestUpdateByAnotherDocument(t *testing.T) {
	release := payload(t, hotfix())
	_, err := compiled(t, trustFile()).Update(t.Context(), [][]byte{reviewer().bundle(release), engineer().bundle(release)}, now())
	var refused *verify.StatementError
	require.ErrorAs(t, err, &refused)
}

func TestRevocationSince(t *testing.T) {
	s := good()
	s.trust.Signers = append(s.trust.Signers, trustSigner("deputy", stranger()))
	sortSigners(&s.trust)
	s.trust.Products[0].Releases = quorum(2, engineer(), reviewer(), stranger())
	signerOf(&s.trust, engineer()).Revoked = &manifest.Revocation{Since: days(10), Reason: "left"}
	_, err := s.verify(t)
	require.ErrorIs(t, err, verify.ErrThreshold, "without a timestamp, nothing proves that it was signed before")
	var refused *verify.ThresholdError
	require.ErrorAs(t, err, &refused)
	assert.ErrorIs(t, refused.Uncounted[0].Err, verify.ErrSignerRevoked)
}

func FuzzParseTrust(f *testing.F) {
	data := must(trustFile().Encode())
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		trust, err := verify.ParseTrust(data)
		if err == nil {
			require.Equal(t, data, must(trust.Document().Encode()))
		}
	})
}
