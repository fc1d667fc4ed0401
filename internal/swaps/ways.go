package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/gohotfix/hotfix/hotswap"
)

// way is a way to exchange what a service runs.
type way interface {
	start(ctx context.Context, b binary) error
	// close gives back what the way itself holds, after the service has ended.
	close() error
	// swap returns when b answers all new connections. The old process may still be
	// answering what it had accepted.
	swap(ctx context.Context, b binary, nth int) (old int, err error)
	// rollback puts b in service and takes it back. It returns the process of b.
	rollback(ctx context.Context, b binary) (taken int, err error)
}

// ways are the names of all, and how to make them.
func ways() []string { return []string{wayStop, wayShutdown, wayHotswap} }

const (
	wayStop     = "stop-start"
	wayShutdown = "shutdown"
	wayHotswap  = "hotswap"
)

// lifeOf is how the service lives in a way.
func lifeOf(name string) string {
	return map[string]string{wayStop: "stop", wayShutdown: "shutdown", wayHotswap: "hotswap"}[name]
}

func newWay(name string, s *running) (way, error) {
	switch name {
	case wayStop:
		return &restart{running: s}, nil
	case wayShutdown:
		return newInherit(s)
	case wayHotswap:
		return &hot{running: s, client: hotswap.NewClient(s.control)}, nil
	}
	return nil, fmt.Errorf("there is no way %q", name)
}

// restart stops the service and starts it again.
type restart struct {
	*running
	current  *os.Process
	version  binary
	previous binary
}

func (r *restart) start(ctx context.Context, b binary) (err error) {
	r.current, err = r.launch(ctx, b, nil)
	r.version, r.previous = b, r.version
	return err
}

func (r *restart) swap(ctx context.Context, b binary, _ int) (int, error) {
	old := r.current.Pid
	if err := r.current.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	if state, err := r.current.Wait(); err != nil || !state.Success() {
		return 0, fmt.Errorf("process %d: %v: %w", old, state, err)
	}
	return old, r.start(ctx, b)
}

// rollback is a swap and one back, as there is no other way.
func (r *restart) rollback(ctx context.Context, b binary) (int, error) {
	if _, err := r.swap(ctx, b, 0); err != nil {
		return 0, err
	}
	return r.swap(ctx, r.previous, 0)
}

func (r *restart) close() error { return nil }

// inherit keeps the listeners, as a supervisor does: both processes have them while the
// old one ends with http.Server.Shutdown.
type inherit struct {
	restart
	listeners   []net.Listener // never accepted from; they keep the sockets open
	descriptors []uintptr
}

func newInherit(s *running) (*inherit, error) {
	w := &inherit{restart: restart{running: s}}
	for _, address := range []string{s.to.http, s.to.https, s.to.grpc} {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		raw, err := ln.(*net.TCPListener).SyscallConn()
		if err != nil {
			return nil, err
		}
		w.listeners = append(w.listeners, ln)
		if err := raw.Control(func(fd uintptr) { w.descriptors = append(w.descriptors, fd) }); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *inherit) start(ctx context.Context, b binary) (err error) {
	w.current, err = w.launch(ctx, b, w.descriptors)
	w.version, w.previous = b, w.version
	return err
}

func (w *inherit) swap(ctx context.Context, b binary, _ int) (int, error) {
	old := w.current
	if err := w.start(ctx, b); err != nil {
		return 0, err
	}
	if err := old.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	go func() { _, _ = old.Wait() }() // it tells of its end itself
	return old.Pid, w.answers(ctx, w.current.Pid)
}

// answers waits until a process answers new connections: the old one goes on accepting
// for the moment that it takes to notice the signal.
func (w *inherit) answers(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	for {
		if health, err := askHealth(ctx, w.to.http); err == nil && health.PID == pid {
			return nil
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("waiting for process %d to answer: %w", pid, err)
		}
	}
}

func (w *inherit) rollback(ctx context.Context, b binary) (int, error) {
	old, err := w.swap(ctx, b, 0)
	if err != nil {
		return 0, err
	}
	if _, err := w.gone(ctx, old); err != nil {
		return 0, err
	}
	return w.swap(ctx, w.previous, 0)
}

func (w *inherit) close() error {
	var errs []error
	for _, ln := range w.listeners {
		errs = append(errs, ln.Close())
	}
	return errors.Join(errs...)
}

// hot swaps through the control socket.
type hot struct {
	*running
	client *hotswap.Client
	first  *os.Process
}

func (h *hot) close() error { return nil }

// confirmWithin is far longer than anyone here waits.
const confirmWithin = time.Minute

func (h *hot) start(ctx context.Context, b binary) (err error) {
	h.first, err = h.launch(ctx, b, nil)
	if err == nil {
		go func() { _, _ = h.first.Wait() }() // it tells of its end itself
	}
	return err
}

// swap takes each of the ways there are in turn: at once, by steps, and confirmed later.
func (h *hot) swap(ctx context.Context, b binary, nth int) (int, error) {
	before, err := h.client.Status(ctx)
	if err != nil {
		return 0, err
	}
	u := hotswap.Upgrade{Path: b.path, Digest: b.digest}
	switch nth % 4 {
	case 1:
		u.Steps = steps()
	case 2:
		u.ConfirmWithin = confirmWithin
	case 3:
		u.Steps, u.ConfirmWithin = steps(), confirmWithin
	}
	if _, err := h.client.Upgrade(ctx, u); err != nil {
		return 0, err
	}
	if u.ConfirmWithin > 0 {
		if err := h.client.Finish(ctx); err != nil {
			return 0, err
		}
	}
	return before.PID, nil
}

func steps() []hotswap.Step {
	const pause = 30 * time.Millisecond
	return []hotswap.Step{{Percent: 1, Pause: pause}, {Percent: 10, Pause: pause}, {Percent: 50, Pause: pause}}
}

// revertAfter is how long a version that is taken back has all connections.
const revertAfter = 100 * time.Millisecond

func (h *hot) rollback(ctx context.Context, b binary) (int, error) {
	after, err := h.client.Upgrade(ctx, hotswap.Upgrade{Path: b.path, Digest: b.digest, Steps: steps(), ConfirmWithin: confirmWithin})
	if err != nil {
		return 0, err
	}
	if after.Successor == nil {
		return 0, fmt.Errorf("the upgrade to %s has no successor to take back", b.version)
	}
	if err := pause(ctx, revertAfter); err != nil {
		return 0, err
	}
	return after.Successor.PID, h.client.Revert(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
