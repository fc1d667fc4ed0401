package main

import (
	"fmt"
	"io"
	"runtime"
)

// report prints a table line by line, so that a long run shows where it is.
type report struct{ w io.Writer }

func newReport(w io.Writer) *report { return &report{w: w} }

const (
	header = "%-20s %-36s %9s %8s %7s %7s  %s\n"
	line   = "%-20s %-36s %9.2f %8s %7s %7s  %s\n"
)

func (r *report) begin(module, toolchain string, targets int) {
	fmt.Fprintf(r.w, "%s, %d targets, %s, %d CPUs\n\n", module, targets, toolchain, runtime.NumCPU())
	fmt.Fprintf(r.w, header, "experiment", "what", "CPU s", "peak MiB", "ratio", "limit", "")
}

func (r *report) end() { fmt.Fprintln(r.w) }

// baseline is a line that others are compared with.
func (r *report) baseline(experiment, what string, used cost) {
	fmt.Fprintf(r.w, line, experiment, what, used.cpu.Seconds(), mebibytes(used.peak), "", "", "")
}

// compare is a line with a ratio; a limit of 0 is none.
func (r *report) compare(experiment, what string, used, base cost, limit float64) {
	ratio := used.cpu.Seconds() / base.cpu.Seconds()
	bound, verdict := "", ""
	if limit > 0 {
		bound, verdict = fmt.Sprintf("%.2f", limit), judge(ratio <= limit)
	}
	fmt.Fprintf(r.w, line, experiment, what, used.cpu.Seconds(), mebibytes(used.peak), fmt.Sprintf("%.2f", ratio), bound, verdict)
}

// memory is a line that compares the peak with a budget.
func (r *report) memory(what string, used cost, budget int64) {
	if used.peak == 0 {
		fmt.Fprintf(r.w, line, "memory", what, used.cpu.Seconds(), "", "", "", "not measured on this system")
		return
	}
	ratio := float64(used.peak) / float64(budget)
	fmt.Fprintf(r.w, line, "memory", what, used.cpu.Seconds(), mebibytes(used.peak), fmt.Sprintf("%.2f", ratio), "1.00", judge(ratio <= 1))
}

func judge(holds bool) string {
	if holds {
		return "holds"
	}
	return "MISSED"
}

func mebibytes(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprint(bytes >> 20)
}
