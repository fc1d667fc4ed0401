package manifest

import (
	"fmt"
	"time"
)

// PermitSchema names the format of a permit, and PermitPredicate the same as the
// predicate type of the signed statement.
const (
	PermitSchema    = "hotfix.permit/v1"
	PermitPredicate = "https://github.com/gohotfix/hotfix/permit/v1"
)

// MaxPermit is the longest time for which a permit holds: one week.
const MaxPermit = 7 * 24 * time.Hour

// Permit lets one host install one release although it is older than the newest
// one that the host has confirmed: a deliberate downgrade. It overrides no other
// rule.
type Permit struct {
	Schema    string    `json:"schema"`    // [PermitSchema]
	Product   string    `json:"product"`   // that the release is one of
	Host      string    `json:"host"`      // name of the host; see [CheckHost]
	Release   string    `json:"release"`   // id of the hotfix
	Statement Digest    `json:"statement"` // of the release
	NotBefore time.Time `json:"notBefore"`
	Expires   time.Time `json:"expires"` // at most [MaxPermit] after NotBefore
	Reason    string    `json:"reason"`  // in words, for people
}

// CheckHost reports whether s can name a host: 1 to 253 letters, digits, '.', '_'
// and '-', beginning with a letter or digit.
func CheckHost(s string) error {
	const most = 253 // bytes of a name in DNS (RFC 1035)
	if len(s) > most || !startsAlphanumeric(s) || !only(s, func(c byte) bool { return isAlphanumeric(c) || c == '.' || c == '_' || c == '-' }) {
		return &InvalidError{Field: "host", Value: s, Reason: fmt.Sprintf(`must be letters, digits, ".", "_" or "-", begin with a letter or digit and have at most %d bytes`, most)}
	}
	return nil
}

func (Permit) predicateType() string { return PermitPredicate }

// statementSubjects is the release, by the digest of its statement.
func (p Permit) statementSubjects() []Subject { return []Subject{subject(p.Release, p.Statement)} }

// Validate reports the first rule that p breaks, as an [*InvalidError].
func (p Permit) Validate() error {
	if p.Schema != PermitSchema {
		return &InvalidError{Field: "schema", Value: p.Schema, Reason: fmt.Sprintf("is not %q, the one that this version reads", PermitSchema)}
	}
	checks := []func() error{
		func() error { return CheckProduct(p.Product) },
		func() error { return CheckHost(p.Host) },
		func() error { return rename("release", CheckVersion(p.Release)) },
		p.checkStatement,
		func() error { return checkTime("notBefore", p.NotBefore) },
		func() error { return checkTime("expires", p.Expires) },
		func() error { return checkPeriod("notBefore", p.NotBefore, "expires", p.Expires) },
		p.checkLength,
		func() error { return checkText("reason", p.Reason) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p Permit) checkStatement() error {
	if p.Statement.IsZero() {
		return &InvalidError{Field: "statement", Reason: "is missing"}
	}
	return nil
}

func (p Permit) checkLength() error {
	if p.Expires.Sub(p.NotBefore) > MaxPermit {
		return &InvalidError{Field: "expires", Value: p.Expires.Format(time.RFC3339), Reason: fmt.Sprintf("is more than %s after notBefore", MaxPermit)}
	}
	return nil
}
