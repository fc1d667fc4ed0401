package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Outcome is what an operation has come to.
type Outcome struct {
	Product   string          `json:"product"`             // whose it is
	Operation string          `json:"operation,omitempty"` // "" if nothing was to be done
	Hotfix    string          `json:"hotfix,omitempty"`    // id
	Version   string          `json:"version,omitempty"`   // that the release gives it
	State     journal.State   `json:"state"`               // confirmed; soaking if somebody else confirms; reverted after a recovery
	From      manifest.Digest `json:"from,omitzero"`       // version that ran before; zero if none did
	To        manifest.Digest `json:"to,omitzero"`         // version that was installed; zero if there is none
	Unchanged bool            `json:"unchanged,omitempty"` // it was installed already
	Deadline  time.Time       `json:"deadline,omitzero"`   // by which a pending version must be confirmed
	Text      string          `json:"text"`                // a sentence for people
}

// outcome is what the operation has come to so far.
func (o *operation) outcome(text string) *Outcome {
	r := o.record
	out := &Outcome{Product: o.store.Product(), Operation: r.Operation, Hotfix: r.Hotfix, Version: r.Version, State: r.State, From: r.From, To: r.To, Text: text}
	if !r.State.Ended() {
		out.Deadline = r.Deadline
	}
	return out
}

// reverted is the error of an operation that had reached a state and was taken back.
func (o *operation) reverted(reached journal.State, cause, after error) error {
	return &RevertedError{Product: o.store.Product(), Hotfix: o.record.Hotfix, State: reached, Err: cause, After: after}
}

// Apply installs the release that a source holds and moves the service to it. When it
// returns without an error, the version is confirmed, or pending if somebody else
// confirms, or was installed before ([Outcome].Unchanged).
//
// After an error the service runs what it ran before, but for a [*RevertedError] with
// After set. Before the switch, errors are those of package verify for a release that
// is refused ([verify.RuleOf]), [ErrTrial], [ErrScript], [ErrNoSpace] and those of the
// store; from then on they are *RevertedErrors. If ctx ends, what was begun is taken
// back.
func (h *Host) Apply(ctx context.Context, src Source) (outcome *Outcome, err error) {
	product, err := h.identify(ctx, src)
	if err != nil {
		return nil, err
	}
	if _, err := store.Create(h.root, product); err != nil {
		return nil, err
	}
	err = h.within(ctx, product, func(p *place) error {
		if err := p.ready(ctx); err != nil {
			return err
		}
		outcome, err = p.apply(ctx, src)
		return err
	})
	return outcome, err
}

// ready recovers what an earlier process left, and requires that nothing is pending
// and that what is installed is what this host installed.
func (p *place) ready(ctx context.Context) error {
	if _, err := p.recover(ctx, false); err != nil {
		return err
	}
	if last, ok := p.journal.Last(); ok && !last.State.Ended() {
		return fmt.Errorf("%w: hotfix %s of %s, until %s; confirm it or roll it back first", ErrPending, last.Hotfix, p.store.Product(), last.Deadline.Format(time.RFC3339))
	}
	return p.takeOver(ctx)
}

func (p *place) apply(ctx context.Context, src Source) (*Outcome, error) {
	d, host, err := p.judge(ctx, src)
	if err != nil {
		return nil, err
	}
	if r, ok := p.installed(d); ok && p.whole(ctx, r.To) {
		out := p.resume(r).outcome(fmt.Sprintf("hotfix %s is installed already; nothing was done", r.Hotfix))
		out.Operation, out.Unchanged = "", true
		return out, nil
	}
	o := p.begin(journal.Apply)
	if o.record.From, err = p.store.Resolve(store.Current); err != nil {
		return nil, err
	}
	o.record.Hotfix, o.record.Version, o.record.Statement = d.Release.ID, d.Release.Version, d.Statement
	if err := o.prepare(ctx, d, host); err != nil {
		return nil, errors.Join(err, o.abandon(err))
	}
	return o.change(ctx)
}

// whole reports whether a version is as it was installed; one that is not is
// installed again.
func (p *place) whole(ctx context.Context, id manifest.Digest) bool {
	if id.IsZero() {
		return true
	}
	_, err := p.store.Check(ctx, id)
	return err == nil
}

// prepare does all that leaves the service alone.
func (o *operation) prepare(ctx context.Context, d *delivery, host verify.Host) error {
	if _, err := o.store.Stage(o.record.Operation); err != nil {
		return err
	}
	if err := o.advance(journal.Receiving, fmt.Sprintf("hotfix %s is allowed here", d.Release.ID)); err != nil {
		return err
	}
	dir, err := o.receive(ctx, d, host)
	if err != nil {
		return err
	}
	if err := o.keepFloor(ctx, d); err != nil {
		return err
	}
	if o.record.To, err = o.assemble(ctx, dir, d); err != nil {
		return err
	}
	if err := o.checkPlan(host); err != nil {
		return err
	}
	if err := o.advance(journal.Verified, "every file is the one that was signed, and on the disk"); err != nil {
		return err
	}
	return o.rehearse(ctx)
}

// checkPlan requires, while nothing has happened yet, that this host can do what the
// plan says, and that it leads back to what runs here.
func (o *operation) checkPlan(host verify.Host) error {
	if o.record.To.IsZero() {
		return nil
	}
	if _, err := o.strategy(); err != nil {
		return err
	}
	if _, err := o.gates(); err != nil {
		return err
	}
	plan, err := o.plan(o.record.To)
	if err != nil || plan.Previous == nil || host.Empty {
		return err
	}
	v, err := o.store.Load(o.record.To)
	if err != nil {
		return err
	}
	if exe, _ := v.Executable(); plan.Previous.Digest != host.Base && exe.Digest != host.Base {
		return fmt.Errorf("the rollback plan of hotfix %s leads back to %s, and %s runs here: have a package made for what runs", o.record.Hotfix, plan.Previous.Digest, host.Base)
	}
	return nil
}

// abandon ends an operation that has not touched the service.
func (o *operation) abandon(cause error) error {
	var errs []error
	if o.record.State != "" {
		o.record.Reason = cause.Error()
		errs = append(errs, o.advance(journal.Reverted, "given up before the switch; nothing was changed"))
	}
	return errors.Join(append(errs, o.store.Unstage(o.record.Operation))...)
}
