// Package timestamp verifies RFC 3161 timestamps: what a time-stamp authority
// answered when it was shown a message, with no network and at any later time.
//
// # Guarantee
//
// [Verify] returns a [Stamp] only if one of the given authorities signed that it
// saw the digest of exactly this message at exactly this time, with a certificate
// that was made for timestamps alone and was valid then. Whatever of a response
// that signature does not cover has one accepted value for what it covers, is
// compared with the authority's own chain, or is refused: no bit of a response
// can be flipped.
//
// # Format
//
// A response is the DER of a TimeStampResp (RFC 3161, section 2.4.2), as
// Sigstore's bundles hold it in signedTimestamp:
//
//	status       granted, with neither text nor failure
//	token        SignedData of CMS (RFC 5652), version 3
//	  digests    one: that of the signer
//	  content    TSTInfo, version 1: imprint, time, nonce …
//	  certs      any of the signer's and those of the authority's chain, each once,
//	             in the order of the chain or sorted; no revocation lists
//	  signer     one, named by issuer and serial number or by key identifier;
//	             signed attributes with the content's type and digest and the
//	             digest of the signer's certificate (ESSCertID of RFC 2634, or
//	             ESSCertIDv2 of RFC 5816); no unsigned attributes
//
// Digests are SHA-256, SHA-384 and SHA-512; ESSCertID alone is SHA-1 by
// definition, and names a certificate that the chain vouches for anyway. The
// signature is ECDSA on P-256, P-384 or P-521, or RSA of 2048 to 8192 bits with
// PKCS #1 v1.5. Other algorithms wrap [errors.ErrUnsupported].
//
// The certificate has the extended key usage timeStamping, alone and critical,
// as RFC 3161 asks for in section 2.3, and is no certificate authority. It and
// all above it must be valid at the stamped time; today's date is not asked.
//
// # Limits
//
// See the Max… constants. Time and memory are in proportion to the response and
// to the number of authorities.
//
// # Caveats
//
// A timestamp says that the message existed at that time, not that nothing newer
// exists. The accuracy that an authority states of its clock is not added to the
// time. Revocation of an authority is a matter of the list of authorities: take
// it out, or end its validity with [WithValidity].
//
// The same stamp can be written with or without certificates and with or without
// NULL as the parameters of a digest, since authorities differ in that, and an
// ECDSA signature can be altered into another valid one: never identify anything
// by the bytes of a response.
//
// Nothing here opens a socket or reads a clock. All values are safe for
// concurrent use.
package timestamp
