package tests

import (
	"time"

	"github.com/gohotfix/hotfix/build/policy"
)

// Side is what tests run on: one of the two trees, or a mix of them.
type Side string

// The sides.
const (
	Base Side = "base"
	Fix  Side = "fix"

	FixTestsOnBase Side = "base with the fix's tests" // the code of the base, the tests of the fix
)

// Event is something that [Compare] reports while it works: one of
// [PackageStarted], [PackageFinished], [TestFailed] and [TestRerun].
type Event interface{ testsEvent() }

// PackageStarted says that the tests of a package run.
type PackageStarted struct {
	Side Side
	Path string // import path
}

// PackageFinished says that the tests of a package are done, well or badly.
type PackageFinished struct {
	Side    Side
	Path    string         // import path
	Outcome policy.Outcome // of the package as a whole
	Done    int            // packages of the side that are finished, with this one
	Total   int            // packages of the side
	Elapsed time.Duration
}

// TestFailed says that a test failed. That alone says nothing about the fix.
type TestFailed struct {
	Side Side
	Path string // import path of the package
	Name string // as in [policy.Test]
}

// TestRerun says how a test that newly fails ended when it ran again.
type TestRerun struct {
	Path   string // import path of the package
	Name   string // as in [policy.Test]; "" for all of the package
	Passed bool   // so that it is flaky
}

func (PackageStarted) testsEvent()  {}
func (PackageFinished) testsEvent() {}
func (TestFailed) testsEvent()      {}
func (TestRerun) testsEvent()       {}
