package hotfix

import (
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
)

// verdict says whether the release may go out. It may only if nothing speaks
// against it: what is not known to be good is not called good.
func (r *Result) verdict() page.Verdict {
	v := page.Verdict{Tone: page.Caution, Points: r.points()}
	blocking, unchecked := len(r.found(policy.Block)), r.policiesThat(PolicyUnchecked)
	switch {
	case r.Findings.Blocked():
		v.Tone, v.Word = page.Bad, "Blocked"
		v.Why = fmt.Sprintf("It must not go out: %s it.", counted(blocking, "finding blocks", "findings block")) + couldNotCheck(unchecked)
	case len(unchecked) > 0:
		v.Tone, v.Word, v.Why = page.Bad, "Blocked", "It must not go out."+couldNotCheck(unchecked)
	case len(r.policiesThat(PolicyBlocked)) > 0:
		v.Tone, v.Word = page.Bad, "Blocked"
		v.Why = "It must not go out: it is blocked by " + list(r.policiesThat(PolicyBlocked)) + "."
	case r.Failure != nil:
		v.Tone, v.Word, v.Why = page.Bad, "Failed", "The run ended early, and nothing was published: "+r.Failure.String()
	case r.DryRun:
		v.Tone, v.Word, v.Why = page.Plain, "Dry run", "Nothing was built, signed or written. Nothing that was looked at blocks the hotfix."
	case len(r.Signers) == 0:
		v.Word, v.Why = "Unsigned", "No host takes it before somebody signs the dist folder. Nothing else blocks it."
	case !r.ended(StepVerify):
		v.Word, v.Why = "Not verified", "What was written has not been verified yet, so that it must not go out."
	default:
		v.Tone, v.Word = page.Good, "May go out"
		v.Why = fmt.Sprintf("Nothing blocks it. It is signed by %s, and what was written was verified as a host does it.", counted(len(r.Signers), "key", "keys"))
		if slices.ContainsFunc(v.Points, func(p page.Point) bool { return p.Tone != page.Good }) {
			v.Tone = page.Caution
			v.Why += " Look at this first:"
		}
	}
	return v
}

// couldNotCheck names the policies that could not be checked.
func couldNotCheck(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return " What could not be checked is not passed: " + list(rules) + "."
}

// String is the failure in one line.
func (f *Failure) String() string {
	if f.Step == "" {
		return f.Message
	}
	return string(f.Step) + ": " + f.Message
}

// ended reports whether a step is behind the run, and did not fail.
func (r *Result) ended(step Step) bool {
	if r.Failure != nil && r.Failure.Step == step {
		return false
	}
	return slices.ContainsFunc(r.Steps, func(s StepTime) bool { return s.Step == step })
}

// unreached says why a step is not behind the run.
func (r *Result) unreached() string {
	if r.Failure != nil {
		return "the run ended before that"
	}
	return "the run has no record of it"
}

// found returns the findings of a severity; one that is none of the three
// counts as the gravest.
func (r *Result) found(severity policy.Severity) policy.Findings {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f policy.Finding) bool { return severityOf(f) != severity })
}

func severityOf(f policy.Finding) policy.Severity {
	if (policy.Findings{f}).Blocked() {
		return policy.Block
	}
	return f.Severity
}

func (r *Result) policiesThat(verdict PolicyVerdict) []string {
	var rules []string
	for _, p := range r.Policies {
		if p.Verdict == verdict {
			rules = append(rules, p.Rule)
		}
	}
	return rules
}

// points are what a reader must know next to the verdict, the gravest first.
func (r *Result) points() []page.Point {
	var points []page.Point
	add := func(yes bool, tone page.Tone, section, text string) {
		if yes {
			points = append(points, page.Point{Tone: tone, Text: text, Section: section})
		}
	}
	waived, warned := len(r.found(policy.Info)), len(r.found(policy.Warn))
	broken := r.newlyFailing()
	add(r.Failure != nil, page.Bad, "run", "The run ended "+r.whereFailed()+"; what comes after that was not done.")
	add(broken > 0, page.Bad, "tests", counted(broken, "test fails that did not before.", "tests fail that did not before."))
	add(r.unproven() > 0, page.Caution, "proof", counted(r.unproven(), "executable", "executables")+" of the base could not be made again from its source: there, the change does not tell all that the fix changes.")
	add(waived > 0, page.Caution, "findings", counted(waived, "finding was waived.", "findings were waived."))
	add(warned > 0, page.Caution, "findings", counted(warned, "finding warns.", "findings warn."))
	add(len(r.Warnings) > 0, page.Caution, "warnings", counted(len(r.Warnings), "warning", "warnings")+" of the run.")
	add(r.unknowns() > 0, page.Caution, "change", counted(r.unknowns(), "thing", "things")+" could not be found out.")
	add(r.Change != nil && r.Change.Fix.Dirty, page.Caution, "change", "The fix holds changes that are in no commit.")
	add(len(r.Policies) == 0, page.Caution, "findings", "No policy was asked.")
	add(r.Tests == nil, page.Caution, "tests", "No tests were run.")
	add(r.Tests != nil && broken == 0, page.Good, "tests", "No test fails that did not before.")
	return points
}

func (r *Result) whereFailed() string {
	if r.Failure == nil || r.Failure.Step == "" {
		return "before its first step"
	}
	return "in the step " + string(r.Failure.Step)
}

// newlyFailing counts the tests and packages that the fix breaks.
func (r *Result) newlyFailing() int {
	if r.Tests == nil {
		return 0
	}
	return len(testsThat(r.Tests, policy.Test.NewlyFails)) + len(brokenPackages(r.Tests))
}

// unproven counts the targets whose base was rebuilt, and came out different.
func (r *Result) unproven() int {
	n := 0
	for _, t := range r.Targets {
		if t.Proof != nil && t.Proof.Verdict != build.Identical && t.Proof.Verdict != build.IdenticalButSignature {
			n++
		}
	}
	return n
}

// unknowns counts what could not be found out about the change, its tests and
// its effects.
func (r *Result) unknowns() int {
	n := 0
	if r.Change != nil {
		n += len(r.Change.Unknown)
		for _, a := range r.Change.Affected {
			if a.Err != "" {
				n++
			}
		}
	}
	if r.Tests != nil {
		n += len(r.Tests.Unknown) + len(r.Tests.Excluded)
		if r.Tests.Lines.Err != "" {
			n++
		}
	}
	for _, t := range r.Targets {
		if t.Effect != nil {
			n += len(t.Effect.Unknown)
		}
	}
	return n
}

// counted is a number with its noun, and a verb if there is one.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return page.Count(n) + " " + many
}
