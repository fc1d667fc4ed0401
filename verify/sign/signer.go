package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore/pkg/signature"
	sigoptions "github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Signer signs releases with one private key. It is made by [LoadKey], [New]
// or [FromSigstore] and is safe for concurrent use if the key behind it is.
type Signer struct {
	config
	key  verify.Key
	sign func(ctx context.Context, message []byte) ([]byte, error)
}

// Option sets up a [Signer].
type Option func(*config) error

type config struct {
	stampers []Stamper
}

func newConfig(options []Option) (c config, err error) {
	for _, option := range options {
		if option == nil {
			return config{}, errors.New("sign: an option is nil; leave it out")
		}
		if err := option(&c); err != nil {
			return config{}, err
		}
	}
	return c, nil
}

// New returns a Signer for a key of the standard library's shape. ECDSA and
// RSA keys are given the digest, Ed25519 keys the message. A kind or size that
// package verify does not accept is a [*verify.KeyError].
func New(private crypto.Signer, options ...Option) (*Signer, error) {
	if private == nil {
		return nil, errors.New("sign: no key is given; load one with LoadKey")
	}
	key, err := verify.NewKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	c, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	hash := key.Algorithm().Hash()
	return &Signer{config: c, key: key, sign: func(_ context.Context, message []byte) ([]byte, error) {
		return private.Sign(rand.Reader, digest(hash, message), hash)
	}}, nil
}

// digest returns what a key with the given hash signs.
func digest(hash crypto.Hash, message []byte) []byte {
	if hash == 0 {
		return message
	}
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}

// FromSigstore returns a Signer for any signer of Sigstore, as its key service
// packages make them. It asks for the public key once. The key must use the
// hash of its [verify.Algorithm], and PKCS #1 v1.5 if it is RSA: Sign fails
// otherwise.
func FromSigstore(ctx context.Context, private signature.Signer, options ...Option) (*Signer, error) {
	if private == nil {
		return nil, errors.New("sign: no signer is given; make one with a Sigstore package")
	}
	public, err := private.PublicKey(sigoptions.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("sign: reading the public key of the signer: %w", err)
	}
	key, err := verify.NewKey(public)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	c, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	return &Signer{config: c, key: key, sign: func(ctx context.Context, message []byte) ([]byte, error) {
		return private.SignMessage(bytes.NewReader(message), sigoptions.WithContext(ctx))
	}}, nil
}

// Key returns the public key that verifies what s signs. The name of its
// bundle file is [verify.BundleName] of the key's id.
func (s *Signer) Key() verify.Key { return s.key }

// String names the key, and nothing of its private part.
func (s *Signer) String() string { return "signer " + s.key.String() }

// Sign returns a bundle with the signature over statement, after it has
// verified that bundle, and with a timestamp by each of the signer's stampers.
// Errors wrap [*manifest.InvalidError] for a statement that is not valid, a
// [*StampError] for a stamper that fails, and otherwise what the key or the
// context reported.
func (s *Signer) Sign(ctx context.Context, statement manifest.Attestation) ([]byte, error) {
	payload, err := statement.Encode()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	b, err := s.signPayload(ctx, payload)
	if err != nil {
		return nil, err
	}
	for _, stamper := range s.stampers {
		if b, err = addTimestamp(ctx, b, stamper); err != nil {
			return nil, err
		}
	}
	data, err := b.Encode()
	if err != nil {
		return nil, fmt.Errorf("sign: signing with key %v: %w", s.key, err)
	}
	if err := s.check(data); err != nil {
		return nil, err
	}
	return data, nil
}

// signPayload returns a bundle that is verified, so that no authority is asked
// about a signature that is worth nothing.
func (s *Signer) signPayload(ctx context.Context, payload []byte) (verify.Bundle, error) {
	if err := ctx.Err(); err != nil {
		return verify.Bundle{}, err
	}
	sig, err := s.sign(ctx, verify.SignedBytes(payload))
	if err != nil {
		return verify.Bundle{}, fmt.Errorf("sign: signing with key %v: %w", s.key, err)
	}
	b := verify.Bundle{Key: s.key.ID(), Payload: payload, Signature: sig}
	data, err := b.Encode()
	if err != nil {
		return verify.Bundle{}, fmt.Errorf("sign: signing with key %v: %w", s.key, err)
	}
	if err := s.check(data); err != nil {
		return verify.Bundle{}, err
	}
	return b, nil
}

// check verifies a new bundle as a host would that trusts this key alone.
func (s *Signer) check(bundle []byte) error {
	b, err := verify.ParseBundle(bundle)
	if err == nil {
		err = b.Verify(s.key)
	}
	if err != nil {
		return fmt.Errorf("sign: what key %v signed does not verify (does it use another hash or padding than %s?): %w", s.key, s.key.Algorithm(), err)
	}
	return nil
}
