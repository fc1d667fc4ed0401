package hotswap

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Upgrade says what is to take the place of the process.
type Upgrade struct {
	// Path of the executable, absolute. It must be a program, not a script.
	Path string `json:"path"`
	// Digest of the executable: SHA-256, 64 lower-case hex digits.
	Digest string `json:"digest"`
	// Args are the arguments after the name. Nil: those of the old process.
	Args []string `json:"args,omitempty"`
	// Env has entries KEY=VALUE that are added to the environment of the old
	// process, or replace what it has.
	Env []string `json:"env,omitempty"`
	// Steps come before the successor gets all connections. Nil: none.
	Steps []Step `json:"steps,omitempty"`
	// ConfirmWithin is how long the old process stays on standby, from the
	// moment that the successor has all connections, waiting for Finish; then
	// it takes the upgrade back. 0: the upgrade is finished at once.
	ConfirmWithin time.Duration `json:"confirm_within,omitempty"`
}

// Step is a share of the new connections for some time.
type Step struct {
	Percent int           `json:"percent"` // 0 to 100; 100 ends the steps
	Pause   time.Duration `json:"pause"`   // before the next step
}

// check refuses what no process could do, with an error that wraps ErrRequest.
func (u Upgrade) check() error {
	if problem := u.problem(); problem != "" {
		return fmt.Errorf("%w: upgrade to %s: %s", ErrRequest, quote(u.Path), problem)
	}
	return nil
}

func (u Upgrade) problem() string {
	digest, err := hex.DecodeString(u.Digest)
	switch {
	case !filepath.IsAbs(u.Path) || hasNUL(u.Path):
		return "the path must be absolute"
	case err != nil || len(digest) != 32 || u.Digest != strings.ToLower(u.Digest):
		return "the digest must be the SHA-256 of the executable in 64 lower-case hex digits"
	case len(u.Args) > MaxArgs || len(u.Env) > MaxArgs:
		return fmt.Sprintf("more than %d arguments or entries of the environment", MaxArgs)
	case slices.ContainsFunc(u.Args, hasNUL) || slices.ContainsFunc(u.Env, hasNUL):
		return "an argument or entry of the environment has a NUL byte"
	case slices.ContainsFunc(u.Env, func(e string) bool { return strings.Index(e, "=") < 1 }):
		return "an entry of the environment is not KEY=VALUE"
	case slices.ContainsFunc(u.Env, func(e string) bool { return reserved(e) }):
		return "the environment sets a variable that hotswap or systemd set themselves"
	case u.ConfirmWithin < 0 || u.ConfirmWithin > MaxPause:
		return fmt.Sprintf("the time for confirmation must be from 0 to %v", MaxPause)
	}
	return problemOfSteps(u.Steps)
}

func problemOfSteps(steps []Step) string {
	if len(steps) > MaxSteps {
		return fmt.Sprintf("more than %d steps", MaxSteps)
	}
	for i, s := range steps {
		if s.Percent < 0 || s.Percent > 100 || s.Pause < 0 || s.Pause > MaxPause {
			return fmt.Sprintf("step %d must have 0 to 100 percent and a pause of 0 to %v", i+1, MaxPause)
		}
	}
	return ""
}

func hasNUL(s string) bool { return strings.ContainsRune(s, 0) }

// Upgrade starts the executable, waits until it is ready, shifts connections
// to it as the steps say, and returns when the successor has them all. With
// ConfirmWithin, the old process is on standby then; without, it is about to
// exit. On any error but ErrBusy, ErrNotReady and ErrStopping the successor,
// if there was one, has been ended, and this process serves on.
//
// Context: when it is done before the successor has all connections, the
// upgrade is taken back.
//
// Errors: ErrBusy, ErrNotReady, ErrStopping, one that wraps ErrRequest, or an
// [*UpgradeError]. Where processes cannot be upgraded (Windows), the error
// wraps [errors.ErrUnsupported].
func (p *Process) Upgrade(ctx context.Context, u Upgrade) (Status, error) {
	if err := u.check(); err != nil {
		return Status{}, err
	}
	if !Supported() {
		return Status{}, &UpgradeError{Path: u.Path, Stage: "start", Err: errUnsupported}
	}
	a, err := p.begin(u)
	if err != nil {
		return Status{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.command(context.Background(), command{kind: commandCancel, cause: context.Cause(ctx)}) })
	defer stop()
	<-a.settled
	return p.Status(), a.err
}

// begin claims the only place for an upgrade.
func (p *Process) begin(u Upgrade) (*attempt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.state == Draining || p.handed:
		return nil, ErrStopping
	case p.attempt != nil:
		return nil, ErrBusy
	case p.state != Serving || p.predecessor != nil:
		return nil, ErrNotReady
	}
	p.attempt = newAttempt(p, u)
	go p.attempt.run()
	return p.attempt, nil
}

// Shift gives the successor a share of the new connections, 0 to 100 percent.
// While steps are under way it replaces the share of the present step; 100
// ends the steps. On standby, less than 100 makes the old process accept
// again and hand over that share. It counts for each listener alone, and not
// for datagrams, which all go to the successor at 100 and to the old process
// below.
//
// Errors: ErrNoSuccessor, ErrNotReady before the successor is ready,
// ErrStopping, one that wraps ErrRequest, or the reason why the successor
// could not follow; then the upgrade has been taken back.
func (p *Process) Shift(ctx context.Context, percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("%w: shift to %d percent: must be 0 to 100", ErrRequest, percent)
	}
	return p.command(ctx, command{kind: commandShift, percent: percent})
}

// Finish confirms the upgrade: the successor gets PID file, control socket and
// the place of systemd's main process, and this process drains and exits.
//
// Errors: ErrNoSuccessor, ErrNotReady while the successor does not have all
// connections, ErrStopping if it is finished already, or an [*UpgradeError];
// then the upgrade has been taken back.
func (p *Process) Finish(ctx context.Context) error {
	return p.command(ctx, command{kind: commandFinish})
}

// Revert takes the upgrade back: it returns when this process accepts all new
// connections and the successor none, which then drains and is ended. Before the
// successor has all connections, Upgrade returns an error that wraps
// ErrReverted.
//
// Errors: ErrNoSuccessor, or ErrStopping if the upgrade is finished already.
func (p *Process) Revert(ctx context.Context) error {
	return p.command(ctx, command{kind: commandRevert, cause: ErrReverted})
}

// errUnsupported is what Upgrade says where a socket cannot change hands.
var errUnsupported = fmt.Errorf("a process cannot give its sockets to another on this system, restart the service instead: %w", errors.ErrUnsupported)

type commandKind int

const (
	commandShift commandKind = iota
	commandFinish
	commandRevert
	commandCancel // as Revert, but only until the successor has all connections
	commandStop   // as Revert: this process ends
)

// command is something that the goroutine which leads an upgrade is asked to do.
type command struct {
	kind    commandKind
	percent int
	cause   error
	reply   chan error // with room for one
}

func (p *Process) command(ctx context.Context, c command) error {
	p.mu.Lock()
	a, gone := p.attempt, p.handed || p.state == Draining && c.kind != commandStop
	p.mu.Unlock()
	switch {
	case gone:
		return ErrStopping
	case a == nil:
		return ErrNoSuccessor
	}
	c.reply = make(chan error, 1)
	if err := a.put(ctx, c); err != nil {
		return err
	}
	select {
	case err := <-c.reply:
		return err
	case <-a.done:
	}
	select { // it may have answered last
	case err := <-c.reply:
		return err
	default:
		return ErrNoSuccessor
	}
}

func (a *attempt) put(ctx context.Context, c command) error {
	select {
	case a.commands <- c:
		return nil
	case <-a.done:
		return ErrNoSuccessor
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stageError says where an upgrade failed.
func (a *attempt) stageError(stage string, err error) error {
	var own *UpgradeError
	if err == nil || errors.As(err, &own) {
		return err
	}
	return &UpgradeError{Path: a.upgrade.Path, Stage: stage, Err: err}
}
