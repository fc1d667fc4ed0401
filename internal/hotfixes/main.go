// Hotfixes makes small fixes of real programs, builds base and fix, and checks
// that the comparison of the two executables names the function that was edited
// and no other.
//
//	go run ./internal/hotfixes            all; minutes when caches are cold
//	go run ./internal/hotfixes -only yq-a,age-a
//	go run ./internal/hotfixes -releases  published patch releases instead
//
// A fix is one edit of one function: of the program, of what it depends on, or of
// the standard library. Of a release, the functions that the comparison names are
// set against those whose source differs, and each difference between the two
// lists is explained.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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
		chosen, err := upstream.Choose(upstream.Releases(), only, func(r upstream.Release) string { return r.Name })
		if err != nil {
			return err
		}
		return compareReleases(ctx, chosen, os.Stdout)
	}
	chosen, err := upstream.Choose(upstream.Hotfixes(), only, func(h upstream.Hotfix) string { return h.Name })
	if err != nil {
		return err
	}
	return run(ctx, chosen)
}

func run(ctx context.Context, chosen []upstream.Hotfix) (err error) {
	temp, err := os.MkdirTemp("", "hotfix-hotfixes-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	w := upstream.NewWorkshop(temp)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FIX\tTARGET\tFUNCTIONS\tEQUAL\tTOLD\tVERDICT")
	wrong := 0
	for _, h := range chosen {
		for _, on := range h.Targets {
			report, err := compareSides(ctx, w, filepath.Join(temp, "built"), h.Base(on), h.Fixed(on))
			if err != nil {
				return errors.Join(fmt.Errorf("%s for %s: %w", h.Name, on, err), table.Flush())
			}
			verdict := judge(h, report)
			if strings.HasPrefix(verdict, "WRONG") {
				wrong++
			}
			fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\n", h.Name, on, report.New.Functions, report.Equal, told(report), verdict)
		}
	}
	err = table.Flush()
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("%d comparisons tell something else than what was edited", wrong))
	}
	return err
}

// compareSides builds base and fix and compares them.
func compareSides(ctx context.Context, w *upstream.Workshop, dir string, sides ...upstream.Executable) (*compare.Report, error) {
	var paths []string
	for i, side := range sides {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
		if err := w.Build(ctx, side, paths[i]); err != nil {
			return nil, err
		}
	}
	report, err := compare.Executables(ctx, paths[0], paths[1])
	return report, errors.Join(err, os.RemoveAll(dir))
}

// judge requires that the edited function is told of, no other one as edited,
// and no data but what belongs to the fix's own text.
func judge(h upstream.Hotfix, r *compare.Report) string {
	var edited []string
	for _, f := range r.Edited() {
		edited = append(edited, f.Name)
	}
	switch {
	case h.Silent != "":
		return "not judged: " + h.Silent
	case !slices.Equal(edited, []string{h.Symbol}):
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
