//go:build linux

package main

import (
	"context"
	"fmt"

	"github.com/gohotfix/hotfix/internal/crash/trace"
)

// kill ends the operation before each of its calls, and then, with a sample, the
// recovery before one of its calls too.
func (p *prover) kill(ctx context.Context, o operation) error {
	s, err := p.survey(ctx, o)
	if err != nil {
		return err
	}
	kind := "kill"
	if p.linger {
		kind = "kill one process"
	}
	row := p.report.row(kind, p.label, o.name, len(s.calls))
	return p.each(ctx, len(s.calls), func(ctx context.Context, i int) error {
		call := s.calls[i]
		dir, done, err := p.copyOf(o.before)
		if err != nil {
			return err
		}
		defer done()
		end, err := p.traced(ctx, dir, o.command, killAt(call.N))
		if err != nil {
			return err
		}
		wrong := p.settled(dir)
		if wrong == nil {
			wrong = p.judge(ctx, dir, s, end.acknowledged, func() error { return p.recover(ctx, dir, o, row, i) })
		}
		return p.note(ctx, row, fmt.Sprintf("killed before call %d, %s %s", call.N, call.Name, call.Path), wrong)
	})
}

// settled is an error if those who were left behind have not settled the operation.
func (p *prover) settled(dir string) error {
	if !p.linger {
		return nil
	}
	return p.subject.unsettled(dir)
}

func killAt(n int) func(trace.Call) trace.Action {
	return func(c trace.Call) trace.Action {
		if c.N == n {
			return trace.Kill()
		}
		return trace.Action{}
	}
}

// secondKills is how many of the points have a recovery that is killed too: one in so
// many.
const secondKills = 2

// recover runs the recovery, once or twice: the first time, it may be killed before its
// call number trial, counted round.
func (p *prover) recover(ctx context.Context, dir string, o operation, row *row, trial int) error {
	if trial%secondKills == 0 {
		if err := p.killRecovery(ctx, dir, row, trial/secondKills); err != nil {
			return err
		}
	}
	return p.asks(ctx, dir, o, "recover")
}

func (p *prover) killRecovery(ctx context.Context, dir string, row *row, trial int) error {
	copied, done, err := p.copyOf(dir)
	if err != nil {
		return err
	}
	defer done()
	calls := 0
	if _, err := p.traced(ctx, copied, []string{"recover"}, func(trace.Call) trace.Action { calls++; return trace.Action{} }); err != nil {
		return err
	}
	if calls == 0 {
		return nil
	}
	row.second()
	_, err = p.traced(ctx, dir, []string{"recover"}, killAt(1+trial%calls))
	return err
}
