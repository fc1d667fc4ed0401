package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/sandbox"
	"github.com/gohotfix/hotfix/verify/inline"
)

// agent is one call of the program.
type agent struct {
	settings
	host           *apply.Host
	stdin          io.Reader
	stdout, stderr io.Writer
	args           []string
}

func run(ctx context.Context, args []string, stage *sandbox.Hook, stdin io.Reader, stdout, stderr io.Writer) error {
	commands := map[string]func(*agent, context.Context) error{
		"apply": (*agent).apply, "confirm": (*agent).confirm, "rollback": (*agent).rollback, "recover": (*agent).recover,
		"starting": (*agent).starting, "adopt": (*agent).adopt, "status": (*agent).status, "guard": (*agent).guard,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("no such command: use apply, confirm, rollback, recover, starting, adopt or status")
	}
	a := &agent{stdin: stdin, stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("agent "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	a.settings.define(flags)
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	a.args = flags.Args()
	var err error
	if a.host, err = a.settings.host(args[1:len(args)-len(a.args)], a.observe, apply.WithSandbox(sandbox.WithStage(stage))); err != nil {
		return err
	}
	return commands[args[0]](a, ctx)
}

// observe tells of each step on standard error, if it is asked to.
func (a *agent) observe(e apply.Event) {
	if !a.verbose {
		return
	}
	fmt.Fprintf(a.stderr, "%s %s %s: %s\n", e.Time.UTC().Format(time.TimeOnly), e.Product, e.State, e.Text)
}

func (a *agent) apply(ctx context.Context) error {
	source, err := a.source()
	if err != nil {
		return err
	}
	return a.outcome(a.host.Apply(ctx, source))
}

func (a *agent) source() (apply.Source, error) {
	if len(a.args) != 1 {
		return nil, errors.New("apply takes one release: a folder, a package, a text, or - for a text on standard input")
	}
	if a.args[0] != "-" {
		return apply.From(a.args[0])
	}
	text, err := io.ReadAll(io.LimitReader(a.stdin, inline.MaxText+1))
	return apply.FromText(text), err
}

func (a *agent) confirm(ctx context.Context) error { return a.outcome(a.host.Confirm(ctx, a.product)) }

func (a *agent) rollback(ctx context.Context) error {
	return a.outcome(a.host.Rollback(ctx, a.product))
}

func (a *agent) guard(ctx context.Context) error {
	_, err := a.host.Guard(ctx, a.product)
	return err
}

func (a *agent) adopt(ctx context.Context) error {
	path := ""
	if len(a.args) > 0 {
		path = a.args[0]
	}
	return a.outcome(a.host.Adopt(ctx, a.product, path))
}

// starting prints the path of the executable that is to start.
func (a *agent) starting(ctx context.Context) error {
	v, err := a.host.Starting(ctx, a.product)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, v.Path)
	return err
}

// recover settles the product, or all that the store has.
func (a *agent) recover(ctx context.Context) error {
	products, err := a.products()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range products {
		outcome, err := a.host.Recover(ctx, p)
		switch {
		case errors.Is(err, apply.ErrBusy): // who holds the lock lives, so nothing was left behind
			outcome, err = nothingDone(p, "another process is at work on it"), nil
		case err == nil && outcome == nil:
			outcome = nothingDone(p, "nothing was left to do")
		}
		errs = append(errs, a.outcome(outcome, err))
	}
	return errors.Join(errs...)
}

func nothingDone(product, text string) *apply.Outcome {
	return &apply.Outcome{Product: product, State: journal.Confirmed, Unchanged: true, Text: text}
}

func (a *agent) products() ([]string, error) {
	if a.product != "" {
		return []string{a.product}, nil
	}
	return a.host.Products()
}

func (a *agent) outcome(o *apply.Outcome, err error) error {
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(a.stdout).Encode(o)
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s\n", o.Product, o.Text)
	return err
}

func (a *agent) status(ctx context.Context) error {
	products, err := a.products()
	if err != nil {
		return err
	}
	all := []*apply.Status{}
	for _, p := range products {
		s, err := a.host.Status(ctx, p)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if a.json {
		return json.NewEncoder(a.stdout).Encode(all)
	}
	for _, s := range all {
		if err := a.show(s); err != nil {
			return err
		}
	}
	return nil
}

// show prints a status for people.
func (a *agent) show(s *apply.Status) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\n", s.Product, s.Summary())
	for _, v := range s.Versions {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", v.ID.Short(), v.Version, v.Role())
	}
	for _, d := range s.Drift {
		fmt.Fprintf(w, "  drift: %s\t%s\n", d.What, d.Text)
	}
	return w.Flush()
}

// readTrust reads a trust file that was named.
func readTrust(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-trust: %w", err)
	}
	return data, nil
}
