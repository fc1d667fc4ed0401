package tests

import (
	"context"
	"regexp"
	"strings"

	"github.com/gohotfix/hotfix/build/policy"
)

// MaxReruns is how many tests are run again. Where more than these newly fail
// it is not by chance, and the rest is not tried.
const MaxReruns = 20

// rerun runs tests that newly fail again, each alone and without coverage. A
// test with subtests that fail runs with each of these.
func (c *comparison) rerun(ctx context.Context) error {
	if c.reruns == 0 {
		return nil
	}
	failing := c.failing()
	stays, left := map[*policy.Test]bool{}, MaxReruns
	for _, t := range failing {
		if hasSub(t, failing) {
			continue
		}
		passed := map[string]bool{}
		if left--; left >= 0 {
			var err error
			if passed, err = c.again(ctx, t); err != nil {
				return err
			}
		}
		for _, around := range failing {
			if (around == t || isSub(t, around)) && !passed[around.Name] {
				stays[around] = true
			}
		}
	}
	for _, t := range failing {
		t.Flaky = !stays[t]
	}
	return nil
}

// failing are the tests that newly fail and can be run again.
func (c *comparison) failing() []*policy.Test {
	var all []*policy.Test
	for i := range c.result.Tests {
		if t := &c.result.Tests[i]; t.NewlyFails() && (t.Fix == policy.Failed || t.Fix == policy.TimedOut) {
			all = append(all, t)
		}
	}
	return all
}

func hasSub(t *policy.Test, all []*policy.Test) bool {
	for _, other := range all {
		if isSub(other, t) {
			return true
		}
	}
	return false
}

func isSub(t, of *policy.Test) bool {
	return t.Package == of.Package && of.Name != "" && strings.HasPrefix(t.Name, of.Name+"/")
}

// again runs a test of the fix until it passes, and returns which tests passed;
// "" is the package.
func (c *comparison) again(ctx context.Context, t *policy.Test) (map[string]bool, error) {
	passed := map[string]bool{}
	for n := 0; n < c.reruns && !passed[t.Name]; n++ {
		s, err := c.goTest(ctx, job{side: Fix, packages: []string{t.Package}, pattern: pattern(t.Name)})
		if err != nil {
			return nil, err
		}
		run := s.packages[t.Package]
		passed[""] = passed[""] || run.outcome == policy.Passed
		for name, test := range run.tests {
			passed[name] = passed[name] || run.outcome == policy.Passed && test.outcome == policy.Passed
		}
		c.tell(TestRerun{Path: t.Package, Name: t.Name, Passed: passed[t.Name]})
	}
	return passed, nil
}

func (c *comparison) tell(e Event) {
	if c.observer != nil {
		c.observer(e)
	}
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
