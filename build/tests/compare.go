package tests

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// Compare runs the tests that a change can reach, those of the base on the base,
// those of the fix on the fix and, where they differ, those of the fix on the
// code of the base, on this host and as the plans say for its target. The package
// comment says how. A test that fails is no error. Errors are [*OptionError],
// those of [change.Tests], what kept the go command from being run, or the
// context's.
func Compare(ctx context.Context, base, fix *change.Tree, plan change.Planner, opts ...Option) (*policy.Tests, error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, err
	}
	c := &comparison{config: cfg, base: base, fix: fix, plan: forTests(plan, cfg.race), target: target.Host()}
	if c.reach, err = change.Tests(ctx, base, fix, c.plan, c.target); err != nil {
		return nil, err
	}
	if c.temp, err = os.MkdirTemp("", "hotfix-tests-*"); err != nil {
		return nil, fmt.Errorf("making a folder for what the go command writes and reads: %w", err)
	}
	defer os.RemoveAll(c.temp)
	return c.run(ctx)
}

// comparison is one run of [Compare].
type comparison struct {
	*config
	base, fix *change.Tree
	plan      change.Planner
	target    target.Target
	reach     change.Reach
	temp      string // folder for the coverage profile and the overlay
	result    policy.Tests
}

// forTests makes plans of tests: they are built as the program is, but neither
// stripped nor stamped, and with the paths of the host, by which tests find what
// they read.
func forTests(plan change.Planner, race bool) change.Planner {
	return func(dir string, t target.Target) (build.Plan, error) {
		p, err := plan(dir, t)
		p.Trimpath, p.StampVCS, p.Ldflags, p.BuildMode, p.PGO, p.Race = false, false, nil, "", "off", race
		if race && p.Cgo == nil {
			p.Cgo = &build.Cgo{}
		}
		return p, err
	}
}

func (c *comparison) run(ctx context.Context) (*policy.Tests, error) {
	start := time.Now()
	c.result = policy.Tests{Target: c.target, Race: c.race, Seed: c.order(), Excluded: c.reach.Excluded}
	base, err := c.goTest(ctx, job{side: Base, packages: c.on(Base), observed: true})
	if err != nil {
		return nil, err
	}
	fix, err := c.runFix(ctx)
	if err != nil {
		return nil, err
	}
	shown, err := c.runFixTests(ctx, base)
	if err != nil {
		return nil, err
	}
	c.merge(base, fix, shown)
	if err := c.rerun(ctx); err != nil {
		return nil, err
	}
	c.result.Seconds = time.Since(start).Seconds()
	return &c.result, nil
}

// order is the seed of the order of tests.
func (c *comparison) order() int64 {
	if c.seed != nil {
		return *c.seed
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", c.base.Revision().Commit, c.fix.Revision().Commit)
	for _, p := range c.reach.Packages {
		fmt.Fprintf(h, " %q", p.Path)
	}
	return int64(binary.BigEndian.Uint32(h.Sum(nil))) // few digits, for people
}

// on are the packages that have tests on a side.
func (c *comparison) on(side Side) []string {
	var paths []string
	for _, p := range c.reach.Packages {
		if side == Base && p.Base || side == Fix && p.Fix {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

// runFix runs the fix, and finds which changed lines its tests run. What is not
// built with coverage is tried without: that must not make a test fail.
func (c *comparison) runFix(ctx context.Context) (*stream, error) {
	j := job{side: Fix, packages: c.on(Fix), observed: true, profile: filepath.Join(c.temp, "profile")}
	for _, f := range c.reach.Files {
		if !slices.Contains(j.cover, f.Package) {
			j.cover = append(j.cover, f.Package)
		}
	}
	fix, err := c.goTest(ctx, j)
	if err != nil {
		return nil, err
	}
	var doubts []string
	if len(j.cover) > 0 {
		if doubts, err = c.withoutCoverage(ctx, fix); err != nil {
			return nil, err
		}
	}
	c.coverage(j.profile, doubts)
	return fix, nil
}

// withoutCoverage runs the packages again that are not built, and returns why
// the coverage is not known in full.
func (c *comparison) withoutCoverage(ctx context.Context, fix *stream) ([]string, error) {
	again := job{side: Fix}
	var doubts []string
	for _, path := range c.on(Fix) {
		switch run := fix.packages[path]; {
		case run.outcome == policy.NotBuilt:
			again.packages = append(again.packages, path)
			doubts = append(doubts, "the tests of "+path+" are not built with coverage")
		case run.early():
			doubts = append(doubts, "the tests of "+path+" ended early, and did not say what they ran")
		}
	}
	second, err := c.goTest(ctx, again)
	if err != nil {
		return nil, err
	}
	for path, run := range second.packages {
		fix.packages[path] = run
	}
	fix.unknown = append(fix.unknown, second.unknown...)
	return doubts, nil
}
