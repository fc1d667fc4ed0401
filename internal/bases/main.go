// Bases proves the bases of real programs: it builds what runs by the go command
// alone, as a release does, rebuilds it by the library from a copy of the source
// in another folder, and checks that the proof says "identical". Then what runs
// is built in a wrong way, with another flag, by another toolchain, from a tree
// with a change, and the proof must name that as the cause.
//
//	go run ./internal/bases            all; many minutes when caches are cold
//	go run ./internal/bases -only yq,age
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/internal/upstream"
)

func main() {
	only := flag.String("only", "", "`names` of the programs, separated by commas (default: all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bases:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	chosen, err := upstream.Choose(programs(), only, func(p program) string { return p.name })
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "hotfix-bases-*")
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROGRAM\tBUILT\tPROOF\tCAUSES\tTHE FIRST TELLS\tPROOF TOOK\tAS IT SHOULD BE")
	wrong := 0
	for _, p := range chosen {
		n, err := p.prove(ctx, temp, table)
		wrong += n
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), table.Flush(), os.RemoveAll(temp))
		}
	}
	err = errors.Join(table.Flush(), os.RemoveAll(temp))
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("%d proofs say something else than how the program was built", wrong))
	}
	return err
}

// judge requires the kinds of causes that belong to how a program was built, and
// that the first one tells what was done.
func (r release) judge(p *build.Proof) string {
	var kinds []build.CauseKind
	for _, c := range p.Causes {
		kinds = append(kinds, c.Kind)
	}
	switch {
	case len(r.causes) == 0 && p.Verdict != build.Identical:
		return "WRONG: it is " + string(p.Verdict)
	case !slices.Equal(kinds, r.causes):
		return fmt.Sprintf("WRONG: not %v, but %v", r.causes, p.Causes)
	case len(kinds) > 0 && !strings.Contains(p.Causes[0].String(), r.tells):
		return fmt.Sprintf("WRONG: the cause does not tell %q, but %q", r.tells, p.Causes[0].What)
	}
	return "yes"
}

func row(table *tabwriter.Writer, p program, r release, proof *build.Proof, took time.Duration) {
	var kinds []string
	for _, c := range proof.Causes {
		kinds = append(kinds, string(c.Kind))
	}
	fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%.1f s\t%s\n", p.name, r.name, proof.Verdict, strings.Join(kinds, ", "), r.tells, took.Seconds(), r.judge(proof))
}
