// Speed measures what builds and hotfixes cost against plain "go build", in CPU
// seconds of the whole process tree, and the peak memory of that tree against
// the budget that was set. All figures of a table come from one run on one
// machine, so that their ratios mean something where the seconds do not.
//
//	go run ./internal/speed                  nats-server for six targets; an hour on two cores when caches are cold
//	go run ./internal/speed -targets linux/amd64,windows/amd64
//	go run ./internal/speed -only memory -budgets 1536,3072,8192
//	go run ./internal/speed -only analysis -targets linux/amd64 -module github.com/caddyserver/caddy/v2@v2.11.9 -package ./cmd/caddy -change modules/caddyhttp/staticresp.go
//
// A change is two lines that are new each time, in a file of the program's own
// module, so that no cache knows the result. Before anything is measured each
// way of building runs once, to warm the caches; then they take turns for two
// rounds, or -rounds, and the least of each counts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/target"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

// settings are the flags as they were given.
type settings struct {
	module, pkg, change string
	targets             []target.Target
	budgets             []int64 // bytes
	rounds              int     // how often each way of building is measured
	only                []string
	child               childSettings
}

// experiments are the names that -only takes, in the order of the table.
func experiments() []string {
	return []string{"unchanged", "changed", "everything", "analysis", "memory"}
}

func run(ctx context.Context, args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	if s.child.source != "" {
		return buildHere(ctx, s)
	}
	bench, err := newBench(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(bench.measure(ctx), bench.close())
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("speed", flag.ContinueOnError)
	flags.StringVar(&s.module, "module", "github.com/nats-io/nats-server/v2@v2.15.2", "`module@version` to build")
	flags.StringVar(&s.pkg, "package", ".", "main `package` in it")
	flags.StringVar(&s.change, "change", "server/opts.go", "`file` in it that is changed")
	targets := flags.String("targets", "linux/amd64,linux/arm64,windows/amd64,windows/arm64,darwin/amd64,darwin/arm64", "`targets` to build")
	budgets := flags.String("budgets", "1536,3072,8192", "memory budgets in `MiB` to check")
	flags.IntVar(&s.rounds, "rounds", 2, "how often each way of building runs; the least CPU time counts")
	only := flags.String("only", strings.Join(experiments(), ","), "`experiments` to run")
	flags.StringVar(&s.child.source, "child-source", "", "used by the program itself: build this folder, print nothing")
	flags.StringVar(&s.child.output, "child-output", "", "used by the program itself")
	flags.StringVar(&s.child.toolchain, "child-toolchain", "", "used by the program itself")
	flags.Int64Var(&s.child.budget, "child-budget", 0, "used by the program itself")
	flags.StringVar(&s.child.base, "child-base", "", "used by the program itself")
	flags.StringVar(&s.child.against, "child-against", "", "used by the program itself")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.rounds < 1 {
		return s, fmt.Errorf("-rounds: %d is not a number of rounds", s.rounds)
	}
	for text := range strings.SplitSeq(*targets, ",") {
		t, err := target.Parse(text)
		if err != nil {
			return s, err
		}
		s.targets = append(s.targets, t)
	}
	for text := range strings.SplitSeq(*budgets, ",") {
		mib, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return s, fmt.Errorf("-budgets: %q is not a number of MiB", text)
		}
		s.budgets = append(s.budgets, mib<<20)
	}
	for name := range strings.SplitSeq(*only, ",") {
		if !slices.Contains(experiments(), name) {
			return s, fmt.Errorf("-only: %q is none of %s", name, strings.Join(experiments(), ", "))
		}
		s.only = append(s.only, name)
	}
	return s, nil
}
