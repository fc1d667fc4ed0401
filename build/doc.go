// Package build compiles Go programs so that the same source gives the same
// bytes: whatever the folder, the user, the umask, the time zone, the GOPATH,
// the host system and the number of targets that are built at once.
//
// # Guarantee
//
// A [Builder] runs the go command with a spelled-out list of flags and an
// environment that is built from nothing. Of the host's environment, and of
// the user's go env file, only variables pass that say where things are
// (folders, caches, proxies, credentials) and so cannot change the bytes; no
// GOFLAGS, GOEXPERIMENT, GODEBUG, CGO_CFLAGS, TZ or LANG of the caller has an
// effect. [Builder.Plan] returns the exact command line and environment
// without running anything, so that a policy on it is tested without a
// compiler.
//
// An [Artifact] is complete or absent: the go command writes beside the
// output's place, the file is checked, hashed, written to the disk and
// recorded, and only then renamed. A cancelled context leaves no child process
// and no half-written file, and the executable of an earlier build stays. What
// a killed build left behind is removed by the next one of that target; builds
// of the same target into the same folder take turns, across processes too.
//
// An unchanged target is not linked again: the go command decides that from
// the build id of the existing output, but it trusts that output blindly, so
// its SHA-256 is first compared with the one recorded when it was built, and an
// output that differs is thrown away.
//
// # Defaults
//
// -trimpath, -buildvcs=false, -mod=readonly, -ldflags "-s -w", CGO_ENABLED=0,
// no workspace. Each has an option but -trimpath, without which bytes depend on
// the folder. [Builder.Savings] says what each is worth. Without a pin the
// toolchain is the installed one, or a newer one that go.mod asks for, fetched
// if need be: two hosts with different Go releases then build different bytes.
// Pin it with [WithToolchain] or [WithToolchainOf].
//
// # Proof
//
// [Prove] compares an executable with a rebuild of its source, and says of two
// that differ why: toolchain, flags, modules, changes that are in no commit.
// [Reproduce] finds out by itself how an executable of others was built.
//
// # Errors
//
// [TargetErrors] holds a [*TargetError] for each target that failed; it wraps
// what went wrong. [*CompileError] has the diagnostics of source that does not
// build, package by package; [*ToolchainError] is a go command or toolchain
// that is not to be had; [ErrNotMain], [ErrFetch] and [ErrDiskFull] are
// outcomes to compare, and a target that the toolchain does not have is an
// [errors.ErrUnsupported] with the nearest one that it does. Every message is
// one line that says what to do.
//
// # Resources
//
// Targets are scheduled by memory as well as by CPU: the tools run with GOGC=400
// under a GOMEMLIMIT that divides [WithMemoryBudget] among those that run at
// once. Neither changes the bytes. The limit is what Go's garbage collector
// keeps to; a compile whose live data exceeds its share goes over it, and a C
// compiler knows no limit.
//
// # Caveats
//
// Programs with cgo are as reproducible as their C compiler. A release of the
// Go toolchain is one value of the pin; a toolchain built from another source
// under the same version string is not noticed.
package build
