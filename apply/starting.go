package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gohotfix/hotfix/apply/internal/store"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/internal/filelock"
)

// Starting is to be called before each start of the service, as by ExecStartPre of a
// systemd unit. It counts the starts of a version that is not confirmed: one more than
// [WithStarts] allows and it has crashed, and the version before is the one that
// starts. The same holds if the process that applied it is gone, unless somebody else
// is to confirm it. It returns the version that is to start.
//
// A process that is applying at this moment is not waited for: it sees the count.
func (h *Host) Starting(ctx context.Context, product string) (swap.Version, error) {
	s, err := store.Open(h.root, product)
	if err != nil {
		return swap.Version{}, err
	}
	if err := h.countStart(ctx, s); err != nil {
		return swap.Version{}, err
	}
	if !s.Busy() { // the start is not kept waiting
		err = h.within(ctx, product, func(p *place) error { return p.starting(ctx) })
		if err != nil && !errors.Is(err, ErrBusy) {
			return swap.Version{}, err
		}
	}
	p := &place{Host: h, store: s}
	id, err := s.Resolve(store.Current)
	if err == nil && id.IsZero() {
		err = fmt.Errorf("%w in %s: apply a release first", store.ErrNoVersion, s.Dir())
	}
	if err != nil {
		return swap.Version{}, err
	}
	return p.version(id)
}

// starting settles what can be settled before the service starts.
func (p *place) starting(ctx context.Context) error {
	last, ok := p.journal.Last()
	if !ok || !last.State.Switched() {
		_, err := p.recover(ctx, true)
		return err
	}
	o := p.resume(last)
	n, err := p.countedStarts(last.Operation)
	if err != nil {
		return err
	}
	if o.waits() && n <= p.starts {
		return nil
	}
	_, err = o.goBack(ctx, true)
	return err
}

// startCount is the file "starts".
type startCount struct {
	Operation string `json:"operation"`
	Starts    int    `json:"starts"`
}

// countStart counts a start of a version that is not confirmed. It has a lock of its
// own: the store's is held by whoever is applying, and waits for this very start.
func (h *Host) countStart(ctx context.Context, s *store.Store) (err error) {
	records, err := journal.Read(ctx, s.Path("journal"))
	if err != nil {
		return err
	}
	if len(records) == 0 || !records[len(records)-1].State.Switched() {
		return nil
	}
	lock, err := filelock.Acquire(ctx, s.Path("starts.lock"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	operation := records[len(records)-1].Operation
	n, err := readStarts(s, operation)
	if err != nil {
		return err
	}
	data, err := json.Marshal(startCount{Operation: operation, Starts: n + 1})
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(s.Path("starts"), append(data, '\n'), 0o644)
}

// countedStarts returns how often the version of an operation was started.
func (p *place) countedStarts(operation string) (int, error) {
	return readStarts(p.store, operation)
}

func readStarts(s *store.Store, operation string) (int, error) {
	data, err := atomicfile.ReadFile(s.Path("starts"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var c startCount
	if err := json.Unmarshal(data, &c); err != nil {
		return 0, fmt.Errorf("%s is damaged: %w; remove it", s.Path("starts"), err)
	}
	if c.Operation != operation {
		return 0, nil // of an operation that is over
	}
	return c.Starts, nil
}
