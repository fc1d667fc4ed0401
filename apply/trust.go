package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/audit"
)

// SetTrust puts a trust file into the product's folder of the store, where the Host finds
// it without [WithTrust]. It is for the first one: a store that has one takes only its
// next version, by [Host.UpdateTrust].
func (h *Host) SetTrust(ctx context.Context, product string, t *verify.Trust) error {
	if _, err := store.Create(h.root, product); err != nil {
		return err
	}
	return h.within(ctx, product, func(p *place) error {
		if exists(p.store.Path("trust.json")) {
			return fmt.Errorf("the store has a trust file for %s already: replace it by its next version, which its root signers have signed", product)
		}
		return p.writeTrust(t)
	})
}

// UpdateTrust replaces the store's trust file by the next version, which the bundles
// are over; see [verify.Trust.Update] for who must have signed it.
func (h *Host) UpdateTrust(ctx context.Context, product string, bundles [][]byte) error {
	return h.within(ctx, product, func(p *place) error {
		now, err := storedTrust(p.store)
		if err != nil {
			return err
		}
		next, err := now.Update(ctx, bundles, p.now())
		if err != nil {
			return err
		}
		if err := p.writeTrust(next); err != nil {
			return err
		}
		return p.record(ctx, audit.Entry{Event: audit.TrustUpdated, Product: product, Reason: fmt.Sprintf("version %d of the trust file holds", next.Version())})
	})
}

func (p *place) writeTrust(t *verify.Trust) error {
	data, err := t.Document().Encode()
	if err != nil {
		return err
	}
	return p.step("write the trust file", func() error { return atomicfile.WriteFile(p.store.Path("trust.json"), data, 0o644) })
}

// Heed takes releases back that a notice names, by the bundles over it: they are not
// installed any more. What runs is left to run; see [Host.Rollback].
func (h *Host) Heed(ctx context.Context, product string, bundles [][]byte) (notice manifest.Notice, err error) {
	err = h.within(ctx, product, func(p *place) error {
		notice, err = p.heed(ctx, bundles)
		return err
	})
	return notice, err
}

func (p *place) heed(ctx context.Context, bundles [][]byte) (manifest.Notice, error) {
	floor, err := p.readFloor(ctx)
	if err != nil {
		return manifest.Notice{}, err
	}
	t, err := p.trusted(p.store)
	if err != nil {
		return manifest.Notice{}, err
	}
	v, err := verify.New(append(p.verifierOptions(t), verify.WithFloor(floor))...)
	if err != nil {
		return manifest.Notice{}, err
	}
	notice, next, err := v.VerifyNotice(ctx, bundles)
	if err == nil && notice.Product != p.store.Product() {
		err = errors.New("the notice is about " + notice.Product + ": give it to that product")
	}
	if err != nil {
		return manifest.Notice{}, err
	}
	if err := p.step("raise the floor", func() error { return verify.WriteFloor(ctx, p.floorPath(), next) }); err != nil {
		return manifest.Notice{}, err
	}
	return notice, p.record(ctx, audit.Entry{Event: audit.Withdrawn, Product: notice.Product, Reason: fmt.Sprintf("%d releases were taken back", len(notice.Withdrawals))})
}
