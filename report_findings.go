package hotfix

import (
	"time"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
)

func (r *Result) findingsSection() page.Section {
	s := page.Section{ID: "findings", Title: "Findings and policies", Mark: r.findingsTone()}
	if n := len(r.Findings); n > 0 {
		s.Count = page.Count(n)
	}
	if len(r.Policies) == 0 {
		s.Blocks = append(s.Blocks, page.Note{Tone: page.Caution, Text: r.unasked()})
	}
	if len(r.Findings) == 0 && len(r.Policies) > 0 {
		s.Blocks = append(s.Blocks, note("The policies that were asked found nothing."))
	}
	var cards page.Cards
	for _, f := range r.Findings {
		cards = append(cards, findingCard(f))
	}
	if len(cards) > 0 {
		s.Blocks = append(s.Blocks, cards)
	}
	s.Blocks = append(s.Blocks, tables(table("Policies, in the order in which they were asked", names("Policy", "Verdict"), r.Policies, policyRow))...)
	return s
}

func (r *Result) unasked() string {
	if r.Failure != nil && !r.ended(StepPolicies) {
		return "No policy was asked: the run ended before that."
	}
	return "No policy was asked, so that nothing but the checks of the library stands behind this hotfix."
}

func (r *Result) findingsTone() page.Tone {
	if len(r.Findings) == 0 {
		return page.Plain
	}
	if r.Findings.Blocked() {
		return page.Bad
	}
	return page.Caution
}

func findingCard(f policy.Finding) page.Card {
	c := page.Card{Title: f.Rule, Place: f.Position(), Text: f.Message, Facts: []page.Fact{{Name: "What to do", Value: text(f.Remedy)}}}
	c.Tone, c.Badge = severityMark(f)
	if w := f.Waived; w != nil {
		c.Facts = append(c.Facts, page.Fact{Name: "Waived by", Value: page.Cell{Text: w.Who + ", until " + w.Until.UTC().Format(time.DateOnly), Sub: w.Why}})
	}
	return c
}

func severityMark(f policy.Finding) (page.Tone, string) {
	switch {
	case severityOf(f) == policy.Block:
		return page.Bad, "blocks"
	case f.Severity == policy.Warn:
		return page.Caution, "warns"
	case f.Waived != nil:
		return page.Plain, "waived"
	}
	return page.Plain, "info"
}

func policyRow(p PolicyResult) []page.Cell {
	tone := page.Bad
	switch p.Verdict {
	case PolicyPassed:
		tone = page.Good
	case PolicyWaived, PolicyWarned:
		tone = page.Caution
	}
	return []page.Cell{code(p.Rule), {Text: string(p.Verdict), Tone: tone}}
}

func (r *Result) warningsSection() page.Section {
	s := page.Section{ID: "warnings", Title: "Warnings"}
	if len(r.Warnings) == 0 {
		s.Blocks = []page.Block{note("The run warned of nothing.")}
		return s
	}
	s.Mark, s.Count = page.Caution, page.Count(len(r.Warnings))
	for _, w := range r.Warnings[:min(len(r.Warnings), page.MaxRows)] {
		s.Blocks = append(s.Blocks, page.Note{Tone: page.Caution, Text: w})
	}
	if more := len(r.Warnings) - page.MaxRows; more > 0 {
		s.Blocks = append(s.Blocks, note("and %s more: %s", page.Count(more), elsewhere))
	}
	return s
}
