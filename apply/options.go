package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/sandbox"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/target"
	"github.com/gohotfix/hotfix/verify"
)

// Swapper makes a service run another version. The strategies are in package swap.
// Swap returns when the new version runs and is ready; after an error the old one
// runs, unless the error wraps [swap.ErrUnclear].
//
// A Swapper may also have these methods; one that returns errors.ErrUnsupported counts
// as absent:
//
//	Settle(ctx, swap.Move) error                      the move was confirmed: what was kept for going back may go
//	Revert(ctx, swap.Move) error                      takes the move back, where that is gentler than a Swap the other way
//	Running(ctx, product string) (swap.Process, error) what runs, for recovery and for drift
//	Reload(ctx, swap.Move) error                      only configuration has changed
type Swapper interface {
	Swap(ctx context.Context, m swap.Move) error
}

// Guard sees to it that [Host.Guard] runs for a product even if this process dies.
type Guard interface {
	Watch(ctx context.Context, product string, deadline time.Time) error
}

// Option changes how a Host works.
type Option func(*config) error

type config struct {
	trust    *verify.Trust
	name     string
	target   target.Target
	permits  [][]byte
	bundles  verify.BundleVerifier
	swapper  Swapper
	checks   []health.Checker
	page     func(url string, opts ...health.Option) (*health.Probe, error)
	wait     time.Duration
	soak     time.Duration
	interval time.Duration
	tolerate int
	confirm  time.Duration
	external bool
	starts   int
	keep     int
	install  string
	trial    *Trial
	sandbox  []sandbox.Option
	scripts  time.Duration
	guard    Guard
	observer func(Event)
	logger   *slog.Logger
	now      func() time.Time
	trip     func(step string) error // tests fail or end the process here
}

// Defaults of the options.
const (
	DefaultWait          = 30 * time.Second // until the checks first hold
	DefaultSoak          = 30 * time.Second // that they have to go on holding
	DefaultInterval      = time.Second      // between two rounds of checks
	DefaultConfirmWithin = 10 * time.Minute // from the switch to the confirmation
	DefaultScriptTime    = 5 * time.Minute  // for a script of a hotfix
	DefaultKeep          = 2                // versions besides those that are in use
	DefaultStarts        = 1                // of a version that is not confirmed
)

func defaults() config {
	return config{
		target: target.Host(), wait: DefaultWait, soak: DefaultSoak, interval: DefaultInterval, confirm: DefaultConfirmWithin,
		starts: DefaultStarts, keep: DefaultKeep, scripts: DefaultScriptTime,
		page: health.HTTP, observer: func(Event) {}, logger: slog.New(slog.DiscardHandler), now: time.Now,
		trip: func(string) error { return nil },
	}
}

// WithTrust says who may sign. The default is the file trust.json in the product's
// folder of the store.
func WithTrust(t *verify.Trust) Option {
	return func(c *config) error {
		if t == nil {
			return errors.New("WithTrust: no trust file is given")
		}
		c.trust = t
		return nil
	}
}

// WithName names the host, as permits and the audit log do. The default is no name.
func WithName(name string) Option {
	return func(c *config) error {
		c.name = name
		return manifest.CheckHost(name)
	}
}

// WithTarget sets the target whose packages are installed. The default is
// [target.Host].
func WithTarget(t target.Target) Option {
	return func(c *config) error {
		c.target = t
		return t.Validate()
	}
}

// WithPermits gives the bundles over a permit to go back; see [verify.WithPermits].
func WithPermits(bundles ...[]byte) Option {
	return func(c *config) error {
		c.permits = slices.Clone(bundles)
		return nil
	}
}

// WithBundleVerifier also takes bundles of another kind than those of keys.
func WithBundleVerifier(v verify.BundleVerifier) Option {
	return func(c *config) error {
		c.bundles = v
		return nil
	}
}

// WithSwapper says how the service is made to run another version. The default is
// what the signed package says in rollback.json, and nothing if it says nothing.
func WithSwapper(s Swapper) Option {
	return func(c *config) error {
		if s == nil {
			return errors.New("WithSwapper: no strategy is given; use swap.None if nothing is to be done")
		}
		c.swapper = s
		return nil
	}
}

// WithChecks adds checks that must hold after the switch. That of the signed package
// is added to them.
func WithChecks(checks ...health.Checker) Option {
	return func(c *config) error {
		if slices.Contains(checks, nil) {
			return errors.New("WithChecks: a check is nil")
		}
		c.checks = append(c.checks, checks...)
		return nil
	}
}

// WithPageCheck says how the address in the rollback.json of a signed package is asked.
// The default is [health.HTTP], which knows http alone: a package with an https address
// is refused before anything is switched. HTTP of package health/web knows https too.
func WithPageCheck(check func(url string, opts ...health.Option) (*health.Probe, error)) Option {
	return func(c *config) error {
		if check == nil {
			return errors.New("WithPageCheck: no function is given")
		}
		c.page = check
		return nil
	}
}

// WithWait sets how long the checks may take to hold for the first time after the
// switch. The default is [DefaultWait].
func WithWait(d time.Duration) Option {
	return positive("WithWait", d, func(c *config) { c.wait = d })
}

// WithSoak sets for how long the checks have to go on holding before the new version
// is confirmed, and how often they are asked. The defaults are [DefaultSoak] and
// [DefaultInterval]. A soak of zero confirms when the checks hold once.
func WithSoak(d, interval time.Duration) Option {
	return func(c *config) error {
		if d < 0 || interval <= 0 {
			return fmt.Errorf("WithSoak: %s and %s must not be below zero, and the interval not zero", d, interval)
		}
		c.soak, c.interval = d, interval
		return nil
	}
}

// WithTolerance sets how many rounds of checks in a row may fail while soaking before
// the version is taken back. The default is 0: none.
func WithTolerance(rounds int) Option {
	return func(c *config) error {
		if rounds < 0 {
			return fmt.Errorf("WithTolerance: %d is below zero", rounds)
		}
		c.tolerate = rounds
		return nil
	}
}

// WithConfirmWithin sets how long a new version may run without being confirmed; then
// the host goes back by itself, see [WithGuard]. The default is
// [DefaultConfirmWithin]. It must be longer than wait and soak together.
func WithConfirmWithin(d time.Duration) Option {
	return positive("WithConfirmWithin", d, func(c *config) { c.confirm = d })
}

// WithExternalConfirmation leaves it to a later [Host.Confirm] to confirm: Apply
// returns after the soak, with the version pending.
func WithExternalConfirmation() Option {
	return func(c *config) error {
		c.external = true
		return nil
	}
}

// WithStarts sets how often a version may start before it is confirmed; one more and
// it has crashed, see [Host.Starting]. The default is [DefaultStarts].
func WithStarts(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("WithStarts: %d is below one, and the switch itself is one start", n)
		}
		c.starts = n
		return nil
	}
}

// WithKeep sets how many versions are kept besides those that are current, previous
// or pinned. The default is [DefaultKeep].
func WithKeep(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("WithKeep: %d is below zero", n)
		}
		c.keep = n
		return nil
	}
}

// WithInstallPath installs the executable at a path outside of the store, such as
// /usr/local/bin/app, as well. What is there before the first hotfix is adopted as
// the version to go back to.
func WithInstallPath(path string) Option {
	return func(c *config) error {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("WithInstallPath: %q is not an absolute path", path)
		}
		c.install = filepath.Clean(path)
		return nil
	}
}

// WithTrial starts the new executable in a sandbox before the switch.
func WithTrial(t Trial) Option {
	return func(c *config) error {
		c.trial = &t
		return t.validate()
	}
}

// WithSandbox sets how trials and verify scripts are confined, beyond the defaults of
// package sandbox. A program that calls [sandbox.Stage] first in main and gives
// [sandbox.WithStage] gets the strongest confinement that the system has. The sandbox is
// made when there is something to try: one that cannot be made is an [ErrTrial] then, and
// keeps nobody from going back.
func WithSandbox(options ...sandbox.Option) Option {
	return func(c *config) error {
		c.sandbox = slices.Clone(options)
		return nil
	}
}

// WithScriptTime sets how long each script of a hotfix may run. The default is
// [DefaultScriptTime].
func WithScriptTime(d time.Duration) Option {
	return positive("WithScriptTime", d, func(c *config) { c.scripts = d })
}

// WithGuard sets who goes back if this process dies after the switch. The default is
// nobody but the next recovery.
func WithGuard(g Guard) Option {
	return func(c *config) error {
		c.guard = g
		return nil
	}
}

// WithObserver is told of every step, on the goroutine of the call.
func WithObserver(f func(Event)) Option {
	return func(c *config) error {
		if f == nil {
			return errors.New("WithObserver: no function is given")
		}
		c.observer = f
		return nil
	}
}

// WithLogger logs what is done. The default is not to log.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("WithLogger: no logger is given")
		}
		c.logger = l
		return nil
	}
}

// WithClock sets the clock; the default is time.Now.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: no clock is given")
		}
		c.now = now
		return nil
	}
}

func positive(name string, d time.Duration, set func(*config)) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("%s: %s is not above zero", name, d)
		}
		set(c)
		return nil
	}
}
