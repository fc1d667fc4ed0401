package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// revert brings the journaled version back, whatever became of the context. That the
// journal cannot be written, on a full disk for example, does not keep it from doing
// so: the next recovery then finds the work done.
func (o *operation) revert(ctx context.Context, cause error) error {
	ctx, cancel := settled(ctx)
	defer cancel()
	touched := o.record.State != "" && o.record.State != journal.Activating && o.record.State.Switched()
	if !o.record.State.Switched() {
		return o.abandon(cause)
	}
	err := o.leadBack(ctx, cause)
	if err == nil && touched {
		err = o.bringBack(ctx)
	}
	if err == nil {
		err = o.endRevert(ctx, false)
	}
	return err // if there is one it stays "reverting", and a recovery tries again
}

// leadBack turns the links back.
func (o *operation) leadBack(ctx context.Context, cause error) error {
	o.record.Reason = cause.Error()
	written := o.advance(journal.Reverting, "going back, because "+cause.Error())
	if written != nil {
		o.record.State = journal.Reverting
		o.logger.Error("the journal cannot be written while going back", "error", written)
	}
	return o.pointBack(ctx)
}

// pointBack lets the links lead to where they led before.
func (o *operation) pointBack(ctx context.Context) error {
	if err := o.point(ctx, o.record.From); err != nil {
		return err
	}
	return o.step("point previous back", func() error { return o.store.Point(store.Previous, o.predecessor(o.record.From)) })
}

// predecessor is the version that ran before another; zero if it is gone, or if there
// was none.
func (p *place) predecessor(id manifest.Digest) manifest.Digest {
	r, ok := p.broughtBy(id)
	if !ok {
		return manifest.Digest{}
	}
	if _, err := p.store.Load(r.From); err != nil {
		return manifest.Digest{}
	}
	return r.From
}

// bringBack makes the service run the old version, unless it does.
func (o *operation) bringBack(ctx context.Context) error {
	if o.record.From.IsZero() {
		return nil // nothing ran before
	}
	forth, err := o.move()
	if err != nil {
		return err
	}
	if p, err := o.running(ctx); err == nil && p.PID != 0 && p.Digest == forth.From.Digest && !onlyConfiguration(forth) {
		return nil
	}
	return o.step("swap back", func() error { return o.swapBack(ctx, forth) })
}

func (o *operation) swapBack(ctx context.Context, forth swap.Move) error {
	s, err := o.strategy()
	if err != nil {
		return err
	}
	if r, ok := s.(interface {
		Revert(ctx context.Context, m swap.Move) error
	}); ok && !onlyConfiguration(forth) {
		if err := r.Revert(ctx, forth); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	back := forth
	back.From, back.To, back.ConfirmWithin = forth.To, forth.From, 0
	return o.do(ctx, back)
}

// running asks the strategy what runs. Many cannot tell.
func (o *operation) running(ctx context.Context) (swap.Process, error) {
	s, err := o.strategy()
	if err != nil {
		return swap.Process{}, err
	}
	if r, ok := s.(interface {
		Running(ctx context.Context, product string) (swap.Process, error)
	}); ok {
		return r.Running(ctx, o.store.Product())
	}
	return swap.Process{}, errors.ErrUnsupported
}

// endRevert proves the old version, undoes what a script did, puts the release into
// quarantine and ends the operation.
func (o *operation) endRevert(ctx context.Context, starting bool) error {
	var unhealthy error
	if !starting {
		unhealthy = o.proveOld(ctx)
	}
	var undone error
	if o.record.Kind == journal.Apply { // a rollback that failed leaves the newer version as it was
		undone = o.undo(ctx)
		if err := o.quarantine(o.record.To); err != nil {
			return errors.Join(unhealthy, undone, err)
		}
	}
	if err := o.advance(journal.Reverted, "the version before runs again"); err != nil {
		return errors.Join(unhealthy, undone, err)
	}
	return errors.Join(unhealthy, undone, o.store.Unstage(o.record.Operation))
}

// proveOld asks the checks of the old version once more. That they fail is told, and
// changes nothing: there is nowhere else to go.
func (o *operation) proveOld(ctx context.Context) error {
	if o.record.From.IsZero() {
		return nil
	}
	checks, err := o.gates()
	if err != nil {
		return err
	}
	if err := o.await(ctx, checks); err != nil {
		return fmt.Errorf("the old version runs again, and its check does not hold: %w", err)
	}
	return nil
}

// quarantine keeps the release from being applied again; left is the version that it
// installed.
func (o *operation) quarantine(left manifest.Digest) error {
	if o.record.Statement.IsZero() {
		return nil
	}
	reason := o.record.Reason
	if o.record.Kind == journal.Rollback {
		reason = "somebody asked for the version before it"
	}
	return o.step("quarantine", func() error {
		return o.store.Quarantine(store.Quarantined{Statement: o.record.Statement, Version: left, Hotfix: o.record.Hotfix, Reason: reason, Time: o.now()})
	})
}

// alive is the check that the version that was switched to is what runs, and was not
// started again: then it has crashed.
func (o *operation) alive() aliveCheck { return aliveCheck{o} }

type aliveCheck struct{ o *operation }

func (c aliveCheck) String() string { return "still running" }

func (c aliveCheck) Check(ctx context.Context) error {
	n, err := c.o.countedStarts(c.o.record.Operation)
	if err != nil {
		return err
	}
	if n > c.o.starts {
		return fmt.Errorf("the version was started %d times before it was confirmed, and %d is the limit: it crashes", n, c.o.starts)
	}
	return c.o.stillRuns(ctx)
}

// stillRuns refuses another executable than that of the new version, where the strategy
// can tell what runs.
func (o *operation) stillRuns(ctx context.Context) error {
	to, err := o.version(o.record.To)
	if err != nil {
		return err
	}
	p, err := o.running(ctx)
	if err != nil || p.Digest.IsZero() || p.Digest == to.Digest {
		return nil // that it cannot be told is for the checks to judge
	}
	return fmt.Errorf("process %d runs another version: the new one has ended", p.PID)
}

// reason says in words why recovery goes back.
func reason(r journal.Record, now time.Time, boot string) error {
	switch {
	case r.State == journal.Reverting:
		return errors.New(r.Reason)
	case r.Boot != "" && boot != "" && r.Boot != boot:
		return fmt.Errorf("the system was started anew while the version was %s and not confirmed", r.State)
	case !r.Deadline.IsZero() && !now.Before(r.Deadline):
		return fmt.Errorf("the version was not confirmed by %s", r.Deadline.Format(time.RFC3339))
	}
	return fmt.Errorf("the process that applied it ended while the version was %s", r.State)
}
