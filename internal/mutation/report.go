package main

import (
	"fmt"
	"io"
)

// Report is the result for one package.
type Report struct {
	Package string          `json:"package"`
	Mutants int             `json:"mutants"` // that there are; as many as trials if no sample was asked for
	Score   float64         `json:"score"`   // percentage of those that compile: killed or timed out
	Count   map[Outcome]int `json:"count"`
	Trials  []Trial         `json:"trials"`
}

func newReport(pkg string, mutants int, trials []Trial) Report {
	r := Report{Package: pkg, Mutants: mutants, Count: map[Outcome]int{}, Trials: trials}
	for _, t := range trials {
		r.Count[t.Outcome]++
	}
	found := r.Count[killed] + r.Count[timedOut]
	if compiled := found + r.Count[survived]; compiled > 0 {
		r.Score = 100 * float64(found) / float64(compiled)
	}
	return r
}

func (r Report) write(w io.Writer) error {
	fmt.Fprintf(w, "%s: %d of %d mutants tried: %d killed, %d timed out, %d survived, %d not compiled; score %.1f %%\n",
		r.Package, len(r.Trials), r.Mutants, r.Count[killed], r.Count[timedOut], r.Count[survived], r.Count[notCompiled], r.Score)
	var err error
	for _, t := range r.Trials {
		if t.Outcome == survived {
			_, err = fmt.Fprintln(w, t.Mutant)
		}
	}
	return err
}
