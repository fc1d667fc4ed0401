// Command releasetool is an in-house release tool written on the hotfix
// library. Every command exits 0, or 1 with one line on standard error that
// says what is wrong and what to do.
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
	"syscall"
	"text/tabwriter"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	tool := &tool{
		stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
		password: readPassword,
	}
	code := tool.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// tool is what commands know of the process around them.
type tool struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	terminal       bool // standard error is one: progress may be drawn
	password       func(prompt string) ([]byte, error)
}

// command is one of the tool's commands. It defines its flags, and returns what
// runs with the arguments that are left.
type command struct {
	name, arguments, summary string
	define                   func(t *tool, flags *flag.FlagSet) action
}

type action func(ctx context.Context, args []string) error

func commands() []command {
	return []command{
		{"make", "", "make a hotfix: build, pack, sign and verify it for all targets", defineMake},
		{"inspect", "DIST|PACKAGE", "show what a dist folder or a package holds", defineInspect},
		{"verify", "DIST|PACKAGE|TEXT", "verify signatures, digests and packages as a host would", defineVerify},
		{"keygen", "", "make an encrypted key pair that cosign reads as well", defineKeygen},
		{"sign", "DIST|DOCUMENT", "add a signature to a dist folder, or to a permit, notice or trust file", defineSign},
		{"permit", "DIST", "let one host install an older release, for a while", definePermit},
		{"withdraw", "DIST", "take a release back: hosts that see the notice install it no more", defineWithdraw},
		{"audit", "LOG", "verify an audit log, and show it", defineAudit},
		{"trust init", "", "make the first trust file: who may release what", defineTrustInit},
		{"trust add", "TRUST", "make the next version of a trust file: signers, products, authorities, revocations", defineTrustAdd},
		{"trust rotate", "TRUST NEXT", "sign the next version of a trust file, or install it when enough have signed", defineTrustRotate},
		{"trust show", "TRUST", "show a trust file", defineTrustShow},
		{"apply", "DIST|PACKAGE", "install a release on this host and move the service to it; go back if anything is wrong", defineApply},
		{"rollback", "", "bring back what ran before on this host", defineRollback},
		{"status", "", "show what is installed on this host, what runs, and whether they agree", defineStatus},
		{"change", "", "show what a fix changes, which targets it affects, and what policies say to it", defineChange},
		{"explain", "OLD NEW", "tell what differs between two Go executables, function by function", defineExplain},
		{"reproduce", "FILE", "rebuild a published Go executable from its build info and compare", defineReproduce},
		{"diff", "OLD NEW PATCH", "make a patch from one file to the next", defineDiff},
		{"patch", "OLD PATCH NEW", "apply a patch", definePatch},
		{"extract", "FORMAT FILE DEST", "extract an archive by the strict reader alone", defineExtract},
		{"seal", "FORMAT FILE DIST", "sign any file as a package with a test key, to try the verification", defineSeal},
	}
}

// exitError asks for another exit code than 1.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

func (t *tool) run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		t.usage()
		if len(args) == 0 {
			return 1
		}
		return 0
	}
	err := t.dispatch(ctx, args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(t.stderr, "releasetool "+args[0]+": "+oneLine(err))
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return 1
}

func (t *tool) dispatch(ctx context.Context, args []string) error {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) < len(words) || !slices.Equal(args[:len(words)], words) {
			continue
		}
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		act := c.define(t, flags)
		if err := flags.Parse(args[len(words):]); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				t.help(c, flags)
				return err
			}
			return fmt.Errorf("%w: see releasetool %s -h", err, c.name)
		}
		if want := len(strings.Fields(c.arguments)); flags.NArg() != want {
			return fmt.Errorf("takes %d arguments (%s), not %d: flags go before them; see releasetool %s -h", want, c.arguments, flags.NArg(), c.name)
		}
		return act(ctx, flags.Args())
	}
	return errors.New("no such command: see releasetool help")
}

func (t *tool) usage() {
	fmt.Fprintln(t.stdout, "usage: releasetool COMMAND [-flag ...] [ARGUMENT ...]")
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s %s\t%s\n", c.name, c.arguments, c.summary)
	}
	w.Flush()
	fmt.Fprintln(t.stdout, "releasetool COMMAND -h shows the flags of a command.")
}

func (t *tool) help(c command, flags *flag.FlagSet) {
	fmt.Fprintf(t.stdout, "usage: releasetool %s [-flag ...] %s\n%s\n", c.name, c.arguments, c.summary)
	flags.SetOutput(t.stdout)
	flags.PrintDefaults()
}

// oneLine puts an error on one line, so that it can be read aloud.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
