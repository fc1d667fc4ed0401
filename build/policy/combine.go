package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// All makes one policy of several, which is broken if one of them is. Its
// findings are named "rule/part", so that a report says which part it was.
func All(name string, policies ...Policy) Policy {
	p := slices.Clone(policies)
	return rule{name: name, stage: latest(p), invalid: checkParts("All", name, p), check: func(ctx context.Context, c Case) ([]Finding, error) {
		var all []Finding
		var errs []error
		for _, part := range p {
			found, err := ask(ctx, c, part)
			all, errs = append(all, within(name, found)...), append(errs, err)
		}
		return all, errors.Join(errs...)
	}}
}

// Any makes one policy of several, of which one must hold. A policy holds if
// none of its findings blocks; then what else it found is returned. If none
// holds, the findings are those of the policy that blocks with the fewest. If
// none holds and one could not be checked, neither could this one.
func Any(name string, policies ...Policy) Policy {
	p := slices.Clone(policies)
	return rule{name: name, stage: latest(p), invalid: checkParts("Any", name, p), check: func(ctx context.Context, c Case) ([]Finding, error) {
		var failed [][]Finding
		var errs []error
		for _, part := range p {
			found, err := ask(ctx, c, part)
			if err == nil && !blocks(found) {
				return within(name, found), nil
			}
			failed, errs = append(failed, found), append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		return within(name, nearest(failed)), nil
	}}
}

// nearest returns the findings of the policy that came nearest to holding.
func nearest(failed [][]Finding) []Finding {
	best := slices.MinFunc(failed, func(a, b []Finding) int { return cmp.Compare(blocking(a), blocking(b)) })
	found := slices.Clone(best)
	for i := range found {
		found[i].Message += fmt.Sprintf(" (none of %d rules holds, of which one would do; this one is the nearest)", len(failed))
	}
	return found
}

func blocking(found []Finding) int {
	n := 0
	for _, f := range found {
		if f.blocks() {
			n++
		}
	}
	return n
}

// ask checks one policy. Its error is an [*UncheckedError].
func ask(ctx context.Context, c Case, p Policy) ([]Finding, error) {
	if p == nil {
		return nil, &UncheckedError{Rule: "nil", Err: Validate(p)}
	}
	found, err := p.Check(ctx, c)
	if err != nil {
		return found, &UncheckedError{Rule: p.Rule(), Err: err}
	}
	return found, nil
}

// within returns findings with their rules put below another.
func within(name string, found []Finding) []Finding {
	found = slices.Clone(found)
	for i := range found {
		found[i].Rule = name + "/" + found[i].Rule
	}
	return found
}

func checkParts(function, name string, policies []Policy) error {
	if len(policies) == 0 {
		return argumentError(function, "%q has no policies: give it at least one", name)
	}
	return errors.Join(checkName(function, name), Validate(policies...))
}

// AsWarning makes a policy that warns where another blocks. A rule that cannot
// be checked is still an error.
func AsWarning(p Policy) Policy {
	return derived(p, func(_ Case, found []Finding) ([]Finding, error) {
		for i := range found {
			if found[i].blocks() {
				found[i].Severity = Warn
			}
		}
		return found, nil
	})
}

// ErrNoTime says that a waiver could not be checked, since the case does not
// say when it is judged.
var ErrNoTime = errors.New("the case has no time, so nobody can say whether the waiver still holds: set Case.Now")

// Waive makes a policy whose findings are reported and do not block until an
// instant; they carry who waived them and why. After that the policy blocks
// again, and its findings say when the waiver expired.
//
// Who, why and until are required. A case without a time is an error of the
// policy, [ErrNoTime], also if nothing is found.
func Waive(p Policy, who, why string, until time.Time) Policy {
	w := Waiver{Who: strings.TrimSpace(who), Why: strings.TrimSpace(why), Until: until}
	r := derived(p, w.apply)
	if err := w.validate(); err != nil {
		r.invalid = errors.Join(r.invalid, err)
	}
	return r
}

func (w Waiver) validate() error {
	switch {
	case w.Who == "":
		return argumentError("Waive", "nobody takes the blame: name who waives the rule")
	case w.Why == "":
		return argumentError("Waive", "the waiver of %s has no reason: say why the rule may be broken", w.Who)
	case w.Until.IsZero():
		return argumentError("Waive", "the waiver of %s has no end: say until when it holds", w.Who)
	}
	return nil
}

func (w Waiver) apply(c Case, found []Finding) ([]Finding, error) {
	if c.Now.IsZero() {
		return found, ErrNoTime
	}
	for i := range found {
		f := &found[i]
		switch {
		case f.Waived != nil: // an inner waiver has dealt with it
		case c.Now.After(w.Until):
			f.Message += fmt.Sprintf(" (the waiver of %s expired on %s)", w.Who, w.Until.Format(time.DateOnly))
		default:
			f.Severity, f.Waived = Info, &w
		}
	}
	return found, nil
}

// derived makes a policy of the same rule that changes what another found.
func derived(p Policy, change func(Case, []Finding) ([]Finding, error)) rule {
	if p == nil {
		return rule{name: "nil", invalid: Validate(p)}
	}
	return rule{name: p.Rule(), stage: StageOf(p), invalid: Validate(p), check: func(ctx context.Context, c Case) ([]Finding, error) {
		found, err := p.Check(ctx, c)
		if err != nil {
			return found, err
		}
		return change(c, completed(p.Rule(), found))
	}}
}
