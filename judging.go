package hotfix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/build/tests"
	"github.com/gohotfix/hotfix/target"
)

// BlockedError says that policies forbid the hotfix.
type BlockedError struct {
	Findings policy.Findings // all of the stage, also those that do not block; the gravest first
}

func (e *BlockedError) Error() string {
	blocking := slices.DeleteFunc(slices.Clone(e.Findings), func(f policy.Finding) bool { return !policy.Findings{f}.Blocked() })
	if len(blocking) == 0 {
		return "the hotfix is blocked"
	}
	f := blocking[0]
	text := fmt.Sprintf("the policy %s blocks the hotfix: ", f.Rule)
	if position := f.Position(); position != "" {
		text += position + ": "
	}
	text += f.Message + ": " + f.Remedy
	switch more := len(blocking) - 1; more {
	case 0:
		return text
	case 1:
		return text + " (and 1 more finding blocks it)"
	default:
		return fmt.Sprintf("%s (and %d more findings block it)", text, more)
	}
}

// findChange finds what differs between the sources, and begins the case that
// policies judge.
func (r *run) findChange(ctx context.Context) error {
	if r.old.source == nil {
		return r.sourceNeeded()
	}
	found, err := change.Between(ctx, r.old.source.Tree, r.fix.Tree, r.plan, r.targets...)
	if err != nil {
		return err
	}
	r.result.Change = &found
	r.judged.Change, r.judged.Version, r.judged.Now = found, r.about.version, time.Now()
	r.judged.Base.Toolchain = r.old.toolchain
	if r.judged.Base.Flags, err = r.baseFlags(); err != nil {
		return err
	}
	for _, t := range r.targets {
		plan, err := r.builder.Plan(t)
		if err != nil {
			return err
		}
		r.judged.Plans = append(r.judged.Plans, plan)
	}
	return nil
}

// sourceNeeded refuses to go on where somebody asked for what takes the source
// of the base.
func (r *run) sourceNeeded() error {
	const remedy = "name the revision or the folder that it was built from by WithBaseSourceRevision or WithBaseSourceFolder"
	switch {
	case len(r.policies) > 0:
		return errors.New("the source of the base is not known, so that policies have no change to judge: " + remedy)
	case r.withTests:
		return errors.New("the source of the base is not known, so that nobody can tell which tests the change can reach: " + remedy)
	}
	return nil
}

// plan is how a target is built from one of the two trees.
func (r *run) plan(dir string, t target.Target) (build.Plan, error) {
	if dir == r.old.source.Dir() {
		return r.old.builder.Plan(t)
	}
	return r.builder.Plan(t)
}

// judge asks the policies that need nothing built.
func (r *run) judge(ctx context.Context) error { return r.ask(ctx, policy.BeforeBuild) }

// ask asks the policies of a stage.
func (r *run) ask(ctx context.Context, stage policy.Stage) error {
	var all policy.Findings
	var failed error
	for _, p := range policy.Of(stage, r.policies...) {
		found, err := policy.Check(ctx, r.judged, p)
		failed = cmp.Or(failed, err)
		all = append(all, found...)
		r.result.Policies = append(r.result.Policies, PolicyResult{Rule: p.Rule(), Verdict: verdictOf(found, err)})
	}
	all.Sort()
	for _, f := range all {
		r.emit(Found{Finding: f})
	}
	r.result.Findings = append(r.result.Findings, all...)
	r.result.Findings.Sort()
	if failed != nil {
		return failed
	}
	if all.Blocked() {
		return &BlockedError{Findings: all}
	}
	return nil
}

func verdictOf(found policy.Findings, err error) PolicyVerdict {
	switch {
	case err != nil:
		return PolicyUnchecked
	case len(found) == 0:
		return PolicyPassed
	case found.Blocked():
		return PolicyBlocked
	case slices.ContainsFunc(found, func(f policy.Finding) bool { return f.Severity != policy.Info }):
		return PolicyWarned
	default:
		return PolicyWaived
	}
}

// test runs the tests that the change can reach, and judges them.
func (r *run) test(ctx context.Context) (err error) {
	if !r.withTests {
		return nil
	}
	options := append(slices.Clone(r.tests), tests.WithObserver(func(e tests.Event) { r.emit(Testing{Event: e}) }))
	if r.judged.Tests, err = tests.Compare(ctx, r.old.source.Tree, r.fix.Tree, r.plan, options...); err != nil {
		return err
	}
	r.result.Tests = r.judged.Tests
	return r.ask(ctx, policy.AfterTests)
}
