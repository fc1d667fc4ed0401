// Package verify decides whether a host may take a hotfix: it checks digests
// and signatures, and refuses whatever it cannot establish.
//
// # Guarantee
//
// A [Result] exists only if enough distinct trusted keys signed exactly the
// bytes of its release, and [Verifier.VerifyDist] returns one only if the
// folder holds exactly the packages that were signed, with the digests and
// sizes that were signed, and nothing else. Every check fails closed: without
// keys there is no [Verifier] ([ErrNoKeys]), and an unreadable, damaged or
// oddly spelled input is an error, never a pass. The order is bundle →
// threshold → statement → files: nothing but the bundle is parsed before its
// signature has been checked, and archives are hashed but never opened.
//
// # Formats
//
// A bundle is one signature over one statement, in the Sigstore bundle format
// (https://github.com/sigstore/protobuf-specs), media type
// application/vnd.dev.sigstore.bundle.v0.3+json. It names its key by a hint,
// the base64 SHA-256 of the key's DER, as cosign does, and holds one DSSE
// envelope (https://github.com/secure-systems-lab/dsse) with one signature and
// the payload type application/vnd.in-toto+json. The payload is the encoding
// of a [manifest.Statement]. m-of-n means several bundles over the same bytes.
// A bundle has exactly one accepted encoding: compact JSON without white
// space, keys in the order of the protobuf messages, base64 with padding. Its
// file name is "hotfix.", the short key id, ".sigstore.json" ([BundleName]).
// [ParseForeignBundle] reads those of cosign, which may have white space.
//
// A bundle may hold timestamps of its signature (RFC 3161) where Sigstore has
// them, in verificationMaterial.timestampVerificationData. [ParseBundle] takes
// them as bytes; package timestamp tells what they prove.
//
// A dist folder may hold a provenance: provenance.json, and bundles over a statement
// with it ("provenance.", the short key id, ".sigstore.json";
// [ProvenanceBundleName]). If it does, the provenance must agree with the release
// and have as many signatures; see [CheckProvenance].
//
// A public key is one PEM block of type PUBLIC KEY (PKIX) and nothing else.
// The key alone determines the algorithm:
//
//	ECDSA P-256              SHA-256, signature in DER; the default
//	ECDSA P-384              SHA-384, signature in DER
//	Ed25519                  plain, over the message itself
//	RSA, 2048 to 4096 bits   PKCS #1 v1.5, SHA-256
//
// The cosign command verifies bundles of all of these but P-384. It signs so
// that it can verify its own bundles with ECDSA P-256 and RSA alone.
//
// # Limits
//
// See the Max… constants. Input above a limit is refused before it is parsed.
//
// # Caveats
//
// A signature says who released the bytes, not that they are the newest ones.
// The dates and the number of a release (NotBefore, Expires, Epoch, Sequence)
// are returned, but not judged: whoever installs it knows the time and what is
// installed, and must refuse an old release.
//
// An ECDSA signature can be altered by anybody into another valid one over the
// same bytes: never identify a release by its signature, but by
// [Result.Statement]. A file can change between the check and its use: verify
// the copy that will be used, in a folder that others cannot write to.
//
// Nothing here opens a socket. All types are safe for concurrent use.
package verify
