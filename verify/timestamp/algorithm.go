package timestamp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha1" // ESSCertID
	_ "crypto/sha256"
	_ "crypto/sha512"
	encoding "encoding/asn1"
	"fmt"
	"slices"
)

// Object identifiers as the content of DER has them would be unreadable; these
// are compared after strict decoding, which has one spelling for each.
func oidSignedData() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
}
func oidTSTInfo() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
}
func oidContentType() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
}
func oidMessageDigest() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
}
func oidSigningCertificate() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
}
func oidSigningCertificateV2() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
}
func oidExtendedKeyUsage() encoding.ObjectIdentifier {
	return encoding.ObjectIdentifier{2, 5, 29, 37}
}

// hash takes the AlgorithmIdentifier of a digest. Both spellings of "no
// parameters" are in use (RFC 5754, section 2).
func (r *reader) hash(what string) crypto.Hash {
	id, parameters := r.algorithm(what)
	if len(parameters) > 0 && !isNull(parameters) {
		r.malformed(what)
		return 0
	}
	switch id.String() {
	case "2.16.840.1.101.3.4.2.1":
		return crypto.SHA256
	case "2.16.840.1.101.3.4.2.2":
		return crypto.SHA384
	case "2.16.840.1.101.3.4.2.3":
		return crypto.SHA512
	}
	r.fail(unsupported("its %s is %v; only SHA-256, SHA-384 and SHA-512 are accepted: ask for a timestamp with one of them", what, id))
	return 0
}

func isNull(der []byte) bool { return bytes.Equal(der, []byte{5, 0}) }

// family is the kind of key that a signature asks for.
type family string

const (
	familyRSA   family = "RSA"
	familyECDSA family = "ECDSA"
)

// signatureAlgorithm takes the AlgorithmIdentifier of a signature over a digest
// with the given hash. RSA has NULL as its parameters, ECDSA has none (RFC
// 5754, section 3).
func (r *reader) signatureAlgorithm(hash crypto.Hash) family {
	const what = "signature algorithm"
	id, parameters := r.algorithm(what)
	if r.err() != nil {
		return ""
	}
	var of family
	switch name := id.String(); name {
	case "1.2.840.113549.1.1.1", rsaWith(hash):
		of = familyRSA
	case ecdsaWith(hash):
		of = familyECDSA
	default:
		r.fail(unsupported("its signature algorithm %s is not ECDSA or RSA (PKCS #1 v1.5) with %v; ask an authority that uses one of them", name, hash))
		return ""
	}
	if (of == familyRSA) != isNull(parameters) || (of == familyECDSA) != (len(parameters) == 0) {
		r.malformed(what)
	}
	return of
}

func rsaWith(hash crypto.Hash) string {
	return fmt.Sprint("1.2.840.113549.1.1.", map[crypto.Hash]int{crypto.SHA256: 11, crypto.SHA384: 12, crypto.SHA512: 13}[hash])
}

func ecdsaWith(hash crypto.Hash) string {
	return fmt.Sprint("1.2.840.10045.4.3.", map[crypto.Hash]int{crypto.SHA256: 2, crypto.SHA384: 3, crypto.SHA512: 4}[hash])
}

func digest(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// checkSignature verifies a signature over a digest by a key of that family.
func checkSignature(public crypto.PublicKey, of family, hash crypto.Hash, digest, sig []byte) error {
	good := false
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		curves := []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}
		if !slices.Contains(curves, key.Curve) {
			return unsupported("its certificate has a key on curve %s; P-256, P-384 and P-521 are accepted", key.Params().Name)
		}
		good = of == familyECDSA && ecdsa.VerifyASN1(key, digest, sig)
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < MinRSABits || bits > MaxRSABits {
			return unsupported("its certificate has an RSA key of %d bits; %d to %d are accepted", bits, MinRSABits, MaxRSABits)
		}
		good = of == familyRSA && rsa.VerifyPKCS1v15(key, hash, digest, sig) == nil
	default:
		return unsupported("its certificate has a key of type %T; ECDSA and RSA are accepted", public)
	}
	if !good {
		return refuse(ErrSignature, "the signature is not that of its certificate's key; the timestamp was altered: fetch it again")
	}
	return nil
}
