// Package sign makes the signatures that package verify checks. Producers of
// hotfixes import it; hosts never do.
//
// # Guarantee
//
// [Signer.Sign] returns a bundle only after a [verify.Verifier] that trusts
// the signer's key alone has accepted it: a key service that answers with
// another key, hash or padding is an error here and not on a host. What is
// signed is the canonical encoding of a [manifest.Statement], so two people
// who sign apart sign the same bytes. No private key and no password is ever
// part of an error, a log line or a printed value.
//
// # Keys
//
// [LoadKey] reads cosign's encrypted keys (PEM type ENCRYPTED SIGSTORE PRIVATE
// KEY, or ENCRYPTED COSIGN PRIVATE KEY of older versions) and plain keys in
// PKCS #8, SEC 1 and PKCS #1 form. [GenerateKeyPair] makes the former, ECDSA
// P-256, for use with cosign as well. [New] takes any [crypto.Signer], as a
// PKCS #11 module, a TPM or an agent provides it, and [FromSigstore] takes any
// signer of Sigstore, hence the key services of the clouds. Kinds and sizes of
// keys are those of package verify.
//
// # Timestamps
//
// A timestamp proves when a signature existed, so that it outlives its key. A
// Signer that was made [WithTimestamps] asks for one with each signature, and
// [AddTimestamp] adds one to a bundle that exists. Package tsa, below this one,
// is a [Stamper] that asks a time-stamp authority over HTTP.
//
// # Caveats
//
// Private keys stay in memory until the garbage collector reuses it: Go
// cannot promise to wipe them. Where that matters, sign with a device or
// service.
package sign
