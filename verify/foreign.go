package verify

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Foreign is what the bundle of another tool holds, such as cosign's
// attest-blob and sign-blob. As with [Bundle], nothing of it is authenticated.
type Foreign struct {
	// Bundle is the attestation. Its payload is empty if the bundle signs a file.
	Bundle Bundle
	// File is the SHA-256 digest of the signed file; zero if it is an attestation.
	File manifest.Digest
}

// IsAttestation tells an attestation, which [Bundle.Verify] verifies, from the
// signature of a file, which [Foreign.VerifyFile] verifies.
func (f Foreign) IsAttestation() bool { return len(f.Bundle.Payload) > 0 }

// VerifyFile checks that the bundle names the key, and holds its signature over
// the content of a file, as cosign's sign-blob makes it. The error wraps
// [ErrSignature].
func (f Foreign) VerifyFile(key Key, content []byte) error {
	b := f.Bundle
	switch {
	case f.IsAttestation():
		return &BundleError{Reason: "is an attestation and no signature of a file; verify it as a Bundle", Err: ErrSignature}
	case key.public == nil || b.Key != key.ID():
		return &BundleError{Reason: "names the key " + b.Key.Short() + ", not " + key.ID().Short(), Err: ErrSignature}
	case f.File != manifest.DigestOf(content):
		return &BundleError{Reason: "signs another file", Err: ErrSignature}
	}
	if err := key.verify(content, b.Signature); err != nil {
		return &BundleError{Err: err}
	}
	return nil
}

// The JSON of a bundle of either kind.
type (
	foreignJSON struct {
		MediaType string        `json:"mediaType"`
		Material  materialJSON  `json:"verificationMaterial"`
		Message   *messageJSON  `json:"messageSignature,omitempty"`
		Envelope  *envelopeJSON `json:"dsseEnvelope,omitempty"`
	}
	messageJSON struct {
		Digest    messageDigestJSON `json:"messageDigest"`
		Signature []byte            `json:"signature"`
	}
	messageDigestJSON struct {
		Algorithm string `json:"algorithm"`
		Digest    []byte `json:"digest"`
	}
)

// ParseForeignBundle reads a bundle v0.3 of another tool that signs with a key:
// a DSSE envelope around an in-toto statement, or the signature of a file, either
// with timestamps or without. It may have white space between the parts of its
// JSON, as protobuf's encoder puts some in at random; apart from that there is one
// spelling, as for [ParseBundle]. Certificates and entries of transparency logs
// are not read: such bundles are for a [BundleVerifier]. Errors are [*BundleError].
func ParseForeignBundle(data []byte) (Foreign, error) {
	if len(data) > MaxBundle {
		return Foreign{}, refuseBundle(nil, "has %d bytes, at most %d are allowed", len(data), MaxBundle)
	}
	var compact bytes.Buffer
	var wire foreignJSON
	err := json.Compact(&compact, data)
	if err == nil {
		err = json.Unmarshal(compact.Bytes(), &wire)
	}
	if err != nil {
		return Foreign{}, &BundleError{Reason: "is not the JSON of a Sigstore bundle", Err: err}
	}
	f, err := wire.foreign()
	if err != nil {
		return Foreign{}, err
	}
	if !bytes.Equal(compact.Bytes(), encodeJSON(wire)) {
		return Foreign{}, &BundleError{Reason: "holds more than a key's signature with timestamps needs, or spells it in another way", Err: manifest.ErrNotCanonical}
	}
	return f, nil
}

func (w foreignJSON) foreign() (Foreign, error) {
	switch {
	case w.Envelope != nil && w.Message == nil:
		b, err := bundleJSON{MediaType: w.MediaType, Material: w.Material, Envelope: *w.Envelope}.bundle()
		return Foreign{Bundle: b}, err
	case w.Envelope != nil || w.Message == nil:
		return Foreign{}, refuseBundle(nil, "must have either a DSSE envelope or the signature of a file")
	case w.MediaType != BundleMediaType:
		return Foreign{}, refuseBundle(errors.ErrUnsupported, "has media type %s, not %q", quote(w.MediaType), BundleMediaType)
	}
	key, timestamps, err := w.Material.check()
	if err != nil {
		return Foreign{}, err
	}
	digest, err := w.Message.check()
	if err != nil {
		return Foreign{}, err
	}
	return Foreign{Bundle: Bundle{Key: key, Signature: w.Message.Signature, Timestamps: timestamps}, File: digest}, nil
}

// check returns the digest of the file.
func (m messageJSON) check() (digest manifest.Digest, err error) {
	const algorithm = "SHA2_256"
	if m.Digest.Algorithm != algorithm {
		return digest, refuseBundle(errors.ErrUnsupported, "has a digest by %s, not by %s; sign with an ECDSA P-256 key", quote(m.Digest.Algorithm), algorithm)
	}
	if len(m.Digest.Digest) != len(digest) {
		return digest, refuseBundle(nil, "has a digest of %d bytes, must have %d", len(m.Digest.Digest), len(digest))
	}
	copy(digest[:], m.Digest.Digest)
	return digest, checkSignatureSize(m.Signature)
}
