package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// narrator prints the story: numbered steps, indented lines, tables.
type narrator struct {
	out   io.Writer
	steps int
}

func (n *narrator) step(format string, args ...any) {
	if n.steps++; n.steps > 1 {
		fmt.Fprintln(n.out)
	}
	fmt.Fprintf(n.out, "%d. %s\n", n.steps, fmt.Sprintf(format, args...))
}

func (n *narrator) line(format string, args ...any) {
	fmt.Fprintf(n.out, "   %s\n", fmt.Sprintf(format, args...))
}

// table prints rows, the first of which is the header. Quantities stand to the
// right, so that their digits line up.
func (n *narrator) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if isQuantity(rows[len(rows)-1][i]) {
				line.WriteString("  " + padding + cell)
			} else {
				line.WriteString("  " + cell + padding)
			}
		}
		fmt.Fprintln(n.out, " "+strings.TrimRight(line.String(), " "))
	}
}

func isQuantity(cell string) bool {
	return strings.HasSuffix(cell, " MB") || strings.HasSuffix(cell, " s") || strings.HasSuffix(cell, " bytes")
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

func size(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
