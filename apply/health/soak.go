package health

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// DefaultEvery is the time from one attempt of [Soak] to the next.
const DefaultEvery = time.Second

// ErrNoData says that there was nothing to judge by, which is not a pass.
var ErrNoData = errors.New("no health check was made: no data is not a pass")

// Period says how long checks must hold, and how strictly.
type Period struct {
	For      time.Duration // how long to keep checking; must be positive
	Every    time.Duration // from the start of one attempt of a check to the start of its next; 0: DefaultEvery
	Tolerate int           // failures of one check in a row that are forgiven; 0: none
	Observe  func(Attempt) // called after each attempt, by one goroutine at a time; may be nil
}

// Soak keeps making checks, each on its own, the first attempts at once. It returns
// the [*FailedError] of the first one that fails more often in a row than is
// tolerated, as soon as it does, and nil when an attempt of each that began at the end
// of the period has passed; one that fails then is tried on until it holds or has
// failed too often. An attempt that has begun is let finish, in its own time limit.
// Without checks the error is [ErrNoData]; when ctx is done it wraps ctx's cause.
func Soak(ctx context.Context, checks []Checker, p Period) error {
	p, err := p.withDefaults()
	if err != nil {
		return err
	}
	if len(checks) == 0 {
		return fmt.Errorf("health.Soak: %w", ErrNoData)
	}
	ctx, breach := context.WithCancelCause(ctx)
	defer breach(nil)
	var all sync.WaitGroup
	for _, check := range checks {
		t := &tries{check: check, observe: p.Observe, began: time.Now()}
		all.Go(func() {
			if err := t.soak(ctx, p); err != nil {
				breach(err) // only the first one counts
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func (p Period) withDefaults() (Period, error) {
	switch {
	case p.For <= 0:
		return p, fmt.Errorf("health.Soak: a period of %v: %w", p.For, ErrNoData)
	case p.Every < 0 || p.Tolerate < 0:
		return p, errors.New("health.Soak: a negative interval or tolerance")
	}
	p.Every = orDefault(p.Every, DefaultEvery)
	if observe := p.Observe; observe != nil {
		var mu sync.Mutex
		p.Observe = func(a Attempt) {
			mu.Lock()
			defer mu.Unlock()
			observe(a)
		}
	}
	return p, nil
}

// soak makes one check for the period. What another check's breach cuts short is
// no failure of this one.
func (t *tries) soak(ctx context.Context, p Period) error {
	for end := t.began.Add(p.For); ; {
		began := time.Now()
		next := began.Add(p.Every)
		if began.Before(end) && next.After(end) {
			next = end // the last attempt must be as late as that
		}
		err := t.once(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("soaking: health check %s: %w, after %d attempts", t.check, context.Cause(ctx), t.made)
		case t.failed > p.Tolerate:
			return t.failure()
		case err == nil && !began.Before(end):
			return nil
		}
		sleep(ctx, time.Until(next))
	}
}
