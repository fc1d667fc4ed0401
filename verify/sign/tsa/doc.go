// Package tsa asks a time-stamp authority over HTTP for RFC 3161 timestamps.
// Producers of hotfixes import it; hosts never do: they verify timestamps with
// package timestamp and no network.
//
// # Guarantee
//
// [Client.Stamp] returns a response only after it was checked: it has the one
// form that package timestamp accepts, is of the message that was sent and holds
// the nonce of this request, so that no older answer passes for it. With
// [WithAuthorities] its signature and certificates are verified as well, and
// without them an answer of anybody who can sit in between is returned: hosts
// refuse it, but later. A producer should name the authorities that its hosts
// trust.
//
// # Protocol
//
// One POST of a TimeStampReq (RFC 3161, sections 2.4.1 and 3.4) with the SHA-256
// digest of the message, never the message itself, a random nonce of 64 bits and
// certReq. The answer must have status 200 and the type
// application/timestamp-reply. Nothing is asked twice: whether to try again, or
// another authority, is for the caller.
//
// # Limits
//
// An answer has at most [timestamp.MaxResponse] bytes, a request takes at most
// [DefaultTimeout] or what [WithTimeout] says. Redirects are not followed, and
// the default client uses no proxy: see [WithHTTPClient].
package tsa
