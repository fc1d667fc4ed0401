//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/gohotfix/hotfix/internal/crash/trace"
)

// disturbance is an error of the system at one of the calls of an operation.
type disturbance struct {
	name    string
	applies func(trace.Call) bool
	// at returns what becomes of a call: the n-th is the first to be disturbed.
	at func(c trace.Call, n int) trace.Action
}

func disturbances() []disturbance {
	return []disturbance{
		{"EIO", func(c trace.Call) bool { return c.Stream != 2 }, once(trace.Fail(syscall.EIO))},
		{"ENOSPC", trace.Call.Adds, once(trace.Fail(syscall.ENOSPC))},
		{"half a write", func(c trace.Call) bool { return c.Bytes > 1 && c.Stream == 0 }, once(trace.Halve())},
		{"a full disk", func(c trace.Call) bool { return c.Bytes > 1 && c.Stream == 0 }, full},
	}
}

func once(a trace.Action) func(trace.Call, int) trace.Action {
	return func(c trace.Call, n int) trace.Action {
		if c.N == n {
			return a
		}
		return trace.Action{}
	}
}

// full lets half of a write be done, and nothing after it that needs room.
func full(c trace.Call, n int) trace.Action {
	switch {
	case c.N == n:
		return trace.Halve()
	case c.N > n && c.Adds():
		return trace.Fail(syscall.ENOSPC)
	}
	return trace.Action{}
}

// fail lets each call of the operation fail.
func (p *prover) fail(ctx context.Context, o operation) error {
	s, err := p.survey(ctx, o)
	if err != nil {
		return err
	}
	for _, d := range disturbances() {
		var calls []trace.Call
		for _, c := range s.calls {
			if d.applies(c) {
				calls = append(calls, c)
			}
		}
		row := p.report.row(d.name, p.label, o.name, len(calls))
		err := p.each(ctx, len(calls), func(ctx context.Context, i int) error {
			call, wrong, err := p.failAt(ctx, s, d, calls[i].N)
			row.tried(fmt.Sprintf("%s at call %d, %s %s", d.name, call.N, call.Name, call.Path), wrong)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// failAt returns the call that was disturbed, and what was wrong.
func (p *prover) failAt(ctx context.Context, s survey, d disturbance, n int) (call trace.Call, wrong, err error) {
	dir, done, err := p.copyOf(s.operation.before)
	if err != nil {
		return call, nil, err
	}
	defer done()
	end, err := p.traced(ctx, dir, s.command, func(c trace.Call) trace.Action {
		if c.N == n {
			call = c // not always that of the survey: what runs at the same time has no order
		}
		return d.at(c, n)
	})
	if err != nil {
		return call, nil, err
	}
	if wrong := p.honest(dir, s, end, n); wrong != nil {
		return call, wrong, nil
	}
	return call, p.judge(ctx, dir, s, end.exit == 0, func() error { return p.asks(ctx, dir, s.operation, "recover") }), nil
}

// honest is an error unless the command said truly what it did: that it failed, in one
// line, or that it is done.
func (p *prover) honest(dir string, s survey, end ending, n int) error {
	prefix := p.subject.name() + ": "
	lines := 0
	for line := range strings.Lines(end.errors) {
		if strings.HasPrefix(line, prefix) {
			lines++
		}
	}
	switch {
	case end.exit == 0:
		return p.whole(dir, s, true)
	case end.exit != 1:
		return fmt.Errorf("it ends with %d: %s", end.exit, lastLine(end.errors))
	case lines != 1 || !strings.HasPrefix(lastLine(end.errors), prefix):
		return fmt.Errorf("it fails without one line that says why, but with %d: %q", lines, end.errors)
	}
	now, err := p.subject.look(dir)
	return errors.Join(err, p.remains(s, now, n))
}

// remains is an error if a command that failed at the n-th call has left behind what it never has.
func (p *prover) remains(s survey, now sight, n int) error {
	known := map[string]bool{}
	for _, name := range append(s.before.names, s.after.names...) {
		known[name] = true
	}
	for _, name := range now.names {
		// The switch is the call before the one at which it is seen.
		if switched := s.switched > 0 && n >= s.switched-1; !known[name] && !(switched && p.subject.pending(name)) {
			return fmt.Errorf("it fails and leaves %s behind", name)
		}
	}
	return nil
}
