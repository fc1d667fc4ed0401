package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Row is what became of one kind of traffic during the swaps of one way.
type Row struct {
	Traffic   string        `json:"traffic"`
	Way       string        `json:"way"`
	Swaps     int           `json:"swaps"`
	Rollbacks int           `json:"rollbacks"`
	Requests  int64         `json:"requests"` // or messages
	Failed    int64         `json:"failed"`
	Resent    int64         `json:"resent"`   // by the protocol's own rules, and answered
	Unsent    int64         `json:"unsent"`   // given up by the client before it sent anything; nothing failed them
	Reasons   []Count       `json:"reasons"`  // of the failures
	Versions  []Count       `json:"versions"` // that answered
	Handled   int64         `json:"handled"`  // requests that the processes say they answered; 0 if some could not say
	Twice     int64         `json:"twice"`    // of them more than clients sent
	Swap      Times         `json:"swap"`     // from the command until all new connections are answered by the new version
	Drain     Times         `json:"drain"`    // from then until the old process is gone
	Cut       []string      `json:"cut"`      // drains that did not end well
	Slowest   time.Duration `json:"slowest_ns"`
	Took      time.Duration `json:"took_ns"`
}

// Times are of several swaps.
type Times struct {
	Median time.Duration `json:"median_ns"`
	Max    time.Duration `json:"max_ns"`
}

func timesOf(all []time.Duration) Times {
	if len(all) == 0 {
		return Times{}
	}
	slices.Sort(all)
	return Times{all[len(all)/2], all[len(all)-1]}
}

// plan is how much there is to do.
type plan struct {
	clients          int
	swaps, rollbacks int
	requests         int64         // at least; more if the swaps are not over
	pause            time.Duration // of a client between requests, in the middle
	between          time.Duration // swaps
	drain            time.Duration // timeout
}

// trial swaps a service under load.
type trial struct {
	plan
	versions []binary // two, in turn
	roots    *roots
}

// run returns an error only if the trial itself could not be done.
func (t trial) run(ctx context.Context, kind traffic, name string) (row Row, err error) {
	t.plan = t.of(kind)
	dir, err := os.MkdirTemp("", "swaps-")
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newRunning(dir, lifeOf(name), t.roots, t.drain)
	if err != nil {
		return row, err
	}
	w, err := newWay(name, s)
	if err != nil {
		return row, err
	}
	defer func() {
		handled, ending := s.end(context.WithoutCancel(ctx))
		row.settle(handled)
		err = errors.Join(err, ending, w.close())
	}()
	if err := w.start(ctx, t.versions[0]); err != nil {
		return row, err
	}
	return t.swapAll(ctx, kind, name, s, w)
}

func (t trial) swapAll(ctx context.Context, kind traffic, name string, s *running, w way) (Row, error) {
	begin := time.Now()
	l, err := startLoad(ctx, kind, s.to, t.clients, t.requests, t.pause)
	if err != nil {
		return Row{}, err
	}
	h := &history{trial: t, running: s, way: w}
	err = h.all(ctx)
	if err == nil {
		err = l.await(ctx)
	}
	l.end()
	return Row{
		Traffic: kind.name, Way: name, Swaps: h.swapped, Rollbacks: h.rolledBack,
		Requests: l.tally.requests, Failed: l.tally.failed(), Resent: l.tally.resent, Unsent: l.tally.unsent,
		Reasons: counts(l.tally.reasons), Versions: counts(l.tally.versions),
		Swap: timesOf(h.swapTimes), Drain: timesOf(h.drainTimes), Cut: h.cut,
		Slowest: l.tally.slowest, Took: time.Since(begin),
	}, err
}

// settle compares what the processes answered with what clients sent. Where the service
// was killed nobody knows.
func (r *Row) settle(handled int64) {
	if r.Way != wayHotswap {
		return
	}
	r.Handled = handled
	r.Twice = max(0, handled-(r.Requests-r.Unsent))
}

// history is what the swaps of one trial were like.
type history struct {
	trial
	running               *running
	way                   way
	current               int // of versions
	swapped, rolledBack   int
	swapTimes, drainTimes []time.Duration
	cut                   []string
}

// all makes the swaps, and a rollback after every few.
func (h *history) all(ctx context.Context) error {
	for i := range h.swaps {
		if err := errors.Join(pause(ctx, h.between), h.swap(ctx, i)); err != nil {
			return fmt.Errorf("swap %d: %w", i+1, err)
		}
		if (i+1)*h.rollbacks/h.swaps == h.rolledBack {
			continue
		}
		if err := errors.Join(pause(ctx, h.between), h.rollback(ctx)); err != nil {
			return fmt.Errorf("rollback after swap %d: %w", i+1, err)
		}
	}
	return nil
}

func (h *history) other() int { return (h.current + 1) % len(h.versions) }

func (h *history) swap(ctx context.Context, nth int) error {
	begin := time.Now()
	old, err := h.way.swap(ctx, h.versions[h.other()], nth)
	if err != nil {
		return err
	}
	h.current = h.other()
	if err := h.expect(ctx); err != nil {
		return err
	}
	h.swapTimes = append(h.swapTimes, time.Since(begin))
	h.swapped++
	return h.leave(ctx, old)
}

func (h *history) rollback(ctx context.Context) error {
	taken, err := h.way.rollback(ctx, h.versions[h.other()])
	if err != nil {
		return err
	}
	if err := h.expect(ctx); err != nil {
		return err
	}
	h.rolledBack++
	return h.leave(ctx, taken)
}

// expect requires that a new connection is answered by the current version: the first
// one that is made after hotswap said so. The baselines may drop some.
func (h *history) expect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	for {
		health, err := askHealth(ctx, h.running.to.http)
		if err == nil && health.Version != h.versions[h.current].version {
			err = fmt.Errorf("version %s answers and not %s", health.Version, h.versions[h.current].version)
		}
		if _, strict := h.way.(*hot); err == nil || strict {
			return err
		}
		if waiting := pause(ctx, time.Millisecond); waiting != nil {
			return errors.Join(err, waiting)
		}
	}
}

// leave waits until the old process is gone. That it had to cut something is noted: the
// requests that this cost are counted by the clients.
func (h *history) leave(ctx context.Context, pid int) error {
	begin := time.Now()
	e, err := h.running.gone(ctx, pid)
	if err != nil {
		return err
	}
	if e.Error != "" {
		h.cut = append(h.cut, e.Error)
	}
	h.drainTimes = append(h.drainTimes, max(0, e.At.Sub(begin)))
	return nil
}
