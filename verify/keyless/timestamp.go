package keyless

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// The response of a timestamp authority (RFC 3161, section 2.4.2) with its token, a CMS
// SignedData (RFC 5652, section 5.1), in the one form that is accepted. What is raw here
// is covered by the authority's signature, or compared with something that is.
type (
	stampResponse struct {
		Status struct{ Status int }
		Token  stampToken
	}
	stampToken struct {
		Type   asn1.ObjectIdentifier
		Signed stampSigned `asn1:"explicit,tag:0"`
	}
	stampSigned struct {
		Version      int
		Digests      []asn1.RawValue `asn1:"set"`
		Content      stampContent
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		Signers      []stampSigner `asn1:"set"`
	}
	stampContent struct {
		Type asn1.ObjectIdentifier
		Info []byte `asn1:"explicit,tag:0"`
	}
	stampSigner struct {
		Version    int
		ID         stampSignerID
		Digest     asn1.RawValue
		Attributes asn1.RawValue `asn1:"tag:0"`
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
	}
	stampSignerID struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
)

var (
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// parseStamp reads a response whose every byte the authority signed or this form
// fixes. Sigstore's verifier also reads BER and skips what it does not need.
func parseStamp(der []byte) (stampResponse, error) {
	var r stampResponse
	rest, err := asn1.Unmarshal(der, &r)
	if err != nil || len(rest) > 0 || !isDER(der, maxDepth) {
		return r, refuse(ErrTime, "has a timestamp that is not a response in DER of an authority that identifies itself by issuer and serial number")
	}
	again, err := asn1.Marshal(r)
	if err != nil || !bytes.Equal(der, again) {
		return r, refuse(ErrTime, "has a timestamp with parts that its authority did not sign")
	}
	return r, r.check()
}

func (r stampResponse) check() error {
	signed := r.Token.Signed
	switch {
	case r.Status.Status != 0:
		return refuse(ErrTime, "has a timestamp that was not granted as asked for")
	case !r.Token.Type.Equal(oidSignedData) || !signed.Content.Type.Equal(oidTSTInfo) || signed.Version != 3:
		return refuse(ErrTime, "has a timestamp of another form than RFC 3161 describes")
	case len(signed.Signers) != 1 || signed.Signers[0].Version != 1:
		return refuse(ErrTime, "has a timestamp that does not have exactly one signer")
	case len(signed.Digests) != 1 || !bytes.Equal(signed.Digests[0].FullBytes, signed.Signers[0].Digest.FullBytes):
		return refuse(ErrTime, "has a timestamp that names other digests than that of its signer")
	}
	return nil
}

// checkCertificates refuses certificates in a token that are neither its signer's nor
// of the trusted root: nothing would vouch for them.
func (r stampResponse) checkCertificates(trusted *root.TrustedRoot) error {
	certs, err := x509.ParseCertificates(r.Token.Signed.Certificates.Bytes)
	if err != nil {
		return refuse(ErrTime, "has a timestamp with unreadable certificates (%s)", why(err))
	}
	for i, cert := range certs {
		if slices.ContainsFunc(certs[:i], cert.Equal) || !r.isSigner(cert) && !isOfAuthority(trusted, cert) {
			return refuse(ErrTime, "has a timestamp with certificates that are unknown or doubled")
		}
	}
	return nil
}

func (r stampResponse) isSigner(cert *x509.Certificate) bool {
	id := r.Token.Signed.Signers[0].ID
	return bytes.Equal(cert.RawIssuer, id.Issuer.FullBytes) && cert.SerialNumber.Cmp(id.Serial) == 0
}

func isOfAuthority(trusted *root.TrustedRoot, cert *x509.Certificate) bool {
	for _, tsa := range trusted.TimestampingAuthorities() {
		tsa, ok := tsa.(*root.SigstoreTimestampingAuthority)
		if ok && (cert.Equal(tsa.Leaf) || cert.Equal(tsa.Root) || slices.ContainsFunc(tsa.Intermediates, cert.Equal)) {
			return true
		}
	}
	return false
}

// maxDepth is how deep the values of a timestamp nest at most; about a dozen do.
const maxDepth = 32

// isDER reports whether data is a sequence of values whose lengths, and those of all
// values in them, are spelled as DER asks for and add up.
func isDER(data []byte, depth int) bool {
	for len(data) > 0 {
		var value asn1.RawValue
		rest, err := asn1.Unmarshal(data, &value)
		if err != nil || value.IsCompound && (depth == 0 || !isDER(value.Bytes, depth-1)) {
			return false
		}
		data = rest
	}
	return true
}
