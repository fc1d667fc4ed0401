package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// result is what -json prints.
type result struct {
	Toolchain string
	CPUs      int
	Rows      []*measured
	Limits    []*limit
}

// table measures pairs and prints a row for each as it goes, so that a long run
// shows where it is, and then what the limits say.
func (b *bench) table(ctx context.Context, chosen []pair) error {
	r := result{Toolchain: toolchain, CPUs: runtime.NumCPU()}
	lines := b.out
	if b.json {
		lines = io.Discard
	}
	fmt.Fprintf(lines, "%s, %d CPUs, the least of %d rounds\n\n", r.Toolchain, r.CPUs, b.rounds)
	fmt.Fprintf(lines, header, "pair", "kind", "new", "bsdiff", "zstd", "ours", "coder", "smaller", "create", "ratio", "peak", "apply", "peak")
	fmt.Fprintf(lines, header, "", "", "bytes", "bytes", "bytes", "bytes", "", "than bsd", "CPU s", "to bsd", "MiB", "s a MB", "of new")
	for _, p := range chosen {
		m, err := b.measure(ctx, p)
		if missing := (*missingError)(nil); errors.As(err, &missing) {
			fmt.Fprintf(lines, "%-26s not measured: %s\n", p, missing.reason)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		r.Rows = append(r.Rows, m)
		m.print(lines)
	}
	r.Limits = judge(r.Rows)
	if b.json {
		encoder := json.NewEncoder(b.out)
		encoder.SetIndent("", "\t")
		return encoder.Encode(r)
	}
	fmt.Fprintln(lines)
	for _, l := range r.Limits {
		l.print(lines)
	}
	return nil
}

const (
	header = "%-26s %-14s %9s %9s %9s %9s %-8s %8s %7s %6s %5s %7s %6s\n"
	line   = "%-26s %-14s %9d %9s %9s %9d %-8s %8s %7.2f %6s %5s %7.4f %6s\n"
)

func (m *measured) print(w io.Writer) {
	fmt.Fprintf(w, line, m.Name+"/"+m.Target, m.Kind, m.New, m.rivalSize(bsdiff), m.rivalSize("zstd"), m.Ours.Size, m.Coder,
		times(m.smaller(), "%.1fx"), m.Ours.Create.CPU, times(m.effort(), "%.2f"), times(float64(m.Ours.Create.Peak>>20), "%.0f"),
		m.applyPerMegabyte(), times(m.applyPeak(), "%.1fx"))
}

func (m *measured) rivalSize(name string) string {
	if rival := m.Rivals[name]; rival != nil {
		return fmt.Sprint(rival.Size)
	}
	return "none"
}

// times prints a figure that may not have been measured.
func times(figure float64, format string) string {
	if figure == 0 {
		return ""
	}
	return fmt.Sprintf(format, figure)
}
