package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/health/web"
	"github.com/gohotfix/hotfix/apply/swap"
)

// hostFlags say how this host is changed.
type hostFlags struct {
	store, trust, swap, health string
	soak                       time.Duration
	verbose                    bool
}

func (f *hostFlags) define(flags *flag.FlagSet) {
	flags.StringVar(&f.store, "store", "", "`folder` with what is installed on this host")
	flags.StringVar(&f.swap, "swap", "", "how the service takes up a version: hotswap:SOCKET, systemd:UNIT, signal:NAME:PIDFILE, command:PROGRAM or none; the default is what the package says")
	flags.StringVar(&f.health, "health", "", "what must hold after the switch: a `URL`, tcp:ADDRESS, grpc:ADDRESS or command:PROGRAM")
	flags.DurationVar(&f.soak, "soak", 0, "how long that has to go on holding before the version is confirmed")
	flags.BoolVar(&f.verbose, "v", false, "tell of each step on standard error, as is done on a terminal")
}

// host returns the library's Host for the flags.
func (f *hostFlags) host(t *tool) (*apply.Host, error) {
	if f.store == "" {
		return nil, errors.New("no -store: name the folder with what is installed")
	}
	options := []apply.Option{apply.WithSoak(f.soak, time.Second), apply.WithPageCheck(web.HTTP)}
	if f.soak+apply.DefaultWait >= apply.DefaultConfirmWithin {
		options = append(options, apply.WithConfirmWithin(f.soak+2*apply.DefaultWait))
	}
	if f.verbose || t.terminal {
		options = append(options, apply.WithObserver(func(e apply.Event) {
			fmt.Fprintf(t.stderr, "%-10s  %s\n", e.State, oneLine(errors.New(e.Text)))
		}))
	}
	if f.trust != "" {
		trust, err := loadTrust(f.trust)
		if err != nil {
			return nil, err
		}
		options = append(options, apply.WithTrust(trust))
	}
	if f.swap != "" {
		how, err := swap.Parse(f.swap)
		if err != nil {
			return nil, fmt.Errorf("-swap: %w", err)
		}
		options = append(options, apply.WithSwapper(how))
	}
	if f.health != "" {
		check, err := web.Parse(f.health)
		if err != nil {
			return nil, fmt.Errorf("-health: %w", err)
		}
		options = append(options, apply.WithChecks(check))
	}
	return apply.New(f.store, options...)
}

func defineApply(t *tool, flags *flag.FlagSet) action {
	var f hostFlags
	f.define(flags)
	flags.StringVar(&f.trust, "trust", "", "trust `file`: who may release what; the default is trust.json in the product's folder of the store")
	asJSON := jsonFlag(flags)
	return func(ctx context.Context, args []string) error {
		h, err := f.host(t)
		if err != nil {
			return err
		}
		source, err := apply.From(args[0])
		if err != nil {
			return err
		}
		outcome, err := h.Apply(ctx, source)
		return t.printOutcome(*asJSON, outcome, err)
	}
}

func defineRollback(t *tool, flags *flag.FlagSet) action {
	var f hostFlags
	f.define(flags)
	product := flags.String("product", "", "`name` of the product that goes back")
	asJSON := jsonFlag(flags)
	return func(ctx context.Context, _ []string) error {
		h, err := f.host(t)
		if err != nil {
			return err
		}
		if *product == "" {
			return errors.New("no -product: say what goes back")
		}
		outcome, err := h.Rollback(ctx, *product)
		return t.printOutcome(*asJSON, outcome, err)
	}
}

func (t *tool) printOutcome(asJSON bool, o *apply.Outcome, err error) error {
	if err != nil {
		return err
	}
	return t.print(asJSON, o, func() string { return fmt.Sprintf("%s: %s\n", o.Product, o.Text) })
}

func defineStatus(t *tool, flags *flag.FlagSet) action {
	var f hostFlags
	f.define(flags)
	product := flags.String("product", "", "`name` of a product; the default is all")
	asJSON := jsonFlag(flags)
	return func(ctx context.Context, _ []string) error {
		h, err := f.host(t)
		if err != nil {
			return err
		}
		all, err := statuses(ctx, h, *product)
		if err != nil {
			return err
		}
		return t.print(*asJSON, all, func() string { return describeStatuses(all) })
	}
}

func statuses(ctx context.Context, h *apply.Host, product string) ([]*apply.Status, error) {
	products := []string{product}
	if product == "" {
		var err error
		if products, err = h.Products(); err != nil {
			return nil, err
		}
	}
	all := []*apply.Status{}
	for _, p := range products {
		s, err := h.Status(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func describeStatuses(all []*apply.Status) string {
	if len(all) == 0 {
		return "nothing is installed\n"
	}
	var text strings.Builder
	for _, s := range all {
		fmt.Fprintf(&text, "%s: %s\n", s.Product, s.Summary())
		w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		for _, v := range s.Versions {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", v.ID.Short(), v.Version, v.Role(), v.Path)
		}
		for _, d := range s.Drift {
			fmt.Fprintf(w, "  drift\t%s\t%s\n", d.What, d.Text)
		}
		for _, q := range s.Quarantined {
			fmt.Fprintf(w, "  quarantine\t%s\t%s\n", q.Hotfix, q.Reason)
		}
		w.Flush()
	}
	return text.String()
}
