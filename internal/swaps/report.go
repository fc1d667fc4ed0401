package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what -json prints.
type Report struct {
	Clients    int        `json:"clients"`
	Rows       []Row      `json:"rows"`
	Recoveries []Recovery `json:"recoveries"`
}

func (r *Report) writeJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *Report) writeText(out io.Writer) error {
	var text strings.Builder
	if len(r.Rows) > 0 {
		swaps := newTable("<traffic", "<way", ">swaps", ">rolled back", ">requests", ">failed", ">sent again", ">never sent", ">swap, median", ">max", ">drain, median", ">max", ">slowest request", "<why failed")
		for _, row := range r.Rows {
			swaps.add(row.Traffic, row.Way, row.Swaps, row.Rollbacks, row.Requests, row.Failed, row.Resent, row.Unsent, ms(row.Swap.Median), ms(row.Swap.Max), ms(row.Drain.Median), ms(row.Drain.Max), ms(row.Slowest), most(row.Reasons))
		}
		swaps.write(&text)
	}
	if len(r.Recoveries) > 0 {
		fixes := newTable("<a fix that", "<watched through", "<noticed", ">served for", ">requests", ">failed", ">slowest request", "<then serves", "<why failed")
		for _, c := range r.Recoveries {
			why := most(c.Reasons)
			if c.Failed > 0 && c.Excuse != "" {
				why = c.Excuse + ": " + why
			}
			fixes.add(c.Fix, c.Through, short(c.Noticed), ms(c.Served), c.Requests, c.Failed, ms(c.Slowest), c.After, why)
		}
		fixes.write(&text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// verdict is an error if hotswap failed a request that it could have saved.
func (r *Report) verdict(goodVersion string) error {
	var errs []error
	for _, row := range r.Rows {
		if row.Way != wayHotswap || row.Traffic == idleTraffic().name {
			continue
		}
		if row.Failed > 0 {
			errs = append(errs, fmt.Errorf("%s: %d of %d requests failed: %s", row.Traffic, row.Failed, row.Requests, list(row.Reasons)))
		}
		if row.Twice > 0 {
			errs = append(errs, fmt.Errorf("%s: %d requests were answered more than once", row.Traffic, row.Twice))
		}
		for _, cut := range row.Cut {
			errs = append(errs, fmt.Errorf("%s: a drain ended early: %s", row.Traffic, cut))
		}
	}
	for _, c := range r.Recoveries {
		if c.Failed > 0 && c.Excuse == "" {
			errs = append(errs, fmt.Errorf("a fix that %s: %d of %d requests failed: %s", c.Fix, c.Failed, c.Requests, list(c.Reasons)))
		}
		if c.After != goodVersion {
			errs = append(errs, fmt.Errorf("a fix that %s: version %s serves in the end", c.Fix, c.After))
		}
	}
	return errors.Join(errs...)
}

func list(of []Count) string {
	parts := make([]string, len(of))
	for i, c := range of {
		parts[i] = fmt.Sprintf("%d × %s", c.Times, c.What)
	}
	return strings.Join(parts, "; ")
}

// most is a list for a table, which has the most frequent and no long texts.
func most(of []Count) string {
	const shown = 3
	var parts []string
	for i, c := range of {
		if i == shown {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%d × %s", c.Times, short(c.What)))
	}
	return strings.Join(parts, "; ")
}

// short cuts a text for a table; -json has all of it.
func short(text string) string {
	const longest = 80
	runes := []rune(text)
	if len(runes) <= longest {
		return text
	}
	return string(runes[:longest-1]) + "…"
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond)) }

// table lines up its columns. A heading begins with the side to which its column is set.
type table struct {
	right []bool
	rows  [][]string
}

func newTable(headings ...string) *table {
	t := &table{rows: [][]string{nil}}
	for _, h := range headings {
		t.right = append(t.right, h[0] == '>')
		t.rows[0] = append(t.rows[0], h[1:])
	}
	return t
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.rows = append(t.rows, row)
}

func (t *table) write(out *strings.Builder) {
	widths := make([]int, len(t.right))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.right[i] {
				line.WriteString(space + cell + "  ")
			} else {
				line.WriteString(cell + space + "  ")
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	out.WriteString("\n")
}
