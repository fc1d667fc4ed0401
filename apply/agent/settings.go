package main

import (
	"errors"
	"flag"
	"os"
	"time"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/verify"
)

// settings are what the flags say.
type settings struct {
	store, product, trust, name, swap, install, tryURL string
	checks                                             list
	try                                                list
	soak, interval, wait, confirmWithin                time.Duration
	external, json, verbose                            bool
}

// list is a flag that can be given more than once.
type list []string

func (l *list) String() string { return "" }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func (s *settings) define(flags *flag.FlagSet) {
	flags.StringVar(&s.store, "store", "", "`folder` with what is installed")
	flags.StringVar(&s.product, "product", "", "`name` of the product")
	flags.StringVar(&s.trust, "trust", "", "trust `file`; the default is trust.json in the product's folder of the store")
	flags.StringVar(&s.name, "host", "", "`name` of this host, for permits and the audit log")
	flags.StringVar(&s.swap, "swap", "", "how the service takes up a version: hotswap:SOCKET, systemd:UNIT, command:ARGV, signal:NAME:PIDFILE or none; the default is what the package says")
	flags.StringVar(&s.install, "install", "", "`path` outside of the store at which to install the executable as well")
	flags.Var(&s.checks, "check", "what must hold after the switch: an http URL, tcp:ADDRESS or command:ARGV, which is also for https; can be given again")
	flags.Var(&s.try, "try", "`argument` with which the new executable is started once in the sandbox before the switch; can be given again")
	flags.StringVar(&s.tryURL, "try-url", "", "`address` in the sandbox, as http://127.0.0.1:8080/healthz, at which the executable must answer when it is started so")
	flags.DurationVar(&s.wait, "wait", apply.DefaultWait, "how long the checks may take to hold")
	flags.DurationVar(&s.soak, "soak", apply.DefaultSoak, "how long they have to go on holding")
	flags.DurationVar(&s.interval, "interval", apply.DefaultInterval, "time between two rounds of checks")
	flags.DurationVar(&s.confirmWithin, "confirm-within", apply.DefaultConfirmWithin, "how long a version may run without being confirmed")
	flags.BoolVar(&s.external, "pending", false, "leave the version to be confirmed by the confirm command")
	flags.BoolVar(&s.verbose, "v", false, "tell of each step on standard error")
	flags.BoolVar(&s.json, "json", false, "print the result as JSON")
}

// host makes the Host that the flags describe. Those of the call are used again for
// the guard, which goes back if this process dies.
func (s *settings) host(given []string, observe func(apply.Event), more ...apply.Option) (*apply.Host, error) {
	if s.store == "" {
		return nil, errors.New("no -store: name the folder with what is installed")
	}
	options := append([]apply.Option{
		apply.WithWait(s.wait), apply.WithSoak(s.soak, s.interval), apply.WithConfirmWithin(s.confirmWithin), apply.WithObserver(observe),
	}, more...)
	guard, err := guardBy(given)
	if err != nil {
		return nil, err
	}
	options = append(options, apply.WithGuard(guard))
	if s.external {
		options = append(options, apply.WithExternalConfirmation())
	}
	for _, part := range []func() ([]apply.Option, error){s.trusted, s.moved, s.checked} {
		o, err := part()
		if err != nil {
			return nil, err
		}
		options = append(options, o...)
	}
	return apply.New(s.store, options...)
}

func guardBy(given []string) (*apply.ProcessGuard, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return apply.NewProcessGuard(func(product string, _ time.Time) []string {
		return append(append([]string{self, "guard"}, given...), "-product", product)
	})
}

func (s *settings) trusted() ([]apply.Option, error) {
	var options []apply.Option
	if s.name != "" {
		options = append(options, apply.WithName(s.name))
	}
	if s.trust == "" {
		return options, nil
	}
	data, err := readTrust(s.trust)
	if err != nil {
		return nil, err
	}
	t, err := verify.ParseTrust(data)
	return append(options, apply.WithTrust(t)), err
}

func (s *settings) moved() ([]apply.Option, error) {
	var options []apply.Option
	if s.swap != "" {
		how, err := swap.Parse(s.swap)
		if err != nil {
			return nil, err
		}
		options = append(options, apply.WithSwapper(how))
	}
	if s.install != "" {
		options = append(options, apply.WithInstallPath(s.install))
	}
	return options, nil
}

func (s *settings) checked() ([]apply.Option, error) {
	var options []apply.Option
	for _, text := range s.checks {
		c, err := health.Parse(text)
		if err != nil {
			return nil, err
		}
		options = append(options, apply.WithChecks(c))
	}
	if len(s.try) > 0 || s.tryURL != "" {
		options = append(options, apply.WithTrial(apply.Trial{Args: s.try, URL: s.tryURL}))
	}
	return options, nil
}
