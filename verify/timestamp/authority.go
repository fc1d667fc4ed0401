package timestamp

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Authority is a time-stamp authority that is trusted. It is made by
// [NewAuthority] and cannot be changed; the zero Authority vouches for nothing.
type Authority struct {
	name          string
	leaf          *x509.Certificate   // the only one that may sign; nil for any below the chain
	chain         []*x509.Certificate // authorities alone: from the lowest up to the root
	intermediates *x509.CertPool
	roots         *x509.CertPool
	notBefore     time.Time // zero for none
	notAfter      time.Time // zero for none
}

// AuthorityOption sets up an [Authority].
type AuthorityOption func(*Authority) error

// WithValidity bounds the times for which an authority is trusted, both ends
// included, beyond what its certificates say. A zero time is no bound, which is
// the default for both.
func WithValidity(notBefore, notAfter time.Time) AuthorityOption {
	return func(a *Authority) error {
		if !notAfter.IsZero() && notAfter.Before(notBefore) {
			return fmt.Errorf("WithValidity: the validity ends at %s, before it begins; exchange the times", notAfter.UTC().Format(time.RFC3339))
		}
		a.notBefore, a.notAfter = notBefore, notAfter
		return nil
	}
}

// NewAuthority returns an Authority from its certificates in PEM: each is
// issued by the one after it, and the last is the root. If the first is that of
// the signer itself, only this one is accepted, and responses need not hold it;
// otherwise any certificate for timestamps below the chain is. The name is for
// messages. An error wraps [ErrChain].
func NewAuthority(name string, chain []byte, options ...AuthorityOption) (Authority, error) {
	fail := func(err error) (Authority, error) {
		return Authority{}, fmt.Errorf("timestamp: authority %q: %w", cut(name), err)
	}
	if name == "" {
		return Authority{}, errors.New("timestamp: the authority has no name; give it one, for messages")
	}
	certificates, err := parseChain(chain)
	if err != nil {
		return fail(err)
	}
	a := Authority{name: name, chain: certificates, intermediates: x509.NewCertPool(), roots: x509.NewCertPool()}
	if !certificates[0].IsCA {
		a.leaf, a.chain = certificates[0], certificates[1:]
	}
	if err := a.checkChain(); err != nil {
		return fail(err)
	}
	a.fillPools()
	for _, option := range options {
		if option == nil {
			return fail(errors.New("an option is nil; leave it out"))
		}
		if err := option(&a); err != nil {
			return fail(err)
		}
	}
	return a, nil
}

// Name returns the name for messages.
func (a Authority) Name() string { return a.name }

// ErrChain is wrapped by the errors of [NewAuthority] for certificates that are
// no chain of a time-stamp authority.
var ErrChain = errors.New("not the certificates of a time-stamp authority")

func chainError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrChain, fmt.Sprintf(format, args...))
}

func parseChain(data []byte) ([]*x509.Certificate, error) {
	if len(data) > MaxChain {
		return nil, chainError("the file has %d bytes, at most %d are accepted", len(data), MaxChain)
	}
	var certificates []*x509.Certificate
	for rest := bytes.TrimSpace(data); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		if !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return nil, chainError("there is text between the PEM blocks; leave the certificates alone in it")
		}
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" || len(block.Headers) > 0 {
			return nil, chainError("a PEM block is damaged, or not of type CERTIFICATE")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, chainError("certificate %d is damaged: %v", len(certificates)+1, err)
		}
		certificates = append(certificates, c)
	}
	if n := len(certificates); n == 0 || n > MaxCertificates {
		return nil, chainError("there are %d certificates, must be 1 to %d", n, MaxCertificates)
	}
	return certificates, nil
}

// checkChain checks the order, so that a mistake shows where it was made. What
// the certificates are worth is found out at the time of a stamp.
func (a Authority) checkChain() error {
	if len(a.chain) == 0 {
		return chainError("there is no root above the signer's certificate; add those that issued it")
	}
	below := a.leaf
	for _, c := range a.chain {
		if !c.IsCA {
			return chainError("%s is not a certificate authority; put the signer's certificate first", subject(c))
		}
		if below != nil {
			if err := below.CheckSignatureFrom(c); err != nil {
				return chainError("%s was not issued by %s, which follows it (%v); order them from the signer up to the root", subject(below), subject(c), err)
			}
		}
		below = c
	}
	var refused *Error
	if a.leaf != nil && errors.As(checkUsage(a.leaf), &refused) {
		return chainError("%s", refused.Reason)
	}
	return nil
}

func (a *Authority) fillPools() {
	root := len(a.chain) - 1
	for _, c := range a.chain[:root] {
		a.intermediates.AddCert(c)
	}
	a.roots.AddCert(a.chain[root])
}

// subject names a certificate of unknown origin safely.
func subject(c *x509.Certificate) string { return fmt.Sprintf("%q", cut(c.Subject.String())) }

// checkUsage checks what RFC 3161 demands of a signer's certificate.
func checkUsage(c *x509.Certificate) error {
	const remedy = "use an authority whose certificate follows RFC 3161"
	extension := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtendedKeyUsage()) })
	signs := x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	switch {
	case c.IsCA:
		return refuse(ErrUsage, "the certificate %s is that of a certificate authority; %s", subject(c), remedy)
	case len(c.UnknownExtKeyUsage) > 0 || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}):
		return refuse(ErrUsage, "the certificate %s is not for timestamps alone (extended key usage); %s", subject(c), remedy)
	case extension < 0 || !c.Extensions[extension].Critical:
		return refuse(ErrUsage, "the certificate %s does not have its extended key usage critical; %s", subject(c), remedy)
	case c.KeyUsage != 0 && c.KeyUsage&signs == 0:
		return refuse(ErrUsage, "the certificate %s has a key that is not for signatures (key usage); %s", subject(c), remedy)
	}
	return nil
}
