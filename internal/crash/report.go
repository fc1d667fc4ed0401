//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sync"
	"text/tabwriter"
)

// report is what was tried and what was found. It is safe for concurrent use.
type report struct {
	mu       sync.Mutex
	Rows     []*row    `json:"rows"`
	Controls []control `json:"controls"`
	Skipped  []string  `json:"skipped,omitempty"`
}

// trialFolder is where a trial was made, which is gone when it is told of.
var trialFolder = regexp.MustCompile(`/[^ ]*/crash-\d+/(trial-\d+|mnt/subject)`)

// row is one operation that was disturbed in one way.
type row struct {
	mu       *sync.Mutex
	Kind     string   `json:"kind"`             // "kill", "EIO", … or the name of a file system
	Subject  string   `json:"subject"`          // the program
	Name     string   `json:"operation"`        // "apply", …
	Points   int      `json:"points"`           // calls of the system, or states of a disk, that there are
	Tried    int      `json:"tried"`            // of them
	Second   int      `json:"second,omitempty"` // recoveries that were killed too
	Failed   int      `json:"failed"`           // trials after which something was wrong
	Failures []string `json:"failures,omitempty"`
}

// control is a mistake that the proof must find, or it proves nothing.
type control struct {
	Mistake string `json:"mistake"`
	Proof   string `json:"proof"`
	Found   int    `json:"found"` // trials in which it showed
	Tried   int    `json:"tried"`
	Example string `json:"example,omitempty"`
}

// noMistake is that of a program in which nothing may be found.
const noMistake = "none"

// maxFailures is how many failures of a row are told.
const maxFailures = 5

func (r *report) row(kind, subject, name string, points int) *row {
	r.mu.Lock()
	defer r.mu.Unlock()
	added := &row{mu: &r.mu, Kind: kind, Subject: subject, Name: name, Points: points}
	r.Rows = append(r.Rows, added)
	return added
}

func (r *row) tried(what string, wrong error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Tried++
	if wrong == nil {
		return
	}
	if r.Failed++; r.Failed <= maxFailures {
		r.Failures = append(r.Failures, trialFolder.ReplaceAllString(what+": "+wrong.Error(), "DIR"))
	}
}

func (r *row) second() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Second++
}

// sums returns how many trials there were, and how many failed.
func (r *report) sums() (tried, failed int) {
	for _, row := range r.Rows {
		tried += row.Tried
		failed += row.Failed
	}
	return tried, failed
}

func (r *report) write(out io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	for _, row := range r.Rows {
		for _, f := range row.Failures {
			fmt.Fprintf(out, "%s, %s: %s\n", row.Subject, row.Name, f)
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tprogram\toperation\tpoints\ttried\trecovery killed too\tfailed")
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", row.Kind, row.Subject, row.Name, row.Points, row.Tried, row.Second, row.Failed)
	}
	tried, failed := r.sums()
	fmt.Fprintf(w, "all\t\t\t\t%d\t\t%d\n\n", tried, failed)
	fmt.Fprintln(w, "mistake that must be found\tby\ttried\tfound\tfor example")
	for _, c := range r.Controls {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", c.Mistake, c.Proof, c.Tried, c.Found, c.Example)
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "skipped: %s\n", s)
	}
	return w.Flush()
}

// verdict is an error if something was wrong, or a mistake was not found.
func (r *report) verdict() error {
	tried, failed := r.sums()
	switch {
	case failed > 0:
		return fmt.Errorf("%d of %d trials failed: see the lines above the table", failed, tried)
	case tried == 0 && len(r.Skipped) == 0:
		return fmt.Errorf("nothing was tried")
	}
	for _, c := range r.Controls {
		if (c.Found > 0) != (c.Mistake != noMistake) {
			return fmt.Errorf("the proof %s found the mistake %q %d times: it is at fault itself", c.Proof, c.Mistake, c.Found)
		}
	}
	return nil
}
