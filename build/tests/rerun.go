package tests

import (
	"context"
	"regexp"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
)

// MaxReruns is how many tests are run again. Where more than these newly fail
// it is not by chance.
const MaxReruns = 20

// rerun runs tests that newly fail again, each alone and without coverage. What
// does not compile is not tried again.
func (c *comparison) rerun(ctx context.Context) error {
	left := MaxReruns
	for i := range c.result.Tests {
		t := &c.result.Tests[i]
		if !t.NewlyFails() || t.Fix == policy.NotBuilt || t.Fix == policy.UnknownOutcome || left == 0 {
			continue
		}
		left--
		for n := 0; n < c.reruns && !t.Flaky; n++ {
			outcome, err := c.again(ctx, *t)
			if err != nil {
				return err
			}
			t.Flaky = outcome == policy.Passed
		}
	}
	return nil
}

// again runs a test of the fix.
func (c *comparison) again(ctx context.Context, t policy.Test) (policy.Outcome, error) {
	s, err := c.goTest(ctx, job{side: Fix, packages: []string{t.Package}, pattern: pattern(t.Name)})
	if err != nil {
		return "", err
	}
	run := s.packages[t.Package]
	outcome := run.outcome
	if t.Name != "" && !outcome.Fails() {
		outcome = run.of(t.Name)
	}
	if c.observer != nil {
		c.observer(TestRerun{Path: t.Package, Name: t.Name, Outcome: outcome})
	}
	return outcome, nil
}

// pattern is what -run takes for exactly one test, "" for all.
func pattern(name string) string {
	if name == "" {
		return ""
	}
	elements := strings.Split(name, "/")
	for i, element := range elements {
		elements[i] = "^" + regexp.QuoteMeta(element) + "$"
	}
	return strings.Join(elements, "/")
}
