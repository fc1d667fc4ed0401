package keyless_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/keyless"
)

type entries = []*protorekor.TransparencyLogEntry

// attack makes a bundle that must be refused with an error that wraps want and says
// says.
type attack struct {
	name   string
	bundle func(s *instance) *protobundle.Bundle
	want   error // nil: a BundleError that wraps nothing
	says   string
	opts   []keyless.Option
}

// altered is a good bundle of one kind after a change.
func altered(kind func(*signed) *protobundle.Bundle, change func(d *signed, b *protobundle.Bundle)) func(*instance) *protobundle.Bundle {
	return func(s *instance) *protobundle.Bundle {
		d := s.sign(signing{})
		b := kind(d)
		change(d, b)
		return b
	}
}

// made is what one act of signing gives.
func made(w signing, kind func(*signed) *protobundle.Bundle) func(*instance) *protobundle.Bundle {
	return func(s *instance) *protobundle.Bundle { return kind(s.sign(w)) }
}

func entryOf(b *protobundle.Bundle) *protorekor.TransparencyLogEntry {
	return b.GetVerificationMaterial().GetTlogEntries()[0]
}

func refuseAll(t *testing.T, attacks []attack) {
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			s := newInstance()
			b := a.bundle(s)
			_, err := newVerifier(t, s, a.opts...).VerifyBundle(t.Context(), encode(b))
			checkRefusal(t, err, a.want)
			assert.ErrorContains(t, err, a.says)
		})
	}
}

func checkRefusal(t *testing.T, err, want error) {
	t.Helper()
	var refused *verify.BundleError
	require.ErrorAs(t, err, &refused)
	assert.Less(t, len(err.Error()), 600)
	assert.NotContains(t, err.Error(), "\n")
	if want == nil {
		assert.NoError(t, errors.Unwrap(err))
	} else {
		assert.ErrorIs(t, err, want)
	}
}

func TestAttacksOnTheLog(t *testing.T) {
	refuseAll(t, []attack{
		{"another instance", func(*instance) *protobundle.Bundle { return newInstance().sign(signing{}).v1() }, keyless.ErrLog, "0 < 1", nil},
		{"no entry", altered((*signed).v1Stamped, func(_ *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = nil
		}), keyless.ErrLog, "has entries of 0 transparency logs, needs 1", nil},
		{"one entry of two", made(signing{}, (*signed).v1), keyless.ErrLog, "has entries of 1 transparency logs, needs 2", []keyless.Option{keyless.WithTransparencyLog(2)}},
		{"one entry twice", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = entries{entryOf(b), entryOf(b)}
		}), keyless.ErrLog, "duplicate", []keyless.Option{keyless.WithTransparencyLog(2)}},
		{"two entries of one log", altered((*signed).v2, func(d *signed, b *protobundle.Bundle) {
			again := d.entryV2()
			again.LogIndex, again.InclusionProof.LogIndex = 0, 0
			b.VerificationMaterial.TlogEntries = entries{entryOf(b), again}
		}), keyless.ErrLog, "", []keyless.Option{keyless.WithTransparencyLog(2)}},
		{"an entry of an unknown log beside a good one", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			d.instance.log2 = newKey()
			unknown := d.entryV2()
			d.instance.log2 = newKey()
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, unknown)
		}), keyless.ErrLog, "1 < 2", nil},
		{"entry of another signature", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = entries{d.instance.sign(signing{}).entryV1()}
		}), keyless.ErrLog, "signature does not match", nil},
		{"entry of another signature, version 2", altered((*signed).v2, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = entries{d.instance.sign(signing{}).entryV2()}
		}), keyless.ErrLog, "verifying inclusion", nil},
		{"entry of the signature under another certificate", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			other := *d
			other.cert = d.instance.certificate(d.signing, d.key.Public())
			b.VerificationMaterial.TlogEntries = entries{other.entryV1()}
		}), keyless.ErrLog, "certificate does not match", nil},
		{"entry of another payload", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			other := *d
			other.payload = []byte("{}")
			b.VerificationMaterial.TlogEntries = entries{other.entryV1()}
		}), keyless.ErrLog, "payload hash", nil},
		{"certificate exchanged for another of the signer", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.GetCertificate().RawBytes = d.instance.sign(signing{}).cert
		}), keyless.ErrLog, "certificate does not match", nil},
		{"promise of another entry", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionPromise = d.instance.sign(signing{}).entryV1().InclusionPromise
		}), keyless.ErrLog, "0 < 1", nil},
		{"another time than promised", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).IntegratedTime++
		}), keyless.ErrLog, "0 < 1", nil},
		{"another index than promised", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).LogIndex++
		}), keyless.ErrLog, "0 < 1", nil},
		{"no promise", altered((*signed).v1Stamped, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionPromise = nil
		}), keyless.ErrLog, "without the log's promise", nil},
		{"a promise for no time", made(signing{at: time.Unix(0, 0), stampedAt: signedAt}, (*signed).v1Stamped), keyless.ErrLog, "promise and time", nil},
		{"no proof", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionProof = nil
		}), keyless.ErrLog, "without an inclusion proof", nil},
		{"proof of another entry", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionProof = d.instance.sign(signing{}).entryV1().InclusionProof
		}), keyless.ErrLog, "inclusion", nil},
		{"proof for another place", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionProof.LogIndex = 0
		}), keyless.ErrLog, "", nil},
		{"proof without a hash", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			proof := entryOf(b).InclusionProof
			proof.Hashes = proof.Hashes[1:]
		}), keyless.ErrLog, "", nil},
		{"proof in a tree of another size", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionProof.TreeSize = 3
		}), keyless.ErrLog, "another tree", nil},
		{"proof for another root, version 2", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionProof.RootHash = make([]byte, 32)
		}), keyless.ErrLog, "another tree", nil},
		{"checkpoint of another log", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			d.instance.log1 = newKey()
			entryOf(b).InclusionProof = d.entryV1().InclusionProof
			d.instance.log1 = newKey()
		}), keyless.ErrLog, "", nil},
		{"checkpoint with two signatures", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			cp := entryOf(b).InclusionProof.Checkpoint
			_, line, _ := strings.Cut(cp.Envelope, "\n\n")
			cp.Envelope += line
		}), keyless.ErrLog, "single signature", nil},
		{"entry that claims another kind", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).KindVersion.Version = "0.0.2"
		}), keyless.ErrLog, `of kind "dsse" "0.0.2"`, nil},
		{"entry of version 1 that claims to be of version 2", altered((*signed).v2, func(d *signed, b *protobundle.Bundle) {
			entryOf(b).CanonicalizedBody = d.entryV1().CanonicalizedBody
		}), keyless.ErrLog, "claims to be", nil},
		{"entry of version 2 with a time", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).IntegratedTime = signedAt.Unix()
		}), keyless.ErrLog, "with a promise, a time or two indexes", nil},
		{"entry of version 2 with two indexes", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionProof.LogIndex++
		}), keyless.ErrLog, "with a promise, a time or two indexes", nil},
		{"entry of version 2 with a promise", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: []byte{1}}
		}), keyless.ErrLog, "with a promise, a time or two indexes", nil},
		{"entry of version 2 in other words than the log has", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).CanonicalizedBody = append(entryOf(b).CanonicalizedBody, ' ')
		}), keyless.ErrLog, "not in the log", nil},
		{"entry that is not JSON", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			entryOf(b).CanonicalizedBody = []byte("{")
		}), keyless.ErrLog, "not JSON", nil},
		{"key of the log out of use", func(s *instance) *protobundle.Bundle {
			s.logEnd = signedAt.Add(-time.Hour)
			return s.sign(signing{}).v1()
		}, keyless.ErrLog, "0 < 1", nil},
		{"key of the log out of use, version 2", func(s *instance) *protobundle.Bundle {
			s.logEnd = signedAt.Add(-time.Hour)
			return s.sign(signing{unlisted: true}).v2()
		}, keyless.ErrLog, "not in use at 2026-09-21T14:20:02Z", []keyless.Option{keyless.WithoutCertificateTransparencyUnsafe()}},
		{"key of the log not yet in use, version 2", func(s *instance) *protobundle.Bundle {
			s.logStart = signedAt.Add(time.Hour)
			return s.sign(signing{unlisted: true}).v2()
		}, keyless.ErrLog, "not in use at 2026-09-21T14:20:02Z", []keyless.Option{keyless.WithoutCertificateTransparencyUnsafe()}},
	})
}

func TestAttacksOnTheTime(t *testing.T) {
	const life = certificateLife
	twoStamps := func(first, second func(d *signed) []byte) func(*instance) *protobundle.Bundle {
		return func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			return d.bundle(entries{d.entryV1()}, first(d), second(d))
		}
	}
	foreign := func(d *signed) []byte { return newInstance().stamp(d.sig, signedAt) }
	ofOther := func(d *signed) []byte { return d.instance.sign(signing{}).timestamp() }
	refuseAll(t, []attack{
		{"no time", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData = nil
		}), keyless.ErrTime, "neither a log entry with a time nor a timestamp", nil},
		{"no timestamp of the one that is asked for", made(signing{}, (*signed).v1), keyless.ErrTime, "has 0 timestamps, needs 1", []keyless.Option{keyless.WithTimestampAuthority(1)}},
		{"timestamp of another signature", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			return d.bundle(entries{d.entryV2()}, ofOther(d))
		}, keyless.ErrTime, "", nil},
		{"timestamp of an unknown authority", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			return d.bundle(entries{d.entryV2()}, foreign(d))
		}, keyless.ErrTime, "", nil},
		{"a good timestamp and one of another signature", twoStamps((*signed).timestamp, ofOther), keyless.ErrTime, "2 < 3", nil},
		{"a good timestamp and an unknown one", twoStamps(foreign, (*signed).timestamp), keyless.ErrTime, "2 < 3", nil},
		{"two timestamps of one authority", twoStamps((*signed).timestamp, (*signed).timestamp), keyless.ErrTime, "2 < 3", nil},
		{"log says after the certificate's life", made(signing{at: signedAt.Add(life)}, (*signed).v1), keyless.ErrCertificate, "outside certificate validity", nil},
		{"log says before the certificate's life", made(signing{at: signedAt.Add(-life)}, (*signed).v1), keyless.ErrCertificate, "outside certificate validity", nil},
		{"timestamp says after the certificate's life", made(signing{stampedAt: signedAt.Add(life)}, (*signed).v2), keyless.ErrCertificate, "leaf certificate", nil},
		{"timestamp says before the certificate's life", made(signing{stampedAt: signedAt.Add(-life)}, (*signed).v2), keyless.ErrCertificate, "leaf certificate", nil},
		{"log and timestamp disagree about the certificate's life", made(signing{stampedAt: signedAt.Add(life)}, (*signed).v1Stamped), keyless.ErrCertificate, "leaf certificate", nil},
		{"timestamp from before the authority's life", made(signing{stampedAt: signedAt.AddDate(-2, 0, 0)}, (*signed).v2), keyless.ErrTime, "", nil},
		{"empty list of timestamps", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{}
		}), nil, "a list of 0 timestamps", nil},
		{"timestamp with a text", altered((*signed).v2, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0].SignedTimestamp = withText(d.timestamp())
		}), keyless.ErrTime, "did not sign", nil},
		{"timestamp with more behind it", altered((*signed).v2, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0].SignedTimestamp = append(d.timestamp(), 5, 0)
		}), keyless.ErrTime, "not a response in DER", nil},
		{"timestamp with a certificate that is not its signer's", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			return d.bundle(entries{d.entryV2()}, withCertificates(d.timestamp(), s.tsa.cert.Raw, s.fulcio.cert.Raw))
		}, keyless.ErrTime, "unknown or doubled", nil},
		{"timestamp with a certificate twice", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			return d.bundle(entries{d.entryV2()}, withCertificates(d.timestamp(), s.tsa.cert.Raw, s.tsa.cert.Raw))
		}, keyless.ErrTime, "unknown or doubled", nil},
	})
}

// withText adds a text to the status of a response, which no signature covers.
func withText(response []byte) []byte {
	type status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional,omitempty"`
	}
	var r struct {
		Status status
		Token  asn1.RawValue
	}
	must(asn1.Unmarshal(response, &r))
	r.Status.Text = []asn1.RawValue{{Tag: asn1.TagUTF8String, Bytes: []byte("granted")}}
	return must(asn1.Marshal(r))
}

// withCertificates puts certificates into a token that has none.
func withCertificates(response []byte, certs ...[]byte) []byte {
	type signedData struct {
		Version      int
		Digests      asn1.RawValue
		Content      asn1.RawValue
		Certificates asn1.RawValue
		Signers      asn1.RawValue
	}
	var r struct {
		Status asn1.RawValue
		Token  struct {
			Type   asn1.ObjectIdentifier
			Signed signedData `asn1:"explicit,tag:0"`
		}
	}
	must(asn1.Unmarshal(response, &r))
	r.Token.Signed.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: bytes.Join(certs, nil)}
	return must(asn1.Marshal(r))
}

func TestAttacksOnTheCertificate(t *testing.T) {
	several := func(names ...asn1.RawValue) func(*instance) *protobundle.Bundle {
		return made(signing{names: names}, (*signed).v1)
	}
	refuseAll(t, []attack{
		{"of another authority", func(s *instance) *protobundle.Bundle {
			return s.sign(signing{ca: newInstance().fulcio}).v1()
		}, keyless.ErrCertificate, "leaf certificate", nil},
		{"that signed another certificate", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			leaf := *s.fulcio
			leaf.key, leaf.cert = d.key, must(x509.ParseCertificate(d.cert))
			return s.sign(signing{ca: &leaf}).v1()
		}, keyless.ErrCertificate, "leaf certificate", nil},
		{"that no log promised to list", made(signing{unlisted: true}, (*signed).v1), keyless.ErrCertificate, "SCT", nil},
		{"that an unknown log promised to list", func(s *instance) *protobundle.Bundle {
			known := s.ctLog
			s.ctLog = newKey()
			defer func() { s.ctLog = known }()
			return s.sign(signing{}).v1()
		}, keyless.ErrCertificate, "SCT", nil},
		{"with a promise for another", func(s *instance) *protobundle.Bundle {
			w := s.complete(signing{})
			w.promised = []byte("another certificate")
			return s.sign(w).v1()
		}, keyless.ErrCertificate, "SCT", nil},
		{"without a subject at all", made(signing{names: []asn1.RawValue{}}, (*signed).v1), keyless.ErrIdentity, "without a subject alternative name", nil},
		{"with two subjects", several(email(testSubject), email("other@example.com")), keyless.ErrIdentity, "several subjects", nil},
		{"with two kinds of subjects", several(email(testSubject), uri("https://example.com")), keyless.ErrIdentity, "several subjects", nil},
		{"of a host", several(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: []byte("example.com")}), keyless.ErrIdentity, "no e-mail address, URI or user name", nil},
		{"with an empty subject", several(email("")), keyless.ErrIdentity, "", nil},
		{"with a subject of two lines", several(userName("a\nb")), keyless.ErrIdentity, `"a\nb"`, nil},
		{"with a subject that hides", several(userName("a\u202eb")), keyless.ErrIdentity, `"a\u202eb"`, nil},
		{"with a subject that is read in two ways", several(uri("HTTPS://example.com/x")), keyless.ErrIdentity, "two ways", nil},
		{"with a very long subject", several(userName(strings.Repeat("a", keyless.MaxIdentity+1))), keyless.ErrIdentity, "1 to 2048 bytes", nil},
		{"without an issuer", made(signing{issuer: "-"}, (*signed).v1), keyless.ErrIdentity, "issuer is not a printable text", nil},
		{"with an issuer of two lines", made(signing{issuer: testIssuer + "\nrelease"}, (*signed).v1), keyless.ErrIdentity, "issuer is not a printable text", nil},
		{"with two issuers", made(signing{issuerV1: "https://evil.test"}, (*signed).v1), keyless.ErrIdentity, "several issuers", nil},
		{"with a key of another kind", made(signing{curve: elliptic.P384()}, (*signed).v1), errors.ErrUnsupported, "not ECDSA P-256", nil},
		{"that is none", altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.GetCertificate().RawBytes = []byte("none")
		}), keyless.ErrCertificate, "unreadable certificate", nil},
	})
}

func TestAttacksOnTheEnvelope(t *testing.T) {
	envelope := func(change func(e *protodsse.Envelope)) func(*instance) *protobundle.Bundle {
		return altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) { change(b.GetDsseEnvelope()) })
	}
	refuseAll(t, []attack{
		{"payload altered", envelope(func(e *protodsse.Envelope) { e.Payload = append(e.Payload, ' ') }), keyless.ErrLog, "payload hash", nil},
		{"payload altered, version 2", altered((*signed).v2, func(_ *signed, b *protobundle.Bundle) {
			b.GetDsseEnvelope().Payload[0] ^= 1
		}), keyless.ErrLog, "verifying inclusion", nil},
		{"payload altered and logged", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			d.payload = append(d.payload, ' ')
			return d.v1()
		}, verify.ErrSignature, "could not verify envelope", nil},
		{"payload altered and logged, version 2", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			d.payload = append(d.payload, ' ')
			return d.v2()
		}, verify.ErrSignature, "could not verify envelope", nil},
		{"signature over the payload alone", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			d.sig = sign(d.key, d.payload)
			return d.v1()
		}, verify.ErrSignature, "could not verify envelope", nil},
		{"signature of another key, logged", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{})
			d.sig = sign(newKey(), preAuth(d.payloadType, d.payload))
			return d.v1()
		}, verify.ErrSignature, "could not verify envelope", nil},
		{"another payload type, signed", made(signing{payloadType: "application/json"}, (*signed).v1), errors.ErrUnsupported, `payload type "application/json"`, nil},
		{"another payload type, signed as ours", envelope(func(e *protodsse.Envelope) { e.PayloadType = "application/json" }), errors.ErrUnsupported, "payload type", nil},
		{"ours, signed as another payload type", func(s *instance) *protobundle.Bundle {
			d := s.sign(signing{payloadType: "application/json"})
			d.payloadType = verify.PayloadType
			return d.v1()
		}, verify.ErrSignature, "could not verify envelope", nil},
		{"no signature", envelope(func(e *protodsse.Envelope) { e.Signatures = nil }), nil, "has 0 signatures", nil},
		{"two signatures", envelope(func(e *protodsse.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), nil, "has 2 signatures", nil},
		{"empty signature", envelope(func(e *protodsse.Envelope) { e.Signatures[0].Sig = nil }), nil, "signature of 0 bytes", nil},
		{"key id", envelope(func(e *protodsse.Envelope) { e.Signatures[0].Keyid = "release" }), nil, "key id", nil},
		{"empty payload", made(signing{payload: []byte{}}, (*signed).v1), nil, "payload of 0 bytes", nil},
	})
}

func TestOtherKinds(t *testing.T) {
	content := func(c *protobundle.VerificationMaterial) func(*instance) *protobundle.Bundle {
		return altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) { b.VerificationMaterial = c })
	}
	mediaType := func(s string) func(*instance) *protobundle.Bundle {
		return altered((*signed).v1, func(_ *signed, b *protobundle.Bundle) { b.MediaType = s })
	}
	refuseAll(t, []attack{
		{"no media type", mediaType(""), verify.ErrOtherKind, "media type", nil},
		{"version 0.1", mediaType("application/vnd.dev.sigstore.bundle+json;version=0.1"), verify.ErrOtherKind, "media type", nil},
		{"version 0.2", mediaType("application/vnd.dev.sigstore.bundle+json;version=0.2"), verify.ErrOtherKind, "media type", nil},
		{"version 0.3 by its other name", mediaType("application/vnd.dev.sigstore.bundle+json;version=0.3"), verify.ErrOtherKind, "media type", nil},
		{"version 0.3.1", mediaType("application/vnd.dev.sigstore.bundle.v0.3.1+json"), verify.ErrOtherKind, "media type", nil},
		{"nothing about the signer", content(nil), verify.ErrOtherKind, "no certificate", nil},
		{"of a key", content(&protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{
			PublicKey: &protocommon.PublicKeyIdentifier{Hint: "hint"},
		}}), verify.ErrOtherKind, "no certificate", nil},
		{"of a chain of certificates", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			b.VerificationMaterial.Content = &protobundle.VerificationMaterial_X509CertificateChain{
				X509CertificateChain: &protocommon.X509CertificateChain{Certificates: []*protocommon.X509Certificate{{RawBytes: d.cert}}},
			}
		}), verify.ErrOtherKind, "no certificate", nil},
		{"over a file", altered((*signed).v1, func(d *signed, b *protobundle.Bundle) {
			b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{Signature: d.sig}}
		}), verify.ErrOtherKind, "no DSSE envelope", nil},
	})
}

func TestUnlistedCertificateOfAPrivateInstance(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s, keyless.WithoutCertificateTransparencyUnsafe())
	d := s.sign(signing{unlisted: true})
	_, err := v.VerifyBundle(t.Context(), encode(d.v1()))
	assert.NoError(t, err)
	d.sig = sign(newKey(), preAuth(d.payloadType, d.payload))
	_, err = v.VerifyBundle(t.Context(), encode(d.v1()))
	assert.ErrorIs(t, err, verify.ErrSignature)
}

func TestMoreEvidenceThanByDefault(t *testing.T) {
	s := newInstance()
	v := newVerifier(t, s, keyless.WithTransparencyLog(2), keyless.WithTimestampAuthority(1))
	d := s.sign(signing{})
	_, err := v.VerifyBundle(t.Context(), encode(d.bundle(entries{d.entryV1(), d.entryV2()}, d.timestamp())))
	assert.NoError(t, err)
	_, err = v.VerifyBundle(t.Context(), encode(d.bothLogs()))
	assert.ErrorIs(t, err, keyless.ErrTime)
	_, err = v.VerifyBundle(t.Context(), encode(d.v2()))
	assert.ErrorIs(t, err, keyless.ErrLog)
}
