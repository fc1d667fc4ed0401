package hotfix

import (
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack"
)

// Event is something that a [Pipeline] reports while it runs: one of
// [StepStarted], [StepFinished], [Building], [Packed] and [Warned].
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
	Step  Step // [StepBase] or [StepBuild]
	Event build.Event
}

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
func (Packed) hotfixEvent()       {}
func (Warned) hotfixEvent()       {}
