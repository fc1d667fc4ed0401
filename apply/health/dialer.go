package health

import (
	"context"
	"errors"
	"net"
)

// WithDialer connects by a function, as into the network of a sandbox. For HTTP.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(c *config) error {
		if dial == nil {
			return errors.New("WithDialer: no function is given")
		}
		c.dial = dial
		return c.only("WithDialer", kindHTTP)
	}
}
