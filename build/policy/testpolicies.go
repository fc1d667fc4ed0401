package policy

import (
	"fmt"
	"slices"
	"strings"
)

// NoNewFailures asks that no test fails on the fix that did not fail on the
// base, and that this is known. Flaky tests, tests that fail on both sides or no
// longer run, and changed files that no test of the host reaches are warnings.
// It is asked [AfterTests].
func NoNewFailures() Policy {
	return of("no-new-failures", func(c Case) []Finding {
		if c.Tests == nil {
			return []Finding{{
				Message: "cannot tell whether the fix breaks a test, since none were run",
				Remedy:  "run the tests that the change can reach",
			}}
		}
		var found []Finding
		for _, why := range c.Tests.Unknown {
			found = append(found, Finding{Message: "cannot tell whether the fix breaks a test: " + why, Remedy: "make the tests run to their end on both sides"})
		}
		for _, t := range c.Tests.Tests {
			found = append(found, testFindings(t, c.Tests.Tests)...)
		}
		return append(found, excluded(c.Tests, Warn)...)
	}).at(AfterTests)
}

// FaultShown asks for a test that shows the fault, as [Test.ShowsFault] says:
// only that proves that the fix mends what it is for. It is asked [AfterTests].
func FaultShown() Policy {
	return of("fault-shown", func(c Case) []Finding {
		switch {
		case c.Tests == nil:
			return []Finding{{
				Message: "cannot tell whether a test shows the fault, since none were run",
				Remedy:  "run the tests that the change can reach",
			}}
		case slices.ContainsFunc(c.Tests.Tests, Test.ShowsFault):
			return nil
		}
		return []Finding{{Message: c.Tests.showNothing(), Remedy: "add a test that fails with the code of the base and passes on the fix"}}
	}).at(AfterTests)
}

// maxUnshown bounds how many reasons a finding repeats.
const maxUnshown = 3

// showNothing says what was run, and showed no fault.
func (t *Tests) showNothing() string {
	if len(t.Packages) == 0 {
		return "no test shows the fault, since the change reaches no package with tests"
	}
	ran := "the package that was tested"
	if n := len(t.Packages); n > 1 {
		ran = fmt.Sprintf("the %d packages that were tested", n)
	}
	reasons := slices.Clone(t.Unshown[:min(len(t.Unshown), maxUnshown)])
	if more := len(t.Unshown) - maxUnshown; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	if len(reasons) == 0 {
		return fmt.Sprintf("no test of %s fails with the code of the base and passes on the fix, so that nothing shows the fault", ran)
	}
	return fmt.Sprintf("cannot tell whether a test of %s shows the fault: %s", ran, strings.Join(reasons, "; "))
}

// testFindings is at most one finding. Of a test that fails with its subtests,
// these say why.
func testFindings(t Test, all []Test) []Finding {
	f := Finding{Severity: Warn, Remedy: "look whether the change makes it so"}
	switch {
	case t.NewlyFails() && slices.ContainsFunc(all, func(sub Test) bool { return sub.NewlyFails() && sub.in(t) }):
		return nil
	case t.NewlyFails():
		f.Severity, f.Message, f.Remedy = Block, fmt.Sprintf("%s %s", t.subject(), t.newly()), "mend the fix, or the test if that is wrong"
	case t.Flaky:
		f.Message, f.Remedy = fmt.Sprintf("%s failed on the fix and passed when it ran again", t.subject()), "make the test steady, and look whether the change made it flaky"
	case t.Fails():
		f.Message, f.Remedy = fmt.Sprintf("%s fails on the base and on the fix, so it says nothing about the change", t.subject()), "mend the test, or find out what else it would have shown"
	case t.NoLongerRuns():
		f.Message, f.Remedy = fmt.Sprintf("%s passed on the base and is %s on the fix", t.subject(), t.Fix), "keep the tests of the base, so that they can be run on the fix"
	default:
		return nil
	}
	if why := t.why(); why != "" && !t.NoLongerRuns() {
		f.Message += ": " + why
	}
	return []Finding{f}
}

// in reports whether a test is a subtest of another.
func (t Test) in(other Test) bool {
	return t.Package == other.Package && other.Name != "" && strings.HasPrefix(t.Name, other.Name+"/")
}

func (t Test) subject() string {
	if t.Name == "" {
		return "package " + t.Package
	}
	return fmt.Sprintf("test %s of package %s", t.Name, t.Package)
}

// newly is how a test newly fails, as the end of a sentence.
func (t Test) newly() string {
	before := ", and on the base it " + map[Outcome]string{
		Passed: "passed", Skipped: "is skipped", Absent: "is not there", UnknownOutcome: "is not known to fail",
	}[t.Base]
	switch t.Fix {
	case NotBuilt:
		return "does not compile with its tests on the fix" + before
	case TimedOut:
		return "runs longer than it may on the fix" + before
	case UnknownOutcome:
		return "has no known result on the fix" + before
	}
	return "fails on the fix" + before
}

// why is the line of what a test printed that says most: that of a panic, or
// else the last that the test wrote itself.
func (t Test) why() string {
	last := ""
	for line := range strings.Lines(t.Output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") {
			return line
		}
		if line != "" && !framing(line) {
			last = line
		}
	}
	return last
}

// framing reports whether a line is one that package testing or the go command
// puts around what a test prints.
func framing(line string) bool {
	return line == "FAIL" || slices.ContainsFunc([]string{"=== ", "--- ", "FAIL\t", "exit status ", "-test.shuffle "}, func(prefix string) bool {
		return strings.HasPrefix(line, prefix)
	})
}

// excluded are findings for changed files that are not compiled on the host.
func excluded(t *Tests, severity Severity) []Finding {
	var found []Finding
	for _, file := range t.Excluded {
		found = append(found, Finding{
			Severity: severity, File: file,
			Message: fmt.Sprintf("cannot tell what the change does here, since the file is not compiled for %s, where the tests ran", t.Target),
			Remedy:  "run the tests on a system that the file is for",
		})
	}
	return found
}

// ChangedLinesCovered asks that tests run at least so many percent of the lines
// of code that the fix adds or changes, and that this is known. Each range of
// lines that they do not run is a finding. Without such lines it passes. It is
// asked [AfterTests].
func ChangedLinesCovered(percent int) Policy {
	r := of("changed-lines-covered", func(c Case) []Finding {
		if c.Tests == nil {
			return []Finding{{
				Message: "cannot tell whether tests run the changed lines, since none were run",
				Remedy:  "run the tests that the change can reach",
			}}
		}
		return slices.Concat(uncounted(c.Tests), excluded(c.Tests, Block), uncovered(c.Tests, percent))
	}).at(AfterTests)
	if percent < 0 || percent > 100 {
		r.invalid = argumentError("ChangedLinesCovered", "%d is no share of lines: give 0 to 100 percent", percent)
	}
	return r
}

func uncounted(t *Tests) []Finding {
	if t.Lines.Err == "" {
		return nil
	}
	return []Finding{{
		Message: "cannot tell whether tests run the changed lines: " + t.Lines.Err,
		Remedy:  "make the tests run to their end on the fix",
	}}
}

func uncovered(t *Tests, percent int) []Finding {
	if t.Lines.Covered*100 >= t.Lines.Total*percent {
		return nil
	}
	share := fmt.Sprintf("tests run %d of %d changed lines, and a hotfix must have %d %% of them run", t.Lines.Covered, t.Lines.Total, percent)
	if len(t.Uncovered) == 0 {
		return []Finding{{Message: share, Remedy: "add tests that run the changed lines"}}
	}
	var found []Finding
	for _, u := range t.Uncovered {
		found = append(found, Finding{
			File: u.File, Line: u.First,
			Message: fmt.Sprintf("no test runs %s: %s", u.lines(), share),
			Remedy:  "add a test that does",
		})
	}
	return found
}

// lines is the range in words.
func (u Uncovered) lines() string {
	text := fmt.Sprintf("line %d", u.First)
	if u.Last > u.First {
		text = fmt.Sprintf("lines %d to %d", u.First, u.Last)
	}
	if u.Function != "" {
		text += " of " + u.Function
	}
	return text
}
