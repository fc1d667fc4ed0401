package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gohotfix/hotfix/target"
)

// SavingsReport says what each default flag saves against a plain "go build".
type SavingsReport struct {
	Target  target.Target
	Plain   int64 // bytes of the executable without any of the flags
	Savings []Saving
}

// Saving is the size of an executable with some of the default flags.
type Saving struct {
	Flags string // as on a command line
	Size  int64  // bytes of the executable with these flags alone
	Saved int64  // Plain minus Size; negative if they add to it
}

// String is the report as a table.
func (s *SavingsReport) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "bytes\tsaved\t%%\t  %s\n", s.Target)
	fmt.Fprintf(table, "%d\t\t\t  go build\n", s.Plain)
	for _, row := range s.Savings {
		fmt.Fprintf(table, "%d\t%d\t%.1f\t  %s\n", row.Size, row.Saved, 100*float64(row.Saved)/float64(s.Plain), row.Flags)
	}
	_ = table.Flush()
	return text.String()
}

// Savings builds the target plain, with each default flag alone, and with all
// of them, in a temporary folder, and compares the sizes. All other options
// are those of the Builder.
//
// It costs seven links, and compiles that a build does not share: packages
// built with and without -trimpath do not stand in for each other in the build
// cache. The first call for a large program takes as long as building it twice
// from nothing; later ones take seconds.
func (b *Builder) Savings(ctx context.Context, t target.Target) (_ *SavingsReport, err error) {
	plan, err := b.Plan(t)
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "hotfix-savings-*")
	if err != nil {
		return nil, diskFull(fmt.Errorf("making a temporary folder: %w", err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	report := &SavingsReport{Target: t}
	for i, v := range variants() {
		size, err := b.variantSize(ctx, v.apply(plan), temp)
		if err != nil {
			return nil, &TargetError{Target: t, Err: err}
		}
		if i == 0 {
			report.Plain = size
			continue
		}
		report.Savings = append(report.Savings, Saving{Flags: v.name, Size: size, Saved: report.Plain - size})
	}
	return report, nil
}

// variant is a choice among the default flags.
type variant struct {
	name     string
	trimpath bool
	unstamp  bool // -buildvcs=false
	ldflags  []string
}

// variants begins with the plain build.
func variants() []variant {
	return []variant{
		{name: "go build"},
		{name: "-trimpath", trimpath: true},
		{name: "-buildvcs=false", unstamp: true},
		{name: "-ldflags=-w", ldflags: []string{"-w"}},
		{name: "-ldflags=-s", ldflags: []string{"-s"}},
		{name: `-ldflags="-s -w"`, ldflags: []string{"-s", "-w"}},
		{name: `-trimpath -buildvcs=false -ldflags="-s -w"`, trimpath: true, unstamp: true, ldflags: []string{"-s", "-w"}},
	}
}

func (v variant) apply(p Plan) Plan {
	kept := slices.DeleteFunc(slices.Clone(p.Ldflags), func(arg string) bool { return arg == "-s" || arg == "-w" })
	p.Trimpath, p.StampVCS, p.Ldflags = v.trimpath, !v.unstamp, slices.Concat(v.ldflags, kept)
	return p
}

func (b *Builder) variantSize(ctx context.Context, plan Plan, temp string) (int64, error) {
	plan.Output = filepath.Join(temp, "executable")
	argv := plan.Argv()
	if i := slices.Index(argv, "-buildvcs=true"); i >= 0 {
		argv[i] = "-buildvcs=auto" // the go command's default: no error where there is no repository
	}
	if _, err := b.goBuild(ctx, plan, argv, b.schedule(1), temp); err != nil {
		return 0, err
	}
	if _, err := checkExecutable(plan.Output, plan.Target); err != nil {
		return 0, err
	}
	info, err := os.Stat(plan.Output)
	if err != nil {
		return 0, err
	}
	return info.Size(), os.Remove(plan.Output)
}
