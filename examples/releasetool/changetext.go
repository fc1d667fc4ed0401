package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build/policy"
)

// tables writes sections of lined-up rows. A section without rows is left out.
type tables struct{ strings.Builder }

func section[T any](t *tables, title string, rows []T, cells func(T) []string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(t, "\n%s\n", title)
	w := tabwriter.NewWriter(t, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		printed := cells(row)
		for i := range printed {
			printed[i] = printable(printed[i])
		}
		fmt.Fprintln(w, "  "+strings.TrimRight(strings.Join(printed, "\t"), "\t"))
	}
	_ = w.Flush() // a strings.Builder takes everything
}

// printable keeps the names of files, which may hold anything, from moving the
// cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// changeText is the change and what policies say to it, for people.
func changeText(r *hotfix.Result) string {
	c := r.Change
	t := &tables{}
	ancestry := map[policy.Ancestry]string{
		policy.UnknownAncestry: "how they stand to each other is not known", policy.Descends: "the fix descends from the base",
		policy.Precedes: "the fix is older than the base", policy.Diverged: "the base has commits that the fix lacks",
	}[c.Ancestry]
	fmt.Fprintf(t, "%s, from %s to %s: %s\n", printable(cmp.Or(c.Main, c.Module)), revisionText(c.Base), revisionText(c.Fix), ancestry)
	if len(c.Files) == 0 {
		fmt.Fprintln(t, "no file differs")
	}
	section(t, "files", c.Files, fileCells)
	section(t, "packages and functions", c.Packages, func(p policy.Package) []string {
		return []string{string(p.Status), p.Path, strings.Join(p.Functions, ", ")}
	})
	section(t, "targets", c.Affected, affectedCells)
	section(t, "modules", c.Modules, func(m policy.Module) []string {
		return []string{m.String(), cmp.Or(m.License, "licence not known")}
	})
	section(t, "go.mod", c.Directives, func(d policy.Directive) []string {
		return []string{d.Name, cmp.Or(d.Old, "absent"), "now " + cmp.Or(d.New, "absent")}
	})
	section(t, "exported API", c.API, apiCells)
	section(t, "new imports", c.Imports, func(i policy.Import) []string {
		return []string{fmt.Sprintf("%s:%d", i.File, i.Line), i.Path}
	})
	section(t, "notes", c.Notes, func(n policy.Note) []string {
		return []string{string(n.Status), string(n.Kind), n.Name, place(n.File, n.Line)}
	})
	section(t, "not known", c.Unknown, func(u policy.Unknown) []string { return []string{string(u.Part), u.File, u.Why} })
	t.WriteString(findingsText(r.Findings))
	return t.String()
}

// findingsText lists findings, the gravest first.
func findingsText(findings policy.Findings) string {
	if len(findings) == 0 {
		return "\nno findings\n"
	}
	t := &tables{}
	section(t, "findings", findings, func(f policy.Finding) []string { return []string{f.String()} })
	return t.String()
}

func revisionText(r policy.Revision) string {
	const shown = 12
	text := printable(r.Name)
	if r.Commit != "" {
		text += " (" + r.Commit[:min(shown, len(r.Commit))]
		if r.Dirty {
			text += " with changes that are in no commit"
		}
		text += ")"
	}
	return text
}

func fileCells(f policy.File) []string {
	lines := fmt.Sprintf("+%d -%d", f.Added, f.Removed)
	if f.Binary {
		lines = "binary"
	}
	kind := ""
	switch {
	case f.Gen:
		kind = "generated"
	case f.Test:
		kind = "test"
	}
	return []string{string(f.Status), lines, f.Path, kind}
}

func affectedCells(a policy.Affected) []string {
	switch {
	case a.Err != "":
		return []string{a.Target.String(), "not known", a.Err}
	case !a.Any():
		return []string{a.Target.String(), "not affected"}
	}
	changed := shortened(a.Changed)
	if n := len(a.Through); n > 0 {
		changed += fmt.Sprintf("; through imports %d more", n)
	}
	return []string{a.Target.String(), "affected", changed}
}

// shortened lists the first few of many.
func shortened(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

func apiCells(a policy.API) []string {
	verdict := "breaks callers"
	if a.Compatible {
		verdict = "compatible"
	}
	return []string{verdict, a.Package, a.Message}
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}
