package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/gohotfix/hotfix"
)

// orderFlags say after what, before what and when a release may be installed, and
// who built it.
type orderFlags struct {
	epoch, sequence           int64
	notBefore, expires        string
	prerequisites, supersedes list
	withdrawn                 list
	builder                   string
}

func (f *orderFlags) define(flags *flag.FlagSet) {
	flags.Int64Var(&f.epoch, "epoch", 0, "`number` that is raised when sequences begin anew; with -sequence")
	flags.Int64Var(&f.sequence, "sequence", 0, "`number` that orders releases (default: the time of the fix in Unix seconds)")
	flags.StringVar(&f.notBefore, "not-before", "", "`time` (RFC 3339) from which on hosts take the release")
	flags.StringVar(&f.expires, "expires", "", "`time` (RFC 3339) from which on no host takes it any more")
	flags.Var(&f.prerequisites, "prerequisite", "hotfix `id` that must be installed before; may be given several times")
	flags.Var(&f.supersedes, "supersedes", "hotfix `id` that the release contains; may be given several times")
	flags.Var(&f.withdrawn, "withdraws", "`ID=REASON` of a hotfix that the release takes back; may be given several times")
	flags.StringVar(&f.builder, "builder", "", "`URI` of where it is built, for the provenance (default: a person's machine)")
}

func (f *orderFlags) options() ([]hotfix.Option, error) {
	var options []hotfix.Option
	if f.epoch != 0 || f.sequence != 0 {
		options = append(options, hotfix.WithSequence(f.epoch, f.sequence))
	}
	if f.notBefore != "" || f.expires != "" {
		var bounds [2]time.Time
		for i, text := range []string{f.notBefore, f.expires} {
			if text == "" {
				continue
			}
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return nil, fmt.Errorf("%q is not a time as 2026-03-04T05:06:07Z: %w", text, err)
			}
			bounds[i] = at.UTC()
		}
		options = append(options, hotfix.WithValidity(bounds[0], bounds[1]))
	}
	if len(f.prerequisites) > 0 {
		options = append(options, hotfix.WithPrerequisites(f.prerequisites...))
	}
	if len(f.supersedes) > 0 {
		options = append(options, hotfix.WithSupersedes(f.supersedes...))
	}
	for _, text := range f.withdrawn {
		id, reason, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("-withdraws: %q is not ID=REASON", text)
		}
		options = append(options, hotfix.WithWithdrawal(id, reason))
	}
	if f.builder != "" {
		options = append(options, hotfix.WithBuilder(f.builder))
	}
	return options, nil
}
