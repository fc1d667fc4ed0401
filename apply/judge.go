package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/audit"
)

// identify finds out what product a release is of, from signatures that hold.
// Whether this host may take it is judged later, with the product's floor.
func (h *Host) identify(ctx context.Context, src Source) (string, error) {
	t, err := h.anyTrust()
	if err != nil {
		return "", err
	}
	v, err := verify.New(h.verifierOptions(t)...)
	if err != nil {
		return "", err
	}
	d, err := src.deliver(ctx, v)
	if err != nil {
		return "", err
	}
	return d.Release.Product, nil
}

// anyTrust returns the trust file of the option, or the one that all products of the
// store have in common: without a product there is no other to take.
func (h *Host) anyTrust() (*verify.Trust, error) {
	if h.trust != nil {
		return h.trust, nil
	}
	products, err := h.Products()
	if err != nil {
		return nil, ErrNoTrust
	}
	if len(products) != 1 {
		return nil, fmt.Errorf("%w; the store has %d products, so it must be given", ErrNoTrust, len(products))
	}
	s, err := store.Open(h.root, products[0])
	if err != nil {
		return nil, err
	}
	return h.trusted(s)
}

func (h *Host) verifierOptions(t *verify.Trust) []verify.Option {
	options := []verify.Option{verify.WithTrust(t), verify.WithClock(h.now)}
	if h.bundles != nil {
		options = append(options, verify.WithBundleVerifier(h.bundles))
	}
	return options
}

// judge decides whether this host takes a release, writes the decision down, and
// remembers what the release proves whether it is installed or not.
func (p *place) judge(ctx context.Context, src Source) (*delivery, verify.Host, error) {
	floor, err := verify.ReadFloor(ctx, p.floorPath(), p.store.Product())
	if err != nil {
		return nil, verify.Host{}, err
	}
	host, err := p.describe()
	if err != nil {
		return nil, verify.Host{}, err
	}
	d, err := p.verdict(ctx, src, floor, host)
	if err == nil {
		err = p.store.CheckQuarantine(d.Statement)
	}
	if recorded := p.audit(ctx, d, err); recorded != nil && err == nil {
		return nil, verify.Host{}, fmt.Errorf("writing the decision down: %w", recorded)
	}
	if err != nil {
		return nil, verify.Host{}, err
	}
	seen, err := d.Seen(floor)
	if err != nil {
		return nil, verify.Host{}, err
	}
	return d, host, p.step("raise the clock of the floor", func() error { return verify.WriteFloor(ctx, p.floorPath(), seen) })
}

func (p *place) describe() (verify.Host, error) {
	id, v, err := p.current()
	if err != nil {
		return verify.Host{}, err
	}
	exe, _ := v.Executable()
	return verify.Host{Name: p.name, Target: p.target, Base: exe.Digest, Empty: id.IsZero()}, nil
}

func (p *place) verdict(ctx context.Context, src Source, floor manifest.Floor, host verify.Host) (*delivery, error) {
	t, err := p.trusted(p.store)
	if err != nil {
		return nil, err
	}
	options := append(p.verifierOptions(t), verify.WithFloor(floor), verify.WithHost(host))
	if len(p.permits) > 0 {
		options = append(options, verify.WithPermits(p.permits...))
	}
	v, err := verify.New(options...)
	if err != nil {
		return nil, err
	}
	d, err := src.deliver(ctx, v)
	if err == nil && d.Release.Product != p.store.Product() {
		err = fmt.Errorf("the release became one of %s while it was being read; take it from a folder that nobody changes", d.Release.Product)
	}
	return d, err
}

// audit writes a decision into the log of the store.
func (p *place) audit(ctx context.Context, d *delivery, decided error) error {
	var result *verify.Result
	if d != nil && decided == nil {
		result = d.Result
	}
	entry := audit.Decision(result, decided)
	entry.Product = cmp.Or(entry.Product, p.store.Product())
	return p.record(ctx, entry)
}

func (p *place) record(ctx context.Context, entry audit.Entry) error {
	options := []audit.Option{audit.WithClock(p.now)}
	if p.name != "" {
		options = append(options, audit.WithHost(p.name))
	}
	log, err := audit.Open(ctx, p.store.Path("audit"), options...)
	if err != nil {
		return err
	}
	return errors.Join(log.Append(ctx, entry), log.Close())
}

// installed returns the record of the very release, if it is what this host runs: then
// there is nothing to do.
func (p *place) installed(d *delivery) (journal.Record, bool) {
	r, ok := p.last(func(r journal.Record) bool { return r.State == journal.Confirmed && r.Statement == d.Statement })
	if !ok || !d.Installed {
		return journal.Record{}, false
	}
	id, err := p.store.Resolve(store.Current)
	return r, err == nil && (r.To.IsZero() || r.To == id)
}

func sortBySize(entries []manifest.Entry) {
	slices.SortStableFunc(entries, func(a, b manifest.Entry) int { return cmp.Compare(a.Size, b.Size) })
}
