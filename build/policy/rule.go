package policy

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// ArgumentError says which constructor of a policy was given what it cannot
// use. [Validate] returns it before anything is checked, and so does every
// Check of that policy, so that a policy with a mistake never passes.
type ArgumentError struct {
	Func   string // as "MaxLines"
	Reason string // what is wrong and what to do
}

func (e *ArgumentError) Error() string { return fmt.Sprintf("policy: %s: %s", e.Func, e.Reason) }

// rule is a policy made of a function. A copy of it with an error in invalid
// checks nothing.
type rule struct {
	name    string
	check   func(context.Context, Case) ([]Finding, error)
	invalid error
	stage   Stage
}

// Func makes a policy of a function, which must be safe for concurrent use.
// What a finding leaves empty is filled in: Rule with the name of the policy,
// Severity with [Block]. The name is made of lower-case letters, digits and
// hyphens.
func Func(name string, check func(context.Context, Case) ([]Finding, error)) Policy {
	r := rule{name: name, check: check, invalid: checkName("Func", name)}
	if check == nil {
		r.invalid = errors.Join(r.invalid, argumentError("Func", "the policy has no function: give it one"))
	}
	return r
}

// of makes a stock policy, whose function needs no context and cannot fail.
func of(name string, check func(Case) []Finding) rule {
	return rule{name: name, check: func(_ context.Context, c Case) ([]Finding, error) { return check(c), nil }}
}

// unless returns the policy, which is invalid if err is not nil.
func (r rule) unless(err error) rule {
	r.invalid = err
	return r
}

// at returns the policy, which is asked at a stage.
func (r rule) at(stage Stage) rule {
	r.stage = stage
	return r
}

func (r rule) Rule() string { return r.name }

func (r rule) Stage() Stage { return r.stage }

func (r rule) Validate() error { return r.invalid }

func (r rule) Check(ctx context.Context, c Case) ([]Finding, error) {
	if r.invalid != nil {
		return nil, r.invalid
	}
	found, err := r.check(ctx, c)
	return completed(r.name, found), err
}

// completed returns copies of findings with a rule and a severity.
func completed(name string, found []Finding) []Finding {
	var all []Finding
	for _, f := range found {
		if f.Rule == "" {
			f.Rule = name
		}
		if f.Severity == "" {
			f.Severity = Block
		}
		all = append(all, f)
	}
	return all
}

// Validate reports what is wrong with policies before they are asked: all that
// is, joined. A policy of one's own takes part if it has a method Validate.
func Validate(policies ...Policy) error {
	var errs []error
	for _, p := range policies {
		if p == nil {
			errs = append(errs, argumentError("Validate", "one of the policies is nil: leave it out"))
			continue
		}
		if v, ok := p.(interface{ Validate() error }); ok {
			errs = append(errs, v.Validate())
		}
	}
	return errors.Join(errs...)
}

func argumentError(function, format string, args ...any) error {
	return &ArgumentError{Func: function, Reason: fmt.Sprintf(format, args...)}
}

func checkName(function, name string) error {
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(name) {
		return argumentError(function, "%q does not name a rule: use lower-case letters, digits and hyphens, as %q", name, "only-auth")
	}
	return nil
}

// blocks reports whether any finding forbids the hotfix.
func blocks(found []Finding) bool { return Findings(found).Blocked() }

// cannotTell are the findings for what could not be found out about a part.
func cannotTell(c Case, part Part) []Finding {
	var found []Finding
	for _, u := range c.Change.Unknown {
		if u.Part == part {
			found = append(found, Finding{
				File:    u.File,
				Message: fmt.Sprintf("cannot tell whether the rule holds, since the %s are not known in full: %s", u.Part.plural(), u.Why),
				Remedy:  "make base and fix readable, so that they can be compared",
			})
		}
	}
	return found
}

// plural is the part as the subject of "are".
func (p Part) plural() string {
	if p == PartAPI {
		return "differences of the " + string(p)
	}
	return string(p)
}
