package timestamp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"math/big"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// token is what a response of the accepted form holds. Nothing of it is
// authenticated.
type token struct {
	hash         crypto.Hash // of content and attributes
	content      []byte      // the DER of info
	info         info
	certificates [][]byte // DER, in the order of the response
	signer       signerID
	attributes   attributes
	signed       []byte // the DER of the attributes, as it is signed
	family       family
	signature    []byte
}

// signerID names a certificate: by issuer and serial number, or by key.
type signerID struct {
	issuer []byte   // DER of a Name
	serial *big.Int // nil if keyID names it
	keyID  []byte
}

func (id signerID) names(c *x509.Certificate) bool {
	if id.serial != nil {
		return bytes.Equal(id.issuer, c.RawIssuer) && id.serial.Cmp(c.SerialNumber) == 0
	}
	return len(id.keyID) > 0 && bytes.Equal(id.keyID, c.SubjectKeyId)
}

// Tags of the optional parts.
func optional(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// parse reads a TimeStampResp.
func parse(response []byte) (token, error) {
	if len(response) > MaxResponse {
		return token{}, refuse(ErrTooLarge, "the response has %d bytes, at most %d are accepted; ask an authority with a shorter chain, or for a timestamp without certificates", len(response), MaxResponse)
	}
	all := newReader(response)
	resp := all.within(asn1.SEQUENCE, "response")
	all.end("end")
	resp.status()
	var t token
	t.contentInfo(resp.within(asn1.SEQUENCE, "content"))
	resp.end("response")
	return t, all.err()
}

// status takes a PKIStatusInfo. Whatever else than "granted" it says is not
// authenticated, and refused.
func (r *reader) status() {
	in := r.within(asn1.SEQUENCE, "status")
	var status int
	if !in.rest.ReadASN1Integer(&status) {
		in.malformed("status")
	}
	if in.err() == nil && status != 0 {
		in.rejected(status)
	}
	in.end("status")
}

// rejected reads why the authority did not grant the timestamp.
func (r *reader) rejected(status int) {
	e := &StatusError{Status: status}
	if r.next(asn1.SEQUENCE) {
		texts := r.within(asn1.SEQUENCE, "status text")
		for !texts.empty() {
			e.Text += string(texts.content(asn1.UTF8String, "status text"))
		}
		e.Text = cut(e.Text)
	}
	if r.next(asn1.BIT_STRING) {
		e.Failures = failures(r.content(asn1.BIT_STRING, "failure information"))
	}
	r.end("status")
	r.fail(e)
}

// cut bounds a text without leaving half a character.
func cut(text string) string {
	if len(text) <= MaxStatusText {
		return text
	}
	text = text[:MaxStatusText]
	for len(text) > 0 && !utf8.ValidString(text[max(0, len(text)-utf8.UTFMax):]) {
		text = text[:len(text)-1]
	}
	return text + "…"
}

// failures names the bits of a BIT STRING, the first byte of which counts the
// unused bits at the end.
func failures(bits []byte) (names []string) {
	for i := range min(8*max(0, len(bits)-1), 32) {
		if bits[1+i/8]&(0x80>>(i%8)) != 0 {
			names = append(names, failureName(i))
		}
	}
	return names
}

func (t *token) contentInfo(r *reader) {
	if id := r.oid("content type"); r.err() == nil && !id.Equal(oidSignedData()) {
		r.malformed("content type")
	}
	explicit := r.within(optional(0), "content")
	r.end("content")
	t.signedData(explicit.within(asn1.SEQUENCE, "signed data"))
	explicit.end("content")
}

func (t *token) signedData(r *reader) {
	r.version(3, "version of signed data")
	digests := r.within(asn1.SET, "set of digests")
	t.hash = digests.hash("digest algorithm")
	digests.end("set of digests")
	t.encapsulated(r.within(asn1.SEQUENCE, "content"))
	if r.next(optional(0)) {
		t.certificateSet(r.within(optional(0), "set of certificates"))
	}
	if r.next(optional(1)) {
		r.fail(refuse(ErrFormat, "it holds revocation lists, which nothing authenticates; ask an authority that leaves them out"))
	}
	signers := r.within(asn1.SET, "set of signers")
	r.end("signed data")
	t.signerInfo(signers.within(asn1.SEQUENCE, "signer"))
	if !signers.empty() {
		r.fail(refuse(ErrFormat, "it has several signers; exactly one is accepted"))
	}
}

func (t *token) encapsulated(r *reader) {
	if id := r.oid("content type"); r.err() == nil && !id.Equal(oidTSTInfo()) {
		r.fail(refuse(ErrFormat, "what it signs is of type %v, not a timestamp's content; pass the response of a time-stamp authority", id))
	}
	explicit := r.within(optional(0), "content")
	r.end("content")
	t.content = explicit.content(asn1.OCTET_STRING, "content")
	explicit.end("content")
	content := &reader{rest: t.content, failure: r.failure}
	t.info = content.info()
}

func (t *token) certificateSet(r *reader) {
	for !r.empty() {
		if len(t.certificates) == MaxCertificates {
			r.fail(refuse(ErrFormat, "it holds more than %d certificates; ask for a timestamp without certificates", MaxCertificates))
			return
		}
		t.certificates = append(t.certificates, r.element(asn1.SEQUENCE, "certificate"))
	}
}

func (t *token) signerInfo(r *reader) {
	t.signer = r.signerID()
	if hash := r.hash("digest algorithm"); hash != t.hash {
		r.malformed("digest algorithm")
	}
	if !r.next(optional(0)) {
		r.malformed("set of signed attributes")
		return
	}
	element := bytes.Clone(r.element(optional(0), "set of signed attributes"))
	if r.err() != nil {
		return
	}
	element[0] = byte(asn1.SET) // RFC 5652, section 5.4: signed as what it is, not as it is tagged
	t.signed = element
	signed := &reader{rest: element, failure: r.failure}
	t.attributes = signed.within(asn1.SET, "set of signed attributes").attributes()
	t.family = r.signatureAlgorithm(t.hash)
	t.signature = r.content(asn1.OCTET_STRING, "signature")
	if r.next(optional(1)) {
		r.fail(refuse(ErrFormat, "it has unsigned attributes, which nothing authenticates; ask an authority that leaves them out"))
	}
	r.end("signer")
}

// signerID takes the version and the name of the signer, of which the former
// follows from the latter.
func (r *reader) signerID() signerID {
	const byKeyID = 3
	if bytes.HasPrefix(r.rest, []byte{byte(asn1.INTEGER), 1, byKeyID}) {
		r.version(byKeyID, "version of the signer")
		return signerID{keyID: r.content(asn1.Tag(0).ContextSpecific(), "name of the signer")}
	}
	r.version(1, "version of the signer")
	in := r.within(asn1.SEQUENCE, "name of the signer")
	id := signerID{issuer: in.element(asn1.SEQUENCE, "issuer of the signer"), serial: in.integer("serial number of the signer")}
	in.end("name of the signer")
	return id
}

func (r *reader) integer(what string) *big.Int {
	n := new(big.Int)
	if !r.rest.ReadASN1Integer(n) {
		r.malformed(what)
	}
	return n
}
