package manifest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// TrustSchema names the format of trust.json, and TrustPredicate the same as the
// predicate type of the statement that replaces it.
const (
	TrustSchema    = "hotfix.trust/v1"
	TrustPredicate = "https://github.com/gohotfix/hotfix/trust/v1"
)

// TrustName is the file name of a [Trust].
const TrustName = "trust.json"

// Trust is trust.json: who may change production, and under which conditions. A
// host replaces version N by version N+1 alone, which enough root signers of both
// must have signed. All lists are sorted, and have no entry twice.
type Trust struct {
	Schema      string           `json:"schema"`  // [TrustSchema]
	Version     int64            `json:"version"` // from 1
	Created     time.Time        `json:"created"`
	Expires     time.Time        `json:"expires"` // from then on a host accepts nothing
	Signers     []TrustSigner    `json:"signers"` // by id
	Root        Quorum           `json:"root"`    // who may sign the next version
	Products    []TrustProduct   `json:"products"`
	Authorities []TrustAuthority `json:"authorities,omitempty"` // by name
	Clock       TrustClock       `json:"clock"`
}

// TrustSigner is a key or an identity, and when its signatures count: those that
// were made from NotBefore to NotAfter, both included. A signature is as old as
// its timestamp proves, or else as new as the moment at which it is verified.
type TrustSigner struct {
	ID        string         `json:"id"`                  // SHA-256 of the key's DER, in hexadecimal digits, or of the identity
	Name      string         `json:"name"`                // for people, as a role
	PublicKey []byte         `json:"publicKey,omitempty"` // PKIX DER; none for an identity
	Identity  *TrustIdentity `json:"identity,omitempty"`
	NotBefore time.Time      `json:"notBefore,omitzero"`
	NotAfter  time.Time      `json:"notAfter,omitzero"`
	Revoked   *Revocation    `json:"revoked,omitempty"`
}

// TrustIdentity is somebody for whom an issuer vouches, without a key of their own.
type TrustIdentity struct {
	Issuer  string `json:"issuer"`  // address of an OpenID Connect issuer
	Subject string `json:"subject"` // as a certificate names it: an address of mail or of a workflow
}

// Revocation takes a signer's signatures back: those that no timestamp proves to
// be older than Since, and without Since all.
type Revocation struct {
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason"` // in words, for people
}

// Quorum is how many of which signers must have signed.
type Quorum struct {
	Threshold int64    `json:"threshold"` // 1 to the number of signers
	Signers   []string `json:"signers"`   // ids
}

// TrustProduct is who may release a product on some channels, and what else must
// hold.
type TrustProduct struct {
	Product          string            `json:"product"`                    // its name
	Channels         []string          `json:"channels"`                   // each in one entry of the product
	Releases         Quorum            `json:"releases"`                   // who signs releases and notices
	Permits          *Quorum           `json:"permits,omitempty"`          // who permits a downgrade; none: nobody
	Minimum          *Number           `json:"minimum,omitempty"`          // no release below it installs, permitted or not
	MaxJump          int64             `json:"maxJump,omitempty"`          // by how much a sequence may exceed the floor; 0: [DefaultMaxJump]
	MaxAgeSeconds    int64             `json:"maxAgeSeconds,omitempty"`    // how old a release may be when a host first takes it; 0: any age
	RequireTimestamp bool              `json:"requireTimestamp,omitempty"` // only signatures with a timestamp count
	Provenance       *ProvenanceDemand `json:"provenance,omitempty"`       // none: provenance is not asked for
}

// DefaultMaxJump is five years in seconds: the default sequence of a release is
// the time of its fix.
const DefaultMaxJump = 5 * 366 * 24 * 3600

// Number orders releases: by epoch, then by sequence.
type Number struct {
	Epoch    int64 `json:"epoch"`    // raised when numbering begins anew
	Sequence int64 `json:"sequence"` // in its epoch
}

// ProvenanceDemand is what the signed provenance of a release must say. An empty
// list allows anything.
type ProvenanceDemand struct {
	Builders []string `json:"builders,omitempty"` // ids of builders, one of which must have built
	Packages []string `json:"packages,omitempty"` // import paths of main packages, one of which must have been built
}

// TrustAuthority is a time-stamping authority (RFC 3161).
type TrustAuthority struct {
	Name         string    `json:"name"`         // for people
	Certificates [][]byte  `json:"certificates"` // DER: the root last; before it, if they are pinned, the authority's own and intermediate ones
	NotBefore    time.Time `json:"notBefore,omitzero"`
	NotAfter     time.Time `json:"notAfter,omitzero"`
}

// TrustClock is what a host's clock may do.
type TrustClock struct {
	MaxSkewSeconds int64 `json:"maxSkewSeconds"` // by how much clocks may differ; at most [MaxSkew]
}

// Limits of trust files.
const (
	MaxSkew         = 24 * 3600 // seconds
	MaxCertificates = 8         // of an authority
	MaxDER          = 8 << 10   // bytes in a public key or certificate
)

// Encode returns the one encoding of t as trust.json.
func (t Trust) Encode() ([]byte, error) { return fileForm.encode(TrustName, &t) }

// DecodeTrust reads trust.json.
func DecodeTrust(data []byte) (Trust, error) {
	var t Trust
	if err := fileForm.decode(TrustName, data, &t); err != nil {
		return Trust{}, err
	}
	return t, nil
}

func (Trust) predicateType() string { return TrustPredicate }

// statementSubjects is the file itself.
func (t Trust) statementSubjects() []Subject {
	data, err := t.Encode()
	if err != nil {
		return []Subject{{Name: TrustName}} // which is not valid either
	}
	return []Subject{subject(TrustName, DigestOf(data))}
}

// Validate reports the first rule that t breaks, as an [*InvalidError]. Whether
// keys and certificates are any, package verify checks.
func (t Trust) Validate() error {
	if t.Schema != TrustSchema {
		return &InvalidError{Field: "schema", Value: t.Schema, Reason: fmt.Sprintf("is not %q, the one that this version reads: update the program that reads it", TrustSchema)}
	}
	checks := []func() error{
		func() error { return checkInteger("version", t.Version, 1) },
		func() error { return checkTime("created", t.Created) },
		func() error { return checkTime("expires", t.Expires) },
		func() error { return checkPeriod("created", t.Created, "expires", t.Expires) },
		t.checkSigners,
		func() error { return t.checkQuorum("root", t.Root) },
		t.checkProducts,
		t.checkAuthorities,
		t.checkClock,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (t Trust) checkClock() error {
	if s := t.Clock.MaxSkewSeconds; s < 0 || s > MaxSkew {
		return &InvalidError{Field: "clock.maxSkewSeconds", Value: fmt.Sprint(s), Reason: fmt.Sprintf("must be from 0 to %d", MaxSkew)}
	}
	return nil
}

// checkPeriod requires that one time is before another, if both are there.
func checkPeriod(first string, from time.Time, last string, to time.Time) error {
	for _, bound := range []struct {
		field string
		at    time.Time
	}{{first, from}, {last, to}} {
		if !bound.at.IsZero() {
			if err := checkTime(bound.field, bound.at); err != nil {
				return err
			}
		}
	}
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		return &InvalidError{Field: last, Value: to.Format(time.RFC3339), Reason: "is not after " + first}
	}
	return nil
}

// checkSorted requires a list of bounded length in ascending order of its keys.
func checkSorted[T any](field string, list []T, least int, key func(T) string) error {
	if len(list) < least || len(list) > MaxList {
		return &InvalidError{Field: field, Reason: fmt.Sprintf("has %d entries, must have %d to %d", len(list), least, MaxList)}
	}
	for i := 1; i < len(list); i++ {
		if key(list[i-1]) >= key(list[i]) {
			return &InvalidError{Field: fmt.Sprintf("%s[%d]", field, i), Value: key(list[i]), Reason: "is out of order or stands twice"}
		}
	}
	return nil
}

func (t Trust) checkSigners() error {
	if err := checkSorted("signers", t.Signers, 1, func(s TrustSigner) string { return s.ID }); err != nil {
		return err
	}
	for i, s := range t.Signers {
		if err := s.validate(); err != nil {
			return within(fmt.Sprintf("signers[%d]", i), err)
		}
	}
	return nil
}

func (s TrustSigner) validate() error {
	if _, err := ParseHexDigest(s.ID); err != nil {
		return rename("id", err)
	}
	if err := checkText("name", s.Name); err != nil {
		return err
	}
	if (len(s.PublicKey) > 0) == (s.Identity != nil) {
		return &InvalidError{Field: "publicKey", Reason: "must be there, or an identity, and not both"}
	}
	if len(s.PublicKey) > MaxDER {
		return &InvalidError{Field: "publicKey", Reason: fmt.Sprintf("has %d bytes, at most %d are allowed", len(s.PublicKey), MaxDER)}
	}
	if s.Identity != nil {
		if err := checkText("identity.issuer", s.Identity.Issuer); err != nil {
			return err
		}
		if err := checkText("identity.subject", s.Identity.Subject); err != nil {
			return err
		}
	}
	if err := checkPeriod("notBefore", s.NotBefore, "notAfter", s.NotAfter); err != nil {
		return err
	}
	return s.checkRevoked()
}

func (s TrustSigner) checkRevoked() error {
	if s.Revoked == nil {
		return nil
	}
	if !s.Revoked.Since.IsZero() {
		if err := checkTime("revoked.since", s.Revoked.Since); err != nil {
			return err
		}
	}
	return checkText("revoked.reason", s.Revoked.Reason)
}

// signer returns the signer with an id.
func (t Trust) signer(id string) (TrustSigner, bool) {
	i, found := slices.BinarySearchFunc(t.Signers, id, func(s TrustSigner, id string) int { return strings.Compare(s.ID, id) })
	if !found {
		return TrustSigner{}, false
	}
	return t.Signers[i], true
}

// checkQuorum requires a threshold that the signers can meet who are not revoked
// for good.
func (t Trust) checkQuorum(field string, q Quorum) error {
	if err := checkSorted(field+".signers", q.Signers, 1, func(id string) string { return id }); err != nil {
		return err
	}
	able := int64(0)
	for i, id := range q.Signers {
		s, ok := t.signer(id)
		if !ok {
			return &InvalidError{Field: fmt.Sprintf("%s.signers[%d]", field, i), Value: id, Reason: "is not the id of a signer of this file"}
		}
		if s.Revoked == nil {
			able++
		}
	}
	if q.Threshold < 1 || q.Threshold > able {
		return &InvalidError{Field: field + ".threshold", Value: fmt.Sprint(q.Threshold), Reason: fmt.Sprintf("must be from 1 to the number of its signers that are not revoked, which is %d", able)}
	}
	return nil
}

func (t Trust) checkProducts() error {
	if t.Products == nil {
		return &InvalidError{Field: "products", Reason: "is missing: a file without any has an empty list"}
	}
	key := func(p TrustProduct) string { return p.Product + " " + strings.Join(p.Channels, " ") }
	if err := checkSorted("products", t.Products, 0, key); err != nil {
		return err
	}
	taken := map[string]bool{}
	for i, p := range t.Products {
		field := fmt.Sprintf("products[%d]", i)
		if err := t.checkProduct(p); err != nil {
			return within(field, err)
		}
		for _, channel := range p.Channels {
			if taken[p.Product+" "+channel] {
				return &InvalidError{Field: field + ".channels", Value: channel, Reason: "stands in another entry of the product, too"}
			}
			taken[p.Product+" "+channel] = true
		}
	}
	return nil
}

func (t Trust) checkProduct(p TrustProduct) error {
	if err := CheckProduct(p.Product); err != nil {
		return err
	}
	if err := checkSorted("channels", p.Channels, 1, func(c string) string { return c }); err != nil {
		return err
	}
	for i, c := range p.Channels {
		if err := CheckProduct(c); err != nil {
			return rename(fmt.Sprintf("channels[%d]", i), err)
		}
	}
	if err := t.checkQuorum("releases", p.Releases); err != nil {
		return err
	}
	if p.Permits != nil {
		if err := t.checkQuorum("permits", *p.Permits); err != nil {
			return err
		}
	}
	return p.checkNumbers()
}

func (p TrustProduct) checkNumbers() error {
	if p.Minimum != nil {
		if err := p.Minimum.validate(); err != nil {
			return within("minimum", err)
		}
	}
	if err := checkInteger("maxJump", p.MaxJump, 0); err != nil {
		return err
	}
	if err := checkInteger("maxAgeSeconds", p.MaxAgeSeconds, 0); err != nil {
		return err
	}
	if p.Provenance == nil {
		return nil
	}
	if err := checkTexts("provenance.builders", p.Provenance.Builders); err != nil {
		return err
	}
	return checkTexts("provenance.packages", p.Provenance.Packages)
}

func (n Number) validate() error {
	if err := checkInteger("epoch", n.Epoch, 0); err != nil {
		return err
	}
	return checkInteger("sequence", n.Sequence, 1)
}

func (t Trust) checkAuthorities() error {
	if err := checkSorted("authorities", t.Authorities, 0, func(a TrustAuthority) string { return a.Name }); err != nil {
		return err
	}
	for i, a := range t.Authorities {
		if err := a.validate(); err != nil {
			return within(fmt.Sprintf("authorities[%d]", i), err)
		}
	}
	return nil
}

func (a TrustAuthority) validate() error {
	if err := checkText("name", a.Name); err != nil {
		return err
	}
	if n := len(a.Certificates); n == 0 || n > MaxCertificates {
		return &InvalidError{Field: "certificates", Reason: fmt.Sprintf("has %d entries, must have 1 to %d", n, MaxCertificates)}
	}
	for i, c := range a.Certificates {
		if len(c) == 0 || len(c) > MaxDER {
			return &InvalidError{Field: fmt.Sprintf("certificates[%d]", i), Reason: fmt.Sprintf("has %d bytes, must have 1 to %d", len(c), MaxDER)}
		}
	}
	return checkPeriod("notBefore", a.NotBefore, "notAfter", a.NotAfter)
}
