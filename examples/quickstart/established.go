package main

import (
	"fmt"
	"strings"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/compare"
)

// established says what the pipeline found out about the fix before it made a
// release of it.
func established(r *hotfix.Result) []string {
	return append(proven(r), append(judged(r), effects(r)...)...)
}

func proven(r *hotfix.Result) []string {
	var targets, lines []string
	for _, t := range r.Targets {
		switch {
		case t.Proof == nil:
		case t.Proof.Verdict == build.Identical:
			targets = append(targets, t.Target.String())
		default:
			lines = append(lines, "Not proven: "+t.Proof.String())
		}
	}
	if len(targets) > 0 {
		lines = append(lines, fmt.Sprintf("Proven: the source of %s makes what runs, byte for byte, on %s.", r.Base.Version, strings.Join(targets, " and ")))
	}
	return lines
}

func judged(r *hotfix.Result) []string {
	var lines []string
	if n := len(r.Policies); n > 0 {
		lines = append(lines, fmt.Sprintf("Judged: %s, of which none forbids the fix; %s.", rules(n), count(len(r.Findings), "finding")))
	}
	if r.Tests != nil {
		fails, shows := 0, 0
		for _, t := range r.Tests.Tests {
			if t.NewlyFails() {
				fails++
			}
			if t.ShowsFault() {
				shows++
			}
		}
		lines = append(lines, fmt.Sprintf("Tested: %d newly fail; the fault is shown by %s, failed with the code of %s and passed with the fix.", fails, count(shows, "test"), r.Base.Version))
	}
	return lines
}

func rules(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return fmt.Sprintf("%d policies", n)
}

// effects tells of the first target alone: the others differ alike.
func effects(r *hotfix.Result) []string {
	const shown = 3
	e := r.Targets[0].Effect
	if e == nil {
		return nil
	}
	var names []string
	for _, f := range e.Functions {
		if f.Status == compare.Edited || f.Status == compare.Added || f.Status == compare.Removed {
			names = append(names, fmt.Sprintf("%s (%s)", f.Name, f.Status))
		}
	}
	line := fmt.Sprintf("Compared: of %s in the executable for %s, the machine code of %d differs", count(e.New.Functions, "function"), r.Targets[0].Target, len(e.Functions))
	if len(names) > 0 {
		line += ": " + strings.Join(names[:min(len(names), shown)], ", ")
	}
	if more := len(names) - shown; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return []string{line + "."}
}
