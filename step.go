package hotfix

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/atomicfile"
)

// Step is one part of a run.
type Step string

// The steps of a run, in their order. A step that has nothing to do takes no
// time.
const (
	StepSource   Step = "source"   // find the fix, and export it if it is a revision
	StepBase     Step = "base"     // find what the fix replaces, and build it if it is a revision
	StepProve    Step = "prove"    // rebuild the base from its source, and compare with what runs
	StepChange   Step = "change"   // find what differs between the sources
	StepPolicies Step = "policies" // judge the change, the plans and the proofs
	StepTest     Step = "test"     // run the tests that the change can reach
	StepBuild    Step = "build"    // build the fix for all targets
	StepCompare  Step = "compare"  // compare the executables function by function, and judge that
	StepPack     Step = "pack"     // one full package a target, deltas, SHA256SUMS
	StepSign     Step = "sign"     // the statement over all packages
	StepVerify   Step = "verify"   // what was written, as a host would
	StepPublish  Step = "publish"  // move the finished dist folder to its place
)

// Steps returns all steps in their order.
func Steps() []Step {
	return []Step{
		StepSource, StepBase, StepProve, StepChange, StepPolicies, StepTest,
		StepBuild, StepCompare, StepPack, StepSign, StepVerify, StepPublish,
	}
}

// StepError says which step failed. It wraps the cause.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string { return fmt.Sprintf("%s: %v", e.Step, e.Err) }

func (e *StepError) Unwrap() error { return e.Err }

// Hook is called before or after a step with what the run has established by
// then. An error ends the run as an error of that step would. A hook must not
// change the result.
type Hook func(ctx context.Context, sofar *Result) error

// do runs one step of a run: hooks before it, the step, hooks after it. It
// measures and reports the step, and names it in the error.
func (r *run) do(ctx context.Context, step Step, f func(context.Context) error) error {
	start := time.Now()
	r.emit(StepStarted{Step: step})
	err := r.attempt(ctx, step, f)
	elapsed := time.Since(start)
	r.result.Steps = append(r.result.Steps, StepTime{Step: step, Seconds: elapsed.Seconds()})
	if err != nil {
		err = &StepError{Step: step, Err: withRemedy(withCause(ctx, err))}
		r.result.Failure = &Failure{Step: step, Message: errors.Unwrap(err).Error()}
	}
	r.emit(StepFinished{Step: step, Err: err, Elapsed: elapsed})
	return err
}

// withCause adds why the context ended to an error that only says that it did.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) || !errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// withRemedy says what to do about a full disk, where the part that met it does
// not.
func withRemedy(err error) error {
	if errors.Is(err, build.ErrDiskFull) || !atomicfile.IsFull(err) {
		return err
	}
	return fmt.Errorf("%w: free some space for the output folder, the cache folder and temporary files, or choose others with WithOutput and WithCache, and run it again: %w", build.ErrDiskFull, err)
}

func (r *run) attempt(ctx context.Context, step Step, f func(context.Context) error) error {
	if err := r.runHooks(ctx, "before", r.before[step]); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := f(ctx); err != nil {
		return err
	}
	return r.runHooks(ctx, "after", r.after[step])
}

func (r *run) runHooks(ctx context.Context, when string, hooks []Hook) error {
	for _, hook := range hooks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := hook(ctx, r.result); err != nil {
			return fmt.Errorf("hook %s it: %w", when, err)
		}
	}
	return nil
}
