package health

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

// Command returns the check that runs a program, by its absolute path, with its
// arguments, without a shell and without input, and passes if it ends with exit
// status 0. The error of an attempt repeats the end of what the program printed; an
// [*os/exec.ExitError] in it has more, as Stderr. When the time is up the program and
// all that it started get an interrupt and, three seconds later, a kill.
//
// Options: [WithTimeout], [WithDir], [WithEnvironment].
func Command(argv []string, opts ...Option) (*Probe, error) {
	c, err := newConfig(kindCommand, opts)
	if err != nil {
		return nil, err
	}
	program := subprocess.Program{Argv: slices.Clone(argv), Dir: c.dir, Env: append(subprocess.SystemPath(), c.env...)}
	if c.dir == "" {
		program.Dir = os.TempDir()
	}
	if err := program.Check(); err != nil {
		return nil, fmt.Errorf("health.Command: %w", err)
	}
	return &Probe{name: "command " + argv[0], timeout: c.timeout, attempt: func(ctx context.Context) error {
		_, err := program.Run(ctx)
		return err
	}}, nil
}
