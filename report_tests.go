package hotfix

import (
	"fmt"
	"slices"

	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/internal/page"
)

func (r *Result) testsSection() page.Section {
	s := page.Section{ID: "tests", Title: "Tests"}
	t := r.Tests
	if t == nil {
		s.Blocks = []page.Block{page.Note{Tone: page.Caution, Text: r.noTests()}}
		return s
	}
	s.Mark, s.Count = page.Good, page.Count(testCount(t))
	if r.newlyFailing() > 0 {
		s.Mark = page.Bad
	}
	s.Blocks = []page.Block{note("%s", howTested(t)), testTiles(r.newlyFailing(), t)}
	var unknown []page.Block
	for _, doubt := range testDoubts(t) {
		unknown = append(unknown, page.Note{Tone: page.Caution, Text: doubt})
	}
	s.Blocks = append(s.Blocks, bounded(unknown)...)
	if cards := testCards(t); len(cards) > 0 {
		s.Blocks = append(s.Blocks, cards)
	}
	if len(t.Packages) == 0 {
		s.Blocks = append(s.Blocks, page.Note{Tone: page.Caution, Text: "The change reaches no package with tests, so that none were run."})
	}
	s.Blocks = append(s.Blocks, tables(
		table("Packages whose tests the change can reach", names("Package", "Base", "Fix", "Fix's tests on the base", "#Tests", "#Seconds", "Reached through"), t.Packages, testPackageRow),
		table("Changed lines that no test ran", names("File", "#Lines", "Function"), t.Uncovered, uncoveredRow),
	)...)
	return s
}

// testDoubts are sentences about what the tests do not tell.
func testDoubts(t *policy.Tests) []string {
	var all []string
	for _, u := range t.Unknown {
		all = append(all, "Not known: "+u)
	}
	for _, u := range t.Unshown {
		all = append(all, "Not known in full which tests show the fault: "+u)
	}
	if t.Lines.Err != "" {
		all = append(all, "Not known in full which changed lines were run: "+t.Lines.Err)
	}
	if len(t.Excluded) > 0 {
		all = append(all, "Not compiled for "+t.Target.String()+", so that no test ran them: "+list(t.Excluded))
	}
	return all
}

func (r *Result) noTests() string {
	switch {
	case r.DryRun:
		return "No tests were run: a dry run runs none."
	case !r.ended(StepTest):
		return "No tests were run: " + r.unreached() + "."
	}
	return "No tests were run: the pipeline was not told to run those that the change can reach."
}

func howTested(t *policy.Tests) string {
	text := fmt.Sprintf("The tests that the change can reach were run on the base and on the fix, and where the fix changes tests, these on the code of the base too, on %s, in an order of the seed %d", t.Target, t.Seed)
	if t.Race {
		text += ", with the race detector"
	}
	return text + fmt.Sprintf(". That took %s s.", seconds(t.Seconds))
}

func testCount(t *policy.Tests) int {
	n := 0
	for _, p := range t.Packages {
		n += p.Count
	}
	return n
}

func testTiles(broken int, t *policy.Tests) page.Tiles {
	tiles := page.Tiles{
		{Number: page.Count(broken), Name: "newly failing", Tone: toneIf(broken > 0, page.Bad)},
		{Number: page.Count(len(testsThat(t, policy.Test.ShowsFault))), Name: "showing the fault", Tone: shownTone(t)},
		{Number: page.Count(len(testsThat(t, newlyPasses))), Name: "otherwise newly passing"},
		{Number: page.Count(len(testsThat(t, isFlaky))), Name: "flaky", Tone: toneIf(len(testsThat(t, isFlaky)) > 0, page.Caution)},
		{Number: page.Count(len(testsThat(t, policy.Test.Fails))), Name: "failing on both", Tone: toneIf(len(testsThat(t, policy.Test.Fails)) > 0, page.Caution)},
	}
	covered := page.Tile{Number: "–", Name: "no changed line holds a statement"}
	if l := t.Lines; l.Total > 0 {
		covered = page.Tile{Number: page.Count(l.Covered) + " of " + page.Count(l.Total), Name: "changed lines run by a test", Tone: toneIf(l.Covered < l.Total, page.Caution)}
	}
	return append(tiles, covered)
}

func toneIf(yes bool, tone page.Tone) page.Tone {
	if yes {
		return tone
	}
	return page.Plain
}

// shownTone is good if a test fails on the code of the base and passes on the
// fix, as its author meant it to.
func shownTone(t *policy.Tests) page.Tone {
	if len(testsThat(t, policy.Test.ShowsFault)) > 0 {
		return page.Good
	}
	return page.Caution
}

// newlyPasses reports whether a test failed on the base and passes on the fix,
// and does not show the fault: maybe the test is what was mended.
func newlyPasses(t policy.Test) bool { return t.NewlyPasses() && !t.ShowsFault() }

func isFlaky(t policy.Test) bool { return t.Flaky }

func testsThat(t *policy.Tests, is func(policy.Test) bool) []policy.Test {
	return slices.DeleteFunc(slices.Clone(t.Tests), func(t policy.Test) bool { return !is(t) })
}

// brokenPackages are those that as a whole came to a worse end on the fix, and
// of which no single test says so.
func brokenPackages(t *policy.Tests) []policy.TestPackage {
	told := map[string]bool{}
	for _, test := range t.Tests {
		told[test.Package] = true
	}
	return slices.DeleteFunc(slices.Clone(t.Packages), func(p policy.TestPackage) bool {
		whole := policy.Test{Base: p.Base, Fix: p.Fix}
		return told[p.Path] || !whole.NewlyFails()
	})
}

// testCards are the tests that deserve a look, those that the fix breaks first.
func testCards(t *policy.Tests) page.Cards {
	var cards page.Cards
	for _, p := range brokenPackages(t) {
		cards = append(cards, page.Card{Tone: page.Bad, Badge: "newly failing", Title: p.Path, Text: outcomes(p.Base, p.Fix), Output: p.Output})
	}
	for _, kind := range []struct {
		is    func(policy.Test) bool
		tone  page.Tone
		badge string
	}{
		{policy.Test.NewlyFails, page.Bad, "newly failing"},
		{isFlaky, page.Caution, "flaky"},
		{func(t policy.Test) bool { return t.Fails() && !t.Flaky }, page.Caution, "failing on both"},
		{policy.Test.ShowsFault, page.Good, "shows the fault"},
		{newlyPasses, page.Plain, "newly passing"},
		{isOther, page.Plain, "different"},
	} {
		for _, test := range testsThat(t, kind.is) {
			cards = append(cards, page.Card{Tone: kind.tone, Badge: kind.badge, Title: test.Name, Place: test.Package, Text: outcomes(test.Base, test.Fix) + shownOn(test), Output: test.Output})
		}
	}
	return cards
}

// isOther reports whether a test is of no kind that has a name.
func isOther(t policy.Test) bool {
	return !t.Flaky && !t.NewlyFails() && !t.NewlyPasses() && !t.ShowsFault() && !t.Fails()
}

func outcomes(base, fix policy.Outcome) string {
	return fmt.Sprintf("On the base: %s. On the fix: %s.", outcome(base), outcome(fix))
}

// shownOn tells of the third run of a test, if that says more than the others.
func shownOn(t policy.Test) string {
	if t.Name == "" || t.Shown == t.Base {
		return ""
	}
	return fmt.Sprintf(" As the fix has it, on the code of the base: %s.", outcome(t.Shown))
}

func outcome(o policy.Outcome) string {
	if o == policy.UnknownOutcome {
		return "not known"
	}
	return string(o)
}

func testPackageRow(p policy.TestPackage) []page.Cell {
	through := list(p.Through)
	if len(p.Through) == 1 && p.Through[0] == p.Path {
		through = "its own files"
	}
	return []page.Cell{code(p.Path), outcomeCell(p.Base), outcomeCell(p.Fix), shownCell(p), count(p.Count), text(seconds(p.Seconds)), text(through)}
}

func outcomeCell(o policy.Outcome) page.Cell {
	tone := page.Bad
	switch o {
	case policy.Passed:
		tone = page.Good
	case policy.Skipped, policy.Absent:
		return text(outcome(o))
	case policy.UnknownOutcome:
		tone = page.Caution
	}
	return page.Cell{Text: outcome(o), Tone: tone}
}

// shownCell has no colour: tests that show a fault fail, as they should.
func shownCell(p policy.TestPackage) page.Cell { return text(outcome(p.Shown)) }

func uncoveredRow(u policy.Uncovered) []page.Cell {
	lines := fmt.Sprint(u.First)
	if u.Last > u.First {
		lines = fmt.Sprintf("%d–%d", u.First, u.Last)
	}
	return []page.Cell{code(u.File), text(lines), code(u.Function)}
}

func seconds(s float64) string { return fmt.Sprintf("%.1f", s) }
