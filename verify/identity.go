package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"
)

// BundleVerifier verifies bundles of another kind than those of this package: of
// signers that are no keys, such as Sigstore's keyless identities. It says who
// signed; whether that counts, trust decides. It must be safe for concurrent use.
type BundleVerifier interface {
	// VerifyBundle verifies the signature in a bundle. [ErrOtherKind], wrapped, says
	// that the bundle is of a kind that it does not know.
	VerifyBundle(ctx context.Context, bundle []byte) (Signed, error)
}

// Signed is what a bundle was found to prove.
type Signed struct {
	Signer  KeyID     // of a key, or [IdentityID]: the same in all bundles of one signer
	Name    string    // of the signer in words, for people
	Payload []byte    // of a DSSE envelope with [PayloadType]
	Time    time.Time // when it was signed at the latest, by a log or a timestamp; never zero
}

// ErrOtherKind is wrapped by the error of a [BundleVerifier] for a bundle of a kind
// that it does not know.
var ErrOtherKind = errors.New("the bundle is of another kind")

// IdentityID is the id of a signer that is no key but an identity, which an issuer
// vouches for: the SHA-256 digest of both in a form that no key's encoding has.
func IdentityID(issuer, subject string) KeyID {
	return sha256.Sum256([]byte("hotfix identity\n" + issuer + "\n" + subject))
}
