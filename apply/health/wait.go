package health

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Defaults of Settings.
const (
	// DefaultWithin is how long [Wait] waits.
	DefaultWithin = time.Minute
	// DefaultInterval is the first pause of [Wait].
	DefaultInterval = 100 * time.Millisecond
	// DefaultMaxInterval is the longest pause of [Wait].
	DefaultMaxInterval = 2 * time.Second
)

// Attempt is what one attempt of a check has found.
type Attempt struct {
	Check  string        // name of the check
	Number int           // of the attempt, from 1
	Took   time.Duration // how long it took
	Err    error         // nil: a pass
}

// Settings say how to wait. Their zero value is the defaults.
type Settings struct {
	Within      time.Duration // how long to try; 0: DefaultWithin
	Interval    time.Duration // pause after the first attempt, doubled with each; 0: DefaultInterval
	MaxInterval time.Duration // longest pause; 0: DefaultMaxInterval
	Observe     func(Attempt) // called after each attempt on the caller's goroutine; may be nil
}

// FailedError is a check that did not hold as long as it had to.
type FailedError struct {
	Check    string        // name of the check
	Attempts int           // made in all
	Failed   int           // of them, the last ones that failed in a row
	After    time.Duration // since the first attempt began
	Err      error         // of the last attempt that had an answer, or of the last
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("health check %s failed (the last %d of %d attempts, in %v): %v",
		e.Check, e.Failed, e.Attempts, e.After.Round(time.Millisecond), e.Err)
}

func (e *FailedError) Unwrap() error { return e.Err }

// Wait tries a check until it holds. When the time is up, the error is a
// [*FailedError]; when ctx is done first, it wraps ctx's cause. At least one attempt is
// made in either case, unless ctx is done at the start.
func Wait(ctx context.Context, check Checker, s Settings) error {
	s, err := s.withDefaults()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, s.Within)
	defer cancel()
	t := &tries{check: check, observe: s.Observe, began: time.Now()}
	for pause := s.Interval; ; pause = min(2*pause, s.MaxInterval) {
		if t.once(limited) == nil {
			return nil
		}
		if !sleep(limited, pause) {
			break
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("waiting for health check %s: %w, after %d attempts; the last: %w", check, context.Cause(ctx), t.made, t.last)
	}
	return t.failure()
}

func (s Settings) withDefaults() (Settings, error) {
	if s.Within < 0 || s.Interval < 0 || s.MaxInterval < 0 {
		return s, errors.New("health.Wait: a time of the settings is negative")
	}
	s.Within = orDefault(s.Within, DefaultWithin)
	s.Interval = orDefault(s.Interval, DefaultInterval)
	s.MaxInterval = max(orDefault(s.MaxInterval, DefaultMaxInterval), s.Interval)
	return s, nil
}

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// tries counts the attempts of one check.
type tries struct {
	check   Checker
	observe func(Attempt)
	began   time.Time
	made    int
	failed  int // in a row
	last    error
}

// once makes an attempt. One that was cut short says less than the one before, so
// its error counts only if there is no other.
func (t *tries) once(ctx context.Context) error {
	began := time.Now()
	err := t.check.Check(ctx)
	t.made++
	if err == nil {
		t.failed, t.last = 0, nil
	} else {
		t.failed++
		if t.last == nil || ctx.Err() == nil {
			t.last = err
		}
	}
	if t.observe != nil {
		t.observe(Attempt{Check: t.check.String(), Number: t.made, Took: time.Since(began), Err: err})
	}
	return err
}

func (t *tries) failure() error {
	return &FailedError{Check: t.check.String(), Attempts: t.made, Failed: t.failed, After: time.Since(t.began), Err: t.last}
}

// sleep reports whether the whole pause has passed before ctx was done.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
