package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
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
	Through  string        `json:"through"`   // what watched it
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

// soakExtra is how long a fix is watched, beyond the time after which it goes bad: longer
// than the slowest of the faults takes to show.
const soakExtra = 3 * time.Second

// keeper brings a fix to a service and watches it, as somebody on a host does.
type keeper interface {
	name() string
	// begin starts the service with a version that is good.
	begin(ctx context.Context, good binary) error
	// bring returns what was wrong with a fix that was taken back, and how long it had
	// served. It returns an error if nothing was found, or the fix could not be taken back.
	bring(ctx context.Context, fix binary, soak time.Duration) (noticed string, served time.Duration, err error)
}

// keepers are those that are tried: the engine of package apply, which uses the control
// socket, and this program itself through that socket, unless time is short.
func keepers(short bool) []func(*running, string) (keeper, error) {
	all := []func(*running, string) (keeper, error){newEngine, newHand}
	if short {
		return all[:1]
	}
	return all
}

// recovery lets a bad fix take over from a good version under load.
func (t trial) recovery(ctx context.Context, fix bad, good, b binary, newKeeper func(*running, string) (keeper, error)) (r Recovery, err error) {
	dir, err := os.MkdirTemp("", "swaps-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, removeAll(dir)) }()
	s, err := newRunning(dir, lifeOf(wayHotswap), t.roots, t.drain)
	if err != nil {
		return r, err
	}
	k, err := newKeeper(s, dir)
	if err != nil {
		return r, err
	}
	defer func() {
		_, ending := s.end(context.WithoutCancel(ctx))
		err = errors.Join(err, ending)
	}()
	if err := k.begin(ctx, good); err != nil {
		return r, err
	}
	r = Recovery{Fix: fix.name, Excuse: fix.excuse, Through: k.name()}
	return r, r.underLoad(ctx, t, s, func() (err error) {
		r.Noticed, r.Served, err = k.bring(ctx, b, fix.during+soakExtra)
		return err
	})
}

func (r *Recovery) underLoad(ctx context.Context, t trial, s *running, bring func() error) error {
	l, err := startLoad(ctx, mixed(allTraffic()), s.to, t.clients, t.requests, t.pause)
	if err != nil {
		return err
	}
	err = errors.Join(pause(ctx, t.between), bring())
	if err == nil {
		err = l.await(ctx)
	}
	l.end()
	r.Requests, r.Failed, r.Unsent, r.Slowest = l.tally.requests, l.tally.failed(), l.tally.unsent, l.tally.slowest
	r.Reasons = counts(l.tally.reasons)
	health, unwell := askHealth(ctx, s.to.http)
	r.After = health.Version
	return errors.Join(err, unwell)
}
