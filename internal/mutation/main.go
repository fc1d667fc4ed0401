// Mutation measures what the tests of a package notice: it makes one small
// mistake at a time in the package's code (a check left out, an error that is
// not returned, a limit off by one), runs the tests, and lists the mistakes
// that no test found.
//
//	go run ./internal/mutation ./verify                  all mutants; hours
//	go run ./internal/mutation -sample 60 ./verify       60 of them, evenly spread
//	go run ./internal/mutation -only bundle.go ./verify
//	go run ./internal/mutation -tests ./verify/... ./verify
//	go run ./internal/mutation -min 95 -json ./verify
//
// The files stay as they are: the go command reads the changed ones through an
// overlay. The score is the share of mutants that were found (a test failed, or
// did not end in time) of those that compile. Lines that no test runs count.
// Some mutants mean the same as the original; those need a reader.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

// options are the flags.
type options struct {
	pkg      string
	tests    string        // pattern of the packages whose tests are run
	only     string        // name of a file; empty for all
	sample   int           // mutants; 0 for all
	covered  bool          // only lines that the tests run
	short    bool          // the tests' own flag
	parallel int           // mutants at once
	limit    time.Duration // of one run of the tests; 0 for a multiple of an unchanged one
	memory   uint64        // bytes that a process may have
}

func main() {
	var o options
	var asJSON bool
	var least, mebibytes float64
	flag.StringVar(&o.tests, "tests", "", "`pattern` of the packages whose tests are run (default: the package itself)")
	flag.StringVar(&o.only, "only", "", "mutate this `file` of the package alone")
	flag.IntVar(&o.sample, "sample", 0, "try `n` mutants, evenly spread (default: all)")
	flag.BoolVar(&o.covered, "covered", false, "leave out lines that no test runs")
	flag.BoolVar(&o.short, "short", false, "run the tests with -short")
	flag.IntVar(&o.parallel, "parallel", max(1, runtime.NumCPU()/2), "mutants at once")
	flag.DurationVar(&o.limit, "limit", 0, "`time` for the tests of one mutant (default: 10 s and five times that of the original)")
	flag.Float64Var(&mebibytes, "memory", 4096, "`MiB` that each process may use, where the system can limit it")
	flag.Float64Var(&least, "min", 0, "fail if the score is below this `percentage`")
	flag.BoolVar(&asJSON, "json", false, "print the result as JSON")
	flag.Parse()
	o.pkg, o.memory = flag.Arg(0), uint64(mebibytes*(1<<20))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, flag.NArg(), asJSON, least)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, args int, asJSON bool, least float64) error {
	if args != 1 {
		return errors.New("name one package, such as ./verify")
	}
	if o.sample < 0 || o.parallel < 1 || o.limit < 0 {
		return errors.New("-sample and -limit must not be negative, -parallel must be at least 1")
	}
	if err := limitMemory(o.memory); err != nil {
		return fmt.Errorf("limiting the memory of the tests: %w", err)
	}
	report, err := measure(ctx, o, func(done, all int, t Trial) {
		fmt.Fprintf(os.Stderr, "%d of %d: %s: %s\n", done, all, t.Outcome, t.Mutant)
	})
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.write(os.Stdout)
	}
	if err == nil && report.Score < least {
		return fmt.Errorf("the score of %s is %.1f %%, below %.1f %%: test what the survivors show", report.Package, report.Score, least)
	}
	return err
}
