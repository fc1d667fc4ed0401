package health

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// TCP returns the check that connects to host:port and hangs up. It says that
// somebody listens, and no more: the system accepts connections for a process that
// does nothing any more.
//
// Option: [WithTimeout].
func TCP(address string, opts ...Option) (*Probe, error) {
	c, err := newConfig(kindTCP, opts)
	if err != nil {
		return nil, err
	}
	if err := checkAddress(address); err != nil {
		return nil, fmt.Errorf("health.TCP: %w", err)
	}
	return &Probe{name: "tcp " + address, timeout: c.timeout, attempt: func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}}, nil
}

// checkAddress takes host:port with a port that can be connected to.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if n, bad := strconv.ParseUint(port, 10, 16); err == nil && (host == "" || bad != nil || n == 0) {
		err = fmt.Errorf("%q is not a host and a port from 1 to 65535", address)
	}
	return err
}
