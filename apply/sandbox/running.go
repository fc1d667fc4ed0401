package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

// Running is a program that runs in a sandbox. Its methods may be called
// concurrently.
type Running struct {
	sandbox *Sandbox
	program string
	process process
	out     *subprocess.Buffer // read after the end
	begin   time.Time

	mu      sync.Mutex
	ended   error // why it was ended, if it did not end by itself
	done    chan struct{}
	outcome Outcome
	err     error
}

// watch waits for the end of the program, and brings it about when it is time.
func (r *Running) watch(ctx context.Context, j *job) {
	go func() {
		timer := time.NewTimer(r.sandbox.config.time)
		defer timer.Stop()
		select {
		case <-r.done:
		case <-timer.C:
			r.end(fmt.Errorf("%s ran longer than %v: %w", r.program, r.sandbox.config.time, ErrTime))
		case <-ctx.Done():
			r.end(fmt.Errorf("%s was ended: %w", r.program, context.Cause(ctx)))
		}
	}()
	go func() {
		exit, err := r.process.wait()
		j.clean()
		r.finish(exit, err)
	}()
}

// end kills the program. The first reason is kept.
func (r *Running) end(why error) {
	r.mu.Lock()
	if r.ended == nil {
		r.ended = why
	}
	r.mu.Unlock()
	r.process.kill()
}

func (r *Running) finish(e exit, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcome = Outcome{
		Program: r.program, ExitCode: e.Code, Signal: e.Signal, Output: r.out.Bytes(), Truncated: r.out.Dropped(),
		Duration: time.Since(r.begin), CPU: e.CPU, Memory: e.Memory,
		Confined: r.sandbox.Confined(), Lacks: r.sandbox.Lacks(),
	}
	r.err = err
	if r.ended != nil {
		r.err = r.ended
	}
	if r.err != nil {
		r.err = fmt.Errorf("sandbox: %w", r.err)
	}
	close(r.done)
}

// Done is closed when the program and all that it started have ended.
func (r *Running) Done() <-chan struct{} { return r.done }

// Wait waits for the program to end; the results are those of [Sandbox.Run].
// It may be called again, with the same results.
func (r *Running) Wait() (Outcome, error) {
	<-r.done
	return r.outcome, r.err
}

// Stop asks the program to end (SIGTERM; nothing on Windows), and after
// [WithGrace], or when ctx is done, kills it and all that it started. The error
// is nil if it ended on being asked or being killed, and that of [Running.Wait]
// if something else had ended it before: its time, its context.
func (r *Running) Stop(ctx context.Context) (Outcome, error) {
	if r.process.terminate() == nil {
		timer := time.NewTimer(r.sandbox.config.grace)
		defer timer.Stop()
		select {
		case <-r.done:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	select {
	case <-r.done:
	default:
		r.end(fmt.Errorf("%s: %w", r.program, ErrStopped))
	}
	outcome, err := r.Wait()
	if errors.Is(err, ErrStopped) {
		err = nil
	}
	return outcome, err
}

// DialContext connects to an address as the program sees it: in its own network
// if it has one, otherwise in that of the host. network is tcp, tcp4, tcp6, udp,
// udp4 or udp6. address is an IP address and a port; the name localhost stands for 127.0.0.1. It is a
// DialContext of a [net/http.Transport]:
//
//	client := &http.Client{Transport: &http.Transport{DialContext: running.DialContext}}
func (r *Running) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	literal, err := literalAddress(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	select {
	case <-r.done:
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s has ended", r.program)}
	default:
		return r.process.dial(ctx, network, literal)
	}
}
