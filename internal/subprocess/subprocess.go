// Package subprocess runs programs so that nothing of them is left when their
// time is up, however many processes they started, and so that what they print
// cannot exhaust memory.
//
// On Unix a program runs in a process group of its own; a context that is done
// sends the group an interrupt, and a kill after [Grace]. On Windows it runs in a
// job object that is closed, which ends every process in it. Elsewhere only the
// program itself is ended.
package subprocess

import (
	"context"
	"errors"
	"os/exec"
	"time"
)

// Grace is how long a program has to clean up after an interrupt before it is
// killed.
const Grace = 3 * time.Second

// Run starts a command, which [exec.CommandContext] made with the same ctx, and
// waits for it. What it left running is ended after a run that ctx ended, and
// after one that went well but for a process that holds its output open; that is
// [ErrLeft]. Every other error is that of [exec.Cmd.Start] or [exec.Cmd.Wait].
func Run(ctx context.Context, cmd *exec.Cmd) error {
	cmd.WaitDelay = Grace
	tree := newProcessTree(cmd)
	if err := cmd.Start(); err != nil {
		tree.end(false)
		return err
	}
	tree.started(cmd.Process)
	err := cmd.Wait()
	lingering := errors.Is(err, exec.ErrWaitDelay)
	tree.end(ctx.Err() != nil || lingering)
	if lingering && ctx.Err() == nil {
		return ErrLeft
	}
	return err
}

// ErrLeft says that a program ended well, but left a process that held its output
// open and was ended for it.
var ErrLeft = errors.New("it left a process that held its output open and was ended: start what shall live on with setsid, and with its output elsewhere")
