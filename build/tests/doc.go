// Package tests runs exactly the tests that a change can reach, on the base and
// on the fix, and tells what newly fails, what newly passes, and which of the
// changed lines no test runs: a [policy.Tests], for policies to judge.
//
// # Guarantee
//
// No result is a pass because it could not be found out. A package that is not
// built, ends early, runs too long or of which nothing is heard is in the result
// with that outcome; what the go command says that is not understood is in
// Unknown. A test newly fails if it fails on the fix and is not known to fail on
// the base, whatever else happened there. A cancelled context leaves no process.
// Memory is bounded by [MaxTests], [MaxOutput], [MaxTotalOutput] and [MaxLine],
// whatever tests print.
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
