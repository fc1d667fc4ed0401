package keyless

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"github.com/gohotfix/hotfix/verify"
)

// MaxIdentity is how many bytes an issuer or a subject may have.
const MaxIdentity = 2 << 10

// identity is who signed: whom a certificate names, and who vouched for it.
type identity struct{ issuer, subject string }

func (i identity) id() verify.KeyID { return verify.IdentityID(i.issuer, i.subject) }

// String is the name for people.
func (i identity) String() string { return plain(i.subject) + " (issued by " + plain(i.issuer) + ")" }

// plain cuts a long name, and quotes one that could be taken for something else.
func plain(s string) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"'\()<>`, r) }
	if strings.ContainsFunc(s, odd) {
		return quote(s)
	}
	return cut(s, maxQuotedText)
}

// identify reads who signed from a certificate that is not yet believed.
func identify(cert *x509.Certificate) (identity, error) {
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		return identity{}, refuse(errors.ErrUnsupported, "has a certificate whose key is not ECDSA P-256; sign with such a key")
	}
	san, err := subjectOf(cert)
	if err != nil {
		return identity{}, err
	}
	// The library's reading must be ours: it takes the first of several names, and
	// writes URIs anew.
	summary, err := certificate.SummarizeCertificate(cert)
	if err != nil {
		return identity{}, refuse(ErrIdentity, "has a certificate with unreadable names (%s)", why(err))
	}
	if summary.SubjectAlternativeName != san {
		return identity{}, refuse(ErrIdentity, "has a certificate whose subject can be read in two ways")
	}
	other := func(issuer string) bool { return issuer != summary.Issuer }
	if slices.ContainsFunc(issuersOf(cert), other) {
		return identity{}, refuse(ErrIdentity, "has a certificate with several issuers")
	}
	who := identity{issuer: summary.Issuer, subject: san}
	return who, who.check()
}

// issuersOf returns what the two extensions for the issuer say; the library takes the
// one that comes last, and has refused the certificate if one is not a text.
func issuersOf(cert *x509.Certificate) []string {
	var issuers []string
	for _, e := range cert.Extensions {
		switch {
		case e.Id.Equal(certificate.OIDIssuerV2):
			var issuer string
			_ = certificate.ParseDERString(e.Value, &issuer)
			issuers = append(issuers, issuer)
		case e.Id.Equal(oidIssuerV1):
			issuers = append(issuers, string(e.Value))
		}
	}
	return issuers
}

// check refuses names that a policy or a person could take for another.
func (i identity) check() error {
	switch {
	case !isPrintable(i.issuer):
		return refuse(ErrIdentity, "has a certificate whose issuer is not a printable text of 1 to %d bytes: %s", MaxIdentity, quote(i.issuer))
	case !isPrintable(i.subject):
		return refuse(ErrIdentity, "has a certificate whose subject is not a printable text of 1 to %d bytes: %s", MaxIdentity, quote(i.subject))
	}
	return nil
}

func isPrintable(s string) bool {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	return s != "" && len(s) <= MaxIdentity && utf8.ValidString(s) && !strings.ContainsFunc(s, odd)
}

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidIssuerV1       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
	oidUserName       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 7}
)

// The kinds of general names in RFC 5280, section 4.2.1.6, that Fulcio issues.
const (
	nameOther = 0
	nameEmail = 1
	nameURI   = 6
)

// subjectOf returns the one subject alternative name.
func subjectOf(cert *x509.Certificate) (string, error) {
	for _, e := range cert.Extensions {
		if !e.Id.Equal(oidSubjectAltName) {
			continue
		}
		var names []asn1.RawValue
		rest, err := asn1.Unmarshal(e.Value, &names)
		if err != nil || len(rest) > 0 || len(names) != 1 || names[0].Class != asn1.ClassContextSpecific {
			return "", refuse(ErrIdentity, "has a certificate with several subjects, or unreadable ones; exactly one is allowed")
		}
		return generalName(names[0])
	}
	return "", refuse(ErrIdentity, "has a certificate without a subject alternative name")
}

func generalName(name asn1.RawValue) (string, error) {
	switch name.Tag {
	case nameEmail, nameURI:
		return string(name.Bytes), nil
	case nameOther:
		var other struct {
			ID    asn1.ObjectIdentifier
			Value string `asn1:"utf8,explicit,tag:0"`
		}
		rest, err := asn1.UnmarshalWithParams(name.FullBytes, &other, "tag:0")
		if err == nil && len(rest) == 0 && other.ID.Equal(oidUserName) {
			return other.Value, nil
		}
	}
	return "", refuse(ErrIdentity, "has a certificate whose subject is no e-mail address, URI or user name")
}
