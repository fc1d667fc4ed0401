package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
)

// Case is what policies judge: a change, how the fix is to be built, and what is
// known of both by the [Stage] at which a policy is asked.
type Case struct {
	Change  Change
	Version string       // of the result, as "v1.4.2+hotfix.1"
	Plans   []build.Plan // one a target; none if nothing is built
	Base    Build        // how the base was built
	Fix     Build        // how the fix is or was built
	Now     time.Time    // for waivers, which end; with the zero time no waiver can be checked

	Proofs  []*build.Proof    // that the base's source makes what runs; one a target, nil if nobody tried
	Tests   *Tests            // nil before [AfterTests], and if none were run
	Effects []*compare.Report // what differs between the executables; one a target, nil before [AfterBuild]
}

// Build is what the build info of an executable, or a plan, says about how it
// was made.
type Build struct {
	Toolchain string   // as "go1.26.8"; "" if unknown
	Flags     []string // as [build.Plan.Flags] lists them; nil if unknown
}

// Policy is a rule. A policy is immutable and safe for concurrent use.
type Policy interface {
	// Rule names the policy in findings and waivers, as "no-module-changes".
	Rule() string
	// Check returns what breaks the rule, nil if nothing does. The error says
	// that the rule could not be checked; it is never taken for a pass.
	Check(ctx context.Context, c Case) ([]Finding, error)
}

// Severity says what follows from a finding.
type Severity string

// Severities, the gravest first.
const (
	Block Severity = "block" // the hotfix must not be made
	Warn  Severity = "warn"  // somebody should look
	Info  Severity = "info"  // broken, but waived
)

// Finding is one place where a rule is broken.
type Finding struct {
	Rule     string   `json:"rule"` // name of the policy
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"` // as in [File].Path
	Line     int      `json:"line,omitempty"` // from 1; 0 for the file as a whole
	Message  string   `json:"message"`        // what is wrong, with which value
	Remedy   string   `json:"remedy"`         // what to do, as an imperative
	Waived   *Waiver  `json:"waived,omitempty"`
}

// Waiver says who takes the blame for a broken rule, why, and until when.
type Waiver struct {
	Who   string    `json:"who"`   // role or name
	Why   string    `json:"why"`   // in words
	Until time.Time `json:"until"` // from then on the waiver has no effect
}

func (f Finding) blocks() bool { return f.Severity != Warn && f.Severity != Info }

// Position is where the finding is, as "server/opts.go:12", or "".
func (f Finding) Position() string {
	if f.File == "" || f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// String is the finding in one line.
func (f Finding) String() string {
	text := string(f.Severity) + ": " + f.Rule + ": "
	if position := f.Position(); position != "" {
		text += position + ": "
	}
	text += f.Message + ": " + f.Remedy
	if f.Waived != nil {
		text += fmt.Sprintf(" (waived by %s until %s: %s)", f.Waived.Who, f.Waived.Until.Format(time.DateOnly), f.Waived.Why)
	}
	return oneLine(text)
}

// oneLine replaces what would break a line or control a terminal: paths are
// the names of files, which may hold anything.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Findings are the findings of several policies.
type Findings []Finding

// Blocked reports whether one of the findings forbids the hotfix. A severity
// that is none of the three does, so that a misspelt one lets nothing pass.
func (fs Findings) Blocked() bool {
	return slices.ContainsFunc(fs, Finding.blocks)
}

// Check asks every policy, and returns all findings, the gravest first. An
// error names the policy that could not be checked; the findings of the others
// are returned with it.
func Check(ctx context.Context, c Case, policies ...Policy) (Findings, error) {
	var all Findings
	var failed error
	for _, p := range policies {
		found, err := ask(ctx, c, p)
		failed = cmp.Or(failed, err)
		all = append(all, found...)
	}
	all.Sort()
	return all, failed
}

// Sort puts the gravest first, and then by rule and position.
func (fs Findings) Sort() {
	order := []Severity{Block, Warn, Info}
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity)),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
		)
	})
}

// UncheckedError says that a policy could not be checked. It is returned by
// [Check] and by every policy that is made of others.
type UncheckedError struct {
	Rule string // name of the policy
	Err  error  // why it could not be checked
}

func (e *UncheckedError) Error() string {
	return fmt.Sprintf("policy %s could not be checked: %v", e.Rule, e.Err)
}

// Unwrap returns the cause.
func (e *UncheckedError) Unwrap() error { return e.Err }
