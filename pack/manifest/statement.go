package manifest

import "fmt"

// StatementType is the type of an in-toto statement, version 1.
const StatementType = "https://in-toto.io/Statement/v1"

// Attestation is an in-toto statement of this package: what is signed. Encode
// validates it and returns the one encoding, the bytes to sign.
type Attestation interface {
	Encode() ([]byte, error)
}

// Predicate is what a statement says of its subjects: [Release], [Provenance],
// [Trust], [Permit] or [Notice]. It is implemented in this package alone.
type Predicate interface {
	Validate() error
	// predicateType names the kind of predicate.
	predicateType() string
	// statementSubjects are the only subjects of a statement with this predicate; nil
	// if they do not follow from it.
	statementSubjects() []Subject
}

// Statement is an in-toto statement: a predicate of its subjects. In one of a
// [Release], the subjects are the packages.
type Statement[P Predicate] struct {
	Type          string    `json:"_type"` // [StatementType]
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"` // that of the predicate
	Predicate     P         `json:"predicate"`
}

// Subject is an artifact, by name and SHA-256 in hexadecimal digits. In a
// statement of a release it is an archive, by its file name.
type Subject struct {
	Name   string        `json:"name"` // file name, or id of a hotfix
	Digest SubjectDigest `json:"digest"`
}

// SubjectDigest is the digest set of a subject, with SHA-256 alone.
type SubjectDigest struct {
	SHA256 string `json:"sha256"` // 64 lower-case hexadecimal digits
}

func subject(name string, d Digest) Subject {
	return Subject{Name: name, Digest: SubjectDigest{SHA256: d.Hex()}}
}

// NewStatement returns the one statement with a predicate from which the subjects
// follow.
func NewStatement[P Predicate](p P) Statement[P] {
	return Statement[P]{Type: StatementType, Subject: p.statementSubjects(), PredicateType: p.predicateType(), Predicate: p}
}

// Encode returns the bytes to sign.
func (s Statement[P]) Encode() ([]byte, error) { return signedForm.encode("statement", &s) }

// DecodeStatement reads the signed bytes of a statement with a predicate of the
// given kind.
func DecodeStatement[P Predicate](data []byte) (Statement[P], error) {
	var s Statement[P]
	if err := signedForm.decode("statement", data, &s); err != nil {
		return Statement[P]{}, err
	}
	return s, nil
}

// Validate requires a valid predicate of the right kind, and exactly its subjects.
func (s Statement[P]) Validate() error {
	if s.Type != StatementType {
		return &InvalidError{Field: "_type", Value: s.Type, Reason: fmt.Sprintf("is not %q", StatementType)}
	}
	if want := s.Predicate.predicateType(); s.PredicateType != want {
		return &InvalidError{Field: "predicateType", Value: s.PredicateType, Reason: fmt.Sprintf("is not %q", want)}
	}
	if err := s.Predicate.Validate(); err != nil {
		return within("predicate", err)
	}
	if want := s.Predicate.statementSubjects(); want != nil {
		return checkSameSubjects(s.Subject, want)
	}
	return checkSubjects(s.Subject)
}

func checkSameSubjects(got, want []Subject) error {
	if len(got) != len(want) {
		return &InvalidError{Field: "subject", Reason: "does not list exactly what the predicate is about"}
	}
	for i := range want {
		if got[i] != want[i] {
			return &InvalidError{Field: fmt.Sprintf("subject[%d]", i), Value: got[i].Name, Reason: "is not what the predicate has at this place"}
		}
	}
	return nil
}

// checkSubjects requires a sorted list of distinct files.
func checkSubjects(list []Subject) error {
	if len(list) == 0 || len(list) > MaxPackages {
		return &InvalidError{Field: "subject", Reason: fmt.Sprintf("has %d entries, must have 1 to %d", len(list), MaxPackages)}
	}
	for i, s := range list {
		field := fmt.Sprintf("subject[%d]", i)
		if err := CheckPath(s.Name); err != nil {
			return rename(field+".name", err)
		}
		if _, err := ParseHexDigest(s.Digest.SHA256); err != nil {
			return rename(field+".digest.sha256", err)
		}
		if i > 0 && list[i-1].Name >= s.Name {
			return &InvalidError{Field: field + ".name", Value: s.Name, Reason: "is out of order or stands twice"}
		}
	}
	return nil
}

func (Release) predicateType() string { return ReleasePredicate }

// statementSubjects are the packages.
func (r Release) statementSubjects() []Subject {
	subjects := make([]Subject, len(r.Packages))
	for i, e := range r.Packages {
		subjects[i] = subject(e.Name, e.Digest)
	}
	return subjects
}
