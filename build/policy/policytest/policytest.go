// Package policytest tests policies in isolation: a change is written as two
// small trees of files, and what a policy finds is asserted in a line.
//
// # Guarantee
//
// Nothing is run and nothing is fetched: neither the go command nor git, nor
// the network. The same archive gives the same [policy.Case] on every host.
//
// # The change
//
// An archive is in the txtar format (golang.org/x/tools/txtar), with files
// below "base/" and "fix/", each with a go.mod:
//
//	-- base/go.mod --
//	module example.com/app
//
//	go 1.26
//	-- base/main.go --
//	package main
//
//	func main() {}
//	-- fix/go.mod --
//	…
//
// What package source finds in them is in the change. What takes a compiler or
// a repository is set as a hotfix should have it, and a test that wants it
// otherwise says so: c.Change.API = …, c.Base.Toolchain = "",
// c.Proofs[0].Verdict = ….
package policytest

import (
	"context"
	"io/fs"
	"slices"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change/source"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
)

// Toolchain is the Go version of the builds in a [Case].
const Toolchain = "go1.26.8"

// Target is the one target of a [Case].
func Target() target.Target { return target.Target{OS: "linux", Arch: "amd64"} }

// Now is when a [Case] is judged.
func Now() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// Change returns the change between the two trees of an archive. It is made on
// v1.4.2, committed and clean; it affects [Target] if a package differs by more
// than tests; the exported API counts as known and unchanged. The test fails if
// the archive cannot be compared.
func Change(t testing.TB, archive string) policy.Change {
	t.Helper()
	c, err := change([]byte(archive))
	if err != nil {
		t.Fatalf("policytest: %v", err)
	}
	return c
}

func change(archive []byte) (policy.Change, error) {
	files, err := txtar.FS(txtar.Parse(archive))
	if err != nil {
		return policy.Change{}, err
	}
	base, err := fs.Sub(files, "base")
	if err != nil {
		return policy.Change{}, err
	}
	fix, err := fs.Sub(files, "fix")
	if err != nil {
		return policy.Change{}, err
	}
	c, err := source.Compare(base, fix)
	if err != nil {
		return policy.Change{}, err
	}
	return released(c), nil
}

// released fills in what source does not show.
func released(c policy.Change) policy.Change {
	c.Base = policy.Revision{Name: "v1.4.2", Version: "v1.4.2", Commit: "1111111111111111111111111111111111111111"}
	c.Fix = policy.Revision{Name: "hotfix", Commit: "2222222222222222222222222222222222222222"}
	c.Ancestry = policy.Descends
	c.Unknown = slices.DeleteFunc(c.Unknown, func(u policy.Unknown) bool { return u.Part == policy.PartAPI })
	if len(c.Unknown) == 0 {
		c.Unknown = nil
	}
	affected := policy.Affected{Target: Target()}
	tests := map[string]bool{}
	for _, f := range c.Files {
		tests[f.Path] = f.Test
	}
	for _, p := range c.Packages {
		if slices.ContainsFunc(p.Files, func(file string) bool { return !tests[file] }) {
			affected.Changed = append(affected.Changed, p.Path)
		}
	}
	c.Affected = []policy.Affected{affected}
	return c
}

// Case returns a change as [Change] does, with a plan for [Target] as package
// build makes it by default, pinned to [Toolchain], a base that was built the
// same way, the version v1.4.3, and the time [Now]. In the executables the functions differ whose
// source does.
func Case(t testing.TB, archive string) policy.Case {
	t.Helper()
	c := Change(t, archive)
	return policy.Case{
		Change: c, Version: "v1.4.3", Plans: []build.Plan{Plan()}, Base: built(), Fix: built(), Now: Now(),
		Proofs: []*build.Proof{Proof()}, Effects: []*compare.Report{effect(c)},
	}
}

func effect(c policy.Change) *compare.Report {
	r := &compare.Report{Old: compare.Executable{Target: Target(), Toolchain: Toolchain}, New: compare.Executable{Target: Target(), Toolchain: Toolchain}}
	for _, p := range c.Packages {
		for _, name := range p.Functions {
			r.Functions = append(r.Functions, compare.Function{Name: p.Path + "." + name, Package: p.Path, Status: compare.Edited})
		}
	}
	return r
}

// built returns lists of its own, so that a test can append to one of them.
func built() policy.Build { return policy.Build{Toolchain: Toolchain, Flags: Plan().Flags()} }

// Plan is the plan of a [Case], for a test to make worse.
func Plan() build.Plan {
	return build.Plan{
		Target: Target(), Dir: ".", Package: ".", Output: "app", Toolchain: Toolchain,
		Trimpath: true, Module: "readonly", Ldflags: []string{"-s", "-w"},
	}
}

// Proof is the proof of the base in a [Case], for a test to make worse.
func Proof() *build.Proof {
	executable := manifest.DigestOf([]byte("the executable that runs"))
	return &build.Proof{Target: Target(), Executable: executable, Rebuilt: executable, Verdict: build.Identical}
}

// Pass asserts that a policy finds nothing, not even a warning.
func Pass(t testing.TB, p policy.Policy, c policy.Case) {
	t.Helper()
	for _, f := range check(t, p, c) {
		t.Errorf("%s should pass, and found: %s", p.Rule(), f)
	}
}

// Blocks asserts that a policy forbids the hotfix.
func Blocks(t testing.TB, p policy.Policy, c policy.Case) {
	t.Helper()
	if found := check(t, p, c); !found.Blocked() {
		t.Errorf("%s should block, and found: %v", p.Rule(), found)
	}
}

// Allows asserts that a policy does not forbid the hotfix. It may find
// something.
func Allows(t testing.TB, p policy.Policy, c policy.Case) {
	t.Helper()
	for _, f := range check(t, p, c) {
		if (policy.Findings{f}).Blocked() {
			t.Errorf("%s should not block, and found: %s", p.Rule(), f)
		}
	}
}

// Finds asserts that a policy finds exactly these findings, each written as
// [policy.Finding.String] writes it, in the order of [policy.Check].
func Finds(t testing.TB, p policy.Policy, c policy.Case, want ...string) {
	t.Helper()
	var got []string
	for _, f := range check(t, p, c) {
		got = append(got, f.String())
	}
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%s finds other than expected\nmissing: %q\nunexpected: %q\nall: %q", p.Rule(), missing(want, got), missing(got, want), got)
}

func missing(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// Fails asserts that a policy cannot be checked, and returns its error.
func Fails(t testing.TB, p policy.Policy, c policy.Case) error {
	t.Helper()
	found, err := policy.Check(context.Background(), c, p)
	if err == nil {
		t.Fatalf("%s should fail, and found: %v", p.Rule(), found)
	}
	return err
}

func check(t testing.TB, p policy.Policy, c policy.Case) policy.Findings {
	t.Helper()
	found, err := policy.Check(context.Background(), c, p)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return found
}
