package swap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// PIDFile is the strategy of a service that is told by a signal.
type PIDFile struct {
	path           string
	signal, reload os.Signal
	timeout        time.Duration
	below          string
	untilGone      bool
}

// Signal returns the strategy that signals the process in a PID file: one of "HUP",
// "TERM", "USR1", "USR2", with or without "SIG". Then it waits until the PID file
// names a process that runs the new version: the same one, which has executed it,
// its child, or the one that a supervisor has started; or, with [WithUntilGone], until
// the process is gone.
//
// A process is signalled only if its executable is that of the old version, byte for
// byte, or lies below [WithExecutablesBelow]: the id in a stale PID file may be
// anybody's by now. The signal goes to the process that was looked at, and to no other
// that has got its id since (Linux: a pidfd). Where the system does not tell what a
// process runs, everything is [errors.ErrUnsupported] and nothing is signalled.
//
// Options: [WithTimeout], [WithExecutablesBelow], [WithUntilGone],
// [WithReloadSignal].
func Signal(pidFile, name string, opts ...Option) (*PIDFile, error) {
	c, err := newConfig(kindSignal, opts)
	if err != nil {
		return nil, err
	}
	p := &PIDFile{path: pidFile, timeout: c.timeout, below: c.below, untilGone: c.untilGone}
	if err := absolute("swap.Signal", pidFile); err != nil {
		return nil, err
	}
	if p.signal, err = signalNamed(name); err != nil {
		return nil, fmt.Errorf("swap.Signal: %w", err)
	}
	if c.reload == "" {
		return p, nil
	}
	if p.reload, err = signalNamed(c.reload); err != nil {
		return nil, fmt.Errorf("swap.Signal: WithReloadSignal: %w", err)
	}
	return p, nil
}

func signalNamed(name string) (os.Signal, error) {
	s, ok := signals()[strings.TrimPrefix(name, "SIG")]
	if !ok {
		return nil, fmt.Errorf("signal %q: not one of HUP, TERM, USR1, USR2 of this system", clip(name, 20))
	}
	return s, nil
}

// Swap signals the process and waits. An error before the signal leaves the service
// as it was, also if it does not run ([ErrNotRunning]); every later one is
// [ErrUnclear].
func (p *PIDFile) Swap(ctx context.Context, m Move) error {
	if now, err := runningOf(ctx, m.Product, p.path); err == nil && m.done(now) {
		return nil
	}
	old, err := p.send(ctx, m, p.signal)
	if err != nil {
		return fmt.Errorf("swapping %s by signal %v: %w", m.Product, p.signal, err)
	}
	defer func() { _ = old.Release() }()
	ctx, cancel := limitedTo(ctx, p.timeout)
	defer cancel()
	arrived := func() error { return p.arrived(ctx, m) }
	if p.untilGone {
		arrived = func() error { return gone(ctx, old) }
	}
	if err := poll(ctx, arrived); err != nil {
		return unclear(fmt.Errorf("swapping %s: after signal %v to process %d: %w", m.Product, p.signal, old.Pid, err))
	}
	return nil
}

// Reload sends the signal of [WithReloadSignal], or is [errors.ErrUnsupported].
// Whether the service has read its configuration by then cannot be seen.
func (p *PIDFile) Reload(ctx context.Context, m Move) error {
	if p.reload == nil {
		return fmt.Errorf("reloading the configuration of %s by signal: %w: no signal was given", m.Product, errors.ErrUnsupported)
	}
	process, err := p.send(ctx, m, p.reload)
	if err != nil {
		return fmt.Errorf("reloading the configuration of %s by signal %v: %w", m.Product, p.reload, err)
	}
	return process.Release()
}

// Running looks at the process in the PID file. [ErrNotRunning] if there is none.
// The process is not compared with anything: a stale file may name a stranger, which
// the caller sees by its digest.
func (p *PIDFile) Running(ctx context.Context, product string) (Process, error) {
	return runningOf(ctx, product, p.path)
}

func (p *PIDFile) String() string {
	return fmt.Sprintf("signal %v to the process in %s", p.signal, p.path)
}

// send signals the service. The process is opened before it is looked at: if it
// ends meanwhile and its id goes to another, the signal fails.
func (p *PIDFile) send(ctx context.Context, m Move, s os.Signal) (*os.Process, error) {
	pid, err := readPIDFile(p.path)
	if err != nil {
		return nil, err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w: %w", pid, err, ErrNotRunning)
	}
	if err := p.recognise(ctx, m, pid); err != nil {
		return nil, errors.Join(err, process.Release())
	}
	err = process.Signal(s)
	if errors.Is(err, os.ErrProcessDone) {
		err = ErrNotRunning
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("process %d: %w", pid, err), process.Release())
	}
	return process, nil
}

// recognise refuses a process that is not the service.
func (p *PIDFile) recognise(ctx context.Context, m Move, pid int) error {
	now, err := inspect(ctx, pid)
	if err != nil {
		return err
	}
	if m.From.runs(now) || p.below != "" && below(now.Path, p.below) {
		return nil
	}
	return fmt.Errorf("PID file %s is stale or not the service's: process %d runs %s (%v), not version %s (%v)",
		p.path, pid, now.Path, now.Digest, m.From.Version, m.From.Digest)
}

// below reports whether a path lies in a folder, both absolute. The system's name
// of an executable has no links in it; the folder's may.
func below(path, dir string) bool {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != "." && filepath.IsLocal(rel)
}

// arrived reports whether the process in the PID file, which may be about to be
// written, is the new version by now.
func (p *PIDFile) arrived(ctx context.Context, m Move) error {
	now, err := runningOf(ctx, m.Product, p.path)
	if err != nil {
		return err
	}
	return m.arrived(now)
}

// gone reports whether a process has ended, also if nobody has asked yet how: then
// it can still be signalled, but runs nothing.
func gone(ctx context.Context, p *os.Process) error {
	if err := p.Signal(nothing); err != nil {
		return ignore(err, os.ErrProcessDone)
	}
	if _, err := inspect(ctx, p.Pid); err != nil {
		return ignore(err, ErrNotRunning)
	}
	return errors.New("it still runs")
}

func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}
