package policy_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gohotfix/hotfix/build/policy"
)

// aChange is what package change would find.
func aChange() policy.Change {
	return policy.Change{
		Module: "example.com/payments",
		Files: []policy.File{
			{Path: "go.mod", Status: policy.Changed, Added: 1, Removed: 1},
			{Path: "internal/auth/token.go", Status: policy.Changed, Added: 1, Removed: 1},
		},
		Packages: []policy.Package{{Path: "example.com/payments/internal/auth", Status: policy.Changed, Files: []string{"internal/auth/token.go"}}},
		Modules:  []policy.Module{{Path: "example.com/jwt", Old: "v1.2.0", New: "v1.2.1"}},
	}
}

// Findings are lines that say what is wrong and what to do.
func ExampleCheck() {
	c := policy.Case{Change: aChange()}
	found, err := policy.Check(context.Background(), c,
		policy.OnlyPackages("internal/auth/..."),
		policy.MaxLines(20),
		policy.NoModuleChanges())
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range found {
		fmt.Println(f)
	}
	fmt.Println("blocked:", found.Blocked())
	// Output:
	// block: no-module-changes: go.mod: module example.com/jwt (v1.2.0, now v1.2.1) is not what the base was built with: keep the module of the base, or release this change in the usual way
	// blocked: true
}

// A waiver lets the hotfix pass until an instant, and is part of its record.
func ExampleWaive() {
	until := time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC)
	rule := policy.Waive(policy.NoModuleChanges(), "the owner of payments", "the fault is in example.com/jwt", until)
	for _, now := range []time.Time{until.AddDate(0, 0, -1), until.AddDate(0, 0, 1)} {
		found, err := policy.Check(context.Background(), policy.Case{Change: aChange(), Now: now}, rule)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(found[0].Severity, found.Blocked())
	}
	// Output:
	// info false
	// block true
}

// One of several rules is enough: either no module changes, or patch releases
// with a permissive licence do.
func ExampleAny() {
	rule := policy.Any("modules",
		policy.NoModuleChanges(),
		policy.All("careful-bumps", policy.OnlyPatchBumps(), policy.AllowedLicenses("MIT", "BSD-3-Clause")))
	c := policy.Case{Change: aChange()}
	c.Change.Modules[0].License = "MIT"
	found, err := policy.Check(context.Background(), c, rule)
	fmt.Println(found.Blocked(), err)
	// Output: false <nil>
}

// A rule of one's own is a function on plain data.
func ExampleFunc() {
	freeze := policy.Func("no-friday", func(_ context.Context, c policy.Case) ([]policy.Finding, error) {
		if c.Now.Weekday() != time.Friday {
			return nil, nil
		}
		return []policy.Finding{{Message: "it is Friday", Remedy: "ask the release engineer on call"}}, nil
	})
	found, err := policy.Check(context.Background(), policy.Case{Now: time.Date(2026, time.March, 6, 16, 0, 0, 0, time.UTC)}, freeze)
	fmt.Println(found[0], err)
	// Output: block: no-friday: it is Friday: ask the release engineer on call <nil>
}

// The default set and the rules of a project. A wrong argument is found before
// anything is built.
func ExampleValidate() {
	rules := append(policy.Default(), policy.OnlyPackages("internal/auth/..."), policy.MaxFunctions(-3))
	fmt.Println(policy.Validate(rules...))
	// Output: policy: MaxFunctions: -3 is no limit: give a number from 0
}
