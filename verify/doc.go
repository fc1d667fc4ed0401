// Package verify decides whether a host may take a hotfix: it checks digests
// and signatures, and refuses whatever it cannot establish.
//
// # Guarantee
//
// A [Result] exists only if enough distinct trusted signers signed exactly the
// bytes of its release, for its product and channel; if its time has come and has
// not passed; and, as far as the [Verifier] was told what the host has confirmed
// ([WithFloor]) and runs ([WithHost]), if nothing newer was confirmed, nothing that
// was taken back or is incomplete is installed, and a package fits what runs.
// [Verifier.VerifyDist] returns one only if the folder holds exactly the packages
// that were signed, with the digests and sizes that were signed, and nothing else.
//
// Every check fails closed: without keys there is no Verifier ([ErrNoKeys]), and an
// unreadable, damaged or oddly spelled input is an error, never a pass. What was not
// looked at, [Result.Unchecked] says. Every refusal is a typed error that names what
// to do; [RuleOf] names its [Rule].
//
// # Order
//
// Bundles, the clock and the trust file, threshold, statement, time, floor, target
// and base, provenance, files. Nothing but the bundle is parsed before its signature
// has been checked, and archives are hashed but never opened.
//
// # Parties
//
// Signers hold private keys, or are identities that another [BundleVerifier] knows
// (package keyless, a module of its own). A trust file ([ParseTrust],
// [manifest.Trust]) says whose signatures count, when, for which products and
// channels, and how many are needed; [WithKeys] is the short way, for tools. Root
// signers sign the next trust file ([Trust.Update]). A host keeps its trust file and a
// floor for each product ([ReadFloor], [WriteFloor]): what it has confirmed, and the
// latest time that somebody it trusts has proven. Signatures are as old as their
// timestamps (package timestamp) prove, or as new as the moment.
//
// [manifest.Permit] lets one host go back to one release; [manifest.Notice]
// ([Verifier.VerifyNotice]) takes releases back without a new one. Neither helps
// against any other rule.
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
// them, in verificationMaterial.timestampVerificationData. With authorities in the
// trust file, all of them must hold.
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
// Without a floor, nothing tells an old release from a new one, and without a host,
// nothing whether it fits. A timestamp stops no replay either: it says when a
// signature existed. With [WithKeys] alone, timestamps are not looked at.
//
// The host's clock is believed as long as it is not behind a time that was proven.
// A floor that is lost lets old releases in: keep it on the disk that the releases are
// on. A signer with a key that was stolen can do what the signer could, up to the
// threshold, until a trust file revokes it.
//
// An ECDSA signature can be altered by anybody into another valid one over the
// same bytes: never identify a release by its signature, but by
// [Result.Statement]. A file can change between the check and its use: verify
// the copy that will be used, in a folder that others cannot write to.
//
// Nothing here opens a socket. All types are safe for concurrent use.
package verify
