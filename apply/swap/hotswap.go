package swap

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Handover is the strategy of a service that was written with package hotswap.
type Handover struct {
	socket  string
	control control
	timeout time.Duration
	steps   []hotswap.Step
}

// control is what a [hotswap.Client] does.
type control interface {
	Status(ctx context.Context) (hotswap.Status, error)
	Upgrade(ctx context.Context, u hotswap.Upgrade) (hotswap.Status, error)
	Finish(ctx context.Context) error
	Revert(ctx context.Context) error
}

// Hotswap returns the strategy that asks a service, through its control socket, to
// start the new version and to give it its listeners. The service checks the digest
// of the very file that it executes. No request is lost, and with Move.ConfirmWithin
// the old process stays on standby until Settle or Revert, or takes the upgrade back
// by itself when that time is over.
//
// Settings of the service do not change with it: arguments and environment are those
// of the old process. Options: [WithTimeout], [WithSteps].
func Hotswap(socket string, opts ...Option) (*Handover, error) {
	c, err := newConfig(kindHotswap, opts)
	if err != nil {
		return nil, err
	}
	if err := absolute("swap.Hotswap", socket); err != nil {
		return nil, err
	}
	return &Handover{socket: socket, control: hotswap.NewClient(socket), timeout: c.timeout, steps: c.steps}, nil
}

// WithSteps shifts the share of new connections that go to the new version step by
// step, such as 1 %, 10 % and 50 %, before it gets them all. Their pauses do not count
// for [WithTimeout]. For Hotswap.
func WithSteps(steps ...hotswap.Step) Option {
	return func(c *config) error {
		if len(steps) > hotswap.MaxSteps {
			return fmt.Errorf("WithSteps: more than %d", hotswap.MaxSteps)
		}
		for i, s := range steps {
			if s.Percent < 0 || s.Percent > 100 || s.Pause < 0 || s.Pause > hotswap.MaxPause {
				return fmt.Errorf("WithSteps: step %d must have 0 to 100 percent and a pause of 0 to %v", i+1, hotswap.MaxPause)
			}
		}
		c.steps = slices.Clone(steps)
		return c.only("WithSteps", kindHotswap)
	}
}

// Swap asks for the upgrade and returns when the new process has all connections.
// If the upgrade fails, the error wraps a [*hotswap.UpgradeError] and the old version
// serves on. If ctx or the time limit ends it, the upgrade is taken back.
func (h *Handover) Swap(ctx context.Context, m Move) error {
	if m.To.Digest.IsZero() {
		return h.failed("swapping", m, fmt.Errorf("version %s has no executable to start", m.To.Version))
	}
	ctx, cancel := h.limited(ctx)
	defer cancel()
	s, err := h.status(ctx)
	if err != nil {
		return h.failed("swapping", m, err)
	}
	if m.To.leads(s) {
		err = poll(ctx, func() error { return h.settled(ctx, m) })
	} else if now := processOf(s); s.Successor != nil || !m.done(now) {
		_, err = h.control.Upgrade(ctx, hotswap.Upgrade{
			Path: m.To.Path, Digest: hex.EncodeToString(m.To.Digest[:]), Steps: h.steps, ConfirmWithin: m.ConfirmWithin,
		})
	}
	if err != nil {
		return h.explain(ctx, m, err)
	}
	return nil
}

// limited bounds an upgrade, whose steps take the time that they were given.
func (h *Handover) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := h.timeout
	for _, step := range h.steps {
		limit += step.Pause
	}
	return limitedTo(ctx, limit)
}

// leads reports whether an upgrade to v is under way.
func (v Version) leads(s hotswap.Status) bool {
	return s.Successor != nil && s.Successor.Path == v.Path && s.Successor.Digest == hex.EncodeToString(v.Digest[:])
}

// settled returns nil when an upgrade that an earlier call began is complete.
func (h *Handover) settled(ctx context.Context, m Move) error {
	s, err := h.status(ctx)
	switch {
	case err != nil:
		return err
	case m.To.leads(s) && !complete(s.Successor):
		return fmt.Errorf("an upgrade to it is under way: %s", s.Successor.Phase)
	case m.To.leads(s) || m.done(processOf(s)):
		return nil
	}
	return &finalError{errors.New("an upgrade to it was under way, but has failed or was taken back" + lastOf(s))}
}

// complete reports whether a successor has all connections.
func complete(s *hotswap.Successor) bool {
	return s.Phase == hotswap.PhaseStandby || s.Phase == hotswap.PhaseFinishing
}

func lastOf(s hotswap.Status) string {
	if s.Last == nil {
		return ""
	}
	return fmt.Sprintf(": %q", clip(s.Last.Error, maxRepeated))
}

// maxRepeated bounds what a message repeats of an answer, in bytes.
const maxRepeated = 500

// explain says what an upgrade that did not succeed means. One whose end was not
// seen is taken back, even if the time of the caller is up.
func (h *Handover) explain(ctx context.Context, m Move, err error) error {
	err = h.failed("swapping", m, err)
	if asBefore(err) {
		return err
	}
	ctx, cancel := limitedTo(context.WithoutCancel(ctx), h.timeout)
	defer cancel()
	revertErr := h.control.Revert(ctx)
	if revertErr == nil {
		return err
	}
	s, lookErr := h.status(ctx)
	if now := processOf(s); lookErr == nil && s.Successor == nil {
		if m.done(now) {
			return nil
		}
		return m.judge(err, now, nil)
	}
	return unclear(fmt.Errorf("%w; and taking it back: %w", err, revertErr))
}

// asBefore reports whether an error of the service says that the old version
// serves on.
func asBefore(err error) bool {
	var failed *hotswap.UpgradeError
	return errors.As(err, &failed) || slices.ContainsFunc(
		[]error{hotswap.ErrBusy, hotswap.ErrNotReady, hotswap.ErrStopping, hotswap.ErrRequest, errors.ErrUnsupported},
		func(outcome error) bool { return errors.Is(err, outcome) })
}

// Settle lets the old process go. It is no error if it has gone.
func (h *Handover) Settle(ctx context.Context, m Move) error {
	ctx, cancel := limitedTo(ctx, h.timeout)
	defer cancel()
	err := h.control.Finish(ctx)
	if errors.Is(err, hotswap.ErrNoSuccessor) || errors.Is(err, hotswap.ErrStopping) {
		err = poll(ctx, func() error { return h.finished(ctx, m) })
	}
	if err != nil {
		return h.failed("confirming", m, err)
	}
	return nil
}

// finished returns nil when To alone serves.
func (h *Handover) finished(ctx context.Context, m Move) error {
	s, err := h.status(ctx)
	switch {
	case err != nil:
		return err
	case s.Successor != nil:
		return errors.New("the old process has not gone yet")
	case m.serves(processOf(s)):
		return nil
	}
	return &finalError{fmt.Errorf("version %s does not run: the upgrade was taken back before it was confirmed%s", m.To.Version, lastOf(s))}
}

// serves reports whether a process is one of To. Versions of one executable differ
// by where it lies: an upgrade starts it from To's own folder.
func (m Move) serves(p Process) bool {
	return m.To.runs(p) && (m.From.Digest != m.To.Digest || p.Path == m.To.Path)
}

// Revert has the old process, which is on standby, accept connections again, and
// ends the new one. If the old process has gone, the error is
// [errors.ErrUnsupported]: Swap in the other direction goes back then.
func (h *Handover) Revert(ctx context.Context, m Move) error {
	ctx, cancel := limitedTo(ctx, h.timeout)
	defer cancel()
	err := h.control.Revert(ctx)
	if err == nil {
		return nil
	}
	if errors.Is(err, hotswap.ErrNoSuccessor) || errors.Is(err, hotswap.ErrStopping) {
		if s, lookErr := h.status(ctx); lookErr == nil && s.Successor == nil && m.From.runs(processOf(s)) && m.From.Digest != m.To.Digest {
			return nil
		}
		err = fmt.Errorf("%w: the old process has gone: %w", errors.ErrUnsupported, err)
	}
	return h.failed("reverting", m, err)
}

// Running asks the service which of its processes gets the connections. The
// service tells itself what it runs: a check of what it should, not of who lies.
// [ErrNotRunning] if nobody listens on the control socket.
func (h *Handover) Running(ctx context.Context, product string) (Process, error) {
	ctx, cancel := limitedTo(ctx, h.timeout)
	defer cancel()
	s, err := h.status(ctx)
	if err != nil {
		return Process{}, fmt.Errorf("what runs of %s: %w", product, err)
	}
	if next := s.Successor; next != nil && complete(next) {
		return Process{PID: next.PID, Path: next.Path, Digest: digestIn(next.Digest), State: string(next.Phase)}, nil
	}
	return processOf(s), nil
}

func (h *Handover) String() string { return "hotswap by " + h.socket }

func (h *Handover) failed(doing string, m Move, err error) error {
	return fmt.Errorf("%s %s by its control socket %s: %w", doing, m.Product, h.socket, err)
}

// status asks for the status, and knows what it means if nobody answers.
func (h *Handover) status(ctx context.Context) (hotswap.Status, error) {
	s, err := h.control.Status(ctx)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		err = fmt.Errorf("%w: %w", err, ErrNotRunning)
	}
	return s, err
}

// processOf is the process that answered.
func processOf(s hotswap.Status) Process {
	return Process{PID: s.PID, Path: s.Executable, Digest: digestIn(s.Digest), State: string(s.State)}
}

// digestIn is zero for what is no digest, as where the service cannot tell.
func digestIn(text string) manifest.Digest {
	d, err := manifest.ParseHexDigest(text)
	if err != nil {
		return manifest.Digest{}
	}
	return d
}
