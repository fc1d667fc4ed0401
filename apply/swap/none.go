package swap

import "context"

// Nothing is the strategy of a service that somebody else restarts.
type Nothing struct{}

// None returns the strategy that does nothing: the caller, or the service's own
// schedule, starts the new version. That Swap returns nil then says nothing about
// what runs, and there is no Running to ask.
func None() Nothing { return Nothing{} }

// Swap does nothing. Its error is ctx's, if it is done.
func (Nothing) Swap(ctx context.Context, _ Move) error { return context.Cause(ctx) }

func (Nothing) String() string { return "none: the service is restarted by others" }
