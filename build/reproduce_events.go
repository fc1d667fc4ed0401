package build

import "github.com/gohotfix/hotfix/target"

// AttemptStarted is an [Event] of [Reproduce]: the go command rebuilds the file.
type AttemptStarted struct {
	Target  target.Target
	Number  int // from 1
	Ldflags string
}

// AttemptFinished is an [Event] of [Reproduce]: a rebuild is done and compared.
type AttemptFinished struct {
	Target  target.Target
	Number  int
	Attempt Attempt
}

func (AttemptStarted) buildEvent()  {}
func (AttemptFinished) buildEvent() {}
