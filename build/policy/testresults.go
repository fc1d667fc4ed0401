package policy

import "github.com/gohotfix/hotfix/target"

// Tests is what the tests that a change can reach say, on the base and on the
// fix. It is plain data; package tests finds it by running them. Lists are
// sorted and nil if they are empty.
type Tests struct {
	Target    target.Target `json:"target"`    // for which they were built: the one that runs on the host
	Race      bool          `json:"race"`      // with the race detector
	Seed      int64         `json:"seed"`      // of the order in which each package's tests ran, on both sides
	Packages  []TestPackage `json:"packages"`  // whose tests the change can reach, by import path
	Tests     []Test        `json:"tests"`     // that say something else on the fix than on the base, fail on both, or show the fault
	Lines     Coverage      `json:"lines"`     // of the lines that the fix adds or changes
	Uncovered []Uncovered   `json:"uncovered"` // changed lines of code that no test ran, by file and line
	Excluded  []string      `json:"excluded"`  // changed Go files that are not compiled for the target, so that no test reaches them; as in [File].Path
	Unknown   []string      `json:"unknown"`   // what could not be found out about results, in words
	Unshown   []string      `json:"unshown"`   // why it could not be found out in full which tests show the fault, in words
	Seconds   float64       `json:"seconds"`   // wall time of all runs
}

// TestPackage is a package whose tests the change can reach.
type TestPackage struct {
	Path    string   `json:"path"`    // import path
	Through []string `json:"through"` // by what it is reached: import paths of packages that differ, maybe its own, and paths of files that no compiler reads
	Base    Outcome  `json:"base"`    // of the package as a whole
	Fix     Outcome  `json:"fix"`     // the same
	Shown   Outcome  `json:"shown"`   // the same, as in [Test]
	Count   int      `json:"count"`   // tests that ran on the fix, with subtests
	Seconds float64  `json:"seconds"` // that they took on the fix
	Output  string   `json:"output"`  // the end of what was printed, where the fix is not built or ends early
}

// Outcome is how a test or a package of tests ended.
type Outcome string

// Outcomes. The zero value is "not known", which is not a pass.
const (
	UnknownOutcome Outcome = ""
	Passed         Outcome = "passed"
	Skipped        Outcome = "skipped"   // also a package all of whose tests are
	Failed         Outcome = "failed"    // also a panic
	NotBuilt       Outcome = "not built" // of a package: it does not compile
	TimedOut       Outcome = "timed out" // it ran longer than it may
	Absent         Outcome = "absent"    // not on this side
)

// Fails reports whether an outcome is known to be other than a test's author
// wants it.
func (o Outcome) Fails() bool { return o == Failed || o == NotBuilt || o == TimedOut }

// good reports whether an outcome is known to be none that fails.
func (o Outcome) good() bool { return !o.Fails() && o != UnknownOutcome }

// Test is a test that deserves a look. Those that a package does not come to,
// because it is not built or ends early, are not listed: the package is.
type Test struct {
	Package string  `json:"package"` // import path
	Name    string  `json:"name"`    // as "TestServe/empty"; "" for the package as a whole
	Base    Outcome `json:"base"`
	Fix     Outcome `json:"fix"`
	Shown   Outcome `json:"shown"`  // of the fix's version of the test on the code of the base; not known if it was not run, or may fail for want of test data
	Flaky   bool    `json:"flaky"`  // it failed on the fix and passed when it ran again
	Output  string  `json:"output"` // the end of what it printed where it failed: on the fix, else on the base, where the fix's version comes first
}

// NewlyFails reports whether the fix breaks the test: it fails on the fix, or
// nobody knows, and is not known to fail on the base. A test that the base lacks
// counts, a flaky one does not.
func (t Test) NewlyFails() bool { return !t.Flaky && !t.Fix.good() && !t.Base.Fails() }

// ShowsFault reports whether the test proves that there was a fault, and that
// the fix mends it: it passes on the fix and, as the fix has it, ran and failed
// on the code of the base. One that does not compile there proves nothing.
func (t Test) ShowsFault() bool {
	return t.Fix == Passed && (t.Shown == Failed || t.Shown == TimedOut)
}

// NewlyPasses reports whether the test passes on the fix and failed on the base,
// each in the version of its side: the fix mends the code, or the test.
func (t Test) NewlyPasses() bool { return t.Fix == Passed && t.Base.Fails() }

// Fails reports whether the test fails on the base, and is not known to do
// better on the fix.
func (t Test) Fails() bool { return !t.Fix.good() && t.Base.Fails() }

// NoLongerRuns reports whether the test passed on the base, and the fix skips or
// lacks it.
func (t Test) NoLongerRuns() bool {
	return t.Base == Passed && (t.Fix == Skipped || t.Fix == Absent)
}

// Coverage counts lines.
type Coverage struct {
	Total   int    `json:"total"`   // changed lines of code, without tests
	Covered int    `json:"covered"` // those of them that a test ran
	Err     string `json:"err"`     // why this could not be found out in full; "" if it could
}

// Uncovered are changed lines that no test ran.
type Uncovered struct {
	File     string `json:"file"`     // as in [File].Path
	First    int    `json:"first"`    // line, from 1
	Last     int    `json:"last"`     // line; First if it is one
	Function string `json:"function"` // as in [Package].Functions; "" if it is in none
}
