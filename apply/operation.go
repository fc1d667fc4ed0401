package apply

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// operation is one change of what a product runs, from its first record to its last.
type operation struct {
	*place
	record journal.Record // the last one that was written
}

// begin starts an operation without writing anything yet.
func (p *place) begin(kind journal.Kind) *operation {
	return &operation{place: p, record: journal.Record{Operation: p.newOperation(), Kind: kind}}
}

// resume goes on with the operation of a record.
func (p *place) resume(r journal.Record) *operation { return &operation{place: p, record: r} }

// advance writes the next state down, and returns when it is on the disk.
func (o *operation) advance(state journal.State, text string) error {
	r := o.record
	r.State, r.Time = state, o.now()
	if err := o.step("journal "+string(state), func() error { return o.journal.Append(r) }); err != nil {
		return err
	}
	o.record = r
	o.text("%s", text)
	return nil
}

// text tells the observer and the log what happened.
func (o *operation) text(format string, args ...any) {
	e := Event{Time: o.now(), Product: o.store.Product(), Operation: o.record.Operation, Kind: o.record.Kind, State: o.record.State, Text: fmt.Sprintf(format, args...)}
	o.observer(e)
	o.logger.Info(e.Text, "product", e.Product, "operation", e.Operation, "state", string(e.State))
}

// move describes the operation to a strategy.
func (o *operation) move() (swap.Move, error) {
	from, err := o.version(o.record.From)
	if err != nil {
		return swap.Move{}, err
	}
	to, err := o.version(o.record.To)
	if err != nil {
		return swap.Move{}, err
	}
	m := swap.Move{Product: o.store.Product(), From: from, To: to}
	if left := o.record.Deadline.Sub(o.now()); left > 0 {
		m.ConfirmWithin = max(left.Truncate(time.Second), time.Second)
	}
	return m, nil
}

// version describes an installed version to a strategy; zero stands for none.
func (p *place) version(id manifest.Digest) (swap.Version, error) {
	if id.IsZero() {
		return swap.Version{}, nil
	}
	v, err := p.store.Load(id)
	if err != nil {
		return swap.Version{}, err
	}
	exe, _ := v.Executable()
	return swap.Version{Version: v.Version, Digest: exe.Digest, Path: p.store.ExecutablePath(id, v), Dir: p.store.Folder(id), Link: p.link(exe)}, nil
}

// link is the path by which the service's own configuration names the executable.
func (p *place) link(exe manifest.File) string {
	if p.install != "" {
		return p.install
	}
	return currentPath(p.store, exe.Path)
}

// onlyConfiguration reports whether both versions have one executable.
func onlyConfiguration(m swap.Move) bool { return m.From.Digest == m.To.Digest && m.From.Path != "" }

// do runs the strategy's Swap, or its Reload where that is enough.
func (o *operation) do(ctx context.Context, m swap.Move) error {
	s, err := o.strategy()
	if err != nil {
		return err
	}
	if r, ok := s.(interface {
		Reload(ctx context.Context, m swap.Move) error
	}); ok && onlyConfiguration(m) {
		return r.Reload(ctx, m)
	}
	return s.Swap(ctx, m)
}

// strategy is the host's own, or what the signed package of the newer version says.
func (o *operation) strategy() (Swapper, error) {
	if o.swapper != nil {
		return o.swapper, nil
	}
	plan, err := o.plan(o.planned())
	if err != nil {
		return nil, err
	}
	switch r := plan.Restart; {
	case r == nil:
		return swap.None(), nil
	case r.Unit != "":
		return swap.Systemd(r.Unit)
	default:
		argv, err := resolved(r.Command)
		if err != nil {
			return nil, err
		}
		return swap.Command(argv)
	}
}

// resolved finds the program of a signed command, which may be named without a folder,
// on this host.
func resolved(argv []string) ([]string, error) {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("the command that the package names is not on this host: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return append([]string{path}, argv[1:]...), nil
}

// planned is the version whose package has the plan: of a rollback, the one that is
// left.
func (o *operation) planned() manifest.Digest {
	if o.record.Kind == journal.Rollback {
		return o.record.From
	}
	return o.record.To
}
