package keyless

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Limits of bundles.
const (
	MaxBundle      = verify.MaxBundle // bytes in a bundle
	MaxTokens      = 4096             // braces, brackets, commas and colons of its JSON
	MaxCertificate = 16 << 10         // bytes in the certificate
	MaxEntries     = 8                // log entries in a bundle
	MaxEntry       = 64 << 10         // bytes in the body of a log entry, and in its checkpoint
	MaxHashes      = 64               // hashes in an inclusion proof
	MaxTimestamps  = 8                // timestamps in a bundle
	MaxTimestamp   = 16 << 10         // bytes in a timestamp
)

// refuse returns a [*verify.BundleError].
func refuse(err error, format string, args ...any) error {
	return &verify.BundleError{Reason: fmt.Sprintf(format, args...), Err: err}
}

// parse reads a bundle in its one encoding and checks each field by itself.
func parse(data []byte) (*protobundle.Bundle, error) {
	if len(data) > MaxBundle {
		return nil, refuse(nil, "has %d bytes, at most %d are allowed", len(data), MaxBundle)
	}
	if n := countTokens(data); n > MaxTokens {
		return nil, refuse(nil, "has more than %d values, which no bundle has", MaxTokens)
	}
	b := new(protobundle.Bundle)
	if err := protojson.Unmarshal(data, b); err != nil {
		return nil, refuse(nil, "is not the JSON of a Sigstore bundle (%s); fetch it again from where it was published", why(err))
	}
	if err := checkKind(b); err != nil {
		return nil, err
	}
	if err := checkCanonical(data, b); err != nil {
		return nil, err
	}
	return b, checkFields(b)
}

// countTokens counts what can begin a value or a name, and stops above MaxTokens.
// The decoder makes an object of several hundred bytes from three bytes such as
// "{},": without a limit a small bundle would take much memory.
func countTokens(data []byte) int {
	n, inString := 0, false
	for i := 0; i < len(data) && n <= MaxTokens; i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && bytes.IndexByte([]byte("{[,:"), c) >= 0:
			n++
		}
	}
	return n
}

func checkKind(b *protobundle.Bundle) error {
	switch {
	case b.GetMediaType() != verify.BundleMediaType:
		return refuse(verify.ErrOtherKind, "has media type %s, not %q", quote(b.GetMediaType()), verify.BundleMediaType)
	case b.GetVerificationMaterial().GetCertificate() == nil:
		return refuse(verify.ErrOtherKind, "holds no certificate")
	case b.GetDsseEnvelope() == nil:
		return refuse(verify.ErrOtherKind, "holds no DSSE envelope")
	}
	return nil
}

// checkCanonical requires data to be what the encoder writes, but for white space.
func checkCanonical(data []byte, b *protobundle.Bundle) error {
	again, err := protojson.Marshal(b)
	if err != nil {
		return refuse(nil, "cannot be encoded again (%s)", why(err))
	}
	got, err := compact(data)
	if err != nil {
		return refuse(nil, "is not JSON (%s)", why(err))
	}
	want, err := compact(again)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return refuse(manifest.ErrNotCanonical, "is spelled in another way than protobuf's encoder writes it")
	}
	return nil
}

// compact removes white space between tokens, and nothing else.
func compact(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(len(data))
	err := json.Compact(&buf, data)
	return buf.Bytes(), err
}

func checkFields(b *protobundle.Bundle) error {
	if err := checkEnvelope(b.GetDsseEnvelope()); err != nil {
		return err
	}
	material := b.GetVerificationMaterial()
	if err := checkLength("certificate", material.GetCertificate().GetRawBytes(), MaxCertificate); err != nil {
		return err
	}
	if n := len(material.GetTlogEntries()); n > MaxEntries {
		return refuse(nil, "has %d log entries, at most %d are allowed", n, MaxEntries)
	}
	for _, entry := range material.GetTlogEntries() {
		if err := checkEntry(entry); err != nil {
			return err
		}
	}
	return checkTimestamps(material.GetTimestampVerificationData())
}

func checkEnvelope(e *protodsse.Envelope) error {
	if e.GetPayloadType() != verify.PayloadType {
		return refuse(errors.ErrUnsupported, "has payload type %s, not %q", quote(e.GetPayloadType()), verify.PayloadType)
	}
	if err := checkLength("payload", e.GetPayload(), manifest.MaxDocument); err != nil {
		return err
	}
	if n := len(e.GetSignatures()); n != 1 {
		return refuse(nil, "has %d signatures, must have exactly one; each signer adds a bundle", n)
	}
	sig := e.GetSignatures()[0]
	if sig.GetKeyid() != "" {
		return refuse(nil, "has a key id beside its certificate; sign without one")
	}
	return checkLength("signature", sig.GetSig(), verify.MaxSignature)
}

func checkTimestamps(data *protobundle.TimestampVerificationData) error {
	n := len(data.GetRfc3161Timestamps())
	if data != nil && n == 0 || n > MaxTimestamps {
		return refuse(nil, "has a list of %d timestamps, must have none or 1 to %d", n, MaxTimestamps)
	}
	for _, ts := range data.GetRfc3161Timestamps() {
		if err := checkLength("timestamp", ts.GetSignedTimestamp(), MaxTimestamp); err != nil {
			return err
		}
		if _, err := parseStamp(ts.GetSignedTimestamp()); err != nil {
			return err
		}
	}
	return nil
}

func checkLength(what string, data []byte, limit int) error {
	if n := len(data); n == 0 || n > limit {
		return refuse(nil, "has a %s of %d bytes, must have 1 to %d", what, n, limit)
	}
	return nil
}
