package hotswap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
)

// Client talks to the process that serves a control socket. Each call is a
// connection of its own, so a Client finds the successor after an upgrade. It
// is safe for concurrent use.
//
// Errors that the process returned are as [Process] documents them; others
// are about the connection. A call whose context ends returns its cause and
// leaves the process to do what it was asked to.
type Client struct{ socket string }

// NewClient returns a client for the control socket at path.
func NewClient(path string) *Client { return &Client{socket: path} }

// Status asks for the status.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return c.call(ctx, request{Op: opStatus})
}

// Upgrade is [Process.Upgrade], but for its context: when that is done, the
// upgrade goes on. Revert takes it back.
func (c *Client) Upgrade(ctx context.Context, u Upgrade) (Status, error) {
	if err := u.check(); err != nil {
		return Status{}, err
	}
	return c.call(ctx, request{Op: opUpgrade, Upgrade: &u})
}

// Shift is [Process.Shift].
func (c *Client) Shift(ctx context.Context, percent int) error {
	_, err := c.call(ctx, request{Op: opShift, Percent: percent})
	return err
}

// Finish is [Process.Finish].
func (c *Client) Finish(ctx context.Context) error {
	_, err := c.call(ctx, request{Op: opFinish})
	return err
}

// Revert is [Process.Revert].
func (c *Client) Revert(ctx context.Context) error {
	_, err := c.call(ctx, request{Op: opRevert})
	return err
}

func (c *Client) call(ctx context.Context, r request) (Status, error) {
	status, err := c.exchange(ctx, r)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Status{}, fmt.Errorf("hotswap: asking %s to %s: %w", quote(c.socket), r.Op, err)
	}
	return status, nil
}

func (c *Client) exchange(ctx context.Context, r request) (Status, error) {
	if !Supported() {
		return Status{}, errors.ErrUnsupported
	}
	if err := checkFolder(c.socket); err != nil {
		return Status{}, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.socket)
	if err != nil {
		return Status{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(past()) })
	defer stop()
	answer, err := roundTrip(conn, r)
	if err != nil {
		return Status{}, err
	}
	if answer.Error != nil {
		return Status{}, answer.Error.error()
	}
	return *answer.Status, nil
}

func roundTrip(conn net.Conn, r request) (response, error) {
	r.Protocol = controlProtocol
	line, err := json.Marshal(r)
	if err != nil {
		return response{}, err
	}
	if len(line) >= MaxRequest {
		return response{}, fmt.Errorf("%w: it is longer than %d bytes", ErrRequest, MaxRequest)
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return response{}, err
	}
	line, err = readLine(bufio.NewReaderSize(conn, MaxRequest))
	if err != nil {
		return response{}, err
	}
	return parseResponse(line)
}
