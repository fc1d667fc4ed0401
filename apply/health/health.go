package health

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Checker asks a service once whether it is well.
type Checker interface {
	// Check returns nil if it is. It must end when ctx does.
	Check(ctx context.Context) error
	// String names the check in messages and reports.
	String() string
}

// Probe is a check of this package.
type Probe struct {
	name    string
	timeout time.Duration
	attempt func(context.Context) error
}

// Check makes one attempt, within the time limit of the probe or what ctx leaves of
// it. The error is one sentence that does not repeat the name of the check; it wraps
// [context.DeadlineExceeded] if time was up.
func (p *Probe) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, &slowError{limit: p.timeout})
	defer cancel()
	err := p.attempt(ctx)
	var slow *slowError
	if err == nil || ctx.Err() == nil || errors.As(err, &slow) {
		return err
	}
	if cause := context.Cause(ctx); errors.As(cause, &slow) {
		return fmt.Errorf("%w: %w", slow, err)
	}
	return fmt.Errorf("stopped: %w", context.Cause(ctx))
}

func (p *Probe) String() string { return p.name }

// slowError is a check that took longer than its own time limit.
type slowError struct{ limit time.Duration }

func (e *slowError) Error() string { return fmt.Sprintf("no answer within %v", e.limit) }

func (*slowError) Unwrap() error { return context.DeadlineExceeded }
