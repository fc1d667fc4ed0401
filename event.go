package hotfix

import (
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/tests"
	"github.com/gohotfix/hotfix/pack"
)

// Event is something that a [Pipeline] reports while it runs: one of
// [StepStarted], [StepFinished], [Building], [Proved], [Found], [Testing],
// [Compared], [Packed] and [Warned].
type Event interface{ hotfixEvent() }

// StepStarted says that a step begins.
type StepStarted struct{ Step Step }

// StepFinished says that a step is done, well or badly.
type StepFinished struct {
	Step    Step
	Err     error
	Elapsed time.Duration
}

// Building carries an event of the compiler's run, for the base or the fix.
type Building struct {
	Step  Step // [StepBase], also in [StepProve], or [StepBuild]
	Event build.Event
}

// Proved says whether the source of the base makes the executable that runs.
type Proved struct{ Proof *build.Proof }

// Found carries what a policy found.
type Found struct{ Finding policy.Finding }

// Testing carries an event of the tests.
type Testing struct{ Event tests.Event }

// Compared carries what differs between the executables of a target.
type Compared struct{ Report *compare.Report }

// Packed says that a package was written, or taken over unchanged.
type Packed struct{ Package *pack.Package }

// Warned says something that a person should know and that does not stop the
// run. [Result].Warnings holds all of them.
type Warned struct {
	Message string // one sentence, without a full stop
}

func (StepStarted) hotfixEvent()  {}
func (StepFinished) hotfixEvent() {}
func (Building) hotfixEvent()     {}
func (Proved) hotfixEvent()       {}
func (Found) hotfixEvent()        {}
func (Testing) hotfixEvent()      {}
func (Compared) hotfixEvent()     {}
func (Packed) hotfixEvent()       {}
func (Warned) hotfixEvent()       {}
