package manifest

import "fmt"

// StatementType is the type of an in-toto statement, version 1.
const StatementType = "https://in-toto.io/Statement/v1"

// Attestation is an in-toto statement of this package: what is signed. Encode
// validates it and returns the one encoding, the bytes to sign.
type Attestation interface {
	Encode() ([]byte, error)
}

// Statement is the in-toto statement that is signed: its subjects are the
// packages of the release, its predicate is the release itself.
type Statement struct {
	Type          string    `json:"_type"` // [StatementType]
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"` // [ReleasePredicate]
	Predicate     Release   `json:"predicate"`
}

// Subject is one archive, by file name and SHA-256 in hexadecimal digits.
type Subject struct {
	Name   string        `json:"name"` // file name of the archive
	Digest SubjectDigest `json:"digest"`
}

// SubjectDigest is the digest set of a subject, with SHA-256 alone.
type SubjectDigest struct {
	SHA256 string `json:"sha256"` // 64 lower-case hexadecimal digits
}

// NewStatement returns the one statement over a release.
func NewStatement(r Release) Statement {
	subjects := make([]Subject, len(r.Packages))
	for i, e := range r.Packages {
		subjects[i] = Subject{Name: e.Name, Digest: SubjectDigest{SHA256: e.Digest.Hex()}}
	}
	return Statement{Type: StatementType, Subject: subjects, PredicateType: ReleasePredicate, Predicate: r}
}

// Encode returns the bytes to sign.
func (s Statement) Encode() ([]byte, error) { return signedForm.encode("statement", &s) }

// DecodeStatement reads the signed bytes of a statement.
func DecodeStatement(data []byte) (Statement, error) {
	var s Statement
	if err := signedForm.decode("statement", data, &s); err != nil {
		return Statement{}, err
	}
	return s, nil
}

// Validate requires a valid release and exactly its packages as subjects.
func (s Statement) Validate() error {
	if s.Type != StatementType {
		return &InvalidError{Field: "_type", Value: s.Type, Reason: fmt.Sprintf("is not %q", StatementType)}
	}
	if s.PredicateType != ReleasePredicate {
		return &InvalidError{Field: "predicateType", Value: s.PredicateType, Reason: fmt.Sprintf("is not %q", ReleasePredicate)}
	}
	if err := s.Predicate.Validate(); err != nil {
		return within("predicate", err)
	}
	if len(s.Subject) != len(s.Predicate.Packages) {
		return &InvalidError{Field: "subject", Reason: "does not list exactly the packages of the release"}
	}
	for i, e := range s.Predicate.Packages {
		if s.Subject[i].Name != e.Name || s.Subject[i].Digest.SHA256 != e.Digest.Hex() {
			return &InvalidError{Field: fmt.Sprintf("subject[%d]", i), Value: s.Subject[i].Name, Reason: "is not the package at this place of the release"}
		}
	}
	return nil
}
