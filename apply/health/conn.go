package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Conn returns the check that connects to host:port and lets ask find out whether
// what answers there is well, under a name for messages. It is for protocols that this
// package does not speak. The connection is closed when ask returns; when ctx is done,
// its deadline is over.
//
// Options: [WithTimeout], [WithUnixSocket], [WithDialer].
func Conn(name, address string, ask func(ctx context.Context, conn net.Conn) error, opts ...Option) (*Probe, error) {
	c, err := newConfig(kindConn, opts)
	if err != nil {
		return nil, err
	}
	if ask == nil {
		return nil, errors.New("health.Conn: no function is given")
	}
	if err := checkAddress(address); err != nil {
		return nil, fmt.Errorf("health.Conn: %w", err)
	}
	return &Probe{name: name, timeout: c.timeout, attempt: func(ctx context.Context) error {
		return c.talk(ctx, address, func(conn net.Conn) error { return ask(ctx, conn) })
	}}, nil
}

// WithDialer connects by a function, as into the network of a sandbox. For HTTP and
// Conn.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(c *config) error {
		if dial == nil {
			return errors.New("WithDialer: no function is given")
		}
		c.dial = dial
		return c.only("WithDialer", kindHTTP, kindConn)
	}
}

// talk connects, and lets ask use the connection no longer than ctx.
func (c *config) talk(ctx context.Context, address string, ask func(net.Conn) error) error {
	conn, err := c.connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() {
		if conn.SetDeadline(time.Unix(1, 0)) != nil {
			conn.Close()
		}
	})
	defer stop()
	return ask(conn)
}

func (c *config) connect(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	switch {
	case c.socket != "":
		return dialer.DialContext(ctx, "unix", c.socket)
	case c.dial != nil:
		return c.dial(ctx, "tcp", address)
	}
	return dialer.DialContext(ctx, "tcp", address)
}
