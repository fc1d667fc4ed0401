package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
)

// bad is a fix that does not work.
type bad struct {
	name   string // for people
	fault  string // for the linker
	during time.Duration
	excuse string // why requests may fail here, whoever swaps; empty if none may
}

// later is when a version goes bad that is good at first.
func badFixes(later time.Duration) []bad {
	return []bad{
		{"crashes at its start", "crashes", 0, ""},
		{"never gets ready", "never-ready", 0, ""},
		{"listens on other ports", "wrong-port", 0, ""},
		{"fails its health check", "unhealthy", 0, ""},
		{fmt.Sprintf("fails its health check after %v", later), "fails-later:" + later.String(), later, ""},
		{"leaks memory", "leaks", 0, ""},
		{fmt.Sprintf("dies after %v", later), "dies-later:" + later.String(), later, "under way in the process that died"},
	}
}

// Recovery is what became of one bad fix.
type Recovery struct {
	Fix      string        `json:"fix"`
	Noticed  string        `json:"noticed"`   // by what it was found to be bad
	Served   time.Duration `json:"served_ns"` // how long it had all new connections
	Requests int64         `json:"requests"`
	Failed   int64         `json:"failed"`
	Unsent   int64         `json:"unsent"` // see Row
	Reasons  []Count       `json:"reasons"`
	Excuse   string        `json:"excuse,omitempty"` // why requests may have failed
	Slowest  time.Duration `json:"slowest_ns"`
	After    string        `json:"after"` // version that answers in the end
}

// Limits of the gate that a fix has to pass before it is confirmed.
const (
	checkEvery   = 100 * time.Millisecond
	maxMemoryMiB = 192
	soakExtra    = 3 * time.Second // longer than the slowest of the faults takes to show
)

// errMemory is what the gate says of a leak.
var errMemory = errors.New("takes too much memory")

// recovery lets a bad fix take over from a good version under load, and watches it as a
// host would: it is confirmed only after it was well for a while.
func (t trial) recovery(ctx context.Context, fix bad, good, b binary) (r Recovery, err error) {
	dir, err := os.MkdirTemp("", "swaps-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newRunning(dir, lifeOf(wayHotswap), t.roots, t.drain)
	if err != nil {
		return r, err
	}
	defer func() {
		_, ending := s.end(context.WithoutCancel(ctx))
		err = errors.Join(err, ending)
	}()
	h := &hot{running: s, client: hotswap.NewClient(s.control)}
	if err := h.start(ctx, good); err != nil {
		return r, err
	}
	l, err := startLoad(ctx, mixed(allTraffic()), s.to, t.clients, t.requests, t.pause)
	if err != nil {
		return r, err
	}
	r = Recovery{Fix: fix.name, Excuse: fix.excuse}
	err = errors.Join(pause(ctx, t.between), r.attempt(ctx, h, b, fix.during+soakExtra))
	if err == nil {
		err = l.await(ctx)
	}
	l.end()
	r.Requests, r.Failed, r.Unsent, r.Slowest = l.tally.requests, l.tally.failed(), l.tally.unsent, l.tally.slowest
	r.Reasons = counts(l.tally.reasons)
	health, unwell := askHealth(ctx, s.to.http)
	r.After = health.Version
	return r, errors.Join(err, unwell)
}

// attempt returns an error if the fix was not found to be bad, or could not be taken back.
func (r *Recovery) attempt(ctx context.Context, h *hot, b binary, soak time.Duration) error {
	_, err := h.client.Upgrade(ctx, hotswap.Upgrade{Path: b.path, Digest: b.digest, ConfirmWithin: confirmWithin})
	if err != nil {
		r.Noticed = "upgrade refused: " + upgradeReason(err)
		return nil
	}
	begin := time.Now()
	err = watch(ctx, h.to.http, soak)
	r.Served = time.Since(begin)
	if err == nil {
		return fmt.Errorf("a fix that %s was well for %v", r.Fix, soak)
	}
	r.Noticed = err.Error()
	if err := h.client.Revert(ctx); err != nil && !errors.Is(err, hotswap.ErrNoSuccessor) {
		return err // no successor: the old process noticed by itself that it was gone
	}
	return ctx.Err()
}

func upgradeReason(err error) string {
	if u := (*hotswap.UpgradeError)(nil); errors.As(err, &u) {
		return u.Stage + ": " + u.Err.Error()
	}
	return err.Error()
}

// watch returns the first thing that is wrong with the service, or nil after a while.
func watch(ctx context.Context, addr string, soak time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, soak)
	defer cancel()
	for first := 0; ; {
		h, err := askHealth(ctx, addr)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case first != 0 && h.PID != first:
			return fmt.Errorf("%w: process %d answers and not %d", errUnhealthy, h.PID, first)
		case h.Memory > maxMemoryMiB<<20:
			return fmt.Errorf("%w: more than %d MiB", errMemory, maxMemoryMiB)
		}
		first = h.PID
		if pause(ctx, checkEvery) != nil {
			return nil
		}
	}
}
