// Swaps exchanges a service under load, again and again, and counts the requests that
// fail: none may.
//
//	go run .                          everything; half an hour
//	go run . -short                   a mixture of all traffic, fewer swaps; a minute
//	go run . -traffic "WebSocket"     one kind of traffic
//	go run . -ways hotswap            without the baselines
//	go run . -faults=false            without the bad fixes
//
// In each row, 24 clients make requests of one kind while the service is exchanged 20 times
// for another version, and 5 times more for one that is taken back. The ways to do so are
// hotswap (at once, by shares of 1, 10 and 50 %, and with a standby that is confirmed, in
// turn) and, for comparison, stopping and starting the service, and a listener that both
// processes inherit while the old one ends with http.Server.Shutdown.
//
// Every request counts once, and none is repeated. Where Go's HTTP client sends one again by
// itself, because the connection ended under it, the request counts as failed. HTTP/2 has a
// way to say that a request was not touched (GOAWAY, RFC 9113, section 6.8), after which
// clients send it elsewhere: those are counted as sent again. Never sent are those that Go's
// HTTP/2 client gives up when it hears of the end of a connection before the first byte. That
// nothing was answered twice follows from what the processes say that they answered. Of a
// gRPC stream and a WebSocket each message counts; the service asks for their end with
// a message, and a client comes back on a new connection. A WebSocket that ends without a
// close frame, or with a message under way, has failed.
//
// One kind of traffic may fail now and then, whatever a service does: HTTP/1.1 connections that
// rest for longer than the drain takes must be closed, and a request that is sent at
// that very moment is lost (RFC 9112, section 9.5). The last row has those.
//
// Then versions with faults take the place of a good one, under a mixture of all traffic,
// and are watched as a host watches them, through the control socket alone and as signed
// releases through package apply: each must be found out and taken back.
//
// The exit code is 1 if hotswap failed a request, or if a bad fix stayed.
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
	"strings"
	"time"
)

type settings struct {
	plan
	traffic string
	ways    []string
	faults  bool
	short   bool
	json    bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "swaps:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	s := settings{plan: plan{clients: 24, between: 200 * time.Millisecond, drain: 10 * time.Second}}
	flags := flag.NewFlagSet("swaps", flag.ContinueOnError)
	flags.IntVar(&s.swaps, "swaps", 20, "how often the service is exchanged")
	flags.IntVar(&s.rollbacks, "rollbacks", 5, "how often besides for a version that is taken back")
	flags.Int64Var(&s.requests, "requests", 40_000, "requests in each row, at least")
	flags.DurationVar(&s.pause, "pause", 3*time.Millisecond, "of a client between requests, in the middle")
	flags.StringVar(&s.traffic, "traffic", "", "`kind` of traffic, as the table names it (default: each, and all at once)")
	flags.BoolVar(&s.faults, "faults", true, "also try fixes that do not work")
	flags.BoolVar(&s.short, "short", false, "the same as -traffic \""+mixedName+"\" -swaps 4 -rollbacks 1 -requests 4000, with less time for each fault, which are watched through apply alone")
	flags.BoolVar(&s.json, "json", false, "print JSON")
	chosen := flags.String("ways", "", "`ways` to exchange it, by commas (default: "+strings.Join(ways(), "; ")+")")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.ways = ways()
	if *chosen != "" {
		s.ways = strings.Split(*chosen, ",")
	}
	if s.short {
		s.traffic, s.swaps, s.rollbacks, s.requests = mixedName, 4, 1, 4000
	}
	return s, s.check(flags.NArg())
}

func (s settings) check(arguments int) error {
	for _, w := range s.ways {
		if !slices.Contains(ways(), w) {
			return fmt.Errorf("-ways: there is no %q; there are %s", w, strings.Join(ways(), "; "))
		}
	}
	if s.swaps < 1 || s.rollbacks < 0 || s.rollbacks > s.swaps || s.requests < 1 || arguments > 0 {
		return errors.New("-swaps and -requests must be at least 1, -rollbacks not more than -swaps, and there are no arguments")
	}
	return nil
}

// kinds are those of the table that were asked for.
func (s settings) kinds() ([]traffic, error) {
	all := allTraffic()
	all = append(all, mixed(all), idleTraffic())
	if s.traffic == "" {
		return all, nil
	}
	var names []string
	for _, k := range all {
		if k.name == s.traffic {
			return []traffic{k}, nil
		}
		names = append(names, k.name)
	}
	return nil, fmt.Errorf("-traffic: there is no %q; there are: %s", s.traffic, strings.Join(names, "; "))
}

func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	s, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "swaps-versions-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p, err := newProof(ctx, s, dir, progress)
	if err != nil {
		return err
	}
	report, err := p.all(ctx)
	write := report.writeText
	if s.json {
		write = report.writeJSON
	}
	// What was found before an error or an interrupt is told all the same.
	return errors.Join(write(out), err, report.verdict(goodVersion))
}

// Versions of the service.
const (
	goodVersion  = "v1"
	otherVersion = "v2"
)

// proof is all trials of a run.
type proof struct {
	settings
	trial    trial
	builder  builder
	kinds    []traffic
	progress io.Writer
}

func newProof(ctx context.Context, s settings, dir string, progress io.Writer) (*proof, error) {
	kinds, err := s.kinds()
	if err != nil {
		return nil, err
	}
	p := &proof{settings: s, builder: builder{dir}, kinds: kinds, progress: progress, trial: trial{plan: s.plan}}
	for _, v := range []string{goodVersion, otherVersion} {
		b, err := p.builder.build(ctx, v, "")
		if err != nil {
			return nil, err
		}
		p.trial.versions = append(p.trial.versions, b)
	}
	p.trial.roots, err = newRoots(dir)
	return p, err
}

func (p *proof) all(ctx context.Context) (*Report, error) {
	report := &Report{Clients: p.clients}
	for _, kind := range p.kinds {
		for _, name := range p.ways {
			row, err := p.trial.run(ctx, kind, name)
			report.Rows = append(report.Rows, row)
			if err != nil {
				return report, fmt.Errorf("%s, %s: %w", kind.name, name, err)
			}
			fmt.Fprintf(p.progress, "%s, %s: %d of %d failed, %v\n", row.Traffic, row.Way, row.Failed, row.Requests, row.Took.Round(time.Millisecond))
		}
	}
	if !p.faults || !slices.Contains(p.ways, wayHotswap) {
		return report, nil
	}
	return report, p.recoveries(ctx, report)
}

func (p *proof) recoveries(ctx context.Context, report *Report) error {
	later, t := 5*time.Second, p.trial
	if p.short {
		later = time.Second
	}
	t.requests = min(t.requests, 2000) // each fault shows at once or after a time, not after many requests
	for i, fix := range badFixes(later) {
		b, err := p.builder.build(ctx, fmt.Sprintf("bad%d", i+1), fix.fault)
		if err != nil {
			return err
		}
		for _, newKeeper := range keepers(p.short) {
			r, err := t.recovery(ctx, fix, t.versions[0], b, newKeeper)
			report.Recoveries = append(report.Recoveries, r)
			if err != nil {
				return fmt.Errorf("a fix that %s: %w", fix.name, err)
			}
			fmt.Fprintf(p.progress, "a fix that %s: %s, %d of %d failed\n", r.Fix, r.Noticed, r.Failed, r.Requests)
		}
	}
	return nil
}
