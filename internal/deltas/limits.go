package main

import (
	"fmt"
	"io"
	"slices"
)

// limit is what the project promises of some rows, and what they gave.
type limit struct {
	What    string
	Unit    string
	Bound   float64
	AtLeast bool    // the bound is a lower one
	Got     float64 // 0 if nothing was measured
	Of      int     // rows that it was found from
}

func (l *limit) holds() bool {
	if l.AtLeast {
		return l.Got >= l.Bound
	}
	return l.Got <= l.Bound
}

func (l *limit) print(w io.Writer) {
	sign, verdict := "<=", "MISSED"
	if l.AtLeast {
		sign = ">="
	}
	switch {
	case l.Of == 0:
		fmt.Fprintf(w, "%-62s %10s %-2s %8g %-8s not measured\n", l.What, "", sign, l.Bound, l.Unit)
		return
	case l.holds():
		verdict = "ok"
	}
	fmt.Fprintf(w, "%-62s %10.5g %-2s %8g %-8s %s\n", l.What, l.Got, sign, l.Bound, l.Unit, verdict)
}

// Programs are large from 10 MB and small below 5 MB.
const (
	largeProgram = 10e6
	smallProgram = 5e6
)

// choice is a figure of some of the rows.
type choice struct {
	rows   func(*measured) bool
	figure func(*measured) float64 // 0 if it was not measured
	pick   func([]float64) float64
}

// judge sets the rows against all limits.
func judge(rows []*measured) []*limit {
	var limits []*limit
	for _, p := range promises() {
		var figures []float64
		for _, m := range rows {
			if !p.rows(m) {
				continue
			}
			if f := p.figure(m); f > 0 {
				figures = append(figures, f)
			}
		}
		l := p.limit
		if l.Of = len(figures); l.Of > 0 {
			l.Got = p.pick(figures)
		}
		limits = append(limits, &l)
	}
	return limits
}

type promise struct {
	limit
	choice
}

func promises() []promise {
	large := func(m *measured) bool { return m.Kind == hotfix && m.New >= largeProgram }
	small := func(m *measured) bool { return m.Kind == hotfix && m.New < smallProgram }
	all := func(*measured) bool { return true }
	create := func(m *measured) float64 { return m.effort() }
	bytes := func(m *measured) float64 { return float64(m.Ours.Size) }
	return []promise{
		{limit{What: "hotfix of a program of 10 MB or more, median", Unit: "bytes", Bound: 800}, choice{large, bytes, median}},
		{limit{What: "  times smaller than bsdiff, median", Unit: "times", Bound: 100, AtLeast: true}, choice{large, (*measured).smaller, median}},
		{limit{What: "  the largest", Unit: "bytes", Bound: 1500}, choice{large, bytes, slices.Max[[]float64]}},
		{limit{What: "hotfix of a program below 5 MB, the largest", Unit: "bytes", Bound: 800}, choice{small, bytes, slices.Max[[]float64]}},
		{limit{What: "  times smaller than bsdiff, the least", Unit: "times", Bound: 15, AtLeast: true}, choice{small, (*measured).smaller, slices.Min[[]float64]}},
		{limit{What: "patch release, nats v2.14.8 to v2.14.9", Unit: "bytes", Bound: 20000}, choice{named("nats-2.14.9"), bytes, slices.Max[[]float64]}},
		{limit{What: "minor release, yq v4.53.6 to v4.54.1", Unit: "bytes", Bound: 50000}, choice{named("yq-4.54.1"), bytes, slices.Max[[]float64]}},
		{limit{What: "Go patch level, age by go1.26.5 to go1.26.8", Unit: "bytes", Bound: 5000}, choice{named("age-go1.26.8"), bytes, slices.Max[[]float64]}},
		{limit{What: "fix of the standard library, times smaller than bsdiff, the least", Unit: "times", Bound: 10, AtLeast: true}, choice{about(standardLibrary), (*measured).smaller, slices.Min[[]float64]}},
		{limit{What: "dependency, times smaller than bsdiff, the least", Unit: "times", Bound: 10, AtLeast: true}, choice{about(dependency), (*measured).smaller, slices.Min[[]float64]}},
		{limit{What: "create, CPU against bsdiff, the most", Unit: "", Bound: 0.5}, choice{all, create, slices.Max[[]float64]}},
		{limit{What: "apply, CPU a MB of the new file, the most", Unit: "s", Bound: 0.05}, choice{all, (*measured).applyPerMegabyte, slices.Max[[]float64]}},
		{limit{What: "apply, peak memory over the new file, the most", Unit: "times", Bound: 4}, choice{all, (*measured).applyPeak, slices.Max[[]float64]}},
	}
}

func named(name string) func(*measured) bool {
	return func(m *measured) bool { return m.Name == name }
}

func about(k kind) func(*measured) bool {
	return func(m *measured) bool { return m.Kind == k }
}

// median is the middle of several figures, or the mean of the two in the middle.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
