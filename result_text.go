package hotfix

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// String returns the result as a table for people.
func (r *Result) String() string {
	var b strings.Builder
	b.WriteString(r.headline() + "\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tBASE\tEXECUTABLE\tBYTES\tPACKAGE\tBYTES\tSTATE")
	for _, t := range r.Targets {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Target, short(t.Base), short(t.Executable), size(t.Executable), dash(t.Package), number(t.Size), t.state())
	}
	w.Flush()
	for _, line := range slices.Concat(r.deltaLines(), r.judgedLines(), r.provenLines(), r.testedLines(), r.effectLines()) {
		b.WriteString(line + "\n")
	}
	for _, warning := range r.Warnings {
		b.WriteString("warning: " + warning + "\n")
	}
	return b.String()
}

// deltaLines tell how little a host needs that has the right base.
func (r *Result) deltaLines() []string {
	var lines []string
	for _, t := range r.Targets {
		for _, d := range t.Deltas {
			lines = append(lines, fmt.Sprintf("%s: from %s: %s, full %s", t.Target, d.From.Version, page.Bytes(d.Size), page.Bytes(t.Size)))
		}
	}
	return lines
}

// judgedLines are the findings, below how many policies said what.
func (r *Result) judgedLines() []string {
	if len(r.Policies) == 0 {
		return nil
	}
	var counts []string
	for _, v := range []PolicyVerdict{PolicyPassed, PolicyWaived, PolicyWarned, PolicyBlocked, PolicyUnchecked} {
		if n := len(r.policiesThat(v)); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	lines := []string{"policies: " + strings.Join(counts, ", ")}
	for _, f := range r.Findings {
		lines = append(lines, "  "+f.String())
	}
	return lines
}

func (r *Result) provenLines() []string {
	var lines []string
	for _, t := range r.Targets {
		switch {
		case t.Proof == nil:
		case t.Proof.Verdict == build.Identical:
			lines = append(lines, fmt.Sprintf("proven: what runs on %s is what the base's source makes", t.Target))
		default:
			lines = append(lines, "not proven: "+page.Clean(t.Proof.String()))
		}
	}
	return lines
}

func (r *Result) testedLines() []string {
	if r.Tests == nil {
		return nil
	}
	var said []string
	for _, kind := range []struct {
		one, many string
		is        func(policy.Test) bool
	}{
		{"newly fails", "newly fail", policy.Test.NewlyFails}, {"shows the fault", "show the fault", policy.Test.ShowsFault}, {"newly passes", "newly pass", newlyPasses},
		{"fails as before", "fail as before", policy.Test.Fails}, {"is flaky", "are flaky", func(t policy.Test) bool { return t.Flaky }},
	} {
		if n := len(testsThat(r.Tests, kind.is)); n > 0 {
			said = append(said, counted(n, kind.one, kind.many))
		}
	}
	if said == nil {
		said = []string{"they say the same on base and fix"}
	}
	line := fmt.Sprintf("tests of %s: %s", counted(len(r.Tests.Packages), "package", "packages"), strings.Join(said, ", "))
	if lines := r.Tests.Lines; lines.Total > 0 {
		line += fmt.Sprintf("; they run %d of %s", lines.Covered, counted(lines.Total, "changed line", "changed lines"))
	}
	return []string{line}
}

// effectLines tell for each target what differs in the executable: in numbers,
// and by name if it is little.
func (r *Result) effectLines() []string {
	var lines []string
	for _, t := range r.Targets {
		if t.Effect == nil || t.Effect.Identical {
			continue
		}
		const shown = 5
		names := []string{}
		for _, f := range t.Effect.Functions {
			names = append(names, string(f.Status)+" "+f.Name)
		}
		line := fmt.Sprintf("%s: of %d functions %s", t.Target, t.Effect.New.Functions, counted(len(names), "differs", "differ"))
		if len(names) > 0 {
			line += ": " + strings.Join(names[:min(len(names), shown)], ", ")
		}
		if more := len(names) - shown; more > 0 {
			line += fmt.Sprintf(" and %d more, see report.html", more)
		}
		lines = append(lines, page.Clean(line))
	}
	return lines
}

func (r *Result) headline() string {
	verb := "made"
	if r.DryRun {
		verb = "would make"
	}
	line := fmt.Sprintf("%s %s %s (%s, %s)", verb, r.Product, r.Version, manifest.FormatSequence(r.Epoch, r.Sequence), r.Created.Format("2006-01-02 15:04:05 MST"))
	if r.Base.Version != "" {
		line += ", a fix of " + r.Base.Version
	}
	if r.Toolchain != "" {
		line += ", built by " + r.Toolchain
	}
	return line
}

func (t TargetResult) state() string {
	switch {
	case t.Executable == nil:
		return "planned"
	case t.Built:
		return "built"
	case t.Packed:
		return "unchanged, packed"
	default:
		return "unchanged"
	}
}

func short(b *manifest.Binary) string {
	if b == nil {
		return "-"
	}
	return b.Digest.Short()
}

func size(b *manifest.Binary) string {
	if b == nil {
		return "-"
	}
	return number(b.Size)
}

func number(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
