package keyless_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/gohotfix/hotfix/verify"
)

// signedAt is when the tests sign: the clock plays no part in them.
var signedAt = time.Date(2026, 9, 21, 14, 20, 0, 0, time.UTC)

const certificateLife = 10 * time.Minute

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func pkix256(key *ecdsa.PrivateKey) (der []byte, id [32]byte) {
	der = must(x509.MarshalPKIXPublicKey(key.Public()))
	return der, sha256.Sum256(der)
}

// sign signs as all logs do: ECDSA with SHA-256.
func sign(key *ecdsa.PrivateKey, message []byte) []byte {
	digest := sha256.Sum256(message)
	return must(ecdsa.SignASN1(rand.Reader, key, digest[:]))
}

// authority is a certificate with its key.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// newAuthority makes a certificate signed by parent, or by itself.
func newAuthority(parent *authority, template *x509.Certificate) *authority {
	a := &authority{key: newKey()}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	signer := parent
	if parent == nil {
		signer = &authority{key: a.key, cert: template}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, signer.cert, a.key.Public(), signer.key))
	a.cert = must(x509.ParseCertificate(der))
	return a
}

func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: signedAt.AddDate(-1, 0, 0), NotAfter: signedAt.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
}

func tsaTemplate() *x509.Certificate {
	usage := must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: "tsa"},
		NotBefore: signedAt.AddDate(-1, 0, 0), NotAfter: signedAt.AddDate(1, 0, 0),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}
}

// instance is all of Sigstore, in memory.
type instance struct {
	root, fulcio      *authority
	tsaRoot, tsa      *authority
	log1, log2, ctLog *ecdsa.PrivateKey // Rekor v1, Rekor v2, certificate transparency
	logStart, logEnd  time.Time
	withoutTSALeaf    bool // in the trusted root: then timestamps must hold it
}

const (
	logName1 = "rekor.test"
	logName2 = "log2026.rekor.test"
)

func newInstance() *instance {
	root, tsaRoot := newAuthority(nil, caTemplate("root")), newAuthority(nil, caTemplate("tsa root"))
	intermediate := caTemplate("fulcio")
	intermediate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	return &instance{
		root: root, fulcio: newAuthority(root, intermediate),
		tsaRoot: tsaRoot, tsa: newAuthority(tsaRoot, tsaTemplate()),
		log1: newKey(), log2: newKey(), ctLog: newKey(),
		logStart: signedAt.AddDate(-1, 0, 0),
	}
}

// trustedRoot is what a host is given to trust the instance.
func (s *instance) trustedRoot() []byte { return must(protojson.Marshal(s.rootMessage())) }

func (s *instance) rootMessage() *prototrustroot.TrustedRoot {
	since := func(start, end time.Time) *protocommon.TimeRange {
		r := &protocommon.TimeRange{Start: timestamppb.New(start)}
		if !end.IsZero() {
			r.End = timestamppb.New(end)
		}
		return r
	}
	chain := func(uri string, certs ...*x509.Certificate) *prototrustroot.CertificateAuthority {
		c := &protocommon.X509CertificateChain{}
		for _, cert := range certs {
			c.Certificates = append(c.Certificates, &protocommon.X509Certificate{RawBytes: cert.Raw})
		}
		return &prototrustroot.CertificateAuthority{Uri: uri, CertChain: c, ValidFor: since(signedAt.AddDate(-1, 0, 0), time.Time{})}
	}
	log := func(name string, key *ecdsa.PrivateKey) *prototrustroot.TransparencyLogInstance {
		der, id := pkix256(key)
		return &prototrustroot.TransparencyLogInstance{
			BaseUrl: "https://" + name, HashAlgorithm: protocommon.HashAlgorithm_SHA2_256,
			PublicKey: &protocommon.PublicKey{RawBytes: der, KeyDetails: protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, ValidFor: since(s.logStart, s.logEnd)},
			LogId:     &protocommon.LogId{KeyId: id[:]},
		}
	}
	tsa := []*x509.Certificate{s.tsa.cert, s.tsaRoot.cert}
	if s.withoutTSALeaf {
		tsa = tsa[1:]
	}
	return &prototrustroot.TrustedRoot{
		MediaType:              "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		Tlogs:                  []*prototrustroot.TransparencyLogInstance{log(logName1, s.log1), log(logName2, s.log2)},
		Ctlogs:                 []*prototrustroot.TransparencyLogInstance{log("ct.test", s.ctLog)},
		CertificateAuthorities: []*prototrustroot.CertificateAuthority{chain("https://fulcio.test", s.fulcio.cert, s.root.cert)},
		TimestampAuthorities:   []*prototrustroot.CertificateAuthority{chain("https://tsa.test", tsa...)},
	}
}

// signing is one act of signing: who, what, and how well observed. The zero value
// is an ordinary one.
type signing struct {
	names       []asn1.RawValue // of the certificate; nil for release@example.com
	issuer      string          // "-" for none
	issuerV1    string          // the older extension beside or instead of it
	curve       elliptic.Curve
	ca          *authority
	from        time.Time // certificate
	at          time.Time // log
	stampedAt   time.Time // timestamp
	unlisted    bool      // no certificate transparency
	promised    []byte    // instead of the certificate
	payload     []byte
	payloadType string
}

func email(s string) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, Bytes: []byte(s)}
}

func uri(s string) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(s)}
}

// userName is Fulcio's form of names that are neither e-mail addresses nor URIs.
func userName(s string) asn1.RawValue {
	value := must(asn1.MarshalWithParams(s, "utf8"))
	explicit := must(asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: value}))
	oid := must(asn1.Marshal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 7}))
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(oid, explicit...)}
}

const (
	testSubject = "release@example.com"
	testIssuer  = "https://accounts.example.com"
)

func (s *instance) complete(w signing) signing {
	if w.names == nil {
		w.names = []asn1.RawValue{email(testSubject)}
	}
	if w.issuer == "" {
		w.issuer = testIssuer
	}
	if w.curve == nil {
		w.curve = elliptic.P256()
	}
	if w.ca == nil {
		w.ca = s.fulcio
	}
	if w.at.IsZero() {
		w.at = signedAt
	}
	if w.stampedAt.IsZero() {
		w.stampedAt = w.at.Add(2 * time.Second)
	}
	if w.from.IsZero() {
		w.from = signedAt.Add(-time.Minute)
	}
	if w.payloadType == "" {
		w.payloadType = verify.PayloadType
	}
	if w.payload == nil {
		w.payload = payload()
	}
	return w
}

// signed is the outcome of signing, in parts that a test can exchange.
type signed struct {
	signing
	instance *instance
	key      *ecdsa.PrivateKey
	cert     []byte
	sig      []byte
}

func (s *instance) sign(w signing) *signed {
	w = s.complete(w)
	out := &signed{signing: w, instance: s, key: must(ecdsa.GenerateKey(w.curve, rand.Reader))}
	out.cert = s.certificate(w, out.key.Public())
	out.sig = sign(out.key, preAuth(w.payloadType, w.payload))
	return out
}

func preAuth(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// certificate issues a certificate with a promise of the certificate transparency log,
// which signs the certificate without that promise (RFC 6962, section 3.2).
func (s *instance) certificate(w signing, public crypto.PublicKey) []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: w.from, NotAfter: w.from.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	add := func(oid asn1.ObjectIdentifier, critical bool, value []byte) {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oid, Critical: critical, Value: value})
	}
	if len(w.names) > 0 {
		add(asn1.ObjectIdentifier{2, 5, 29, 17}, true, must(asn1.Marshal(w.names)))
	}
	if w.issuer != "-" {
		add(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, false, must(asn1.MarshalWithParams(w.issuer, "utf8")))
	}
	if w.issuerV1 != "" {
		add(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, false, []byte(w.issuerV1))
	}
	issue := func() []byte {
		return must(x509.CreateCertificate(rand.Reader, template, w.ca.cert, public, w.ca.key))
	}
	if w.unlisted {
		return issue()
	}
	promise := s.promise(must(x509.ParseCertificate(issue())).RawTBSCertificate, w)
	add(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, false, must(asn1.Marshal(promise)))
	return issue()
}

// promise is a list of one signed certificate timestamp.
func (s *instance) promise(tbs []byte, w signing) []byte {
	_, logID := pkix256(s.ctLog)
	issuer := sha256.Sum256(w.ca.cert.RawSubjectPublicKeyInfo)
	millis := uint64(w.from.UnixMilli())
	if w.promised != nil {
		tbs = w.promised
	}

	input := []byte{0, 0}
	input = binary.BigEndian.AppendUint64(input, millis)
	input = append(append(input, 0, 1), issuer[:]...)
	input = append(input, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	input = append(append(input, tbs...), 0, 0)
	sig := sign(s.ctLog, input)

	sct := append([]byte{0}, logID[:]...)
	sct = append(binary.BigEndian.AppendUint64(sct, millis), 0, 0, 4, 3)
	sct = append(binary.BigEndian.AppendUint16(sct, uint16(len(sig))), sig...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(sct)+2))
	return append(binary.BigEndian.AppendUint16(list, uint16(len(sct))), sct...)
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

type object = map[string]any // encoding/json sorts its keys, as the logs do

func (d *signed) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.cert})
}

func digestOf(data []byte) object {
	sum := sha256.Sum256(data)
	return object{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
}

// entryV1 logs the signature in Rekor v1.
func (d *signed) entryV1() *protorekor.TransparencyLogEntry {
	return d.instance.logV1(d.at, must(json.Marshal(object{
		"apiVersion": "0.0.1", "kind": "dsse",
		"spec": object{
			"envelopeHash": digestOf(d.sig),
			"payloadHash":  digestOf(d.payload),
			"signatures":   []object{{"signature": b64(d.sig), "verifier": b64(d.certPEM())}},
		},
	})))
}

func (s *instance) logV1(at time.Time, body []byte) *protorekor.TransparencyLogEntry {
	_, id := pkix256(s.log1)
	const index = 4711
	entry := object{"body": b64(body), "integratedTime": at.Unix(), "logID": hex.EncodeToString(id[:]), "logIndex": index}
	root, hashes := tree(body)
	head := fmt.Sprintf("%s - 123\n%d\n%s\n", logName1, treeSize, b64(root))
	line := fmt.Sprintf("\n— %s %s\n", logName1, b64(append(id[:4:4], sign(s.log1, []byte(head))...)))
	return &protorekor.TransparencyLogEntry{
		LogIndex: index, LogId: &protocommon.LogId{KeyId: id[:]},
		KindVersion:       &protorekor.KindVersion{Kind: "dsse", Version: "0.0.1"},
		IntegratedTime:    at.Unix(),
		InclusionPromise:  &protorekor.InclusionPromise{SignedEntryTimestamp: sign(s.log1, must(json.Marshal(entry)))},
		InclusionProof:    proof(root, hashes, head+line),
		CanonicalizedBody: body,
	}
}

// entryV2 logs the signature in Rekor v2.
func (d *signed) entryV2() *protorekor.TransparencyLogEntry {
	digest := sha256.Sum256(preAuth(d.payloadType, d.payload))
	return d.instance.logV2(must(json.Marshal(object{
		"apiVersion": "0.0.2", "kind": "hashedrekord",
		"spec": object{"hashedRekordV002": object{
			"data": object{"algorithm": "SHA2_256", "digest": b64(digest[:])},
			"signature": object{"content": b64(d.sig), "verifier": object{
				"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": object{"rawBytes": b64(d.cert)},
			}},
		}},
	})))
}

func (s *instance) logV2(body []byte) *protorekor.TransparencyLogEntry {
	_, id := pkix256(s.log2)
	root, hashes := tree(body)
	signer := must(rekornote.NewNoteSigner(context.Background(), logName2, must(signature.LoadECDSASigner(s.log2, crypto.SHA256))))
	text := must(note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", logName2, treeSize, b64(root))}, signer))
	return &protorekor.TransparencyLogEntry{
		LogIndex: treeIndex, LogId: &protocommon.LogId{KeyId: id[:]},
		KindVersion:       &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		InclusionProof:    proof(root, hashes, string(text)),
		CanonicalizedBody: body,
	}
}

// The tree of a log: four leaves, of which the third is ours.
const (
	treeSize  = 4
	treeIndex = 2
)

func tree(body []byte) (root []byte, hashes [][]byte) {
	leaf := func(data []byte) []byte { sum := sha256.Sum256(append([]byte{0}, data...)); return sum[:] }
	node := func(a, b []byte) []byte { sum := sha256.Sum256(append(append([]byte{1}, a...), b...)); return sum[:] }
	left, right := node(leaf([]byte("first")), leaf([]byte("second"))), leaf([]byte("fourth"))
	return node(left, node(leaf(body), right)), [][]byte{right, left}
}

func proof(root []byte, hashes [][]byte, checkpoint string) *protorekor.InclusionProof {
	return &protorekor.InclusionProof{
		LogIndex: treeIndex, TreeSize: treeSize, RootHash: root, Hashes: hashes,
		Checkpoint: &protorekor.Checkpoint{Envelope: checkpoint},
	}
}

// timestamp is the answer of the timestamp authority.
func (d *signed) timestamp() []byte { return d.instance.stamp(d.sig, d.stampedAt) }

func (s *instance) stamp(sig []byte, at time.Time) []byte {
	digest := sha256.Sum256(sig)
	stamp := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: at,
		Policy: asn1.ObjectIdentifier{1, 2, 3}, SerialNumber: big.NewInt(99),
		AddTSACertificate: s.withoutTSALeaf,
	}
	return must(stamp.CreateResponseWithOpts(s.tsa.cert, s.tsa.key, crypto.SHA256))
}

// bundle is the message with the given log entries and timestamps.
func (d *signed) bundle(entries []*protorekor.TransparencyLogEntry, timestamps ...[]byte) *protobundle.Bundle {
	b := &protobundle.Bundle{
		MediaType: verify.BundleMediaType,
		VerificationMaterial: &protobundle.VerificationMaterial{
			Content:     &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: d.cert}},
			TlogEntries: entries,
		},
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: d.payload, PayloadType: d.payloadType, Signatures: []*protodsse.Signature{{Sig: d.sig}},
		}},
	}
	if len(timestamps) > 0 {
		b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{}
	}
	for _, ts := range timestamps {
		data := b.VerificationMaterial.TimestampVerificationData
		data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: ts})
	}
	return b
}

// The three ordinary kinds of bundles.
func (d *signed) v1() *protobundle.Bundle {
	return d.bundle([]*protorekor.TransparencyLogEntry{d.entryV1()})
}
func (d *signed) v1Stamped() *protobundle.Bundle {
	return d.bundle([]*protorekor.TransparencyLogEntry{d.entryV1()}, d.timestamp())
}
func (d *signed) v2() *protobundle.Bundle {
	return d.bundle([]*protorekor.TransparencyLogEntry{d.entryV2()}, d.timestamp())
}

// encode writes a bundle as cosign does, without the white space that varies.
func encode(b *protobundle.Bundle) []byte {
	var buf bytes.Buffer
	if err := json.Compact(&buf, must(protojson.Marshal(b))); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// bothLogs is a bundle with entries of two logs.
func (d *signed) bothLogs() *protobundle.Bundle {
	return d.bundle([]*protorekor.TransparencyLogEntry{d.entryV1(), d.entryV2()})
}
