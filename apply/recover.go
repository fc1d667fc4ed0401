package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// Recover brings a product back to a settled state after a crash, a power cut or a
// caller that died: what was prepared and not switched is removed; what was switched
// and not confirmed is taken back; what was confirmed is finished. A version that
// somebody else is to confirm is left alone until its deadline, unless the system was
// started anew. It is to run at every start of the system, and can be run at any time.
//
// The outcome is that of the operation that was settled; nil if there was none. A
// store without the product is [ErrNoProduct].
func (h *Host) Recover(ctx context.Context, product string) (outcome *Outcome, err error) {
	err = h.within(ctx, product, func(p *place) error {
		outcome, err = p.recover(ctx, false)
		return err
	})
	return outcome, err
}

// recover settles the last operation. If the service is being started at this moment,
// by whoever asks, only the links are turned: it will start what they lead to.
func (p *place) recover(ctx context.Context, starting bool) (*Outcome, error) {
	last, ok := p.journal.Last()
	if !ok {
		return nil, p.beginAnew()
	}
	o := p.resume(last)
	switch {
	case last.State == journal.Confirmed:
		return nil, p.resumeFinish(ctx, o)
	case last.State == journal.Reverted:
		return nil, p.tidy(ctx)
	case !last.State.Switched():
		return o.interrupted()
	case o.waits() && !starting:
		return nil, p.project(ctx)
	}
	return o.goBack(ctx, starting)
}

// waits reports whether the operation may still be confirmed by somebody else.
func (o *operation) waits() bool {
	r := o.record
	boot := bootID()
	return r.External && r.State == journal.Soaking && o.now().Before(r.Deadline) && (r.Boot == boot || r.Boot == "" || boot == "")
}

func (o *operation) interrupted() (*Outcome, error) {
	cause := fmt.Errorf("the process that applied it ended while it was %s", o.record.State)
	if err := o.abandon(cause); err != nil {
		return nil, err
	}
	return o.outcome(fmt.Sprintf("hotfix %s was given up before the switch: %v", o.record.Hotfix, cause)), o.store.Clean()
}

func (o *operation) goBack(ctx context.Context, starting bool) (*Outcome, error) {
	ctx, cancel := settled(ctx)
	defer cancel()
	cause := reason(o.record, o.now(), bootID())
	linksOnly := starting || o.record.Kind == journal.Adopt // which moves no service
	err := o.leadBack(ctx, cause)
	if err == nil && !linksOnly {
		err = o.bringBack(ctx)
	}
	if err == nil {
		err = o.endRevert(ctx, linksOnly)
	}
	if err != nil {
		return nil, fmt.Errorf("going back from hotfix %s of %s: %w; mend that and run the recovery again", o.record.Hotfix, o.store.Product(), err)
	}
	return o.outcome("the version before is back: " + cause.Error()), o.tidy(ctx)
}

// resumeFinish does again what follows a confirmation, where a crash may have kept it
// from being done.
func (p *place) resumeFinish(ctx context.Context, o *operation) error {
	if exists(o.staging()) {
		if err := o.finish(ctx); err != nil {
			return err
		}
	}
	return p.tidy(ctx)
}

// tidy removes what was left behind, and installs again what a crash kept from being
// installed.
func (p *place) tidy(ctx context.Context) error {
	if err := p.project(ctx); err != nil {
		return err
	}
	return p.store.Clean()
}

// project makes the install path what the current link says, if the operation before
// was interrupted between the two. A file that somebody else put there is left alone.
func (p *place) project(ctx context.Context) error {
	if p.install == "" {
		return nil
	}
	id, v, err := p.current()
	if err != nil || id.IsZero() {
		return err
	}
	digest, _, err := manifest.DigestFile(p.install)
	if exe, _ := v.Executable(); err == nil && digest == exe.Digest {
		return nil
	}
	if err == nil && !p.knows(digest) {
		return nil // drift, which status tells
	}
	return p.step("install", func() error { return p.store.Project(ctx, id, p.install) })
}

// knows reports whether an executable is that of a version in the store.
func (p *place) knows(digest manifest.Digest) bool {
	ids, err := p.store.Versions()
	if err != nil {
		return false
	}
	for _, id := range ids {
		if v, err := p.store.Load(id); err == nil {
			if exe, _ := v.Executable(); exe.Digest == digest {
				return true
			}
		}
	}
	return false
}

// beginAnew settles a store without a journal: a new one, or one whose journal was
// moved away.
func (p *place) beginAnew() error {
	id, err := p.store.Resolve(store.Current)
	if err != nil {
		return err
	}
	if id.IsZero() {
		return p.store.Clean()
	}
	o := p.begin(journal.Adopt)
	o.record.To = id
	if v, err := p.store.Load(id); err == nil {
		o.record.Version = v.Version
	}
	if o.record.From, err = p.store.Resolve(store.Previous); err != nil {
		return err
	}
	return errors.Join(o.advance(journal.Confirmed, "a new journal begins with what is installed"), p.store.Clean())
}

// Guard waits until a version that is not confirmed is, or until it must be taken
// back, and takes it back then. It is what a process that was started by a [Guard]
// does: it outlives the one that applied, and sees it end by the lock that is free.
func (h *Host) Guard(ctx context.Context, product string) (outcome *Outcome, err error) {
	for {
		wait := time.Duration(0)
		err := h.within(ctx, product, func(p *place) (err error) {
			if outcome, err = p.recover(ctx, false); err != nil {
				return err
			}
			if last, ok := p.journal.Last(); ok && !last.State.Ended() {
				wait = max(last.Deadline.Sub(h.now()), time.Second)
			}
			return nil
		})
		switch {
		case errors.Is(err, ErrBusy):
			wait = guardInterval
		case err != nil || wait == 0:
			return outcome, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(min(wait, guardLongest)):
		}
	}
}

const (
	guardInterval = 200 * time.Millisecond // between two looks at a lock that is held
	guardLongest  = 10 * time.Second       // without looking whether it was confirmed meanwhile
)
