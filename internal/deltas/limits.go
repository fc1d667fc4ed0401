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
	Verdict string  // "ok", "MISSED" or "not measured"
}

// set notes what was measured.
func (l *limit) set(got float64) {
	l.Got, l.Verdict = got, "ok"
	if l.AtLeast && got < l.Bound || !l.AtLeast && got > l.Bound {
		l.Verdict = "MISSED"
	}
}

func (l *limit) print(w io.Writer) {
	sign := "<="
	if l.AtLeast {
		sign = ">="
	}
	format := "%.3f"
	if l.Got >= 100 {
		format = "%.0f"
	}
	fmt.Fprintf(w, "%-64s %10s %s %6g %-5s  %s\n", l.What, times(l.Got, format), sign, l.Bound, l.Unit, l.Verdict)
}

// Programs are large from 10 MB and small below 5 MB.
const (
	largeProgram = 10e6 // bytes
	smallProgram = 5e6
)

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
		l.Verdict = "not measured"
		if len(figures) > 0 {
			l.set(p.pick(figures))
		}
		limits = append(limits, &l)
	}
	return limits
}

// promise is a limit of a figure of some of the rows.
type promise struct {
	limit
	rows   func(*measured) bool
	figure func(*measured) float64 // 0 if it was not measured
	pick   func([]float64) float64
}

func promises() []promise {
	large := func(m *measured) bool { return m.Kind == hotfix && m.New >= largeProgram }
	small := func(m *measured) bool { return m.Kind == hotfix && m.New < smallProgram }
	fixes := func(m *measured) bool { return m.Kind != toolchainMinor } // there, everything has changed: it is only measured
	bytes, smaller := func(m *measured) float64 { return float64(m.Ours.Size) }, (*measured).smaller
	most, least := slices.Max[[]float64], slices.Min[[]float64]
	return []promise{
		{limit{What: "hotfix of a program of 10 MB or more, median", Unit: "bytes", Bound: 800}, large, bytes, median},
		{limit{What: "  times smaller than bsdiff, median", Unit: "times", Bound: 100, AtLeast: true}, large, smaller, median},
		{limit{What: "  the largest", Unit: "bytes", Bound: 1500}, large, bytes, most},
		{limit{What: "hotfix of a program below 5 MB, the largest", Unit: "bytes", Bound: 800}, small, bytes, most},
		{limit{What: "  times smaller than bsdiff, median", Unit: "times", Bound: 15, AtLeast: true}, small, smaller, median},
		{limit{What: "patch release, nats v2.14.8 to v2.14.9", Unit: "bytes", Bound: 20000}, named("nats-2.14.9"), bytes, most},
		{limit{What: "minor release, yq v4.53.6 to v4.54.1", Unit: "bytes", Bound: 50000}, named("yq-4.54.1"), bytes, most},
		{limit{What: "Go patch level, age by go1.26.5 to go1.26.8", Unit: "bytes", Bound: 5000}, named("age-go1.26.8"), bytes, most},
		{limit{What: "fix of the standard library, times smaller than bsdiff, the least", Unit: "times", Bound: 10, AtLeast: true}, about(standardLibrary), smaller, least},
		{limit{What: "dependency, times smaller than bsdiff, the least", Unit: "times", Bound: 10, AtLeast: true}, about(dependency), smaller, least},
		{limit{What: "create, CPU against bsdiff, the most but for a Go minor step", Unit: "", Bound: 0.5}, fixes, (*measured).effort, most},
		{limit{What: "apply, CPU a MB of the new file, likewise", Unit: "s", Bound: 0.05}, fixes, (*measured).applyPerMegabyte, most},
		{limit{What: "apply, peak memory over the new file, likewise", Unit: "times", Bound: 4}, fixes, (*measured).applyPeak, most},
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
