package keyless

import (
	"crypto/x509"

	intoto "github.com/in-toto/attestation/go/v1"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
)

// entity is a bundle as Sigstore's verifier sees it. It is decoded once, and its
// statement is kept from the verifier: anybody may have signed it, and parsing it
// takes a multiple of its size.
type entity struct {
	*bundle.Bundle
	material  sigstore.VerificationContent
	signature sigstore.SignatureContent
}

func newEntity(b *protobundle.Bundle) (*entity, error) {
	parsed, err := bundle.NewBundle(b)
	if err != nil {
		return nil, refuse(nil, "is not a bundle that can be verified (%s)", why(err))
	}
	material, err := parsed.VerificationContent()
	if err != nil {
		return nil, refuse(ErrCertificate, "has an unreadable certificate (%s)", why(err))
	}
	envelope, err := parsed.Envelope()
	if err != nil {
		return nil, refuse(nil, "has an unreadable envelope (%s)", why(err))
	}
	return &entity{Bundle: parsed, material: material, signature: unread{envelope}}, nil
}

func (e *entity) certificate() *x509.Certificate { return e.material.Certificate() }

// VerificationContent implements [sigstore.SignedEntity].
func (e *entity) VerificationContent() (sigstore.VerificationContent, error) { return e.material, nil }

// SignatureContent implements [sigstore.SignedEntity].
func (e *entity) SignatureContent() (sigstore.SignatureContent, error) { return e.signature, nil }

// unread is an envelope whose statement is not parsed.
type unread struct{ *bundle.Envelope }

// EnvelopeContent implements [sigstore.SignatureContent].
func (u unread) EnvelopeContent() sigstore.EnvelopeContent { return u }

// Statement implements [sigstore.EnvelopeContent].
func (u unread) Statement() (*intoto.Statement, error) { return &intoto.Statement{}, nil }
