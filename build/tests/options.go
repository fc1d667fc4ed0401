package tests

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Defaults of the options.
const (
	DefaultTimeout = 5 * time.Minute // of one package
	DefaultReruns  = 1               // of a test that newly fails
)

// Option changes a default of [Compare]. It returns an [*OptionError] if its
// value cannot be right.
type Option func(*config) error

type config struct {
	race     bool
	timeout  time.Duration
	seed     *int64
	environ  []string
	reruns   int
	observer func(Event)
	logger   *slog.Logger

	withoutFixTests bool // on the code of the base
}

func configure(opts []Option) (*config, error) {
	c := &config{timeout: DefaultTimeout, reruns: DefaultReruns, logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// OptionError says which option is wrong, and how.
type OptionError struct {
	Option string // as "WithTimeout"
	Reason string // what is wrong and what to do
}

func (e *OptionError) Error() string { return fmt.Sprintf("tests: %s: %s", e.Option, e.Reason) }

// WithRace runs the tests with the race detector, which needs a C compiler. The
// default is without, even if the plans are with it.
func WithRace() Option {
	return func(c *config) error {
		c.race = true
		return nil
	}
}

// WithTimeout sets how long the tests of one package may run on one side. The
// default is [DefaultTimeout].
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return &OptionError{Option: "WithTimeout", Reason: fmt.Sprintf("%s is no time: give more than nothing", d)}
		}
		c.timeout = d
		return nil
	}
}

// WithSeed sets the order in which the tests of a package run, on both sides.
// The default is derived from the two commits and the packages that are run, so
// that another run has the same order.
func WithSeed(seed int64) Option {
	return func(c *config) error {
		c.seed = &seed
		return nil
	}
}

// WithEnviron adds variables, as "KEY=value", to the environment of the plans,
// which is empty but for what says where things are. They also reach the go
// command and its compilers. The default is none.
func WithEnviron(variables ...string) Option {
	return func(c *config) error {
		for _, v := range variables {
			if key, _, ok := strings.Cut(v, "="); !ok || key == "" || strings.ContainsRune(v, 0) {
				return &OptionError{Option: "WithEnviron", Reason: fmt.Sprintf("%q is no variable: write KEY=value", v)}
			}
		}
		c.environ = append(c.environ, variables...)
		return nil
	}
}

// WithReruns sets how often a test that newly fails is run again, alone, on the
// fix; if it passes once, it is flaky. The default is [DefaultReruns]; with 0
// nothing is run again.
func WithReruns(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return &OptionError{Option: "WithReruns", Reason: fmt.Sprintf("%d is no number of runs: give 0 or more", n)}
		}
		c.reruns = n
		return nil
	}
}

// WithoutFixTestsOnBase leaves out running the tests of the fix on the code of the
// base: then nobody knows whether a test that the fix adds or changes shows the
// fault. The default runs them.
func WithoutFixTestsOnBase() Option {
	return func(c *config) error {
		c.withoutFixTests = true
		return nil
	}
}

// WithObserver sets a function that is called with every [Event]: one at a
// time, on a goroutine of [Compare], which waits for it. The default is none.
func WithObserver(observe func(Event)) Option {
	return func(c *config) error {
		c.observer = observe
		return nil
	}
}

// WithLogger sets where the commands that are run are logged, at level debug.
// The default, and nil, discards them.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			logger = slog.New(slog.DiscardHandler)
		}
		c.logger = logger
		return nil
	}
}
