package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// change moves the service from one version to another, and takes that back if
// anything is wrong.
func (o *operation) change(ctx context.Context) (*Outcome, error) {
	if o.record.To.IsZero() || o.record.To == o.record.From { // nothing to switch: scripts alone, or what is here already
		return o.confirm(ctx, fmt.Sprintf("hotfix %s is installed; the service runs what it ran", o.record.Hotfix))
	}
	if err := o.proceed(ctx); err != nil {
		reached := o.record.State
		after := o.revert(ctx, err)
		if !reached.Switched() {
			return nil, errors.Join(err, after)
		}
		return nil, o.reverted(reached, err, after)
	}
	if o.external {
		return o.outcome(fmt.Sprintf("version %s runs and waits to be confirmed until %s", o.record.Version, o.record.Deadline.Format(time.RFC3339))), nil
	}
	return o.confirm(ctx, fmt.Sprintf("version %s is confirmed", o.record.Version))
}

// proceed takes every step of the switch up to the end of the soak.
func (o *operation) proceed(ctx context.Context) error {
	if err := o.wayBack(ctx); err != nil {
		return err
	}
	if _, err := o.gates(); err != nil {
		return fmt.Errorf("the check of the package cannot be made here: %w; nothing was switched", err)
	}
	o.record.Starts, o.record.External, o.record.Boot = 0, o.external, bootID()
	o.record.Deadline = o.now().Add(o.place.config.confirm).UTC().Truncate(time.Second)
	ctx, cancel := context.WithDeadlineCause(ctx, time.Now().Add(o.place.config.confirm), fmt.Errorf("the version was not confirmed by %s", o.record.Deadline.Format(time.RFC3339)))
	defer cancel()
	if err := o.watch(ctx); err != nil {
		return err
	}
	if err := o.advance(journal.Activating, "the link is about to lead to the new version"); err != nil {
		return err
	}
	if err := o.activate(ctx); err != nil {
		return err
	}
	if err := o.advance(journal.Activated, "the link leads to the new version"); err != nil {
		return err
	}
	if err := o.swap(ctx); err != nil {
		return err
	}
	if err := o.advance(journal.Swapped, "the service runs the new version"); err != nil {
		return err
	}
	return o.prove(ctx)
}

// wayBack requires that the version to go back to is whole: without one this is no
// update that can be taken back.
func (o *operation) wayBack(ctx context.Context) error {
	if o.record.From.IsZero() {
		return nil
	}
	if _, err := o.store.Check(ctx, o.record.From); err != nil {
		return fmt.Errorf("the version that runs could not be brought back: %w", err)
	}
	return nil
}

// watch has somebody else go back if this process dies.
func (o *operation) watch(ctx context.Context) error {
	if o.guard == nil {
		return nil
	}
	if err := o.guard.Watch(ctx, o.store.Product(), o.record.Deadline); err != nil {
		return fmt.Errorf("starting the guard that goes back if this process dies: %w; nothing was switched", err)
	}
	return nil
}

// activate lets the links lead to the new version. The previous link comes first: at
// every moment it leads to a version that can be started.
func (o *operation) activate(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := o.step("point previous", func() error { return o.store.Point(store.Previous, o.record.From) }); err != nil {
		return err
	}
	return o.point(ctx, o.record.To)
}

// point makes a version current, and installs it where the host wants it.
func (p *place) point(ctx context.Context, id manifest.Digest) error {
	if err := p.step("point current", func() error { return p.store.Point(store.Current, id) }); err != nil {
		return err
	}
	if p.install == "" || id.IsZero() {
		return nil
	}
	return p.step("install", func() error { return p.store.Project(ctx, id, p.install) })
}

func (o *operation) swap(ctx context.Context) error {
	m, err := o.move()
	if err != nil {
		return err
	}
	return o.step("swap", func() error { return o.do(ctx, m) })
}

// prove waits until the checks hold, and has them go on holding.
func (o *operation) prove(ctx context.Context) error {
	checks, err := o.gates()
	if err != nil {
		return err
	}
	if err := o.await(ctx, checks); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	if err := o.advance(journal.Soaking, fmt.Sprintf("%d checks hold; they have to go on holding for %s", len(checks), o.soak)); err != nil {
		return err
	}
	if o.soak == 0 {
		return nil
	}
	if err := health.Soak(ctx, append(checks, o.alive()), health.Period{For: o.soak, Every: o.interval, Tolerate: o.tolerate}); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	return nil
}

// await waits until each check has held once.
func (o *operation) await(ctx context.Context, checks []health.Checker) error {
	for _, c := range checks {
		if err := health.Wait(ctx, c, health.Settings{Within: o.wait, Interval: min(o.interval, health.DefaultInterval), MaxInterval: o.interval}); err != nil {
			return err
		}
	}
	return nil
}

// gates are the host's checks, and that of the plan of the version that is switched to.
func (o *operation) gates() ([]health.Checker, error) {
	plan, err := o.plan(o.planned())
	if err != nil {
		return nil, err
	}
	checks := slices.Clone(o.checks)
	if plan.Check == nil {
		return checks, nil
	}
	c, err := o.checkOf(plan.Check)
	return append(checks, c), err
}

// checkOf is the check of a rollback plan.
func (p *place) checkOf(c *manifest.Check) (health.Checker, error) {
	limit := time.Duration(c.Seconds) * time.Second
	if c.URL != "" {
		return p.page(c.URL, health.WithTimeout(limit))
	}
	argv, err := resolved(c.Command)
	if err != nil {
		return nil, err
	}
	return health.Command(argv, health.WithTimeout(limit))
}

// confirm makes the version the one that stays. First the strategy lets go of what it
// kept for going back; if it cannot, the version is taken back. Then the journal says so,
// and from there on nothing goes back by itself. The floor rises last, and recovery makes
// up for a crash in between.
func (o *operation) confirm(ctx context.Context, text string) (*Outcome, error) {
	err := o.step("settle", func() error { return o.settle(ctx) })
	if err == nil {
		err = o.advance(journal.Confirmed, text)
	}
	if err != nil && !o.record.State.Switched() {
		return nil, errors.Join(err, o.abandon(err))
	}
	if err != nil {
		reached := o.record.State
		return nil, o.reverted(reached, err, o.revert(ctx, err))
	}
	ctx, cancel := settled(ctx)
	defer cancel()
	outcome := o.outcome(text)
	if err := o.finish(ctx); err != nil {
		return outcome, fmt.Errorf("%s, and what follows a confirmation failed: %w; run the recovery to complete it", text, err)
	}
	return outcome, nil
}

// finish does what follows a confirmation. It can be done again.
func (o *operation) finish(ctx context.Context) error {
	if err := o.step("raise the floor", func() error { return o.raiseFloor(ctx) }); err != nil {
		return err
	}
	if o.record.Kind == journal.Rollback {
		if err := o.leave(ctx); err != nil {
			return err
		}
	}
	if _, err := o.store.Collect(o.keep, o.record.From, o.record.To); err != nil {
		return err
	}
	return o.store.Clean()
}

// leave puts the release that a rollback left into quarantine, undoes what its script
// did, and lets previous lead to what ran before the version that is back.
func (o *operation) leave(ctx context.Context) error {
	if err := o.quarantine(o.record.From); err != nil {
		return err
	}
	if err := o.undo(ctx); err != nil {
		return err
	}
	return o.step("point previous back", func() error { return o.store.Point(store.Previous, o.predecessor(o.record.To)) })
}

// settle tells the strategy that nobody goes back any more.
func (o *operation) settle(ctx context.Context) error {
	if o.record.To.IsZero() || o.record.To == o.record.From {
		return nil
	}
	s, err := o.strategy()
	if err != nil {
		return err
	}
	settler, ok := s.(interface {
		Settle(ctx context.Context, m swap.Move) error
	})
	if !ok {
		return nil
	}
	m, err := o.move()
	if err != nil {
		return err
	}
	return settler.Settle(ctx, m)
}
