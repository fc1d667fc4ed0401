package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384, for the keys on P-384
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Limits of keys.
const (
	MaxKeyFile = 64 << 10 // bytes in a PEM file
	MinRSABits = 2048     // below it a key is refused as weak
	MaxRSABits = 4096     // above it a key is refused as too slow to check
)

// KeyID is the SHA-256 digest of a public key's PKIX DER encoding. Equal keys
// have equal ids, however their files are spelled.
type KeyID [sha256.Size]byte

// String returns the 64 hexadecimal digits of the id.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first 16 hexadecimal digits, for file names, tables and
// messages. Trust never rests on it.
func (id KeyID) Short() string { return id.String()[:16] }

// Hint returns the base64 form of the id that stands in a bundle.
func (id KeyID) Hint() string { return base64.StdEncoding.EncodeToString(id[:]) }

// MarshalText implements [encoding.TextMarshaler] with the form of String.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] and reads that form alone.
func (id *KeyID) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(id) || KeyID(raw).String() != string(text) {
		return fmt.Errorf("verify: key id %s is not 64 lower-case hexadecimal digits", quote(string(text)))
	}
	*id = KeyID(raw)
	return nil
}

func parseHint(hint string) (KeyID, bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(hint)
	if err != nil || len(raw) != len(KeyID{}) || KeyID(raw).Hint() != hint {
		return KeyID{}, false
	}
	return KeyID(raw), true
}

// Algorithm names a kind of key with the one way in which it signs.
type Algorithm string

// The algorithms of trusted keys. There are no others.
const (
	ECDSAP256 Algorithm = "ECDSA P-256 with SHA-256"
	ECDSAP384 Algorithm = "ECDSA P-384 with SHA-384"
	Ed25519   Algorithm = "Ed25519"
	RSAPKCS1  Algorithm = "RSA PKCS #1 v1.5 with SHA-256"
)

// Hash returns the hash function over the message, or 0 for Ed25519, which
// signs the message itself.
func (a Algorithm) Hash() crypto.Hash {
	switch a {
	case ECDSAP256, RSAPKCS1:
		return crypto.SHA256
	case ECDSAP384:
		return crypto.SHA384
	}
	return 0
}

// Key is a public key of one of the accepted kinds. The zero Key verifies
// nothing and is refused by [WithKeys].
type Key struct {
	id        KeyID
	algorithm Algorithm
	public    crypto.PublicKey
}

// ID returns what identifies the key.
func (k Key) ID() KeyID { return k.id }

// Algorithm returns the only way in which the key's signatures are verified.
func (k Key) Algorithm() Algorithm { return k.algorithm }

// String returns the short id and algorithm.
func (k Key) String() string { return fmt.Sprintf("%s (%s)", k.id.Short(), k.algorithm) }

// ParsePublicKey reads a file that holds one public key: a PEM block of type
// PUBLIC KEY, with nothing but white space around it. Anything else is a
// [*KeyError].
func ParsePublicKey(data []byte) (Key, error) {
	if len(data) > MaxKeyFile {
		return Key{}, publicKeyError(nil, fmt.Sprintf("file has %d bytes, at most %d are allowed", len(data), MaxKeyFile), "pass the file with the key alone")
	}
	block, rest := pem.Decode(data)
	if block == nil || !bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN ")) {
		return Key{}, publicKeyError(nil, "file does not begin with a PEM block", `pass a file that begins with "-----BEGIN PUBLIC KEY-----", such as cosign.pub`)
	}
	if err := checkBlockType(block.Type); err != nil {
		return Key{}, err
	}
	if len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 || bytes.Count(data, []byte("-----BEGIN ")) != 1 {
		return Key{}, publicKeyError(nil, "file holds more than one PEM block without headers", "put each key into a file of its own")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, publicKeyError(err, "is damaged or of an unknown kind", "use an ECDSA P-256 key, as releasetool keygen and cosign make them")
	}
	return NewKey(public)
}

// checkBlockType explains the usual mistakes in the choice of a file.
func checkBlockType(kind string) error {
	switch {
	case kind == "PUBLIC KEY":
		return nil
	case strings.HasPrefix(kind, "ENCRYPTED ") && strings.HasSuffix(kind, "PRIVATE KEY"):
		return publicKeyError(ErrPrivateKey, "file holds an encrypted private key", "pass its public half, such as cosign.pub, and keep this one with its signer")
	case strings.HasSuffix(kind, "PRIVATE KEY"):
		return publicKeyError(ErrPrivateKey, "file holds a private key", "pass its public half (openssl pkey -in KEY -pubout) and never give the private one to a host")
	case kind == "RSA PUBLIC KEY":
		return publicKeyError(errors.ErrUnsupported, "is in PKCS #1 form", "convert it with openssl rsa -RSAPublicKey_in -in KEY -pubout")
	case kind == "CERTIFICATE":
		return publicKeyError(errors.ErrUnsupported, "file holds a certificate", "take the key out of it with openssl x509 -in CERT -pubkey -noout")
	}
	return publicKeyError(errors.ErrUnsupported, "file holds a PEM block of type "+quote(kind), "pass one of type PUBLIC KEY")
}

// NewKey returns the Key for a public key of the standard library. A kind or
// size that is not accepted is a [*KeyError].
func NewKey(public crypto.PublicKey) (Key, error) {
	algorithm, err := algorithmOf(public)
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, publicKeyError(err, "is not valid", "export it again from where it was made")
	}
	own, err := x509.ParsePKIXPublicKey(der) // a copy that the caller cannot change
	if err != nil {
		return Key{}, publicKeyError(err, "is not valid", "export it again from where it was made")
	}
	return Key{id: sha256.Sum256(der), algorithm: algorithm, public: own}, nil
}

func algorithmOf(public crypto.PublicKey) (Algorithm, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsaAlgorithm(key)
	case ed25519.PublicKey:
		if len(key) == ed25519.PublicKeySize {
			return Ed25519, nil
		}
	case *rsa.PublicKey:
		return rsaAlgorithm(key)
	}
	return "", publicKeyError(errors.ErrUnsupported, fmt.Sprintf("of type %T is not supported", public), "use an ECDSA P-256 key, as releasetool keygen and cosign make them")
}

func ecdsaAlgorithm(key *ecdsa.PublicKey) (Algorithm, error) {
	const remedy = "use an ECDSA P-256 key, as releasetool keygen and cosign make them"
	switch {
	case key == nil || key.Curve == nil || !hasPoint(key):
		return "", publicKeyError(nil, "is empty", remedy)
	case key.Curve == elliptic.P256():
		return ECDSAP256, nil
	case key.Curve == elliptic.P384():
		return ECDSAP384, nil
	case key.Params().BitSize < 256:
		return "", publicKeyError(ErrWeakKey, "on curve "+quote(key.Params().Name)+" is too weak", remedy)
	}
	return "", publicKeyError(errors.ErrUnsupported, "on curve "+quote(key.Params().Name)+" is not supported", remedy)
}

// hasPoint tells a key that was read or made from an empty one, at which the
// standard library would panic.
func hasPoint(key *ecdsa.PublicKey) bool {
	//lint:ignore SA1019 nothing else tells whether the coordinates are there
	return key.X != nil && key.Y != nil
}

func rsaAlgorithm(key *rsa.PublicKey) (Algorithm, error) {
	const remedy = "make an RSA key of 3072 bits and exponent 65537, or use ECDSA P-256"
	if key == nil || key.N == nil {
		return "", publicKeyError(nil, "is empty", remedy)
	}
	switch bits := key.N.BitLen(); {
	case bits < MinRSABits:
		return "", publicKeyError(ErrWeakKey, fmt.Sprintf("has %d bits, at least %d are needed", bits, MinRSABits), remedy)
	case bits > MaxRSABits:
		return "", publicKeyError(errors.ErrUnsupported, fmt.Sprintf("has %d bits, at most %d are supported", bits, MaxRSABits), remedy)
	case key.E < 65537 || key.E%2 == 0 || key.N.Bit(0) == 0:
		return "", publicKeyError(ErrWeakKey, "has an even modulus, or an exponent that is even or below 65537", remedy)
	}
	return RSAPKCS1, nil
}

func publicKeyError(err error, reason, remedy string) error {
	return &KeyError{Subject: "public key", Reason: reason, Remedy: remedy, Err: err}
}

// verify reports whether sig is the key's signature over message. ECDSA
// signatures are in DER (RFC 3279, 2.2.3), in which alone [ecdsa.VerifyASN1]
// takes them; the other form, two bare numbers, is refused.
func (k Key) verify(message, sig []byte) error {
	genuine := false
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		genuine = ecdsa.VerifyASN1(public, k.digest(message), sig)
	case ed25519.PublicKey:
		genuine = ed25519.Verify(public, message, sig)
	case *rsa.PublicKey:
		genuine = rsa.VerifyPKCS1v15(public, k.algorithm.Hash(), k.digest(message), sig) == nil
	}
	if !genuine {
		return ErrSignature
	}
	return nil
}

// digest is what the key's algorithm signs in place of the message.
func (k Key) digest(message []byte) []byte {
	h := k.algorithm.Hash().New()
	h.Write(message)
	return h.Sum(nil)
}
