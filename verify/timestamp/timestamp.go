package timestamp

import (
	"bytes"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"
	"time"
)

// Limits of what is read.
const (
	MaxResponse     = 16 << 10 // bytes in a response
	MaxChain        = 64 << 10 // bytes in the PEM of an authority's chain
	MaxCertificates = 8        // in a response, and in a chain
	MaxStatusText   = 200      // bytes of an authority's own words that are repeated
	MinRSABits      = 2048     // in the key of an authority
	MaxRSABits      = 8192     // in the key of an authority
)

// Stamp is what a timestamp was found to prove.
type Stamp struct {
	Time      time.Time `json:"time"`      // at which the message existed, in UTC, by the authority's clock
	Authority string    `json:"authority"` // its name, as [NewAuthority] was given it
}

// Claim is what a response says, of which nothing is authenticated.
type Claim struct {
	Time   time.Time // in UTC
	Serial *big.Int  // of the timestamp, by its authority's count
	Nonce  *big.Int  // of the request; nil if there was none
}

// Inspect checks the form of a response and that it is of the message, and
// returns what it claims. It is for those who have just asked for it; only
// [Verify] tells whether to believe it. Errors are [*Error] and [*StatusError].
func Inspect(response, message []byte) (Claim, error) {
	t, err := parse(response)
	if err != nil {
		return Claim{}, err
	}
	if err := t.info.covers(message); err != nil {
		return Claim{}, err
	}
	return Claim{Time: t.info.time, Serial: t.info.serial, Nonce: t.info.nonce}, nil
}

// Verify checks that one of the authorities stamped the message, and returns
// when and which. In a bundle the message is the signature. Errors are [*Error],
// [*StatusError] and [ErrNoAuthority].
func Verify(response, message []byte, authorities []Authority) (Stamp, error) {
	if len(authorities) == 0 {
		return Stamp{}, ErrNoAuthority
	}
	t, err := parse(response)
	if err != nil {
		return Stamp{}, err
	}
	if err := t.info.covers(message); err != nil {
		return Stamp{}, err
	}
	var refusal *Error
	for _, a := range authorities {
		err := a.vouch(t)
		if err == nil {
			return Stamp{Time: t.info.time, Authority: a.name}, nil
		}
		refusal = closer(refusal, a.name, err)
	}
	return Stamp{}, refusal
}

// closer returns the refusal that says more: that of an authority which knows
// the signer, else the first.
func closer(refusal *Error, name string, err error) *Error {
	if refusal != nil && !errors.Is(refusal, ErrUntrusted) {
		return refusal
	}
	next := &Error{Authority: name, Reason: err.Error(), Err: err}
	var e *Error
	if errors.As(err, &e) {
		next.Reason, next.Err = e.Reason, e.Err
	}
	if refusal != nil && errors.Is(next, ErrUntrusted) {
		return refusal
	}
	return next
}

// vouch reports whether the authority made the token.
func (a Authority) vouch(t token) error {
	if a.roots == nil {
		return refuse(ErrUntrusted, "it is empty; make it with NewAuthority")
	}
	signer, err := a.signer(t)
	if err != nil {
		return err
	}
	if err := a.trust(signer, t.info.time); err != nil {
		return err
	}
	if !t.attributes.name(signer) {
		return refuse(ErrSignature, "what was signed names another certificate than that of the signer; the timestamp was altered: fetch it again")
	}
	if !bytes.Equal(t.attributes.digest, digest(t.hash, t.content)) {
		return refuse(ErrSignature, "what was signed is the digest of another content; the timestamp was altered: fetch it again")
	}
	return checkSignature(signer.PublicKey, t.family, t.hash, digest(t.hash, t.signed), t.signature)
}

// signer returns the certificate that the response says it was signed by. All
// others in the response must be of the authority's chain.
func (a Authority) signer(t token) (*x509.Certificate, error) {
	signer, err := a.findSigner(t.certificates)
	if err != nil {
		return nil, err
	}
	if !t.signer.names(signer) {
		return nil, refuse(ErrUntrusted, "the response names another signer than %s; add the authority that made it, if you trust it", subject(signer))
	}
	if err := checkOrder(t.certificates, slices.Concat([]*x509.Certificate{signer}, a.chain)); err != nil {
		return nil, err
	}
	return signer, nil
}

// findSigner returns the certificate that this authority is pinned to, or else
// the first one of the response that is not of its chain.
func (a Authority) findSigner(embedded [][]byte) (*x509.Certificate, error) {
	if a.leaf != nil {
		return a.leaf, nil
	}
	for _, der := range embedded {
		if position(der, a.chain) >= 0 {
			continue
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, refuse(ErrFormat, "a certificate in the response is damaged (%s); fetch the timestamp again", cut(err.Error()))
		}
		return c, nil
	}
	return nil, refuse(ErrUntrusted, "the response does not hold the signer's certificate; put it first in the authority's chain, or ask for a timestamp with certificates")
}

func position(der []byte, chain []*x509.Certificate) int {
	return slices.IndexFunc(chain, func(c *x509.Certificate) bool { return bytes.Equal(c.Raw, der) })
}

// checkOrder requires that the certificates of a response are of the chain, each
// once, and in the order of the chain or in that of a SET OF in DER. Nothing else
// binds them to the response.
func checkOrder(embedded [][]byte, chain []*x509.Certificate) error {
	chained, sorted := true, true
	last := -1
	for i, der := range embedded {
		at := position(der, chain)
		if at < 0 {
			return refuse(ErrUntrusted, "the response holds a certificate that is not of the signer's chain; add the authority that made it, if you trust it")
		}
		chained = chained && at > last
		sorted = sorted && (i == 0 || bytes.Compare(embedded[i-1], der) < 0)
		last = at
	}
	if !chained && !sorted {
		return refuse(ErrFormat, "the certificates in the response are neither in the order of the chain nor sorted, or one is there twice; ask for a timestamp without certificates")
	}
	return nil
}

// trust checks the signer's certificate and those above it at the stamped time.
func (a Authority) trust(signer *x509.Certificate, at time.Time) error {
	_, err := signer.Verify(x509.VerifyOptions{
		Intermediates: a.intermediates,
		Roots:         a.roots,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // below, and more strictly
	})
	if err != nil {
		return chainRefusal(signer, at, err)
	}
	if err := checkUsage(signer); err != nil {
		return err
	}
	if at.Before(a.notBefore) || !a.notAfter.IsZero() && at.After(a.notAfter) {
		return refuse(ErrValidity, "it is trusted from %s to %s, and the timestamp is of %s; if that is right, change the trust policy",
			bound(a.notBefore), bound(a.notAfter), at.Format(time.RFC3339))
	}
	return nil
}

func chainRefusal(signer *x509.Certificate, at time.Time, err error) error {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return refuse(ErrValidity, "the certificates of %s were not all valid at %s (%s); ask for a new timestamp", subject(signer), at.Format(time.RFC3339), cut(err.Error()))
	}
	return refuse(ErrUntrusted, "it did not issue the signer's certificate %s (%s); add the authority that made the timestamp, if you trust it", subject(signer), cut(err.Error()))
}

func bound(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.UTC().Format(time.RFC3339)
}
