// Package tests runs exactly the tests that a change can reach, on the base and
// on the fix, and tells what newly fails, which tests show the fault, and which
// of the changed lines no test runs: a [policy.Tests], for policies to judge.
//
// # Guarantee
//
// No result is a pass because it could not be found out. A package that is not
// built, ends early, runs too long or of which nothing is heard is in the result
// with that outcome; what the go command says that is not understood is in
// Unknown. A test newly fails if it fails on the fix and is not known to fail on
// the base, whatever else happened there. A test shows the fault only if, as the
// fix has it, it ran and failed on the code of the base. A cancelled context
// leaves no process. Memory is bounded by [MaxTests], [MaxOutput],
// [MaxTotalOutput] and [MaxLine], whatever tests print.
//
// # What is run
//
// [change.Tests] says which packages; tests of the base run with the code of the
// base, those of the fix with that of the fix, one side after the other, in the
// folders of the trees, each by one
//
//	go test -json -count=1 -vet=off -shuffle=SEED -timeout=TIMEOUT FLAGS PACKAGES
//
// Flags and environment are those of the plan for this host, so that what passes
// does so as it is built: without the variables of the caller's shell, and
// without cgo if the plan is. Left out are -trimpath, the linker's flags, the
// build mode, the stamp and the profile. Both sides run in the order of one seed.
// By default that is derived from the commits and the packages, so that a failure
// that depends on the order is there again in the next run.
//
// # What newly fails
//
// What newly fails is run again on the fix, alone, at most [MaxReruns] tests: one
// that passes then is flaky. Of a package that ends early, by a panic or
// os.Exit, the package itself is listed too (with no name of a test), since
// nothing is known of the tests that did not come to run; it is run again whole.
//
// # What shows the fault
//
// A test that the fix adds or edits says nothing on the base, which lacks it.
// Hence all tests of packages of which a _test.go file differs run a third time,
// as the fix has them, on the code of the base: in its folder, with an overlay of
// the go command, which writes nothing there. A test shows the fault if it fails
// in this run and passes on the fix. Where no such file of a package differs, the
// run on the base already says so. Tests that do not compile with the code of the
// base, since they use what only the fix has, are [policy.NotBuilt] and show
// nothing.
//
// What tests read when they run cannot be laid over: where files below testdata
// differ, those of the base are read, a failure may be for want of the others,
// and the outcome is not known. All other files are the base's too: what test
// files embed, go.mod, and packages that only help tests. A package that is all
// new has no folder to run in. What cost an answer is in Unshown. A failure there
// is not run again, and where a panic ends a package, all tests count as failed
// that had begun.
//
// # Coverage
//
// The fix runs with coverage of the packages that have changed lines, by all
// tests that run, also those of other packages. A changed line is one that the
// fix adds or edits, or that follows lines which it removes, if it holds code of
// a function: more than brackets, commas, "else" and comments. It is covered if
// all of it ran: of "if a { b }" on one line, b too. The head of a case counts as
// run when its statements did. If a package of tests compiles without coverage
// and not with it, it is run without. Lines of what no test is built with are
// not covered, and those of files for other systems are not counted but named in
// Excluded.
//
// # Limits
//
// Tests run with the rights of the caller: run those of strangers in a sandbox. They
// may write to the folder of their tree, which this package does not undo; give
// an exported revision where that matters. What a test finds outside of its tree
// (a database, a port, the clock) is the caller's to provide, by [WithEnviron]
// and otherwise. A test that prints what the go command prints may be
// misunderstood. Only this host's target is tested.
package tests
