package audit

import (
	"errors"
	"fmt"
	"time"
)

// Option sets up [Open] and [Verify]. Each says whether it matters to both.
type Option func(*config) error

type config struct {
	clock func() time.Time
	host  string

	start      *Head // where the file must begin; nil takes what it says
	remembered *Head // what the file must hold; nil asks for nothing

	openFile func(path string, flag int) (file, error)
}

func newConfig(options []Option) (config, error) {
	c := config{clock: time.Now, openFile: openFile}
	for _, option := range options {
		if option == nil {
			return config{}, errors.New("audit: an option is nil; leave it out")
		}
		if err := option(&c); err != nil {
			return config{}, err
		}
	}
	if c.start != nil && c.remembered != nil && c.remembered.N < c.start.N {
		return config{}, notHere(*c.remembered, *c.start)
	}
	return c, nil
}

// WithClock sets what time it is where an [Entry] does not say; the default is
// [time.Now]. It is called by one goroutine at a time. [Verify] does not ask.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("audit: WithClock: the function is nil; leave the option out for the system's clock")
		}
		c.clock = now
		return nil
	}
}

// WithHost names the host where an [Entry] does not; the default is no name.
// [Verify] does not ask.
func WithHost(name string) Option {
	return func(c *config) error {
		if name == "" || name != clean(name, MaxName) {
			return fmt.Errorf("audit: WithHost: %.40q is not a printable name of 1 to %d bytes", name, MaxName)
		}
		c.host = name
		return nil
	}
}

// WithStart says which line the first of the file must follow: the [Head] of
// the file before it, or [Genesis] for the first file of a chain. [Open] begins
// a new file there, with a line of the event [Continued]. Without this option a
// file may begin anywhere, as [Summary] then tells.
func WithStart(h Head) Option {
	return func(c *config) error {
		if err := h.check(); err != nil {
			return fmt.Errorf("audit: WithStart: %w", err)
		}
		c.start = &h
		return nil
	}
}

// WithHead says which line was the last of the file at an earlier time. It must
// still be there: otherwise the end was cut off, or the log was written anew.
func WithHead(h Head) Option {
	return func(c *config) error {
		if err := h.check(); err != nil {
			return fmt.Errorf("audit: WithHead: %w", err)
		}
		c.remembered = &h
		return nil
	}
}

func (h Head) check() error {
	if h.N < 0 || h.N > MaxN || h.Digest.IsZero() || (h.N == 0 && h != Genesis()) {
		return fmt.Errorf("line %d with digest %s is no place in a chain; take it from Summary or Log.Head", h.N, h.Digest.Short())
	}
	return nil
}

// expectsLines returns how many lines the file has at least, by what is
// remembered of it.
func (c config) expectsLines() int64 {
	switch {
	case c.remembered == nil:
		return 0
	case c.start == nil:
		return c.remembered.N
	}
	return c.remembered.N - c.start.N
}

func notHere(remembered, start Head) error {
	return fmt.Errorf("audit: WithHead: line %d is not in this file, which starts after line %d; verify the file before it", remembered.N, start.N)
}
