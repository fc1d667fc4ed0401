package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/gohotfix/hotfix/build"
)

// Limits are what the project promises.
const (
	unchangedLimit  = 0.6
	everythingLimit = 0.8
	overheadLimit   = 1.15
	analysisLimit   = 1.15
)

// measure runs the experiments and prints the table as it grows.
func (b *bench) measure(ctx context.Context) error {
	b.report.begin(b.module, b.toolchain, len(b.targets))
	defer b.report.end()
	for _, e := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"unchanged", b.unchanged}, {"changed", b.changed}, {"everything", b.everything}, {"analysis", b.analysis}, {"memory", b.memory},
	} {
		if !slices.Contains(b.only, e.name) {
			continue
		}
		if err := e.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// plainly is the baseline: no flags at all.
func (b *bench) plainly() plain { return plain{output: b.path("plain")} }

// alike is what the go command needs for the bytes that the Builder makes.
func (b *bench) alike(env ...string) plain {
	return plain{output: b.path("alike"), flags: []string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w"}, env: env}
}

// all runs several ways of building in turn, each after a change of its own if
// change is set, as many rounds as were asked for. What else the machine does
// only adds to a cost, so the least of each way's rounds is kept.
func (b *bench) all(change bool, ways ...func() (cost, error)) ([]cost, error) {
	least := make([]cost, len(ways))
	for round := range b.rounds {
		for i, way := range ways {
			if change {
				if err := b.edit(); err != nil {
					return nil, err
				}
			}
			used, err := way()
			if err != nil {
				return nil, err
			}
			if round == 0 {
				least[i] = used
			}
			least[i] = least[i].least(used)
		}
	}
	return least, nil
}

// once runs ways of building to warm the caches.
func (b *bench) once(ways ...func() (cost, error)) error {
	for _, way := range ways {
		if _, err := way(); err != nil {
			return err
		}
	}
	return nil
}

// unchanged builds again what is up to date.
func (b *bench) unchanged(ctx context.Context) error {
	kept := b.plainly()
	kept.keep = true
	removed := func() (cost, error) { return b.plain(ctx, b.plainly()) }
	again := func() (cost, error) { return b.plain(ctx, kept) }
	ours := func() (cost, error) { return b.built(ctx, b.path("ours"), 0) }
	if err := b.once(removed, ours); err != nil {
		return err
	}
	costs, err := b.all(false, removed, again, ours)
	if err != nil {
		return err
	}
	b.report.baseline("nothing changed", "go build, outputs removed before", costs[0])
	b.report.compare("", "go build, outputs kept", costs[1], costs[0], 0)
	b.report.compare("", "build package", costs[2], costs[0], unchangedLimit)
	return nil
}

// changed builds after a change.
func (b *bench) changed(ctx context.Context) error {
	removed := func() (cost, error) { return b.plain(ctx, b.plainly()) }
	same := func() (cost, error) { return b.plain(ctx, b.alike()) }
	tuned := func() (cost, error) { return b.plain(ctx, b.alike("GOGC=400", "GOMEMLIMIT=3GiB")) }
	ours := func() (cost, error) { return b.built(ctx, b.path("ours"), 0) }
	if err := b.once(removed, same, ours); err != nil {
		return err
	}
	costs, err := b.all(true, removed, same, tuned, ours)
	if err != nil {
		return err
	}
	b.report.baseline("one change", "go build", costs[0])
	b.report.compare("", "build package, against go build", costs[3], costs[0], everythingLimit)
	b.report.baseline("", "go build, our flags", costs[1])
	b.report.compare("", "build package, against our flags", costs[3], costs[1], overheadLimit)
	b.report.baseline("", "go build, our flags, GOGC=400", costs[2])
	b.report.compare("", "build package, against that", costs[3], costs[2], overheadLimit)
	return nil
}

// analysis builds after a change that was found and judged before, so that the
// build finds in its cache what that compiled; and compares the executables
// afterwards.
func (b *bench) analysis(ctx context.Context) error {
	base, old := b.path("base-source"), b.path("base-executable")
	if err := b.edit(); err != nil { // so that later ones change a function's body alone
		return err
	}
	if err := os.CopyFS(base, os.DirFS(b.source)); err != nil {
		return err
	}
	alone := func() (cost, error) { return b.built(ctx, b.path("ours"), 0) }
	judged := func() (cost, error) { return b.child(ctx, childSettings{output: b.path("ours"), base: base}) }
	compared := func() (cost, error) {
		return b.child(ctx, childSettings{output: b.path("ours"), base: base, against: old})
	}
	if err := b.once(judged); err != nil {
		return err
	}
	builder, err := build.New(b.source, b.pkg, build.WithOutput(b.path("ours")))
	if err != nil {
		return err
	}
	plan, err := builder.Plan(b.targets[0])
	if err != nil {
		return err
	}
	if err := os.Rename(plan.Output, old); err != nil {
		return err
	}
	costs, err := b.all(true, alone, judged, compared)
	if err != nil {
		return err
	}
	b.report.baseline("analysis", "build package", costs[0])
	b.report.compare("", "change, policies, build", costs[1], costs[0], analysisLimit)
	b.report.compare("", "and comparing one executable", costs[2], costs[0], 0)
	return nil
}

// memory builds after a change under each budget.
func (b *bench) memory(ctx context.Context) error {
	if _, err := b.built(ctx, b.path("ours"), 0); err != nil { // warms the caches
		return err
	}
	for _, budget := range b.budgets {
		if err := b.edit(); err != nil {
			return err
		}
		used, err := b.built(ctx, b.path("ours"), budget)
		if err != nil {
			return err
		}
		b.report.memory(fmt.Sprintf("build package, budget %d MiB", budget>>20), used, budget)
	}
	return nil
}
