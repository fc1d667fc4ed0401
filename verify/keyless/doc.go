// Package keyless verifies bundles of signers that have no key, but an identity: a
// person or a build job for whom an issuer vouched, to whom Sigstore's Fulcio gave a
// certificate for ten minutes, and whose signature stands in the transparency log
// Rekor. It is a module of its own, so that hosts that trust keys alone do not link
// it.
//
// # Guarantee
//
// [Verifier.VerifyBundle] returns a [verify.Signed] only if all of this was
// established from the bundle and a given trusted root, without any network: the
// certificate was issued by a trusted authority, and a certificate transparency log
// promised to list it; the signature over the payload is that of the certificate's
// key; the transparency logs that are asked for prove that they hold an entry of
// exactly this signature, payload and certificate; and a log or a timestamp authority
// says that the signature existed while the certificate was valid.
//
// It says who signed, as issuer and subject, and when. Anybody can have a certificate
// of a public instance of Sigstore: whether an identity counts is decided by the
// trust policy of package verify, which knows it by [verify.IdentityID]. The payload
// is returned as it was signed, and is not parsed here.
//
// # Formats
//
// A bundle is a Sigstore bundle (https://github.com/sigstore/protobuf-specs), media
// type application/vnd.dev.sigstore.bundle.v0.3+json, with one certificate and one
// DSSE envelope with one signature and the payload type
// application/vnd.in-toto+json. Bundles of another media type, or without a
// certificate or an envelope, are refused with [verify.ErrOtherKind].
//
// A bundle has one accepted encoding: the JSON that protobuf's encoder for Go writes,
// as cosign and sigstore-go do. White space between tokens alone may differ, because
// that encoder varies it on purpose. Whatever no signature covers must be absent or
// follow from what one covers: a key id, the parts of a log entry that the log does
// not sign, evidence of logs and authorities that the trusted root does not know. All
// evidence in a bundle must hold, not just enough of it.
//
// Log entries are of Rekor v1 (kind dsse 0.0.1, with inclusion promise and proof) or
// Rekor v2 (kind hashedrekord 0.0.2, with a proof; it has no time, so that the bundle
// needs a timestamp). Timestamps are RFC 3161 responses over the signature.
//
// The certificate names one subject: an e-mail address, a URI, or a user name in the
// form of Fulcio. Its issuer stands in the extension 1.3.6.1.4.1.57264.1.8 or .1
// (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md). Its key is ECDSA
// P-256, which signs with SHA-256, as all of Sigstore's clients make by default.
//
// A trusted root is the JSON file trusted_root.json, media type
// application/vnd.dev.sigstore.trustedroot+json;version=0.1, of the public instance
// or of a private one. It has to reach hosts in a way that they trust.
//
// # Limits
//
// See the Max… constants. Input above a limit is refused before it is parsed.
//
// # Caveats
//
// A certificate authority in the trusted root is believed whatever issuer and subject it
// writes: trust those that check them, and do not mix instances for different purposes.
//
// A trusted root grows old: keys of logs and authorities are replaced, and a root that
// does not know the new ones refuses what was signed with them. Nothing here fetches
// a new one.
//
// Sigstore's libraries link code that can use the network, such as a client for
// trusted roots. None of it is called; a test forbids the process to open a socket.
package keyless
