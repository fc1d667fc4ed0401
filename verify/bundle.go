package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// What a bundle says about its own format.
const (
	BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	PayloadType     = "application/vnd.in-toto+json"
)

// Limits of bundles.
const (
	MaxBundle    = 6 << 20 // bytes in a bundle: a payload of manifest.MaxDocument in base64, and the rest
	MaxSignature = 1 << 10 // bytes in a signature
	MaxBundles   = 64      // bundles of one release
)

// Bundle is one signature over one payload, as a bundle file holds it. Nothing
// in it is authenticated: only a [Verifier] can tell whether to believe it.
type Bundle struct {
	Key       KeyID  // whose signature it claims to be
	Payload   []byte // the signed bytes, in our bundles a [manifest.Statement]
	Signature []byte // over [SignedBytes] of the payload
}

// Verify checks that the bundle names the key, and holds its signature over the
// payload. It says nothing of what the payload is. The error wraps [ErrSignature].
func (b Bundle) Verify(key Key) error {
	if key.public == nil || b.Key != key.ID() {
		return &BundleError{Reason: "names the key " + b.Key.Short() + ", not " + key.ID().Short(), Err: ErrSignature}
	}
	if err := key.verify(SignedBytes(b.Payload), b.Signature); err != nil {
		return &BundleError{Err: err}
	}
	return nil
}

// BundleName returns the name of the bundle file of a key in a dist folder.
func BundleName(id KeyID) string { return bundlePrefix + id.Short() + bundleSuffix }

const (
	bundlePrefix = "hotfix."
	bundleSuffix = ".sigstore.json"
)

// IsBundleName reports whether a file of a dist folder is named like a bundle.
func IsBundleName(name string) bool {
	return len(name) > len(bundlePrefix)+len(bundleSuffix) && strings.HasPrefix(name, bundlePrefix) && strings.HasSuffix(name, bundleSuffix)
}

// SignedBytes returns the bytes that a signature over payload covers: DSSE's
// pre-authentication encoding, which binds the payload type.
func SignedBytes(payload []byte) []byte {
	return preAuthEncoding(PayloadType, payload)
}

func preAuthEncoding(payloadType string, payload []byte) []byte {
	header := "DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " "
	return append([]byte(header), payload...)
}

// The JSON of a bundle, in the order in which protobuf's encoder writes it.
type (
	bundleJSON struct {
		MediaType string       `json:"mediaType"`
		Material  materialJSON `json:"verificationMaterial"`
		Envelope  envelopeJSON `json:"dsseEnvelope"`
	}
	materialJSON struct {
		PublicKey publicKeyJSON `json:"publicKey"`
	}
	publicKeyJSON struct {
		Hint string `json:"hint"`
	}
	envelopeJSON struct {
		Payload     []byte         `json:"payload"`
		PayloadType string         `json:"payloadType"`
		Signatures  signaturesJSON `json:"signatures"`
	}
	signaturesJSON []signatureJSON
	signatureJSON  struct {
		Sig []byte `json:"sig"`
	}
)

// UnmarshalJSON keeps the first two signatures alone, so that a hostile list
// of millions takes no memory.
func (s *signaturesJSON) UnmarshalJSON(data []byte) error {
	var first [2]*signatureJSON
	if err := json.Unmarshal(data, &first); err != nil {
		return err
	}
	for _, sig := range first {
		if sig != nil {
			*s = append(*s, *sig)
		}
	}
	return nil
}

// ParseBundle reads a bundle in its one encoding. Everything else is a
// [*BundleError]; another spelling of a bundle wraps [manifest.ErrNotCanonical].
func ParseBundle(data []byte) (Bundle, error) {
	if len(data) > MaxBundle {
		return Bundle{}, &BundleError{Reason: fmt.Sprintf("has %d bytes, at most %d are allowed", len(data), MaxBundle)}
	}
	var wire bundleJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return Bundle{}, &BundleError{Reason: "is not the JSON of a Sigstore bundle", Err: err}
	}
	b, err := wire.bundle()
	if err != nil {
		return Bundle{}, err
	}
	if again := wire.encode(); !bytes.Equal(data, again) {
		return Bundle{}, &BundleError{Reason: "is spelled in another way than this library writes it", Err: manifest.ErrNotCanonical}
	}
	return b, nil
}

// Encode returns the one encoding of b.
func (b Bundle) Encode() ([]byte, error) {
	wire := bundleJSON{
		MediaType: BundleMediaType,
		Material:  materialJSON{PublicKey: publicKeyJSON{Hint: b.Key.Hint()}},
		Envelope:  envelopeJSON{Payload: b.Payload, PayloadType: PayloadType, Signatures: signaturesJSON{{Sig: b.Signature}}},
	}
	if _, err := wire.bundle(); err != nil {
		return nil, err
	}
	return wire.encode(), nil
}

// bundle checks each field by itself.
func (w bundleJSON) bundle() (Bundle, error) {
	refuse := func(err error, format string, args ...any) (Bundle, error) {
		return Bundle{}, &BundleError{Reason: fmt.Sprintf(format, args...), Err: err}
	}
	if w.MediaType != BundleMediaType {
		return refuse(errors.ErrUnsupported, "has media type %s, not %q", quote(w.MediaType), BundleMediaType)
	}
	key, ok := parseHint(w.Material.PublicKey.Hint)
	if !ok {
		return refuse(nil, "has the key hint %s, which is not the base64 SHA-256 of a public key", quote(w.Material.PublicKey.Hint))
	}
	envelope := w.Envelope
	if envelope.PayloadType != PayloadType {
		return refuse(errors.ErrUnsupported, "has payload type %s, not %q", quote(envelope.PayloadType), PayloadType)
	}
	if n := len(envelope.Payload); n == 0 || n > manifest.MaxDocument {
		return refuse(nil, "has a payload of %d bytes, must have 1 to %d", n, manifest.MaxDocument)
	}
	if n := len(envelope.Signatures); n != 1 {
		return refuse(nil, "has %s, must have exactly one signature; each signer adds a bundle", [...]string{"no signature", "", "several signatures"}[min(n, 2)])
	}
	sig := envelope.Signatures[0].Sig
	if n := len(sig); n == 0 || n > MaxSignature {
		return refuse(nil, "has a signature of %d bytes, must have 1 to %d", n, MaxSignature)
	}
	return Bundle{Key: key, Payload: envelope.Payload, Signature: sig}, nil
}

// encode cannot fail: the wire form holds nothing but strings and bytes.
func (w bundleJSON) encode() []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		panic("verify: encoding a bundle: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
