package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// write prints the findings and the tables.
func (t *tally) write(out io.Writer) error {
	for _, f := range t.findings {
		if _, err := fmt.Fprintln(out, f); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, table := range []struct {
		title string
		of    func(topic) string
	}{
		{"alteration", func(k topic) string { return k.kind }},
		{"part", func(k topic) string { return k.about }},
		{"release or document", func(k topic) string { return k.subject }},
	} {
		t.writeTable(w, table.title, table.of)
	}
	writeRow(w, "all", t.total())
	return w.Flush()
}

func (t *tally) total() figures {
	var sum figures
	for _, f := range t.byJob {
		sum.add(f)
	}
	return sum
}

func (t *tally) writeTable(w io.Writer, title string, of func(topic) string) {
	sums := map[string]*figures{}
	for key, f := range t.byJob {
		sum := sums[of(key)]
		if sum == nil {
			sum = &figures{}
			sums[of(key)] = sum
		}
		sum.add(f)
	}
	fmt.Fprintln(w, strings.Join([]string{title, "tried", "accepted", "panics", "the same", "slowest", "most memory", "of measured"}, "\t")+"\t")
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Or(sums[b].tried-sums[a].tried, cmp.Compare(a, b)) })
	for _, name := range names {
		writeRow(w, name, *sums[name])
	}
	fmt.Fprintln(w, strings.Repeat("\t", 8))
}

func writeRow(w io.Writer, name string, f figures) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%v\t%.1f MiB\t%d\t\n", name, f.tried, f.accepted, f.panicked, f.same, f.slowest.Round(10*time.Microsecond), float64(f.memory)/(1<<20), f.measured)
}

// verdict is an error if there is a finding.
func (t *tally) verdict() error {
	sum := t.total()
	switch {
	case sum.tried == 0:
		return errors.New("nothing was tried")
	case sum.accepted > 0 || sum.panicked > 0:
		return fmt.Errorf("%d altered releases were accepted, and %d made the verification panic: see the findings above the tables", sum.accepted, sum.panicked)
	case sum.tooMuch():
		return fmt.Errorf("a refusal took %v and %d bytes, and at most %v and %d are allowed: see the findings above the tables", sum.slowest, sum.memory, maxTime, maxMemory)
	}
	return nil
}
