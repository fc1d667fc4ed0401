package hotswap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// control serves the control socket. A nil one does nothing.
type control struct {
	path     string
	listener *net.UnixListener
	slots    chan struct{}
	serving  sync.Once
	clients  sync.WaitGroup
}

func newControl(path string, listener *net.UnixListener) *control {
	return &control{path: path, listener: listener, slots: make(chan struct{}, MaxControlConns)}
}

// socket returns what a successor inherits.
func (c *control) socket() (string, *net.UnixListener) {
	if c == nil {
		return "", nil
	}
	return c.path, c.listener
}

// serve begins to accept.
func (c *control) serve(p *Process) {
	if c == nil {
		return
	}
	c.serving.Do(func() { c.clients.Go(func() { c.accept(p) }) })
}

func (c *control) accept(p *Process) {
	for {
		c.slots <- struct{}{}
		conn, err := c.listener.AcceptUnix()
		if err != nil {
			<-c.slots
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(acceptPause) // it passes, as when too many files are open
			continue
		}
		c.clients.Go(func() {
			defer func() { <-c.slots }()
			defer conn.Close()
			p.answer(conn)
		})
	}
}

// stopAccepting closes the socket in this process.
func (c *control) stopAccepting() {
	if c != nil {
		c.listener.Close()
	}
}

// close ends the service, waits for answers that are under way, and removes
// the socket if nobody else serves it.
func (c *control) close(remove bool) {
	if c == nil {
		return
	}
	if remove {
		_ = os.Remove(c.path) // a stale one is replaced at the next start
	}
	c.listener.Close()
	c.serving.Do(func() {})
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		c.clients.Wait()
	}()
	timer := time.NewTimer(linkTimeout)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
	}
}

// answer serves one client: one request, one response.
func (p *Process) answer(conn *net.UnixConn) {
	var r response
	if status, err := p.respond(conn); err != nil {
		r.Error = failureOf(err)
	} else {
		r.Status = &status
	}
	line, err := json.Marshal(r)
	if err == nil {
		_ = conn.SetWriteDeadline(time.Now().Add(linkTimeout)) // fails only if it is closed
		_, err = conn.Write(append(line, '\n'))
	}
	if err != nil {
		p.config.log.Info("hotswap: a client did not wait for its answer", "error", err)
	}
}

func (p *Process) respond(conn *net.UnixConn) (Status, error) {
	if err := checkPeer(conn); err != nil {
		return Status{}, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(linkTimeout)); err != nil {
		return Status{}, err
	}
	line, err := readLine(bufio.NewReaderSize(conn, MaxRequest))
	if err != nil {
		return Status{}, err
	}
	r, err := parseRequest(line)
	if err != nil {
		return Status{}, err
	}
	return p.perform(r)
}

// perform does not depend on whether the client stays: whoever started an
// upgrade and died finds it as it is.
func (p *Process) perform(r request) (Status, error) {
	ctx := context.Background()
	var err error
	switch r.Op {
	case opUpgrade:
		return p.Upgrade(ctx, *r.Upgrade)
	case opShift:
		err = p.Shift(ctx, r.Percent)
	case opFinish:
		err = p.Finish(ctx)
	case opRevert:
		err = p.Revert(ctx)
	}
	if err != nil {
		return Status{}, err
	}
	return p.Status(), nil
}
