package hotfix_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// richTargets are the targets of richResult.
func richTargets() []target.Target {
	return []target.Target{target.MustParse("linux/amd64"), target.MustParse("linux/arm64"), target.MustParse("windows/amd64")}
}

func digest(text string) manifest.Digest { return manifest.DigestOf([]byte(text)) }

// richResult has a value in every field that report.json has, but for the
// failure: no run that fails gets so far.
func richResult() *hotfix.Result {
	r := &hotfix.Result{
		Schema: hotfix.ReportSchema, Product: "payments-api", Channel: "stable", ID: "payments-api-v1.4.2+hotfix.1", Version: "v1.4.2+hotfix.1",
		Epoch: 3, Sequence: 1773480413, Created: fixDate, DryRun: false,
		Source:    hotfix.SourceResult{Package: "./cmd/payments", Commit: "8c2f61d09a4be8c5e1a7342a3a0c9f8b1d9e4c77"},
		Base:      hotfix.BaseResult{Version: "v1.4.2", Toolchain: "go1.26.7", Commit: "1f0b6a7c52f3a4d1e9b80c7d6e5f4a3b2c1d0e9f"},
		Toolchain: "go1.26.8", Flags: []string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w", "CGO_ENABLED=0"},
		Provenance: &hotfix.ProvenanceResult{Builder: "urn:example:release-machine", Inputs: 43},
		Change:     richChange(), Policies: richPolicies(), Findings: richFindings(), Tests: richTests(),
		Signers: []verify.KeyID{verify.KeyID(digest("first key")), verify.KeyID(digest("second key"))},
		Steps:   richSteps(),
		Warnings: []string{
			"the base was built by go1.26.7 and the fix by go1.26.8: name the toolchain with build.WithToolchain to build both alike",
		},
	}
	for i, t := range richTargets() {
		r.Targets = append(r.Targets, richTarget(t, i))
	}
	return r
}

func richSteps() []hotfix.StepTime {
	var steps []hotfix.StepTime
	seconds := []float64{0.21, 1.4, 38.7, 3.52, 0.02, 64.3, 41.9, 4.81, 2.6, 0.03, 0.9}
	for i, s := range seconds {
		steps = append(steps, hotfix.StepTime{Step: hotfix.Steps()[i], Seconds: s})
	}
	return steps
}

func richPolicies() []hotfix.PolicyResult {
	return []hotfix.PolicyResult{
		{Rule: "only-packages", Verdict: hotfix.PolicyPassed}, {Rule: "no-module-changes", Verdict: hotfix.PolicyWaived},
		{Rule: "compatible-api", Verdict: hotfix.PolicyPassed}, {Rule: "same-toolchain", Verdict: hotfix.PolicyWarned},
		{Rule: "no-new-failures", Verdict: hotfix.PolicyPassed}, {Rule: "small-effect", Verdict: hotfix.PolicyWarned},
	}
}

func richFindings() policy.Findings {
	return policy.Findings{
		{
			Rule: "same-toolchain", Severity: policy.Warn, Message: "the fix is built by go1.26.8 and the base was built by go1.26.7",
			Remedy: "pin the toolchain of the base with build.WithToolchain(\"go1.26.7\")",
		},
		{
			Rule: "small-effect", Severity: policy.Warn, File: "internal/auth/token.go", Line: 88,
			Message: "the fix edits 6 functions, more than the 5 that are allowed", Remedy: "leave out what does not mend the fault",
		},
		{
			Rule: "no-module-changes", Severity: policy.Info, File: "go.mod", Line: 14,
			Message: "golang.org/x/crypto changes from v0.57.0 to v0.58.0", Remedy: "keep the version that the base was built with",
			Waived: &policy.Waiver{Who: "head of platform security", Why: "the fault is in this module, and no smaller fix exists", Until: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)},
		},
	}
}

func richChange() *policy.Change {
	c := &policy.Change{
		Base:     policy.Revision{Name: "v1.4.2", Commit: "1f0b6a7c52f3a4d1e9b80c7d6e5f4a3b2c1d0e9f", Version: "v1.4.2"},
		Fix:      policy.Revision{Name: "HEAD", Commit: "8c2f61d09a4be8c5e1a7342a3a0c9f8b1d9e4c77", Dirty: true},
		Ancestry: policy.Descends, Module: "example.com/payments", Main: "example.com/payments/cmd/payments",
		Files: []policy.File{
			{Path: "go.mod", Status: policy.Changed, Added: 1, Removed: 1},
			{Path: "go.sum", Status: policy.Changed, Added: 2, Removed: 2},
			{Path: "internal/auth/claims_gen.go", Status: policy.Changed, Added: 18, Removed: 6, Gen: true},
			{Path: "internal/auth/logo.png", Status: policy.Added, Binary: true},
			{Path: "internal/auth/token.go", Status: policy.Changed, Added: 31, Removed: 12},
			{Path: "internal/auth/token_test.go", Status: policy.Changed, Added: 64, Test: true},
			{Path: "internal/legacy/hmac.go", Status: policy.Removed, Removed: 40},
		},
		Packages: []policy.Package{
			{Path: "example.com/payments/internal/auth", Status: policy.Changed, Files: []string{"internal/auth/claims_gen.go", "internal/auth/token.go"}, Functions: []string{"(*Verifier).Verify", "parseClaims", "leeway"}},
			{Path: "example.com/payments/internal/legacy", Status: policy.Removed, Files: []string{"internal/legacy/hmac.go"}, Functions: []string{"Sign"}},
		},
		Modules: []policy.Module{
			{Path: "example.com/audit", Old: "v0.3.0", New: "v0.3.0", OldPath: "../audit", NewPath: "example.com/fork/audit v0.3.1", Indirect: true},
			{Path: "golang.org/x/crypto", Old: "v0.57.0", New: "v0.58.0", License: "BSD-3-Clause"},
		},
		Directives: []policy.Directive{{Name: "toolchain", Old: "go1.26.7", New: "go1.26.8"}, {Name: "godebug http2client", New: "0"}},
		API:        []policy.API{{Package: "example.com/payments/internal/auth", Message: "Leeway: added", Compatible: true}, {Package: "example.com/payments/internal/legacy", Message: "Sign: removed"}},
		Imports:    []policy.Import{{Package: "example.com/payments/internal/auth", Path: "crypto/subtle", File: "internal/auth/token.go", Line: 5}},
		Notes:      []policy.Note{{Kind: policy.Variable, Status: policy.Changed, Package: "example.com/payments/internal/auth", File: "internal/auth/token.go", Line: 21, Name: "leeway"}},
		Unknown:    []policy.Unknown{{Part: policy.PartAPI, File: "internal/legacy/hmac.go", Why: "the package is gone"}},
	}
	for _, t := range richTargets() {
		c.Affected = append(c.Affected, policy.Affected{
			Target: t, Changed: []string{"example.com/payments/internal/auth"},
			Through: []string{"example.com/payments/cmd/payments", "example.com/payments/internal/server"}, Excluded: []string{"internal/auth/token_test.go"},
		})
	}
	c.Affected[2].Err = "internal/auth/token_windows.go:3:1: expected declaration"
	return c
}

func richTests() *policy.Tests {
	const auth, server = "example.com/payments/internal/auth", "example.com/payments/internal/server"
	return &policy.Tests{
		Target: target.MustParse("linux/amd64"), Race: true, Seed: 1773480413, Seconds: 64.3,
		Packages: []policy.TestPackage{
			{Path: auth, Through: []string{auth}, Base: policy.Failed, Fix: policy.Passed, Shown: policy.Failed, Count: 48, Seconds: 3.2},
			{Path: "example.com/payments/internal/legacy", Through: []string{auth}, Base: policy.Passed, Fix: policy.Absent},
			{Path: server, Through: []string{auth, "example.com/payments/internal/session"}, Base: policy.Passed, Fix: policy.Passed, Shown: policy.Passed, Count: 212, Seconds: 21.7, Output: "ok"},
		},
		Tests: []policy.Test{
			{Package: auth, Name: "TestLeeway", Base: policy.Failed, Fix: policy.Passed, Shown: policy.Passed, Output: "--- FAIL: TestLeeway (0.00s)\n    token_test.go:70: 90, want 60\n"},
			{Package: auth, Name: "TestVerify/expired_within_leeway", Base: policy.Absent, Fix: policy.Passed, Shown: policy.Failed, Output: "--- FAIL: TestVerify/expired_within_leeway (0.00s)\n    token_test.go:91: a token that expired an hour ago was accepted\n"},
			{Package: server, Name: "TestShutdown", Base: policy.Failed, Fix: policy.Failed, Shown: policy.Failed, Output: "--- FAIL: TestShutdown (5.01s)\n    server_test.go:210: connection refused\n"},
			{Package: server, Name: "TestStream", Base: policy.Passed, Fix: policy.Failed, Shown: policy.Passed, Flaky: true, Output: "--- FAIL: TestStream (1.20s)\n    stream_test.go:55: timeout\n"},
		},
		Lines:    policy.Coverage{Total: 34, Covered: 29, Err: "the tests of example.com/payments/internal/e2e ended early"},
		Excluded: []string{"internal/auth/token_windows.go"},
		Uncovered: []policy.Uncovered{
			{File: "internal/auth/claims_gen.go", First: 44, Last: 47, Function: "parseClaims"}, {File: "internal/auth/token.go", First: 102, Last: 102, Function: "(*Verifier).Verify"},
		},
		Unshown: []string{"the tests of example.com/payments/internal/session do not compile with the code of the base: ./session_test.go:12:9: undefined: leeway"},
		Unknown: []string{"what the tests of example.com/payments/internal/e2e say: they need a network"},
	}
}

func richTarget(t target.Target, i int) hotfix.TargetResult {
	name := fmt.Sprintf("payments-api_v1.4.2+hotfix.1_%s_%s.tar.zst", t.OS, t.Arch)
	result := hotfix.TargetResult{
		Target:     t,
		Executable: &manifest.Binary{Version: "v1.4.2+hotfix.1", Digest: digest("fix " + t.String()), Size: 17035426 - int64(i)*700123},
		Base:       &manifest.Binary{Version: "v1.4.2", Digest: digest("base " + t.String()), Size: 17031330 - int64(i)*700123},
		Proof:      &build.Proof{Target: t, Executable: digest("base " + t.String()), Rebuilt: digest("base " + t.String()), Verdict: build.Identical},
		Effect:     richEffect(t, i), Code: richCode(i), Package: name, Digest: digest(name), Size: 6789139 - int64(i)*310007,
		Built: i != 1, Packed: true, CPUSeconds: 32.5 - float64(i),
	}
	for n, version := range []string{"v1.4.2", "v1.4.1"} {
		from := manifest.Binary{Version: version, Digest: digest(version + t.String()), Size: 17031330 - int64(i)*700123}
		if n == 0 {
			from = *result.Base
		}
		delta := fmt.Sprintf("payments-api_v1.4.2+hotfix.1_%s_%s_from-%s.tar.zst", t.OS, t.Arch, version)
		result.Deltas = append(result.Deltas, hotfix.DeltaResult{
			From: from, Coder: "generic", Patch: 1284 + int64(20000*n) + int64(i), Package: delta, Digest: digest(delta), Size: 2301 + int64(20000*n) + int64(i), Made: n == 0,
		})
	}
	if t.OS == "windows" {
		result.Proof.Rebuilt, result.Proof.Verdict = digest("rebuilt"), build.Different
		result.Proof.Causes = []build.Cause{{Kind: build.CauseFlags, What: "the executable that runs was linked with -H=windowsgui, the rebuild was not", Remedy: "give build.WithLDFlags what the release was built with"}}
	}
	return result
}

func richEffect(t target.Target, i int) *compare.Report {
	const auth = "example.com/payments/internal/auth"
	grown := 16 * i
	e := &compare.Report{
		Old:   compare.Executable{Path: "payments", Digest: digest("base " + t.String()), Size: 17031330 - int64(i)*700123, Target: t, Toolchain: "go1.26.7", Functions: 16271},
		New:   compare.Executable{Path: "payments", Digest: digest("fix " + t.String()), Size: 17035426 - int64(i)*700123, Target: t, Toolchain: "go1.26.8", Functions: 16273},
		Equal: 16262,
		Info:  []compare.Info{{Name: "dependency golang.org/x/crypto", Old: "v0.57.0", New: "v0.58.0"}, {Name: "setting DefaultGODEBUG", New: "http2client=0"}},
		Functions: []compare.Function{
			{Name: "type:.eq." + auth + ".Claims", Status: compare.Edited, File: "<autogenerated>", Line: 1, OldSize: 20, NewSize: 22, Generated: true, Why: "its code has 22 bytes instead of 20"},
			{Name: auth + ".(*Verifier).Verify", Package: auth, Status: compare.Edited, File: auth + "/token.go", Line: 88, OldSize: 1093 + grown, NewSize: 1471 + grown, Why: fmt.Sprintf("its code has %d bytes instead of %d", 1471+grown, 1093+grown)},
			{Name: auth + ".leeway", Package: auth, Status: compare.Absorbed, File: auth + "/token.go", Line: 25, OldSize: 64, Why: "it is only inlined now"},
			{Name: auth + ".parseClaims", Package: auth, Status: compare.Edited, File: auth + "/claims_gen.go", Line: 31, OldSize: 2601, NewSize: 2831, Why: "its code has 2831 bytes instead of 2601"},
			{Name: auth + ".within", Package: auth, Status: compare.Added, File: auth + "/token.go", Line: 120, NewSize: 357, Why: "it is not there before"},
			{Name: "example.com/payments/internal/server.(*Server).authorize", Package: "example.com/payments/internal/server", Status: compare.Inlined, File: "example.com/payments/internal/server/http.go", Line: 301, OldSize: 2414, NewSize: 2420, Through: []string{auth + ".leeway"}, Why: "its instructions differ"},
			{Name: "golang.org/x/crypto/hkdf.Expand", Package: "golang.org/x/crypto/hkdf", Status: compare.Edited, File: "golang.org/x/crypto@v0.58.0/hkdf/hkdf.go", Line: 61, OldSize: 512, NewSize: 560, Why: "its code has 560 bytes instead of 512"},
			{Name: "main.main", Package: "main", Status: compare.Edited, File: "example.com/payments/cmd/payments/main.go", Line: 19, OldSize: 6355, NewSize: 6355, Why: "it uses the constant \"v1.4.2+hotfix.1\" instead of \"v1.4.2\""},
		},
		Data: []compare.Data{{Kind: compare.Constant, Packages: []string{"main"}, Users: []string{"main.main"}, Old: `"v1.4.2"`, New: `"v1.4.2+hotfix.1"`}},
	}
	if t.OS == "windows" {
		e.Functions = append(e.Functions, compare.Function{Name: "os.(*File).pread", Package: "os", Status: compare.Emitted, File: "os/file_windows.go", Line: 402, NewSize: 480, Why: "it was only inlined before"})
		e.Unknown = []string{"the resources of the executable"}
	}
	return e
}

func richCode(i int) *hotfix.Code {
	code := &hotfix.Code{Others: hotfix.PackageCode{Functions: 2103, Bytes: 412345}, Unowned: 31337}
	for n, path := range []string{
		"example.com/payments/internal/server", "runtime", "net/http", "crypto/tls", "crypto/x509", "github.com/jackc/pgx/v5", "google.golang.org/grpc",
		"encoding/json", "net", "google.golang.org/protobuf/internal/impl", "reflect", "", "fmt", "go.opentelemetry.io/otel/sdk/trace", "math/big", "os", "time",
		"example.com/payments/internal/ledger", "html/template", "regexp", "strconv", "example.com/payments/internal/auth", "golang.org/x/net/http2/hpack",
		"compress/flate", "sync", "io", "bufio", "example.com/payments/internal/session", "golang.org/x/crypto/hkdf", "main",
	} {
		bytes := int64(910000/(n+1)) + int64(1000*i) + 9000
		code.Packages = append(code.Packages, hotfix.PackageCode{Path: path, Functions: int(bytes / 400), Bytes: bytes})
	}
	return code
}

// blockedResult is a run that policies ended before anything was built.
func blockedResult() *hotfix.Result {
	rich := richResult()
	r := &hotfix.Result{
		Schema: rich.Schema, Product: rich.Product, Channel: rich.Channel, ID: rich.ID, Version: rich.Version, Epoch: rich.Epoch, Sequence: rich.Sequence,
		Created: rich.Created, Source: rich.Source, Base: rich.Base, Change: rich.Change, Signers: []verify.KeyID{}, Warnings: []string{},
		Steps:    slices.Clone(rich.Steps[:5]),
		Policies: []hotfix.PolicyResult{{Rule: "no-module-changes", Verdict: hotfix.PolicyBlocked}, {Rule: "compatible-api", Verdict: hotfix.PolicyUnchecked}},
		Findings: policy.Findings{{Rule: "no-module-changes", Severity: policy.Block, File: "go.mod", Line: 14, Message: "golang.org/x/crypto changes from v0.57.0 to v0.58.0", Remedy: "keep the version that the base was built with"}},
		Failure:  &hotfix.Failure{Step: hotfix.StepPolicies, Message: "policy compatible-api could not be checked: internal/legacy/hmac.go:3:1: expected declaration"},
	}
	for _, t := range rich.Targets {
		r.Targets = append(r.Targets, hotfix.TargetResult{Target: t.Target, Base: t.Base})
	}
	return r
}

// firstRelease is a run without a base, policies, tests or signers.
func firstRelease() *hotfix.Result {
	rich := richResult()
	r := &hotfix.Result{
		Schema: rich.Schema, Product: rich.Product, Channel: rich.Channel, ID: "payments-api-v1.0.0", Version: "v1.0.0", Sequence: 1, Created: rich.Created,
		Source: hotfix.SourceResult{Package: "."}, Toolchain: rich.Toolchain, Flags: rich.Flags,
		Policies: []hotfix.PolicyResult{}, Findings: policy.Findings{}, Signers: []verify.KeyID{}, Steps: rich.Steps,
		Warnings: []string{"the release is not signed: no host takes it before somebody signs the dist folder"},
	}
	for _, t := range rich.Targets {
		t.Base, t.Proof, t.Effect, t.Deltas = nil, nil, nil, nil
		r.Targets = append(r.Targets, t)
	}
	return r
}
