package build

import (
	"time"

	"github.com/gohotfix/hotfix/target"
)

// Event is something that a [Builder] reports while it works: one of
// [TargetStarted], [PackageCompiling] and [TargetFinished]; and [Reproduce] also
// [AttemptStarted] and [AttemptFinished].
type Event interface{ buildEvent() }

// TargetStarted says that the go command runs for a target.
type TargetStarted struct{ Target target.Target }

// PackageCompiling says that a package that is not in the build cache is being
// compiled.
type PackageCompiling struct {
	Target     target.Target
	ImportPath string // of the package
}

// TargetFinished says that a target is done, well or badly.
type TargetFinished struct {
	Target   target.Target
	Artifact *Artifact // nil if Err is not
	Err      error     // what a [TargetError] wraps
	Elapsed  time.Duration
}

func (TargetStarted) buildEvent()    {}
func (PackageCompiling) buildEvent() {}
func (TargetFinished) buildEvent()   {}
