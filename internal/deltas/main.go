// Deltas measures the patches of pack/delta on real programs against bsdiff and
// "zstd --patch-from", and tries that they decode. Sizes are exact; costs are CPU
// seconds of whole processes and mean something as ratios of one run.
//
//	go run ./internal/deltas                        the table; hours when caches are cold
//	go run ./internal/deltas -only nats-a,yq-b -cache DIR
//	go run ./internal/deltas -roundtrips            more pairs, only whether they decode
//	go run ./internal/deltas -roundtrips -short     a few of them; two minutes
//	go run ./internal/deltas -bitflips              damaged patches
//
// A pair is an old and a new file. All files of the table are built by one release
// of Go, unless two releases are what a pair is about, so that sizes are the same
// wherever it runs. With -cache the files stay in a folder, as
// DIR/NAME/TARGET/old and new, and the next run only measures; -prepare makes the
// files and measures nothing.
//
// A patch is made in a process of its own and applied in another one, whose output
// is compared with the new file byte by byte. Coders take turns for two rounds, or
// -rounds, and the least CPU time of each counts, and the largest peak of memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/gohotfix/hotfix/internal/upstream"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deltas:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	cache, only, rivals                  string
	rounds, flips                        int
	json, prepare, short, trips, flipped bool
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("deltas", flag.ContinueOnError)
	flags.StringVar(&s.cache, "cache", "", "`folder` that keeps the pairs (default: a temporary one)")
	flags.StringVar(&s.only, "only", "", "`names` of the pairs, separated by commas (default: all)")
	flags.StringVar(&s.rivals, "rivals", "bsdiff,zstd", "`commands` to compare with, separated by commas")
	flags.IntVar(&s.rounds, "rounds", 2, "how often each coder runs; the least CPU time counts")
	flags.IntVar(&s.flips, "flips", 20000, "how many bits of a patch are flipped at most, spread over it")
	flags.BoolVar(&s.prepare, "prepare", false, "only make the pairs; needs -cache")
	flags.BoolVar(&s.json, "json", false, "print the table for machines")
	flags.BoolVar(&s.trips, "roundtrips", false, "only try that patches of many pairs decode")
	flags.BoolVar(&s.short, "short", false, "with -roundtrips: a few pairs that are built quickly")
	flags.BoolVar(&s.flipped, "bitflips", false, "apply patches in which one bit is flipped")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	return s, s.check()
}

func (s settings) check() error {
	switch {
	case s.rounds < 1:
		return fmt.Errorf("-rounds: %d is not a number of rounds", s.rounds)
	case s.flips < 1:
		return fmt.Errorf("-flips: %d is not a number of bits", s.flips)
	case s.trips && s.flipped:
		return errors.New("-roundtrips and -bitflips are two programs: give one of them")
	case s.prepare && s.cache == "":
		return errors.New("-prepare: what is made is thrown away: give a folder with -cache")
	case s.short && !s.trips:
		return errors.New("-short is for -roundtrips: give both")
	}
	for name := range strings.SplitSeq(s.rivals, ",") {
		if name != "" && rivalNamed(name) == nil {
			return fmt.Errorf("-rivals: %q is neither bsdiff nor zstd", name)
		}
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) > 0 {
		if job := childJob(args[0]); job != nil {
			return job(ctx, args[1:], out)
		}
	}
	s, err := parse(args)
	if err != nil {
		return err
	}
	chosen, err := upstream.Choose(s.pairs(), s.only, func(p pair) string { return p.name })
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "hotfix-deltas-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	b, err := newBench(s, temp, out)
	if err != nil {
		return err
	}
	return b.run(ctx, chosen)
}

func (b *bench) run(ctx context.Context, chosen []pair) error {
	switch {
	case b.prepare:
		return b.makeAll(ctx, chosen)
	case b.trips:
		return b.roundTrips(ctx, chosen)
	case b.flipped:
		return b.bitFlips(ctx, chosen)
	}
	return b.table(ctx, chosen)
}

func (s settings) pairs() []pair {
	switch {
	case s.short:
		return quickPairs()
	case s.trips:
		return roundTripPairs()
	case s.flipped:
		return bitFlipPairs()
	}
	return tablePairs()
}
