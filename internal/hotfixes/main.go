// Hotfixes makes small fixes of real programs, builds base and fix, and checks
// that the comparison of the two executables names the function that was edited
// and no other.
//
//	go run ./internal/hotfixes            all; minutes when caches are cold
//	go run ./internal/hotfixes -only yq-a,age-a
//	go run ./internal/hotfixes -releases  published patch releases instead
//
// A fix is one statement at the top of a function. Of a release, the functions
// that the comparison names are set against those whose source differs, and each
// difference between the two lists is explained.
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

	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/internal/upstream"
)

func main() {
	only := flag.String("only", "", "`names` of the fixes to make, separated by commas (default: all)")
	published := flag.Bool("releases", false, "compare published releases instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx, *only, *published)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "hotfixes:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, only string, published bool) error {
	if published {
		chosen, err := upstream.Choose(releases(), only, func(r release) string { return r.name })
		if err != nil {
			return err
		}
		return compareReleases(ctx, chosen, os.Stdout)
	}
	chosen, err := upstream.Choose(hotfixes(), only, func(h hotfix) string { return h.name })
	if err != nil {
		return err
	}
	return run(ctx, chosen)
}

func run(ctx context.Context, chosen []hotfix) error {
	temp, err := os.MkdirTemp("", "hotfix-hotfixes-*")
	if err != nil {
		return err
	}
	w := &workshop{temp: temp}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FIX\tTARGET\tFUNCTIONS\tEQUAL\tTOLD\tVERDICT")
	wrong := 0
	for _, h := range chosen {
		for _, on := range h.targets {
			report, err := w.compare(ctx, h, on)
			if err != nil {
				return errors.Join(fmt.Errorf("%s for %s: %w", h.name, on, err), os.RemoveAll(temp))
			}
			verdict := h.judge(report)
			if verdict != "ok" {
				wrong++
			}
			fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\n", h.name, on, report.New.Functions, report.Equal, told(report), verdict)
		}
	}
	err = errors.Join(table.Flush(), os.RemoveAll(temp))
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("%d comparisons tell something else than what was edited", wrong))
	}
	return err
}

// judge requires that the edited function is told of, no other one as edited,
// and no data but what belongs to the fix's own text.
func (h hotfix) judge(r *compare.Report) string {
	var edited []string
	for _, f := range r.Edited() {
		edited = append(edited, f.Name)
	}
	switch {
	case !slices.Equal(edited, []string{h.symbol}):
		return fmt.Sprintf("WRONG: edited are %v", edited)
	case len(r.Data) > 0 || len(r.Unknown) > 0:
		return fmt.Sprintf("WRONG: %d pieces of data differ, %d cannot be told", len(r.Data), len(r.Unknown))
	}
	return "ok"
}

func told(r *compare.Report) string {
	var all []string
	for _, f := range r.Functions {
		all = append(all, string(f.Status)+" "+f.Name[strings.LastIndexByte(f.Name, '/')+1:])
	}
	return strings.Join(all, ", ")
}
