// Golive measures how long it takes from a release that lies on the host to a service
// whose every connection is served by the fix, and where the time goes:
//
//	go run ./internal/golive [-rounds N] [-size MB] [-json]
//
// The service is examples/service with ballast, so that it has the size of a real one, and
// the fix is one statement in its handler, shipped as a delta package. In each round the
// agent's library takes the service that runs over, verifies and applies the release, and
// moves the service by hotswap while clients ask. The table has the median of the rounds, and
// how often one could have hashed the new executable in that time, which other machines
// can compare.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"
	"time"
)

type settings struct {
	rounds, size int
	json         bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "golive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var s settings
	flags := flag.NewFlagSet("golive", flag.ExitOnError)
	flags.IntVar(&s.rounds, "rounds", 11, "how often")
	flags.IntVar(&s.size, "size", 17, "of the executable, in MB")
	flags.BoolVar(&s.json, "json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r, err := measure(ctx, s)
	if err != nil {
		return err
	}
	if s.json {
		return json.NewEncoder(out).Encode(r)
	}
	return r.write(out)
}

// report is what was measured.
type report struct {
	Executable int64         `json:"executable"` // bytes
	Package    int64         `json:"package"`    // bytes of the delta package
	Rounds     int           `json:"rounds"`
	Hash       time.Duration `json:"hash"` // of hashing the executable once, median
	Parts      []part        `json:"parts"`
	Total      time.Duration `json:"total"` // until all traffic is on the fix, median
	Asked      int           `json:"asked"` // requests meanwhile, in all rounds
	Failed     int           `json:"failed"`
}

// part is a part of the way.
type part struct {
	Name string        `json:"name"`
	Time time.Duration `json:"time"` // median
}

func (r *report) write(out io.Writer) error {
	fmt.Fprintf(out, "From a release on the host to all traffic on the fix: executable %.1f MB, delta package %d bytes, median of %d rounds.\n", float64(r.Executable)/1e6, r.Package, r.Rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "part\tms\thashes of the executable\t")
	for _, p := range append(slices.Clone(r.Parts), part{"all traffic on the fix", r.Total}) {
		fmt.Fprintf(w, "%s\t%.1f\t%.2f\t\n", p.Name, float64(p.Time)/float64(time.Millisecond), float64(p.Time)/float64(r.Hash))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "Hashing the executable once: %.1f ms. Requests meanwhile: %d, failed: %d.\n", float64(r.Hash)/float64(time.Millisecond), r.Asked, r.Failed)
	return err
}

// median of a list that is not empty.
func median[T cmp.Ordered](values []T) T {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
