// Tampering tries what becomes of signed releases that were altered on their way to
// a host: none may be accepted, make the verification panic, or keep it busy.
//
//	go run ./internal/tampering                      everything; ten minutes of two CPUs
//	go run ./internal/tampering -short               a sample, spread evenly; half a minute of one CPU
//	go run ./internal/tampering -only "trust update"
//	go run ./internal/tampering -parallel 1
//
// It makes releases of several kinds in memory, with keys and time-stamp
// authorities of its own, and the signed documents around them: a dist folder of one
// key, one of two keys of different kinds, one with timestamps and a provenance
// under a trust file, the next trust file, a permit, a notice, and a release as
// text. Of each it alters one part at a time: every bit, every byte to several
// values, everything cut off at either end, ranges that are cut out, doubled or
// swapped, insertions at every place, the halves of two good ones, and runs of
// what a parser may choke on, as long as the limits allow. Then it mixes
// the parts of two good ones in all combinations, leaves parts out in all
// combinations, and puts each part into the place of every other.
//
// An altered release that is accepted is a finding, with one exception: a release as
// text may come with other white space, quotation marks and text around it. If
// exactly the same bundles and packages come out of it, it counts as the same.
//
// The keys are new in each run, and so are signatures and sizes; which places are
// altered does not change. Time is that of one refusal, memory all that it
// allocates: measured for one in a thousand of the small ones, and for each of
// the long ones, with nothing else of it running. What takes longer than a tenth of a
// second is tried again, and the least counts, as other programs may run. The exit code is 1 if anything was
// accepted, panicked, or went beyond a second or 64 MiB.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"

	"golang.org/x/term"
)

// The sample of -short: one alteration in so many. It is prime, so that over a file
// all bits and all values have their turn.
const shortSample = 47

// settings are what the flags say.
type settings struct {
	only     string
	parallel int
	sample   int // one in so many
	short    bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tampering:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("tampering", flag.ContinueOnError)
	flags.StringVar(&s.only, "only", "", "`name` of the release or document to alter (default: all)")
	flags.IntVar(&s.parallel, "parallel", runtime.NumCPU(), "how many are tried at once")
	flags.IntVar(&s.sample, "sample", 1, "try one of `n` alterations, spread evenly")
	flags.BoolVar(&s.short, "short", false, fmt.Sprintf("the same as -sample %d", shortSample))
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.short && s.sample == 1 {
		s.sample = shortSample
	}
	if s.parallel < 1 || s.sample < 1 || flags.NArg() > 0 {
		return s, errors.New("-parallel and -sample must be at least 1, and there are no arguments")
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	subjects, err := newSubjects(ctx)
	if err != nil {
		return fmt.Errorf("making what is altered: %w", err)
	}
	jobs := jobsOf(subjects)
	if s.only != "" {
		jobs = slices.DeleteFunc(jobs, func(j job) bool { return j.subject.name != s.only })
	}
	if len(jobs) == 0 {
		return fmt.Errorf("-only: there is no %q; the table of a run without it has the names", s.only)
	}
	t := newTally(s.sample, jobs)
	stop := func() {}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		stop = t.progress(os.Stderr)
	}
	err = t.tryAll(ctx, jobs, s.parallel)
	stop()
	if err := errors.Join(err, t.write(out)); err != nil {
		return err // the table of a run that was interrupted tells how far it came
	}
	return t.verdict()
}
