package manifest

import (
	"fmt"
	"time"
)

// NoticeSchema names the format of a notice, and NoticePredicate the same as the
// predicate type of the signed statement.
const (
	NoticeSchema    = "hotfix.notice/v1"
	NoticePredicate = "https://github.com/gohotfix/hotfix/notice/v1"
)

// Notice takes hotfixes back without a new release: for the time in which there is
// none yet. A host that has seen it installs none of them any more.
type Notice struct {
	Schema      string       `json:"schema"`  // [NoticeSchema]
	Product     string       `json:"product"` // whose hotfixes are taken back
	Channel     string       `json:"channel"` // whose signers signed it
	Created     time.Time    `json:"created"`
	Withdrawals []Withdrawal `json:"withdrawals"` // at least one, by id
	Statements  []Digest     `json:"statements"`  // of the releases, in the same order
}

func (Notice) predicateType() string { return NoticePredicate }

// statementSubjects are the releases that are taken back, by the digests of their
// statements.
func (n Notice) statementSubjects() []Subject {
	list := make([]Subject, 0, len(n.Withdrawals))
	for i, w := range n.Withdrawals {
		if i < len(n.Statements) {
			list = append(list, subject(w.ID, n.Statements[i]))
		}
	}
	return list
}

// Validate reports the first rule that n breaks, as an [*InvalidError].
func (n Notice) Validate() error {
	if n.Schema != NoticeSchema {
		return &InvalidError{Field: "schema", Value: n.Schema, Reason: fmt.Sprintf("is not %q, the one that this version reads", NoticeSchema)}
	}
	if err := CheckProduct(n.Product); err != nil {
		return err
	}
	if err := CheckProduct(n.Channel); err != nil {
		return rename("channel", err)
	}
	if err := checkTime("created", n.Created); err != nil {
		return err
	}
	if len(n.Withdrawals) == 0 || len(n.Statements) != len(n.Withdrawals) {
		return &InvalidError{Field: "withdrawals", Reason: fmt.Sprintf("has %d entries, and statements has %d: there must be at least one, and as many of both", len(n.Withdrawals), len(n.Statements))}
	}
	return checkWithdrawals("withdrawals", n.Withdrawals, MaxList)
}
