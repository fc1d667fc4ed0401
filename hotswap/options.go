package hotswap

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// Limits. What is above one is refused before anything is done.
const (
	MaxListeners    = 64             // listeners and packet connections of one process
	MaxPending      = 128            // connections on their way to a successor that has not taken them yet; more are served here
	MaxRequest      = 1 << 20        // bytes of one line on the control socket
	MaxArgs         = 1024           // arguments, and entries of the environment, of one upgrade
	MaxSteps        = 32             // of one upgrade
	MaxPause        = 24 * time.Hour // of one step, and of ConfirmWithin
	MaxExecutable   = 4 << 30        // bytes of an executable
	MaxControlConns = 16             // clients of the control socket at once; more wait
)

// Defaults of the options.
const (
	DefaultReadyTimeout = 30 * time.Second
	DefaultDrainTimeout = 30 * time.Second
)

// Option sets up a [Process]. It is checked by [Open].
type Option func(*config) error

type config struct {
	control string
	pidFile string
	ready   time.Duration
	drain   time.Duration
	log     *slog.Logger
}

// WithControl serves the control socket at path, an absolute path of at most
// 100 bytes in a folder that only the user of the process and root may write
// to. Default: no control socket; then only [Process.Upgrade] itself can
// upgrade. Where upgrades are unsupported (Windows) the option does nothing
// but a warning in the log.
func WithControl(path string) Option {
	return func(c *config) (err error) {
		c.control, err = absolute("WithControl", path)
		if err == nil && len(path) > 100 {
			err = fmt.Errorf("hotswap: WithControl: %s is longer than the 100 bytes that systems allow for a socket; use a shorter path", quote(path))
		}
		return err
	}
}

// WithPIDFile keeps the process id in the file at path, an absolute path: it is
// written by Ready, replaced by a successor when the upgrade is finished, and
// removed at the end. Default: no file.
func WithPIDFile(path string) Option {
	return func(c *config) (err error) {
		c.pidFile, err = absolute("WithPIDFile", path)
		return err
	}
}

// WithReadyTimeout says how long a successor may take from its start to its
// call of Ready, longer than zero. Default: [DefaultReadyTimeout].
func WithReadyTimeout(d time.Duration) Option {
	return func(c *config) (err error) {
		c.ready, err = positive("WithReadyTimeout", d)
		return err
	}
}

// WithDrainTimeout says how long open connections get at the end before they
// are cut, longer than zero. Default: [DefaultDrainTimeout].
func WithDrainTimeout(d time.Duration) Option {
	return func(c *config) (err error) {
		c.drain, err = positive("WithDrainTimeout", d)
		return err
	}
}

// WithLogger logs what happens during upgrades and drains. Neither arguments
// nor the environment of a successor are ever logged. Default: nothing is.
func WithLogger(log *slog.Logger) Option {
	return func(c *config) error {
		if log == nil {
			return errors.New("hotswap: WithLogger needs a logger; leave the option out to log nothing")
		}
		c.log = log
		return nil
	}
}

func newConfig(options []Option) (config, error) {
	c := config{ready: DefaultReadyTimeout, drain: DefaultDrainTimeout, log: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		if err := option(&c); err != nil {
			return config{}, err
		}
	}
	return c, nil
}

func absolute(option, path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("hotswap: %s needs an absolute path, not %s", option, quote(path))
	}
	return filepath.Clean(path), nil
}

func positive(option string, d time.Duration) (time.Duration, error) {
	if d <= 0 {
		return 0, fmt.Errorf("hotswap: %s needs a duration above zero, not %v", option, d)
	}
	return d, nil
}
