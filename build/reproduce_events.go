package build

import "github.com/gohotfix/hotfix/target"

// AttemptStarted is an [Event] of [Reproduce]: the go command rebuilds the file.
type AttemptStarted struct {
	Target  target.Target
	Number  int    // from 1
	Ldflags string // arguments of the linker that are tried
}

// AttemptFinished is an [Event] of [Reproduce]: a rebuild is done and compared.
type AttemptFinished struct {
	Target  target.Target
	Number  int // from 1
	Attempt Attempt
}

func (AttemptStarted) buildEvent()  {}
func (AttemptFinished) buildEvent() {}
