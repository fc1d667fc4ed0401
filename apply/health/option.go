package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Limits of checks.
const (
	// DefaultTimeout is how long an attempt may take unless [WithTimeout] says
	// otherwise.
	DefaultTimeout = 5 * time.Second

	// MaxBody is how much of the body of an answer is read, in bytes. Text that
	// [WithBody] asks for must be within it.
	MaxBody = 1 << 20

	// MaxHeader is how long the header of an answer may be, in bytes, and its
	// trailer.
	MaxHeader = 64 << 10

	// MaxRedirects is how often an answer may send HTTP elsewhere on the host.
	MaxRedirects = 5
)

// Option adjusts a check. Its comment says which; the constructors of others refuse
// it.
type Option func(*config) error

type config struct {
	kind    string
	timeout time.Duration
	status  []int
	body    string
	header  []field
	secure  func(ctx context.Context, conn net.Conn, host string) (net.Conn, error)
	socket  string
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	dir     string
	env     []string
}

// The checks that options may be for.
const (
	kindHTTP    = "HTTP"
	kindTCP     = "TCP"
	kindConn    = "Conn"
	kindCommand = "Command"
)

func newConfig(kind string, opts []Option) (*config, error) {
	c := &config{kind: kind, timeout: DefaultTimeout}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("health.%s: %w", kind, err)
		}
	}
	return c, nil
}

// only refuses an option that means nothing for the check it was given to.
func (c *config) only(option string, kinds ...string) error {
	if !slices.Contains(kinds, c.kind) {
		return fmt.Errorf("%s: only for %s", option, strings.Join(kinds, " and "))
	}
	return nil
}

// WithTimeout limits an attempt. For all checks; [DefaultTimeout] unless set.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("WithTimeout: %v is not a time", d)
		}
		c.timeout = d
		return nil
	}
}

// WithStatus names the status codes, 200 to 599, that are a pass; all of 2xx
// unless set. For HTTP.
func WithStatus(codes ...int) Option {
	return func(c *config) error {
		for _, code := range codes {
			if code < 200 || code > 599 {
				return fmt.Errorf("WithStatus: %d is not from 200 to 599", code)
			}
		}
		if len(codes) == 0 {
			return errors.New("WithStatus: no status would be a pass; name one")
		}
		c.status = slices.Clone(codes)
		return c.only("WithStatus", kindHTTP)
	}
}

// WithBody asks for a text in the first [MaxBody] bytes of the answer's body,
// such as a version or "ok". For HTTP.
func WithBody(text string) Option {
	return func(c *config) error {
		if text == "" || len(text) > MaxBody {
			return fmt.Errorf("WithBody: the text must have from 1 to %d bytes", MaxBody)
		}
		c.body = text
		return c.only("WithBody", kindHTTP)
	}
}

// WithHeader adds a header to the request; Host names the virtual host. Connection,
// Content-Length and Transfer-Encoding are not the caller's to say. For HTTP.
func WithHeader(name, value string) Option {
	return func(c *config) error {
		if !token(name) || strings.ContainsAny(value, "\x00\r\n") {
			return fmt.Errorf("WithHeader: %q is not a header with one line of value", name)
		}
		switch strings.ToLower(name) {
		case "connection", "content-length", "transfer-encoding":
			return fmt.Errorf("WithHeader: %s says how the request is sent, which the check does itself", name)
		}
		c.header = append(c.header, field{name, value})
		return c.only("WithHeader", kindHTTP)
	}
}

// token reports whether s may be the name of a header (RFC 9110, 5.6.2).
func token(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// WithUnixSocket connects to a Unix socket, whatever host and port the address
// says. For HTTP and Conn.
func WithUnixSocket(path string) Option {
	return func(c *config) error {
		if err := c.only("WithUnixSocket", kindHTTP, kindConn); err != nil {
			return err
		}
		if !filepath.IsAbs(path) {
			return fmt.Errorf("WithUnixSocket: %q is not an absolute path", path)
		}
		c.socket = path
		return nil
	}
}

// WithDir is the working folder of the program; the system's folder for temporary
// files unless set. For Command.
func WithDir(path string) Option {
	return func(c *config) error {
		if err := c.only("WithDir", kindCommand); err != nil {
			return err
		}
		if !filepath.IsAbs(path) {
			return fmt.Errorf("WithDir: %q is not an absolute path", path)
		}
		c.dir = path
		return nil
	}
}

// WithEnvironment adds variables, each KEY=VALUE, to the environment of the
// program, which else has a PATH of the system's folders only. For Command.
func WithEnvironment(variables ...string) Option {
	return func(c *config) error {
		for _, v := range variables {
			if key, _, ok := strings.Cut(v, "="); !ok || key == "" || strings.ContainsRune(v, 0) {
				return fmt.Errorf("WithEnvironment: %q is not KEY=VALUE", v)
			}
		}
		c.env = append(c.env, variables...)
		return c.only("WithEnvironment", kindCommand)
	}
}
