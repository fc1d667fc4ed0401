package policytest

import (
	"testing"
	"time"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/policy/policytest"
)

// base is the released service, as small as the rules allow.
const base = `
-- base/go.mod --
module example.com/payments

go 1.26
-- base/internal/ledger/ledger.go --
package ledger

func Round(cents int) int { return cents / 100 }
-- base/internal/ledger/ledger_test.go --
package ledger
`

// good is the fix of a fault, with a test.
const good = base + `-- fix/go.mod --
module example.com/payments

go 1.26
-- fix/internal/ledger/ledger.go --
package ledger

func Round(cents int) int { return (cents + 50) / 100 }
-- fix/internal/ledger/ledger_test.go --
package ledger

import "testing"

func TestRound(t *testing.T) {
	if Round(150) != 2 {
		t.Error("half is rounded up")
	}
}
`

// untested is the same fix without one.
const untested = base + `-- fix/go.mod --
module example.com/payments

go 1.26
-- fix/internal/ledger/ledger.go --
package ledger

func Round(cents int) int { return (cents + 50) / 100 }
-- fix/internal/ledger/ledger_test.go --
package ledger
`

func TestGoodHotfixPasses(t *testing.T) {
	for _, rule := range Rules() {
		policytest.Pass(t, rule, policytest.Case(t, good))
	}
}

func TestLedgerNeedsItsTests(t *testing.T) {
	policytest.Finds(t, LedgerNeedsItsTests(), policytest.Case(t, untested),
		"block: ledger-tests: internal/ledger/ledger.go: example.com/payments/internal/ledger changes without a test of its own: add a case to the table in ledger_test.go")
}

func TestLedgerRuleCanBeWaived(t *testing.T) {
	c := policytest.Case(t, untested)
	waived := policy.Waive(LedgerNeedsItsTests(), "the owner of the ledger", "the test follows today", c.Now.Add(time.Hour))
	policytest.Allows(t, waived, c)

	c.Now = c.Now.Add(2 * time.Hour)
	policytest.Blocks(t, waived, c)
}

// A rule on how the fix is built is tested without building it.
func TestOldToolchainIsRefused(t *testing.T) {
	c := policytest.Case(t, good)
	c.Plans[0].Toolchain = "go1.26.2"
	policytest.Blocks(t, policy.MinGo("go1.26.3"), c)
}

// What takes a compiler to find is set by hand.
func TestBrokenAPIIsRefused(t *testing.T) {
	c := policytest.Case(t, good)
	c.Change.API = []policy.API{{Package: "example.com/payments/client", Message: "Pay: removed"}}
	policytest.Blocks(t, policy.CompatibleAPI(), c)
}
