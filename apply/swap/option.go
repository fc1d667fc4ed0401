package swap

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
)

// DefaultTimeout is how long one step of a strategy may take unless [WithTimeout]
// says otherwise: systemd's own default for the start of a service.
const DefaultTimeout = 90 * time.Second

// Option adjusts a strategy. Its comment says which; the constructors of others
// refuse it.
type Option func(*config) error

type config struct {
	kind       string
	timeout    time.Duration
	env        []string
	systemctl  string
	user       bool
	pidFile    string
	reloadArgv []string
	reload     string
	below      string
	untilGone  bool
	steps      []hotswap.Step
}

// The strategies that have options.
const (
	kindHotswap = "Hotswap"
	kindSystemd = "Systemd"
	kindCommand = "Command"
	kindSignal  = "Signal"
)

func newConfig(kind string, opts []Option) (*config, error) {
	c := &config{kind: kind, timeout: DefaultTimeout, systemctl: "/usr/bin/systemctl"}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("swap.%s: %w", kind, err)
		}
	}
	return c, nil
}

// only refuses an option that means nothing for the strategy it was given to.
func (c *config) only(option string, kinds ...string) error {
	if !slices.Contains(kinds, c.kind) {
		return fmt.Errorf("%s: only for %s", option, strings.Join(kinds, " and "))
	}
	return nil
}

// WithTimeout limits one step: a call of systemctl, a run of a command, the wait
// after a signal, an answer of the service. For all strategies; [DefaultTimeout]
// unless set. The context of a call may end it sooner.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("WithTimeout: %v is not a time", d)
		}
		c.timeout = d
		return nil
	}
}

// WithEnvironment adds variables, each KEY=VALUE, to the environment of systemctl
// or of the command, which has little else in it: nothing of this process's own. For
// Systemd and Command.
func WithEnvironment(variables ...string) Option {
	return func(c *config) error {
		for _, v := range variables {
			if key, _, ok := strings.Cut(v, "="); !ok || key == "" || strings.ContainsRune(v, 0) {
				return fmt.Errorf("WithEnvironment: %q is not KEY=VALUE", v)
			}
		}
		c.env = append(c.env, variables...)
		return c.only("WithEnvironment", kindSystemd, kindCommand)
	}
}

// WithSystemctl names the program to call; "/usr/bin/systemctl" unless set. For
// Systemd.
func WithSystemctl(path string) Option {
	return func(c *config) error {
		c.systemctl = path
		return errors.Join(c.only("WithSystemctl", kindSystemd), absolute("WithSystemctl", path))
	}
}

// WithUserManager asks the service manager of the user and not that of the system.
// It is found by XDG_RUNTIME_DIR, which [WithEnvironment] sets. For Systemd.
func WithUserManager() Option {
	return func(c *config) error {
		c.user = true
		return c.only("WithUserManager", kindSystemd)
	}
}

// WithPIDFile names the file in which the service keeps its process id, so that
// Command can tell what runs. For Command.
func WithPIDFile(path string) Option {
	return func(c *config) error {
		c.pidFile = path
		return errors.Join(c.only("WithPIDFile", kindCommand), absolute("WithPIDFile", path))
	}
}

// WithReloadCommand names the program, with its arguments, that makes the service
// read its configuration again. Without it Reload is [errors.ErrUnsupported]. For
// Command.
func WithReloadCommand(argv ...string) Option {
	return func(c *config) error {
		c.reloadArgv = append([]string{}, argv...) // not nil, so that none is refused
		return c.only("WithReloadCommand", kindCommand)
	}
}

// WithReloadSignal names the signal that makes the service read its configuration
// again. Without it Reload is [errors.ErrUnsupported]. For Signal.
func WithReloadSignal(name string) Option {
	return func(c *config) error {
		c.reload = name
		return c.only("WithReloadSignal", kindSignal)
	}
}

// WithExecutablesBelow lets Signal take a process for the service if its executable
// lies below a folder, such as that of the store; else it must be Move.From's, byte
// for byte. For Signal.
func WithExecutablesBelow(dir string) Option {
	return func(c *config) error {
		c.below = filepath.Clean(dir)
		return errors.Join(c.only("WithExecutablesBelow", kindSignal), absolute("WithExecutablesBelow", dir))
	}
}

// WithUntilGone makes Signal wait only until the process is gone, for a service
// whose PID file nobody writes again. What is started instead is not looked at. For
// Signal.
func WithUntilGone() Option {
	return func(c *config) error {
		c.untilGone = true
		return c.only("WithUntilGone", kindSignal)
	}
}

// absolute refuses a path that would depend on the working folder.
func absolute(option, path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("%s: %q is not an absolute path", option, path)
	}
	return nil
}
