//go:build linux

package main

import (
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// prover disturbs one subject in all ways.
type prover struct {
	stage   *stage
	subject subject
	label   string // of the subject in the report
	report  *report
	most    int    // trials of one row; 0: all that there are
	linger  bool   // what the subject has started outlives it
	only    string // the one operation to disturb; "" for all
}

// operations returns those that are disturbed.
func (p *prover) operations() []operation {
	return slices.DeleteFunc(slices.Clone(p.subject.operations()), func(o operation) bool { return p.only != "" && o.name != p.only })
}

// each calls try for numbers below n, for all or for p.most of them that are spread evenly.
func (p *prover) each(ctx context.Context, n int, try func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for _, i := range sample(n, p.most) {
		group.Go(func() error { return try(ctx, i) })
	}
	return group.Wait()
}

// note notes what was found, unless the whole run was ended meanwhile.
func (p *prover) note(ctx context.Context, r *row, what string, wrong error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.tried(what, wrong)
	return nil
}

// sample returns numbers below n: all, or most of them that are spread evenly.
func sample(n, most int) []int {
	count := n
	if most > 0 {
		count = min(n, most)
	}
	chosen := make([]int, count)
	for i := range chosen {
		chosen[i] = i * n / count
	}
	return chosen
}
