//go:build linux

// Crash proves that a host survives whatever happens to it while it applies a hotfix,
// goes back, or recovers: with real processes on real file systems.
//
//	go run ./internal/crash                   everything; needs root, FUSE, loop devices, mkfs.ext4, mkfs.xfs and mkfs.btrfs
//	go run ./internal/crash kill errors       what needs no rights
//	go run ./internal/crash -short            a sample, spread evenly, and of the file systems ext4 alone; a minute of one CPU
//	go run ./internal/crash -json powercut
//
// kill: the agent and all that it started are killed before each of its system calls
// that changes or syncs something (internal/crash/trace), and then, for every second
// one, the recovery that follows before one of its own.
//
// errors: each of these calls fails with EIO, and those that need room with ENOSPC; each
// write is done by half, once so that it can go on, and once because the disk is full
// from then on.
//
// powercut: the agent works on a file system whose device writes down what is written
// and flushed (internal/crash/disk), and then each state is looked at that a power cut
// could have left: writes since the last flush are there, lost, or torn.
//
// After each of them, one whole version must be current, the old or the new one, and
// the new one if that was acknowledged; the floor must not have sunk; recovery and
// status must work, the operation must succeed when it is done again, and
// nothing may be left behind then. A command that fails must say why in one line.
//
// The same is done to a small program that makes one mistake: each must be found. The
// exit code is 1 if anything was wrong, and 3 if nothing was, but something could not be tried
// here.
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
