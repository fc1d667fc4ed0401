//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
)

// Exit codes.
const (
	exitFailed  = 1
	exitSkipped = 3
)

// settings are what the flags say.
type settings struct {
	short, asJSON bool
	subject       string
	only          string // file system
	operation     string
	proofs        []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	skipped, err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(exitFailed)
	case skipped:
		fmt.Fprintln(os.Stderr, "crash: something could not be tried here, and is not proven: see the lines that begin with skipped")
		os.Exit(exitSkipped)
	}
}

func parse(args []string) (settings, error) {
	s := settings{proofs: []string{"kill", "errors", "powercut"}}
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	flags.BoolVar(&s.short, "short", false, "try a sample")
	flags.BoolVar(&s.asJSON, "json", false, "print the result as JSON")
	flags.StringVar(&s.subject, "subject", "agent", "`program` that is disturbed: agent, or toy, with which the proof itself is tried")
	flags.StringVar(&s.only, "filesystem", "", "cut the power on this `one` alone: ext4, xfs or btrfs")
	flags.StringVar(&s.operation, "operation", "", "disturb this `one` alone, by the name that the table has")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	for _, name := range flags.Args() {
		if !slices.Contains(s.proofs, name) {
			return s, fmt.Errorf("there is no proof %q: kill, errors and powercut are", name)
		}
	}
	if flags.NArg() > 0 {
		s.proofs = flags.Args()
	}
	return s, nil
}

// run reports whether something was skipped.
func run(ctx context.Context, args []string, out io.Writer) (skipped bool, err error) {
	s, err := parse(args)
	if err != nil {
		return false, err
	}
	st, err := newStage()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	r := &report{Controls: []control{}}
	err = s.prove(ctx, st, r)
	if err != nil && !errors.Is(err, context.Canceled) {
		return false, errors.Join(r.write(out, s.asJSON), err)
	}
	err = errors.Join(r.write(out, s.asJSON), err, r.verdict())
	return len(r.Skipped) > 0, err
}
