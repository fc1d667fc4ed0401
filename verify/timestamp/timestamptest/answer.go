package timestamptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	_ "crypto/sha1" // ESSCertID
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// Answer is what the authority is about to sign and send. A test changes it to
// see that it is refused.
type Answer struct {
	Status     int    // PKIStatus: 0 is granted; above 1 there is no token
	StatusText string // none by default
	Failure    []int  // bits of PKIFailureInfo

	ImprintHash crypto.Hash      // what the request asks for
	Imprint     []byte           // the digest in the request
	Time        time.Time        // by the clock of the authority
	Nonce       *big.Int         // nil for none
	Content     []byte           // the DER of the TSTInfo, if not the one of the fields above
	ContentType string           // object identifier; the TSTInfo's by default
	Extensions  []pkix.Extension // of the TSTInfo

	Hash             crypto.Hash         // of content and attributes; SHA-256 by default
	AttributeType    string              // object identifier in the content type attribute; "none" leaves it out
	Digest           []byte              // the digest attribute, if not that of the content
	CertificateHash  []byte              // the digest of the certificate, if not that of Signer
	CertificateIDs   []int               // versions of the signing certificate attribute: 1, 2; {2} by default
	MoreAttributes   [][]byte            // DER of further signed attributes
	ByKeyID          bool                // names the signer by the key identifier of its certificate
	Signer           *x509.Certificate   // who is said to have signed
	Key              crypto.Signer       // who signs
	Algorithm        []byte              // DER of the AlgorithmIdentifier of the signature, if not the right one
	RSAByKeyType     bool                // rsaEncryption in the place of, say, sha256WithRSAEncryption
	Signature        func([]byte) []byte // spoils the signature; nil leaves it as it is
	Certificates     [][]byte            // DER; the signer's if the request asks for certificates
	SortCertificates bool                // as a SET OF of DER is
	UnsignedAttrs    bool                // adds an attribute that is not signed
	RevocationLists  bool                // adds an empty set of them
	Signers          int                 // how often the signer is written; 1 by default
	Tail             []byte              // bytes after the end
}

// The ASN.1 of RFC 3161 and RFC 5652, as far as it is written here.
type (
	request struct {
		Version    int
		Imprint    imprint
		Policy     asn1.ObjectIdentifier `asn1:"optional"`
		Nonce      *big.Int              `asn1:"optional"`
		CertReq    bool                  `asn1:"optional"`
		Extensions []pkix.Extension      `asn1:"optional,tag:0"`
	}
	imprint struct {
		Hash   pkix.AlgorithmIdentifier
		Digest []byte
	}
	statusInfo struct {
		Status  int
		Text    []asn1.RawValue `asn1:"optional,omitempty"`
		Failure asn1.BitString  `asn1:"optional"`
	}
	tstInfo struct {
		Version    int
		Policy     asn1.ObjectIdentifier
		Imprint    imprint
		Serial     *big.Int
		Time       asn1.RawValue
		Accuracy   accuracy
		Ordering   bool             `asn1:"optional"`
		Nonce      *big.Int         `asn1:"optional"`
		Extensions []pkix.Extension `asn1:"optional,omitempty,tag:1"`
	}
	accuracy struct{ Seconds int }
	signed   struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      encapsulated
		Certificates asn1.RawValue   `asn1:"optional"`
		Lists        asn1.RawValue   `asn1:"optional"`
		Signers      []asn1.RawValue `asn1:"set"`
	}
	encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	signer struct {
		Version   int
		ID        asn1.RawValue
		Digest    pkix.AlgorithmIdentifier
		Signed    asn1.RawValue
		Algorithm asn1.RawValue
		Signature []byte
		Unsigned  asn1.RawValue `asn1:"optional"`
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
)

func oid(last ...int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{1, 2, 840, 113549, 1}, last...)
}

func mustMarshal(value any, params string) []byte {
	der, err := asn1.MarshalWithParams(value, params)
	if err != nil {
		panic(fmt.Sprintf("timestamptest: writing %T: %v", value, err))
	}
	return der
}

func raw(der []byte) asn1.RawValue { return asn1.RawValue{FullBytes: der} }

// tagged wraps content, which is DER, in a constructed element of the context.
func tagged(tag int, content []byte) asn1.RawValue {
	return raw(mustMarshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content}, ""))
}

func hashAlgorithm(hash crypto.Hash) pkix.AlgorithmIdentifier {
	ids := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
	return pkix.AlgorithmIdentifier{Algorithm: ids[hash]}
}

func hashOf(id pkix.AlgorithmIdentifier) crypto.Hash {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if hashAlgorithm(hash).Algorithm.Equal(id.Algorithm) {
			return hash
		}
	}
	return 0
}

func digest(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// answer answers a request, which is well formed.
func (a *TSA) answer(q request) ([]byte, error) {
	r := Answer{
		ImprintHash: hashOf(q.Imprint.Hash), Imprint: q.Imprint.Digest, Time: a.now(), Nonce: q.Nonce,
		Hash: crypto.SHA256, CertificateIDs: []int{2}, Signer: a.leaf, Key: a.key, Signers: 1,
	}
	if q.CertReq {
		r.Certificates = [][]byte{a.leaf.Raw}
	}
	a.change(&r)
	return r.encode()
}

func (r Answer) encode() ([]byte, error) {
	status := statusInfo{Status: r.Status}
	if r.StatusText != "" {
		status.Text = []asn1.RawValue{raw(mustMarshal(r.StatusText, "utf8"))}
	}
	for _, bit := range r.Failure {
		status.Failure = asn1.BitString{Bytes: make([]byte, bit/8+1), BitLength: bit + 1}
	}
	for _, bit := range r.Failure {
		status.Failure.Bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	parts := []asn1.RawValue{raw(mustMarshal(status, ""))}
	if r.Status <= 1 {
		token, err := r.token()
		if err != nil {
			return nil, err
		}
		parts = append(parts, raw(token))
	}
	return append(mustMarshal(parts, ""), r.Tail...), nil
}

func (r Answer) token() ([]byte, error) {
	content := r.Content
	if content == nil {
		content = r.info()
	}
	one, err := r.signer(content)
	if err != nil {
		return nil, err
	}
	s := signed{
		Version: 3,
		Digests: []pkix.AlgorithmIdentifier{hashAlgorithm(r.Hash)},
		Content: encapsulated{Type: identifier(r.ContentType), Content: content},
	}
	if len(r.Certificates) > 0 {
		s.Certificates = r.certificates()
	}
	if r.RevocationLists {
		s.Lists = tagged(1, nil)
	}
	for range r.Signers {
		s.Signers = append(s.Signers, raw(one))
	}
	return mustMarshal(contentInfo{Type: oid(7, 2), Content: tagged(0, mustMarshal(s, ""))}, ""), nil
}

func (r Answer) certificates() asn1.RawValue {
	var certificates []asn1.RawValue
	for _, der := range r.Certificates {
		certificates = append(certificates, raw(der))
	}
	params := ""
	if r.SortCertificates {
		params = "set"
	}
	var inner asn1.RawValue
	if _, err := asn1.Unmarshal(mustMarshal(certificates, params), &inner); err != nil {
		panic("timestamptest: " + err.Error())
	}
	return tagged(0, inner.Bytes)
}

// identifier reads an object identifier in dots; empty is that of a TSTInfo.
func identifier(dotted string) asn1.ObjectIdentifier {
	if dotted == "" {
		return oid(9, 16, 1, 4)
	}
	id, err := x509.ParseOID(dotted)
	if err != nil {
		panic("timestamptest: " + err.Error())
	}
	der, err := id.MarshalBinary()
	if err != nil {
		panic("timestamptest: " + err.Error())
	}
	var out asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(append([]byte{6, byte(len(der))}, der...), &out); err != nil {
		panic("timestamptest: " + err.Error())
	}
	return out
}

func (r Answer) info() []byte {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 60))
	if err != nil {
		panic("timestamptest: " + err.Error())
	}
	return mustMarshal(tstInfo{
		Version: 1, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1}, // of examples (RFC 5612)
		Imprint: imprint{Hash: hashAlgorithm(r.ImprintHash), Digest: r.Imprint},
		Serial:  serial, Time: generalizedTime(r.Time), Accuracy: accuracy{1}, Nonce: r.Nonce, Extensions: r.Extensions,
	}, "")
}

// generalizedTime writes a fraction of a second if there is one.
func generalizedTime(t time.Time) asn1.RawValue {
	return asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte(t.UTC().Format("20060102150405.999999999Z07:00"))}
}

// signer signs the content and returns the SignerInfo.
func (r Answer) signer(content []byte) ([]byte, error) {
	attributes := r.attributes(content)
	sig, err := r.Key.Sign(rand.Reader, digest(r.Hash, attributes), r.Hash)
	if err != nil {
		return nil, fmt.Errorf("timestamptest: signing: %w", err)
	}
	if r.Signature != nil {
		sig = r.Signature(sig)
	}
	attributes[0] = 0xa0
	if r.Algorithm == nil {
		r.Algorithm = mustMarshal(r.algorithm(), "")
	}
	info := signer{
		Version: 1, ID: raw(mustMarshal(issuerAndSerial{raw(r.Signer.RawIssuer), r.Signer.SerialNumber}, "")),
		Digest: hashAlgorithm(r.Hash), Signed: raw(attributes), Algorithm: raw(r.Algorithm), Signature: sig,
	}
	if r.ByKeyID {
		info.Version, info.ID = 3, asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: r.Signer.SubjectKeyId}
	}
	if r.UnsignedAttrs {
		info.Unsigned = tagged(1, attributeOf(oid(9, 13), mustMarshal("later", "utf8")))
	}
	return mustMarshal(info, ""), nil
}

func (r Answer) algorithm() pkix.AlgorithmIdentifier {
	last := map[crypto.Hash]int{crypto.SHA256: 1, crypto.SHA384: 2, crypto.SHA512: 3}[r.Hash]
	if _, elliptic := r.Key.(*ecdsa.PrivateKey); elliptic {
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, last + 1}}
	}
	id := oid(1, 10+last)
	if r.RSAByKeyType {
		id = oid(1, 1)
	}
	return pkix.AlgorithmIdentifier{Algorithm: id, Parameters: asn1.NullRawValue}
}

func attributeOf(id asn1.ObjectIdentifier, value []byte) []byte {
	return mustMarshal(attribute{Type: id, Values: []asn1.RawValue{raw(value)}}, "")
}

// attributes returns the SET of signed attributes.
func (r Answer) attributes(content []byte) []byte {
	sum := r.Digest
	if sum == nil {
		sum = digest(r.Hash, content)
	}
	all := []asn1.RawValue{raw(attributeOf(oid(9, 4), mustMarshal(sum, "")))}
	if r.AttributeType != "none" {
		all = append(all, raw(attributeOf(oid(9, 3), mustMarshal(identifier(r.AttributeType), ""))))
	}
	for _, version := range r.CertificateIDs {
		all = append(all, raw(r.certificateID(version)))
	}
	for _, der := range r.MoreAttributes {
		all = append(all, raw(der))
	}
	return mustMarshal(all, "set")
}

// certificateID is the signing certificate attribute of that version.
func (r Answer) certificateID(version int) []byte {
	id, hash := oid(9, 16, 2, 12), crypto.SHA1
	if version == 2 {
		id, hash = oid(9, 16, 2, 47), crypto.SHA256
	}
	sum := r.CertificateHash
	if sum == nil {
		sum = digest(hash, r.Signer.Raw)
	}
	type entry struct{ Hash []byte }
	type list struct{ Entries []entry }
	return attributeOf(id, mustMarshal(list{[]entry{{sum}}}, ""))
}
