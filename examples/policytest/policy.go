// Package policytest shows the policies of a team and how they are tested: the
// rules are Go, and their tests need no compiler, no key and no network.
//
// A release tool asks them by policy.Check. See the test beside this
// file for how each rule is shown to let a good hotfix pass and to stop a bad
// one.
package policytest

import (
	"context"
	"fmt"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
)

// Rules are what a hotfix of the payment service must satisfy.
func Rules() []policy.Policy {
	return append(policy.Default(),
		policy.Any("owned-code", policy.OnlyPaths("internal/**", "cmd/**"), policy.MaxLines(10)),
		policy.MinGo("go1.26.3"),
		LedgerNeedsItsTests(),
	)
}

// LedgerNeedsItsTests is a rule of the team's own: a change of the ledger comes
// with a test in the same folder.
func LedgerNeedsItsTests() policy.Policy {
	return policy.Func("ledger-tests", func(_ context.Context, c policy.Case) ([]policy.Finding, error) {
		var found []policy.Finding
		for _, p := range c.Change.Packages {
			if strings.Contains(p.Path, "/ledger") && !hasTest(p) {
				found = append(found, policy.Finding{
					File:    p.Files[0],
					Message: fmt.Sprintf("%s changes without a test of its own", p.Path),
					Remedy:  "add a case to the table in ledger_test.go",
				})
			}
		}
		return found, nil
	})
}

func hasTest(p policy.Package) bool {
	for _, file := range p.Files {
		if strings.HasSuffix(file, "_test.go") {
			return true
		}
	}
	return false
}
