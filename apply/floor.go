package apply

import (
	"cmp"
	"context"
	"slices"

	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// floorPath is where the floor of the product is.
func (p *place) floorPath() string { return p.store.Path("floor") }

func (p *place) readFloor(ctx context.Context) (manifest.Floor, error) {
	return verify.ReadFloor(ctx, p.floorPath(), p.store.Product())
}

// keepFloor writes down what the floor will be once this is confirmed, so that whoever
// finishes need not judge the release again, which may have expired by then.
func (o *operation) keepFloor(ctx context.Context, d *delivery) error {
	floor, err := o.readFloor(ctx)
	if err != nil {
		return err
	}
	next, err := d.Confirmed(floor)
	if err != nil {
		return err
	}
	data, err := next.Encode()
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(o.staging("floor"), data, 0o600)
}

// raiseFloor raises the floor to the one that was kept. What it learned meanwhile, from
// a notice for example, stays known. A rollback has kept none.
func (o *operation) raiseFloor(ctx context.Context) error {
	if !exists(o.staging("floor")) {
		return nil
	}
	kept, err := verify.ReadFloor(ctx, o.staging("floor"), o.store.Product())
	if err != nil {
		return err
	}
	now, err := o.readFloor(ctx)
	if err != nil {
		return err
	}
	return verify.WriteFloor(ctx, o.floorPath(), higher(now, kept))
}

// higher is the floor that knows what both know.
func higher(a, b manifest.Floor) manifest.Floor {
	if a.Number().Compare(b.Number()) < 0 {
		a.Epoch, a.Sequence, a.Statement = b.Epoch, b.Sequence, b.Statement
	}
	if a.Clock.Before(b.Clock) {
		a.Clock = b.Clock
	}
	a.Trust = max(a.Trust, b.Trust)
	a.Installed = slices.Concat(a.Installed, b.Installed)
	slices.Sort(a.Installed)
	a.Installed = slices.Compact(a.Installed)
	a.Withdrawn = slices.Concat(a.Withdrawn, b.Withdrawn)
	slices.SortStableFunc(a.Withdrawn, func(x, y manifest.Withdrawal) int { return cmp.Compare(x.ID, y.ID) })
	a.Withdrawn = slices.CompactFunc(a.Withdrawn, func(x, y manifest.Withdrawal) bool { return x.ID == y.ID })
	return a
}
