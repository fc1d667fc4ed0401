package tests

import (
	"maps"
	"slices"

	"github.com/gohotfix/hotfix/build/policy"
)

// merge puts the runs together.
func (c *comparison) merge(base, fix *stream, shown *shown) {
	for _, p := range c.reach.Packages {
		old, now := base.packages[p.Path], fix.packages[p.Path]
		found := policy.TestPackage{Path: p.Path, Through: p.Through, Base: old.whole(), Fix: now.whole(), Shown: shown.whole(p.Path)}
		if now != nil {
			found.Count, found.Seconds = len(now.tests), now.elapsed.Seconds()
			if now.early() {
				found.Output = now.output.String()
			}
		}
		c.result.Packages = append(c.result.Packages, found)
		c.mergePackage(p.Path, old, now)
		c.mergeTests(p.Path, old, now, shown)
		c.result.Unshown = append(c.result.Unshown, shown.doubts(p.Path, now)...)
	}
	c.result.Unshown = append(c.result.Unshown, said(FixTestsOnBase, shown.again)...)
	c.result.Unknown = append(c.result.Unknown, said(Base, base)...)
	c.result.Unknown = append(c.result.Unknown, said(Fix, fix)...)
}

func said(side Side, s *stream) []string {
	var all []string
	for _, why := range s.unknown {
		all = append(all, "on the "+string(side)+", "+why)
	}
	return all
}

// whole is the outcome of a package; nil is one without tests.
func (r *packageRun) whole() policy.Outcome {
	if r == nil {
		return policy.Absent
	}
	return r.outcome
}

// beyond is the outcome of a package without what its tests explain.
func (r *packageRun) beyond() policy.Outcome {
	if r != nil && r.outcome.Fails() && !r.early() && r.anyFails() {
		return policy.Passed
	}
	return r.whole()
}

func (r *packageRun) anyFails() bool {
	for _, test := range r.tests {
		if test.outcome.Fails() {
			return true
		}
	}
	return false
}

// of is the outcome of a test.
func (r *packageRun) of(name string) policy.Outcome {
	switch {
	case r == nil:
		return policy.Absent
	case r.tests[name] != nil:
		return r.tests[name].outcome
	case r.outcome == policy.NotBuilt:
		return policy.NotBuilt
	case r.early():
		return policy.UnknownOutcome
	}
	return policy.Absent
}

// mergePackage lists a package that fails by more than its tests.
func (c *comparison) mergePackage(path string, old, now *packageRun) {
	t := policy.Test{Package: path, Base: old.beyond(), Fix: now.beyond()}
	for _, run := range []*packageRun{now, old} {
		if run != nil && !isGood(run.beyond()) {
			t.Output = run.output.String()
			break
		}
	}
	if !isGood(t.Base) || !isGood(t.Fix) {
		c.result.Tests = append(c.result.Tests, t)
	}
}

func isGood(o policy.Outcome) bool { return !o.Fails() && o != policy.UnknownOutcome }

// mergeTests lists the tests of a package that differ, fail, or show the fault.
func (c *comparison) mergeTests(path string, old, now *packageRun, shown *shown) {
	for _, name := range namesOf(old, now) {
		t := policy.Test{Package: path, Name: name, Base: old.of(name), Fix: now.of(name), Shown: shown.of(path, name)}
		switch {
		case t.ShowsFault():
			t.Output = outputOf(name, shown.run(path))
			c.result.Tests = append(c.result.Tests, t)
		case t.Fix == t.Base && isGood(t.Fix): // as it was
		case now != nil && now.tests[name] == nil && !isGood(t.Fix): // the package says why
		case old != nil && old.tests[name] == nil && t.Base == policy.UnknownOutcome && isGood(t.Fix):
		default:
			t.Output = outputOf(name, now, old)
			c.result.Tests = append(c.result.Tests, t)
		}
	}
}

func namesOf(runs ...*packageRun) []string {
	names := map[string]bool{}
	for _, run := range runs {
		if run != nil {
			for name := range run.tests {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// outputOf is what a test printed on the first side on which it fails.
func outputOf(name string, runs ...*packageRun) string {
	for _, run := range runs {
		if run != nil && run.tests[name] != nil && run.tests[name].outcome.Fails() {
			return run.tests[name].output.String()
		}
	}
	return ""
}
