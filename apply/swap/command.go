package swap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

// Program is the strategy of a program of the operator's.
type Program struct {
	run, reload subprocess.Program
	pidFile     string
}

// Command returns the strategy that runs a program, by its absolute path and with
// the arguments given, once for each swap: exit status 0 means that the new version
// runs and is ready, and any other that nobody knows ([ErrUnclear]). With a PID file
// ([WithPIDFile]) Swap then waits, as long again as the program had, until it names a
// process of the new version; and a failure after which it names one of the old version
// is not unclear.
//
// The program is told by its environment, which beside these variables has a PATH of
// the system's folders only:
//
//	HOTFIX_ACTION                "swap" or "reload"
//	HOTFIX_PRODUCT               of the release
//	HOTFIX_FROM, HOTFIX_TO       versions; empty if there is none
//	HOTFIX_FROM_DIGEST, HOTFIX_DIGEST   of the executables, "sha256:…"; empty if there is none
//	HOTFIX_FROM_PATH, HOTFIX_PATH       of the executables, in their immutable folders
//	HOTFIX_DIR                   folder of the new version
//	HOTFIX_LINK                  name of the executable through the current link
//	HOTFIX_CONFIRM_WITHIN        how long the new version may run unconfirmed, as "30s"; empty if it is confirmed at once
//
// The program runs in a process group of its own, without input. When its time is up
// the group gets an interrupt and, three seconds later, a kill. A service that the
// program starts itself must leave the group (setsid) and must not keep the program's
// outputs open, or it is ended with an error.
//
// Options: [WithTimeout], [WithEnvironment], [WithPIDFile], [WithReloadCommand].
func Command(argv []string, opts ...Option) (*Program, error) {
	c, err := newConfig(kindCommand, opts)
	if err != nil {
		return nil, err
	}
	p := &Program{run: c.program(argv), pidFile: c.pidFile}
	if err := p.run.Check(); err != nil {
		return nil, fmt.Errorf("swap.Command: %w", err)
	}
	if c.reloadArgv == nil {
		return p, nil
	}
	p.reload = c.program(c.reloadArgv)
	if err := p.reload.Check(); err != nil {
		return nil, fmt.Errorf("swap.Command: WithReloadCommand: %w", err)
	}
	return p, nil
}

func (c *config) program(argv []string) subprocess.Program {
	return subprocess.Program{
		Argv: slices.Clone(argv), Dir: os.TempDir(), Timeout: c.timeout,
		Env: append(subprocess.SystemPath(), c.env...),
	}
}

// Swap runs the program. The error repeats the end of what the program printed; an
// [*os/exec.ExitError] in it has more, as Stderr.
func (p *Program) Swap(ctx context.Context, m Move) error {
	if p.pidFile != "" {
		if now, err := p.Running(ctx, m.Product); err == nil && m.done(now) {
			return nil
		}
	}
	if err := runFor(ctx, p.run, "swap", m); err != nil {
		return p.explain(ctx, m, err)
	}
	return p.confirm(ctx, m)
}

// confirm waits until the new version runs, where that can be seen: a program may
// end before what it has set going.
func (p *Program) confirm(ctx context.Context, m Move) error {
	if p.pidFile == "" {
		return nil
	}
	ctx, cancel := limitedTo(ctx, p.run.Timeout)
	defer cancel()
	var now Process
	err := poll(ctx, func() (err error) {
		if now, err = p.Running(ctx, m.Product); err == nil {
			err = m.arrived(now)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			err = &finalError{err}
		}
		return err
	})
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return m.judge(fmt.Errorf("the command to swap %s ended well, but was not seen in time to have done so: %w", m.Product, err), now, nil)
}

func (p *Program) explain(ctx context.Context, m Move, err error) error {
	err = fmt.Errorf("swapping %s to version %s by command: %w", m.Product, m.To.Version, err)
	var unstarted *subprocess.StartError
	if errors.As(err, &unstarted) {
		return err
	}
	now, lookErr := p.Running(context.WithoutCancel(ctx), m.Product)
	return m.judge(err, now, lookErr)
}

// Reload runs the program of [WithReloadCommand], or is [errors.ErrUnsupported].
func (p *Program) Reload(ctx context.Context, m Move) error {
	if p.reload.Argv == nil {
		return fmt.Errorf("reloading the configuration of %s by command: %w: no command was given", m.Product, errors.ErrUnsupported)
	}
	if err := runFor(ctx, p.reload, "reload", m); err != nil {
		return fmt.Errorf("reloading the configuration of %s by command: %w", m.Product, err)
	}
	return nil
}

// Running looks at the process of [WithPIDFile]; without one it is
// [errors.ErrUnsupported], as where the system does not tell. [ErrNotRunning] if
// there is no such process.
func (p *Program) Running(ctx context.Context, product string) (Process, error) {
	if p.pidFile == "" {
		return Process{}, fmt.Errorf("what runs of %s: %w without a PID file", product, errors.ErrUnsupported)
	}
	return runningOf(ctx, product, p.pidFile)
}

func runningOf(ctx context.Context, product, pidFile string) (Process, error) {
	pid, err := readPIDFile(pidFile)
	if err != nil {
		return Process{}, fmt.Errorf("what runs of %s: %w", product, err)
	}
	process, err := inspect(ctx, pid)
	if err != nil {
		return Process{}, fmt.Errorf("what runs of %s: %w", product, err)
	}
	return process, nil
}

func (p *Program) String() string { return "command " + p.run.Argv[0] }

func runFor(ctx context.Context, p subprocess.Program, action string, m Move) error {
	p.Env = slices.Concat(p.Env, m.environment(action))
	_, err := p.Run(ctx)
	return err
}

// environment is how a program is told of a move.
func (m Move) environment(action string) []string {
	return []string{
		"HOTFIX_ACTION=" + action,
		"HOTFIX_PRODUCT=" + m.Product,
		"HOTFIX_FROM=" + m.From.Version,
		"HOTFIX_FROM_DIGEST=" + m.From.digestText(),
		"HOTFIX_FROM_PATH=" + m.From.Path,
		"HOTFIX_TO=" + m.To.Version,
		"HOTFIX_DIGEST=" + m.To.digestText(),
		"HOTFIX_PATH=" + m.To.Path,
		"HOTFIX_DIR=" + m.To.Dir,
		"HOTFIX_LINK=" + m.To.Link,
		"HOTFIX_CONFIRM_WITHIN=" + m.confirmText(),
	}
}

func (v Version) digestText() string {
	if v.Digest.IsZero() {
		return ""
	}
	return v.Digest.String()
}

func (m Move) confirmText() string {
	if m.ConfirmWithin == 0 {
		return ""
	}
	return m.ConfirmWithin.String()
}
