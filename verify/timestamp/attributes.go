package timestamp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// attributes are the signed attributes that are used.
type attributes struct {
	digest       []byte   // of the content
	certificates []certID // of the signer; one or two, by both versions of the attribute
}

// certID is the digest of a certificate.
type certID struct {
	hash   crypto.Hash
	digest []byte
}

// attributes takes the content of a SET OF Attribute. Others than those of RFC
// 3161 are signed too, and say nothing that matters here.
func (r *reader) attributes() (a attributes) {
	seen := map[string]bool{}
	for !r.empty() {
		in := r.within(asn1.SEQUENCE, "signed attribute")
		id := in.oid("signed attribute")
		values := in.within(asn1.SET, "signed attribute")
		in.end("signed attribute")
		if seen[id.String()] {
			r.malformed("set of signed attributes, which has one of them twice,")
		}
		seen[id.String()] = true
		a.read(id, values)
	}
	if r.err() == nil && (!seen[oidContentType().String()] || len(a.digest) == 0 || len(a.certificates) == 0) {
		r.fail(refuse(ErrFormat, "its signature does not cover the type and digest of the content and the digest of the signer's certificate, as RFC 3161 demands; ask another authority"))
	}
	return a
}

// read takes the one value of an attribute that is used.
func (a *attributes) read(id encoding.ObjectIdentifier, values *reader) {
	switch {
	case id.Equal(oidContentType()):
		if content := values.oid("content type attribute"); values.err() == nil && !content.Equal(oidTSTInfo()) {
			values.malformed("content type attribute")
		}
	case id.Equal(oidMessageDigest()):
		a.digest = values.content(asn1.OCTET_STRING, "digest attribute")
	case id.Equal(oidSigningCertificate()):
		a.certificates = append(a.certificates, values.certID(1))
	case id.Equal(oidSigningCertificateV2()):
		a.certificates = append(a.certificates, values.certID(2))
	default:
		return
	}
	values.end("signed attribute")
}

// certID takes a SigningCertificate or SigningCertificateV2 and returns its
// first entry, which is the signer's (RFC 5035, sections 3 and 4). The issuer
// and serial number in it say less than the digest of the whole certificate.
func (r *reader) certID(version int) certID {
	const what = "signing certificate attribute"
	certs := r.within(asn1.SEQUENCE, what).within(asn1.SEQUENCE, what)
	first := certs.within(asn1.SEQUENCE, what)
	id := certID{hash: crypto.SHA1}
	if version == 2 {
		id.hash = crypto.SHA256
		if first.next(asn1.SEQUENCE) {
			id.hash = first.hash("hash of the signing certificate")
		}
	}
	id.digest = first.content(asn1.OCTET_STRING, what)
	return id
}

// name checks that each of the attributes is of that certificate.
func (a attributes) name(c *x509.Certificate) bool {
	for _, id := range a.certificates {
		if !bytes.Equal(id.digest, digest(id.hash, c.Raw)) {
			return false
		}
	}
	return len(a.certificates) > 0
}
