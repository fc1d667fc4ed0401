package verify

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify/timestamp"
)

// Trust is a trust file whose keys and certificates have been read. It does not
// change, and is safe for concurrent use.
type Trust struct {
	document    manifest.Trust
	signers     map[KeyID]trusted
	authorities []timestamp.Authority
}

// trusted is a signer whose signatures may count.
type trusted struct {
	manifest.TrustSigner
	key Key // zero for an identity
}

// ParseTrust reads trust.json. Errors are those of [manifest.DecodeTrust],
// [*KeyError] and [*RefusalError].
func ParseTrust(data []byte) (*Trust, error) {
	document, err := manifest.DecodeTrust(data)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return NewTrust(document)
}

// NewTrust returns the Trust of a document. Errors are those of [ParseTrust].
func NewTrust(document manifest.Trust) (*Trust, error) {
	data, err := document.Encode() // and decoding makes a copy that the caller cannot change
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	own, err := manifest.DecodeTrust(data)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	t := &Trust{document: own, signers: make(map[KeyID]trusted, len(own.Signers))}
	for _, s := range own.Signers {
		id, signer, err := readSigner(s)
		if err != nil {
			return nil, fmt.Errorf("verify: signer %s of the trust file: %w", quote(s.Name), err)
		}
		t.signers[id] = signer
	}
	for _, a := range own.Authorities {
		authority, err := readAuthority(a)
		if err != nil {
			return nil, fmt.Errorf("verify: authority %s of the trust file: %w", quote(a.Name), err)
		}
		t.authorities = append(t.authorities, authority)
	}
	return t, nil
}

// readSigner reads a signer's key, which must have the id that is given, so that
// no key counts twice.
func readSigner(s manifest.TrustSigner) (KeyID, trusted, error) {
	var id KeyID
	if err := id.UnmarshalText([]byte(s.ID)); err != nil {
		return KeyID{}, trusted{}, err
	}
	if s.Identity != nil {
		if id != IdentityID(s.Identity.Issuer, s.Identity.Subject) {
			return KeyID{}, trusted{}, wrongID(s)
		}
		return id, trusted{TrustSigner: s}, nil
	}
	public, err := x509.ParsePKIXPublicKey(s.PublicKey)
	if err != nil {
		return KeyID{}, trusted{}, publicKeyError(err, "is damaged or of an unknown kind", "take it from the signer's .pub file again")
	}
	key, err := NewKey(public)
	if err != nil {
		return KeyID{}, trusted{}, err
	}
	if KeyID(sha256.Sum256(s.PublicKey)) != id || key.ID() != id { // the one is of the bytes, the other of their only good spelling
		return KeyID{}, trusted{}, wrongID(s)
	}
	return id, trusted{TrustSigner: s, key: key}, nil
}

func wrongID(s manifest.TrustSigner) error {
	return refuse(RuleTrust, nil, "the id "+quote(s.ID)+" is not that of the key or identity", "give each signer its own id: a key under two ids would count twice")
}

// NewTrustSigner describes a key for a trust file.
func NewTrustSigner(name string, key Key) (manifest.TrustSigner, error) {
	if key.public == nil {
		return manifest.TrustSigner{}, ErrNoKeys
	}
	der, err := x509.MarshalPKIXPublicKey(key.public)
	if err != nil {
		return manifest.TrustSigner{}, err
	}
	return manifest.TrustSigner{ID: key.ID().String(), Name: name, PublicKey: der}, nil
}

// Document returns the trust file.
func (t *Trust) Document() manifest.Trust {
	data, _ := t.document.Encode() // as NewTrust has done
	document, _ := manifest.DecodeTrust(data)
	return document
}

// Version is the trust file's version.
func (t *Trust) Version() int64 { return t.document.Version }

func (t *Trust) skew() time.Duration {
	return time.Duration(t.document.Clock.MaxSkewSeconds) * time.Second
}

// checkCurrent refuses a trust file that has expired: whoever keeps a host from
// new ones must not keep it on an old one for ever.
func (t *Trust) checkCurrent(now time.Time) error {
	if expires := t.document.Expires; !now.Before(expires) {
		return refuse(RuleTrust, ErrTrustExpired, fmt.Sprintf("the trust file, version %d, expired at %s", t.Version(), moment(expires)),
			"fetch the next version and install it with Trust.Update (releasetool trust rotate)")
	}
	return nil
}

// product returns the rules of a product's channel.
func (t *Trust) product(product, channel string) (manifest.TrustProduct, error) {
	known := false
	for _, p := range t.document.Products {
		known = known || p.Product == product
		if p.Product == product && slices.Contains(p.Channels, channel) {
			return p, nil
		}
	}
	reason := fmt.Sprintf("product %s is not in the trust file", quote(product))
	if known {
		reason = fmt.Sprintf("channel %s of product %s is not in the trust file", quote(channel), product)
	}
	return manifest.TrustProduct{}, refuse(RuleProduct, ErrUnknownProduct, reason, "take a release of a product that this host runs, or have the trust file extended")
}

// least is the lowest threshold of all products: with fewer signatures, nothing
// that was signed is even read.
func (t *Trust) least() int {
	least := int64(len(t.signers))
	for _, p := range t.document.Products {
		least = min(least, p.Releases.Threshold)
	}
	return int(least)
}

// moment writes a time for people.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
