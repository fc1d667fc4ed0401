package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify/timestamp"
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

	MaxTimestamps = 8                     // timestamps of one signature
	MaxTimestamp  = timestamp.MaxResponse // bytes in a timestamp
)

// Bundle is one signature over one payload, as a bundle file holds it. Nothing
// in it is authenticated: only a [Verifier] can tell whether to believe it.
type Bundle struct {
	Key       KeyID  // whose signature it claims to be
	Payload   []byte // the signed bytes, in our bundles a [manifest.Statement]
	Signature []byte // over [SignedBytes] of the payload

	// Timestamps are RFC 3161 responses over Signature, in the order in which they
	// were added; usually none or one. [timestamp.Verify] tells what they prove.
	Timestamps [][]byte
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
		PublicKey  publicKeyJSON   `json:"publicKey"`
		Timestamps *timestampsJSON `json:"timestampVerificationData,omitempty"`
	}
	publicKeyJSON struct {
		Hint string `json:"hint"`
	}
	timestampsJSON struct {
		RFC3161 few[timestampJSON] `json:"rfc3161Timestamps"`
	}
	timestampJSON struct {
		Signed []byte `json:"signedTimestamp"`
	}
	envelopeJSON struct {
		Payload     []byte             `json:"payload"`
		PayloadType string             `json:"payloadType"`
		Signatures  few[signatureJSON] `json:"signatures"`
	}
	signatureJSON struct {
		Sig []byte `json:"sig"`
	}
)

// few is a list of which only so many are kept as are needed to see that there
// are too many, so that a hostile list of millions takes no memory.
type few[T any] []T

func (f *few[T]) UnmarshalJSON(data []byte) error {
	var first [MaxTimestamps + 1]*T
	if err := json.Unmarshal(data, &first); err != nil {
		return err
	}
	for _, value := range first {
		if value != nil {
			*f = append(*f, *value)
		}
	}
	return nil
}

func (m materialJSON) timestamps() (all [][]byte) {
	if m.Timestamps == nil {
		return nil
	}
	for _, t := range m.Timestamps.RFC3161 {
		all = append(all, t.Signed)
	}
	return all
}

func newMaterial(b Bundle) materialJSON {
	m := materialJSON{PublicKey: publicKeyJSON{Hint: b.Key.Hint()}}
	if len(b.Timestamps) > 0 {
		m.Timestamps = &timestampsJSON{}
		for _, t := range b.Timestamps {
			m.Timestamps.RFC3161 = append(m.Timestamps.RFC3161, timestampJSON{Signed: t})
		}
	}
	return m
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
		Material:  newMaterial(b),
		Envelope:  envelopeJSON{Payload: b.Payload, PayloadType: PayloadType, Signatures: few[signatureJSON]{{Sig: b.Signature}}},
	}
	if _, err := wire.bundle(); err != nil {
		return nil, err
	}
	return wire.encode(), nil
}

// bundle checks each field by itself.
func (w bundleJSON) bundle() (Bundle, error) {
	if w.MediaType != BundleMediaType {
		return Bundle{}, refuseBundle(errors.ErrUnsupported, "has media type %s, not %q", quote(w.MediaType), BundleMediaType)
	}
	key, timestamps, err := w.Material.check()
	if err != nil {
		return Bundle{}, err
	}
	sig, err := w.Envelope.check()
	if err != nil {
		return Bundle{}, err
	}
	return Bundle{Key: key, Payload: w.Envelope.Payload, Signature: sig, Timestamps: timestamps}, nil
}

func refuseBundle(err error, format string, args ...any) error {
	return &BundleError{Reason: fmt.Sprintf(format, args...), Err: err}
}

func (m materialJSON) check() (KeyID, [][]byte, error) {
	key, ok := parseHint(m.PublicKey.Hint)
	if !ok {
		return KeyID{}, nil, refuseBundle(nil, "has the key hint %s, which is not the base64 SHA-256 of a public key", quote(m.PublicKey.Hint))
	}
	timestamps := m.timestamps()
	if m.Timestamps != nil && len(timestamps) == 0 {
		return KeyID{}, nil, refuseBundle(nil, "has an empty list of timestamps; leave the list out")
	}
	if len(timestamps) > MaxTimestamps {
		return KeyID{}, nil, refuseBundle(nil, "has more than %d timestamps; remove some", MaxTimestamps)
	}
	for i, t := range timestamps {
		if n := len(t); n == 0 || n > MaxTimestamp {
			return KeyID{}, nil, refuseBundle(nil, "has %d bytes as timestamp %d, must have 1 to %d", n, i+1, MaxTimestamp)
		}
		if slices.ContainsFunc(timestamps[:i], func(other []byte) bool { return bytes.Equal(other, t) }) {
			return KeyID{}, nil, refuseBundle(nil, "has the same timestamp twice; remove one")
		}
	}
	return key, timestamps, nil
}

// check returns the signature.
func (e envelopeJSON) check() ([]byte, error) {
	if e.PayloadType != PayloadType {
		return nil, refuseBundle(errors.ErrUnsupported, "has payload type %s, not %q", quote(e.PayloadType), PayloadType)
	}
	if n := len(e.Payload); n == 0 || n > manifest.MaxDocument {
		return nil, refuseBundle(nil, "has a payload of %d bytes, must have 1 to %d", n, manifest.MaxDocument)
	}
	if n := len(e.Signatures); n != 1 {
		return nil, refuseBundle(nil, "has %s, must have exactly one signature; each signer adds a bundle", [...]string{"no signature", "", "several signatures"}[min(n, 2)])
	}
	return e.Signatures[0].Sig, checkSignatureSize(e.Signatures[0].Sig)
}

func checkSignatureSize(sig []byte) error {
	if n := len(sig); n == 0 || n > MaxSignature {
		return refuseBundle(nil, "has a signature of %d bytes, must have 1 to %d", n, MaxSignature)
	}
	return nil
}

func (w bundleJSON) encode() []byte { return encodeJSON(w) }

// encodeJSON writes a wire form whose fields have been checked: strings of known
// texts and base64, in which nothing is to escape. It cannot fail.
func encodeJSON(wire any) []byte {
	data, err := json.Marshal(wire)
	if err != nil {
		panic("verify: encoding a bundle: " + err.Error())
	}
	return data
}
