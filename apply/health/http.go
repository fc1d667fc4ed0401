package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
)

// HTTP returns the check that gets an http address and passes if the answer has a
// status of 2xx. A redirect is followed only within the same scheme, host and port;
// else it is judged by its own status. The body is read up to [MaxBody], and must
// come whole so far.
//
// An https address needs [WithHandshake]; without, the error wraps
// [errors.ErrUnsupported]. Package web has what programs need that can afford the
// weight of TLS.
//
// Options: [WithTimeout], [WithStatus], [WithBody], [WithHeader], [WithHandshake],
// [WithUnixSocket], [WithDialer].
func HTTP(address string, opts ...Option) (*Probe, error) {
	c, err := newConfig(kindHTTP, opts)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err == nil {
		err = c.checkPage(u)
	}
	if err != nil {
		return nil, fmt.Errorf("health.HTTP: %w", err)
	}
	g := &get{config: c, first: u}
	return &Probe{name: "http " + u.Redacted(), timeout: c.timeout, attempt: g.check}, nil
}

// WithHandshake allows https addresses: the function makes a secure connection to
// host, which it authenticates, over conn. It should agree on HTTP/1.1. For HTTP.
func WithHandshake(secure func(ctx context.Context, conn net.Conn, host string) (net.Conn, error)) Option {
	return func(c *config) error {
		if secure == nil {
			return errors.New("WithHandshake: no function is given")
		}
		c.secure = secure
		return c.only("WithHandshake", kindHTTP)
	}
}

func (c *config) checkPage(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("%q is not the address of a page: it looks like http://127.0.0.1:8080/healthz", u.Redacted())
	case u.Scheme == "https" && c.secure == nil:
		return fmt.Errorf("%q: %w: https is not part of this program; give an http address, or a command that asks, such as command:/usr/bin/curl -fsS ADDRESS", u.Redacted(), errors.ErrUnsupported)
	case u.Scheme == "http" && c.secure != nil:
		return fmt.Errorf("WithHandshake: %q is not an https address", u.Redacted())
	case !visible(u.RequestURI()) || !visible(u.Host):
		return fmt.Errorf("%q has characters that an address must escape", u.Redacted())
	}
	return checkAddress(hostPort(u))
}

// visible reports whether s has only ASCII characters that can be seen.
func visible(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// hostPort is what to connect to.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// get asks for a page.
type get struct {
	*config
	first *url.URL
}

func (g *get) check(ctx context.Context) error {
	u := g.first
	for range MaxRedirects + 1 {
		a, err := g.ask(ctx, u)
		if err != nil {
			return err
		}
		if !a.redirects() {
			return g.judge(a)
		}
		next, err := u.Parse(a.location)
		if err != nil || next.Scheme != u.Scheme || next.Host != u.Host {
			return g.judge(a)
		}
		if !visible(next.RequestURI()) {
			return fmt.Errorf("status %s, to %s, which has characters that an address must escape", quoted(a.status), quoted(a.location))
		}
		next.User, u = u.User, next
	}
	return fmt.Errorf("more than %d redirects", MaxRedirects)
}

// ask sends one request, on a connection of its own.
func (g *get) ask(ctx context.Context, u *url.URL) (*answer, error) {
	var a *answer
	err := g.talk(ctx, hostPort(u), func(conn net.Conn) (err error) {
		if g.secure != nil {
			if conn, err = g.secure(ctx, conn, u.Hostname()); err != nil {
				return err
			}
		}
		if _, err = conn.Write(g.request(u)); err != nil {
			return err
		}
		a, err = readAnswer(conn)
		return err
	})
	return a, err
}

func (g *get) judge(a *answer) error {
	switch {
	case !g.expects(a.code):
		return fmt.Errorf("status %s%s", quoted(a.status), excerpt(a.body))
	case a.broken != nil:
		return fmt.Errorf("status %s, but its body broke off: %w", quoted(a.status), a.broken)
	case !bytes.Contains(a.body, []byte(g.body)):
		return fmt.Errorf("status %s, but its body has no %q%s", quoted(a.status), g.body, excerpt(a.body))
	}
	return nil
}

func (g *get) expects(code int) bool {
	if g.status == nil {
		return code/100 == 2
	}
	return slices.Contains(g.status, code)
}

// maxExcerpt is how much of an answer a message repeats, in bytes.
const maxExcerpt = 200

// quoted is text of the service, fit for a message.
func quoted(s string) string { return fmt.Sprintf("%q", s[:min(len(s), maxExcerpt)]) }

func excerpt(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return ""
	}
	return ": " + quoted(string(body[:min(len(body), maxExcerpt)]))
}
