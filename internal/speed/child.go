package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/build/compare"
	"github.com/gohotfix/hotfix/build/policy"
	"github.com/gohotfix/hotfix/target"
)

// childSettings are what the program passes to itself to have work done in a
// process of its own, whose resources can be counted.
type childSettings struct {
	source, output, toolchain string
	budget                    int64  // bytes; 0 for the default
	base                      string // folder of the base's module, for the change to be found first; "" for none
	against                   string // executable of the base, to compare the first target's with; "" for none
}

func buildHere(ctx context.Context, s settings) error {
	if s.child.base != "" {
		if err := analyse(ctx, s); err != nil {
			return err
		}
	}
	b, err := s.builder(s.child.source)
	if err != nil {
		return err
	}
	artifacts, err := b.BuildAll(ctx, s.targets)
	if err != nil || s.child.against == "" {
		return err
	}
	_, err = compare.Executables(ctx, s.child.against, artifacts[0].Path)
	return err
}

func (s settings) builder(dir string) (*build.Builder, error) {
	opts := []build.Option{build.WithOutput(s.child.output), build.WithToolchain(s.child.toolchain)}
	if s.child.budget > 0 {
		opts = append(opts, build.WithMemoryBudget(s.child.budget))
	}
	return build.New(dir, s.pkg, opts...)
}

// analyse finds the change and asks the default policies about it. What they
// find does not matter here.
func analyse(ctx context.Context, s settings) error {
	base, err := change.Folder(s.child.base)
	if err != nil {
		return err
	}
	fix, err := change.Folder(s.child.source)
	if err != nil {
		return err
	}
	c := policy.Case{Now: time.Now()}
	planner := func(dir string, t target.Target) (build.Plan, error) {
		b, err := s.builder(dir)
		if err != nil {
			return build.Plan{}, err
		}
		plan, err := b.Plan(t)
		c.Plans = append(c.Plans, plan)
		return plan, err
	}
	if c.Change, err = change.Between(ctx, base, fix, planner, s.targets...); err != nil {
		return err
	}
	_, err = policy.Check(ctx, c, policy.Of(policy.BeforeBuild, policy.Default()...)...)
	return err
}

// childArgv is the command line of a build in a process of its own.
func (b *bench) childArgv(c childSettings) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range b.targets {
		names = append(names, t.String())
	}
	return []string{
		self, "-child-source", b.source, "-child-output", c.output, "-child-budget", strconv.FormatInt(c.budget, 10),
		"-child-toolchain", b.toolchain, "-child-base", c.base, "-child-against", c.against,
		"-package", b.pkg, "-targets", strings.Join(names, ","),
	}, nil
}
