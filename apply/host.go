package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// Host installs releases into a store and moves services to them. It is safe for
// concurrent use; of two calls that change one product, in whatever processes, one
// is refused with [ErrBusy].
type Host struct {
	root string
	config
}

// New returns the Host of the store at dir, which is made when the first release is
// applied.
func New(dir string, options ...Option) (*Host, error) {
	h := &Host{root: dir, config: defaults()}
	if dir == "" {
		return nil, errors.New("apply: no store is given: name a folder")
	}
	for _, o := range options {
		if err := o(&h.config); err != nil {
			return nil, fmt.Errorf("apply: %w", err)
		}
	}
	if err := h.complete(); err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	return h, nil
}

// complete checks what the options say together.
func (h *Host) complete() error {
	if h.confirm <= h.wait+h.soak {
		return fmt.Errorf("the new version must be confirmed within %s, and waiting %s and soaking %s take longer: raise WithConfirmWithin", h.confirm, h.wait, h.soak)
	}
	if h.external && h.guard == nil {
		return errors.New("WithExternalConfirmation needs WithGuard: without one nobody goes back if the confirmation never comes")
	}
	return nil
}

// Products returns the products in the store, by name.
func (h *Host) Products() ([]string, error) {
	entries, err := os.ReadDir(h.root)
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	var products []string
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(h.root, e.Name(), "format")); err == nil {
			products = append(products, e.Name())
		}
	}
	slices.Sort(products)
	return products, nil
}

// place is a product's folder that this process alone may change.
type place struct {
	*Host
	store   *store.Store
	journal *journal.Journal
	lock    *filelock.Lock
}

// enter takes the lock of a product and opens its journal.
func (h *Host) enter(ctx context.Context, s *store.Store) (*place, error) {
	lock, err := s.Lock(ctx)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(ctx, s.Path("journal"))
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return &place{Host: h, store: s, journal: j, lock: lock}, nil
}

func (p *place) leave() error {
	return errors.Join(p.journal.Close(), p.lock.Release())
}

// within runs f in a product's folder, which must exist.
func (h *Host) within(ctx context.Context, product string, f func(*place) error) (err error) {
	s, err := store.Open(h.root, product)
	if err != nil {
		return err
	}
	p, err := h.enter(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.leave()) }()
	return f(p)
}

// step does something durable. Tests fail it, or end the process before or after it.
func (p *place) step(name string, do func() error) error {
	if err := p.trip("before " + name); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return p.trip("after " + name)
}

// current returns the version that is current and its executable; zero if there is
// none.
func (p *place) current() (manifest.Digest, store.Version, error) {
	id, err := p.store.Resolve(store.Current)
	if err != nil || id.IsZero() {
		return id, store.Version{}, err
	}
	v, err := p.store.Load(id)
	return id, v, err
}

// runs returns the digest of the executable that is current.
func (p *place) runs() (manifest.Digest, error) {
	_, v, err := p.current()
	if err != nil {
		return manifest.Digest{}, err
	}
	exe, _ := v.Executable()
	return exe.Digest, nil
}

// trusted returns the trust file in force: that of the option, or that of the store.
func (h *Host) trusted(s *store.Store) (*verify.Trust, error) {
	if h.trust != nil {
		return h.trust, nil
	}
	return storedTrust(s)
}

func storedTrust(s *store.Store) (*verify.Trust, error) {
	data, err := atomicfile.ReadFile(s.Path("trust.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoTrust
	}
	if err != nil {
		return nil, err
	}
	return verify.ParseTrust(data)
}

// last returns the last record with the given state and version, or false.
func (p *place) last(match func(journal.Record) bool) (journal.Record, bool) {
	for _, r := range slices.Backward(p.journal.Records()) {
		if match(r) {
			return r, true
		}
	}
	return journal.Record{}, false
}

// broughtBy returns the record by which a version came: not one by which it came back.
func (p *place) broughtBy(id manifest.Digest) (journal.Record, bool) {
	return p.last(func(r journal.Record) bool {
		return r.State == journal.Confirmed && r.To == id && r.Kind != journal.Rollback
	})
}

// newOperation names an operation by the time and the place in the journal.
func (p *place) newOperation() string {
	last, _ := p.journal.Last()
	return fmt.Sprintf("%s-%d", p.now().UTC().Format("20060102T150405Z"), last.N+1)
}

// settled gives a call which must be done a time limit of its own, whatever became of
// the caller's context: going back is not given up because somebody stopped waiting.
func settled(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), revertTime)
}

// revertTime bounds going back, and what follows a confirmation.
const revertTime = 5 * time.Minute
