package timestamptest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// TSA is a time-stamp authority: a root, an intermediate and a signer. It is safe
// for concurrent use if the functions that it was given are.
type TSA struct {
	config
	rootKey         crypto.Signer
	root            *x509.Certificate
	intermediateKey crypto.Signer
	intermediate    *x509.Certificate
	key             crypto.Signer
	leaf            *x509.Certificate
}

type config struct {
	now    func() time.Time
	key    func() (crypto.Signer, error)
	leaf   func(*x509.Certificate)
	change func(*Answer)
}

// Option sets up a [TSA].
type Option func(*config) error

// WithClock sets the time of the stamps; the default is [time.Now].
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("timestamptest: WithClock: there is no clock")
		}
		c.now = now
		return nil
	}
}

// At makes all stamps say the same time.
func At(t time.Time) Option { return WithClock(func() time.Time { return t }) }

// WithRSA gives the signer an RSA key of so many bits; the default is ECDSA P-256.
func WithRSA(bits int) Option {
	return WithKey(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) })
}

// WithCurve gives the signer an ECDSA key on that curve; the default is P-256.
func WithCurve(curve elliptic.Curve) Option {
	return WithKey(func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) })
}

// WithKey gives the signer a key of any kind. [TSA.Stamp] signs with ECDSA and RSA
// alone; a test of another kind changes [Answer.Key].
func WithKey(generate func() (crypto.Signer, error)) Option {
	return func(c *config) error {
		c.key = generate
		return nil
	}
}

// WithCertificate changes the signer's certificate before it is issued.
func WithCertificate(change func(template *x509.Certificate)) Option {
	return func(c *config) error {
		c.leaf = change
		return nil
	}
}

// WithChange changes every answer before it is signed.
func WithChange(change func(*Answer)) Option {
	return func(c *config) error {
		c.change = change
		return nil
	}
}

// Validity of the certificates that are made here.
func validity() (notBefore, notAfter time.Time) {
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
}

// New makes an authority with keys of its own. Its certificates are valid from
// 2020 to 2045.
func New(options ...Option) (*TSA, error) {
	a := &TSA{config: config{now: time.Now, key: p256, leaf: func(*x509.Certificate) {}, change: func(*Answer) {}}}
	if err := a.set(options); err != nil {
		return nil, err
	}
	var err error
	if a.rootKey, err = p256(); err != nil {
		return nil, err
	}
	root := authorityTemplate("test root")
	if a.root, err = issue(root, a.rootKey, root, a.rootKey); err != nil {
		return nil, err
	}
	if a.intermediateKey, err = p256(); err != nil {
		return nil, err
	}
	if a.intermediate, err = issue(authorityTemplate("test intermediate"), a.intermediateKey, a.root, a.rootKey); err != nil {
		return nil, err
	}
	return a, a.issueLeaf()
}

// Sibling returns another authority below the same root and intermediate, with
// a signer of its own.
func (a *TSA) Sibling(options ...Option) (*TSA, error) {
	b := *a
	if err := b.set(options); err != nil {
		return nil, err
	}
	return &b, b.issueLeaf()
}

func (a *TSA) set(options []Option) error {
	for _, option := range options {
		if err := option(&a.config); err != nil {
			return err
		}
	}
	return nil
}

func (a *TSA) issueLeaf() (err error) {
	if a.key, err = a.config.key(); err != nil {
		return err
	}
	template := leafTemplate()
	a.config.leaf(template)
	a.leaf, err = issue(template, a.key, a.intermediate, a.intermediateKey)
	return err
}

func p256() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func authorityTemplate(name string) *x509.Certificate {
	t := template(name)
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	return t
}

// leafTemplate writes the extended key usage itself, because the standard
// library does not make it critical.
func leafTemplate() *x509.Certificate {
	t := template("test signer")
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtraExtensions = []pkix.Extension{Usage(true, x509.ExtKeyUsageTimeStamping)}
	return t
}

// Usage returns the extension of an extended key usage: of timeStamping,
// codeSigning, or whatever else of these two a test asks for.
func Usage(critical bool, usages ...x509.ExtKeyUsage) pkix.Extension {
	var ids []asn1.ObjectIdentifier
	for _, u := range usages {
		purpose := 3 // id-kp-codeSigning
		if u == x509.ExtKeyUsageTimeStamping {
			purpose = 8
		}
		ids = append(ids, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, purpose})
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: mustMarshal(ids, "")}
}

func template(name string) *x509.Certificate {
	notBefore, notAfter := validity()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		panic("timestamptest: " + err.Error())
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"tests"}},
		NotBefore: notBefore, NotAfter: notAfter,
	}
}

func issue(template *x509.Certificate, key crypto.Signer, parent *x509.Certificate, parentKey crypto.Signer) (*x509.Certificate, error) {
	if len(template.SubjectKeyId) == 0 {
		id := sha256.Sum256(template.SerialNumber.Bytes())
		template.SubjectKeyId = id[:20]
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, fmt.Errorf("timestamptest: issuing a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// Chain returns the certificates in PEM: signer, intermediate, root.
func (a *TSA) Chain() []byte { return encodePEM(a.leaf, a.intermediate, a.root) }

// Issuers returns the chain without the signer: intermediate, root.
func (a *TSA) Issuers() []byte { return encodePEM(a.intermediate, a.root) }

// Certificates returns signer, intermediate and root.
func (a *TSA) Certificates() []*x509.Certificate {
	return []*x509.Certificate{a.leaf, a.intermediate, a.root}
}

func encodePEM(certificates ...*x509.Certificate) (out []byte) {
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// Stamp answers a request for the message with SHA-256 and certificates, as a
// client over HTTP would send it.
func (a *TSA) Stamp(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(message)
	return a.answer(request{
		Version: 1, CertReq: true,
		Imprint: imprint{Hash: hashAlgorithm(crypto.SHA256), Digest: sum[:]},
	})
}
