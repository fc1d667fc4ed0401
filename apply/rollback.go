package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Confirm confirms the version that is pending: it stays, and the floor rises. With
// none, it is [ErrNotPending]; after the deadline the version is taken back instead,
// which is a [*RevertedError].
func (h *Host) Confirm(ctx context.Context, product string) (outcome *Outcome, err error) {
	err = h.within(ctx, product, func(p *place) error {
		outcome, err = p.confirmPending(ctx)
		return err
	})
	return outcome, err
}

func (p *place) confirmPending(ctx context.Context) (*Outcome, error) {
	last, ok := p.journal.Last()
	if !ok || last.State.Ended() {
		return nil, fmt.Errorf("%w: %s is settled", ErrNotPending, p.store.Product())
	}
	o := p.resume(last)
	if !o.waits() {
		cause := reason(last, p.now(), bootID())
		_, err := p.recover(ctx, false)
		return nil, o.reverted(last.State, cause, err)
	}
	if err := o.alive().Check(ctx); err != nil {
		return nil, o.reverted(last.State, err, o.revert(ctx, err))
	}
	return o.confirm(ctx, fmt.Sprintf("version %s is confirmed", last.Version))
}

// Rollback brings back the version that ran before the current one, as the journal has
// it, or takes a pending version back. The release that is left goes into quarantine:
// only a new signed one can bring it again. The floor stays where it is.
//
// With nothing to go back to it is [ErrNothingBefore]. If the older version does not
// prove itself either, the newer one is brought back: a [*RevertedError].
func (h *Host) Rollback(ctx context.Context, product string) (outcome *Outcome, err error) {
	err = h.within(ctx, product, func(p *place) error {
		outcome, err = p.rollback(ctx)
		return err
	})
	return outcome, err
}

func (p *place) rollback(ctx context.Context) (*Outcome, error) {
	if last, ok := p.journal.Last(); ok && last.State.Switched() {
		o := p.resume(last)
		if err := o.revert(ctx, errors.New("somebody asked for it")); err != nil {
			return nil, err
		}
		return o.outcome("the version before is back"), nil
	}
	if err := p.ready(ctx); err != nil {
		return nil, err
	}
	o, err := p.way(ctx)
	if err != nil {
		return nil, err
	}
	out, err := o.change(ctx)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// way finds the version to go back to, which must be whole.
func (p *place) way(ctx context.Context) (*operation, error) {
	id, err := p.store.Resolve(store.Current)
	if err != nil {
		return nil, err
	}
	r, ok := p.broughtBy(id)
	if id.IsZero() || !ok || r.From.IsZero() {
		return nil, fmt.Errorf("%w: %s has been at %s from the beginning; apply a release instead", ErrNothingBefore, p.store.Product(), short(id))
	}
	v, err := p.store.Check(ctx, r.From)
	if err != nil {
		return nil, err
	}
	o := p.begin(journal.Rollback)
	o.record.From, o.record.To, o.record.Version = id, r.From, v.Version
	if r.Kind == journal.Apply { // what is left is not applied again
		o.record.Hotfix, o.record.Statement = r.Hotfix, r.Statement
	}
	if _, err := p.store.Stage(o.record.Operation); err != nil {
		return nil, err
	}
	return o, nil
}

func short(id manifest.Digest) string {
	if id.IsZero() {
		return "nothing"
	}
	return "version " + id.Short()
}

// Pin keeps an installed version from being collected; Unpin allows it again. The id is
// that of [Status].
func (h *Host) Pin(ctx context.Context, product string, id manifest.Digest) error {
	return h.within(ctx, product, func(p *place) error { return p.store.Pin(id) })
}

// Unpin allows a version to be collected again.
func (h *Host) Unpin(ctx context.Context, product string, id manifest.Digest) error {
	return h.within(ctx, product, func(p *place) error { return p.store.Unpin(id) })
}
