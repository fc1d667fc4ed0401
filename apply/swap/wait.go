package swap

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// limitedTo bounds a step, and says so in the cause if it ends it.
func limitedTo(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %v: %w", limit, context.DeadlineExceeded))
}

// How often something is looked at while it is waited for.
const (
	minPause = 10 * time.Millisecond
	maxPause = 500 * time.Millisecond
)

// poll waits until something holds. If it does not, the error says why, and why
// the wait ended.
func poll(ctx context.Context, holds func() error) error {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		err := holds()
		var final *finalError
		if err == nil || errors.As(err, &final) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; %w", err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// finalError ends a wait: what is waited for will not come any more.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }
