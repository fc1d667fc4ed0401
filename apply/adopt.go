package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// AdoptedVersion is what an adopted executable has for a version: nobody signed one.
const AdoptedVersion = "adopted"

// Adopt takes over what somebody else installed, so that the next hotfix finds the
// base that runs, and a way back to it. With a path, the executable there is copied
// into the store and becomes current; nothing is restarted. With "", the version that
// the current link leads to is accepted as it is, which ends an [ErrDrift].
func (h *Host) Adopt(ctx context.Context, product, path string) (outcome *Outcome, err error) {
	if _, err := store.Create(h.root, product); err != nil {
		return nil, err
	}
	err = h.within(ctx, product, func(p *place) error {
		if _, err := p.recover(ctx, false); err != nil {
			return err
		}
		outcome, err = p.adopt(ctx, path)
		return err
	})
	return outcome, err
}

func (p *place) adopt(ctx context.Context, path string) (*Outcome, error) {
	o := p.begin(journal.Adopt)
	id, err := p.store.Resolve(store.Current)
	if err != nil {
		return nil, err
	}
	if path == "" {
		o.record.To = id
		if o.record.From, err = p.store.Resolve(store.Previous); err != nil {
			return nil, err
		}
	} else {
		o.record.From = id
		if o.record.To, err = p.store.AdoptFile(ctx, o.record.Operation, path, p.executableName(), AdoptedVersion); err != nil {
			return nil, err
		}
	}
	v, err := p.store.Check(ctx, o.record.To)
	if err != nil {
		return nil, err
	}
	o.record.Version = v.Version
	if err := o.takeIn(); err != nil {
		return nil, err
	}
	return o.outcome(fmt.Sprintf("version %s is taken over as what runs here", o.record.To.Short())), nil
}

// executableName is what packages call the executable unless they are told otherwise, so
// that the path by way of the current link stays the same.
func (p *place) executableName() string {
	if p.target.OS == "windows" {
		return p.store.Product() + ".exe"
	}
	return p.store.Product()
}

// takeIn lets the links lead to what was adopted.
func (o *operation) takeIn() error {
	if err := o.advance(journal.Activating, "the link is about to lead to what is taken over"); err != nil {
		return err
	}
	if err := o.step("point previous", func() error { return o.store.Point(store.Previous, o.record.From) }); err != nil {
		return err
	}
	if err := o.step("point current", func() error { return o.store.Point(store.Current, o.record.To) }); err != nil {
		return err
	}
	return o.advance(journal.Confirmed, "what is installed is taken over")
}

// takeOver requires that what is installed is what the journal says, and adopts what is
// at the install path before the first hotfix.
func (p *place) takeOver(ctx context.Context) error {
	id, err := p.store.Resolve(store.Current)
	if err != nil {
		return err
	}
	if want, ok := p.expected(); ok && want != id {
		return fmt.Errorf("%w: the current link of %s leads to %s, and the journal says %s; let it lead there again, or adopt what is installed", ErrDrift, p.store.Product(), short(id), short(want))
	}
	if p.install == "" {
		return nil
	}
	digest, _, err := manifest.DigestFile(p.install)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case id.IsZero():
		_, err := p.adopt(ctx, p.install)
		return err
	}
	runs, err := p.runs()
	if err == nil && runs != digest {
		err = fmt.Errorf("%w: %s has digest %s, and this host installed %s; adopt it if it is to stay, or put the other back", ErrDrift, p.install, digest, runs)
	}
	return err
}

// expected is the version that the journal says is current.
func (p *place) expected() (manifest.Digest, bool) {
	last, ok := p.journal.Last()
	if !ok {
		return manifest.Digest{}, false
	}
	return expected(last), true
}

// expected is the version that is current after a record.
func expected(r journal.Record) manifest.Digest {
	switch {
	case r.State == journal.Confirmed && !r.To.IsZero(), r.State.Switched() && r.State != journal.Reverting && r.State != journal.Activating:
		return r.To
	}
	return r.From
}
