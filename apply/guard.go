package apply

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ProcessGuard is a Guard that starts a process of its own, detached from this one: it
// goes on when this process, its terminal or its session ends. The process is to call
// [Host.Guard] with the same options.
//
// Under systemd, a detached process ends with the unit that started it, if that has
// KillMode=control-group: run the agent by systemd-run --scope then. On Windows it ends
// with the job object that this process is in, if that has
// JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE and not JOB_OBJECT_LIMIT_BREAKAWAY_OK.
type ProcessGuard struct {
	command func(product string, deadline time.Time) []string
}

// NewProcessGuard returns a guard that starts the command which the function returns:
// an argument list whose first element is the absolute path of a program.
func NewProcessGuard(command func(product string, deadline time.Time) []string) (*ProcessGuard, error) {
	if command == nil {
		return nil, errors.New("apply: the guard has no command: give a function that returns one")
	}
	return &ProcessGuard{command: command}, nil
}

// Watch starts the process. It inherits the environment, and no open file.
func (g *ProcessGuard) Watch(_ context.Context, product string, deadline time.Time) error {
	argv := g.command(product, deadline)
	if len(argv) == 0 {
		return errors.New("the guard's command is empty")
	}
	cmd, err := startDetached(argv) // outlives the context on purpose
	if err != nil {
		return fmt.Errorf("starting %s: %w", argv[0], err)
	}
	go func() { _ = cmd.Wait() }() // so that no zombie is left while this process lives on
	return nil
}
