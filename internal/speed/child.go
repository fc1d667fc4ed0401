package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/build"
)

// childSettings are what the program passes to itself to have a build in a
// process of its own, whose resources can be counted.
type childSettings struct {
	source, output, toolchain string
	budget                    int64 // bytes; 0 for the default
}

func buildHere(ctx context.Context, s settings) error {
	opts := []build.Option{build.WithOutput(s.child.output), build.WithToolchain(s.child.toolchain)}
	if s.child.budget > 0 {
		opts = append(opts, build.WithMemoryBudget(s.child.budget))
	}
	b, err := build.New(s.child.source, s.pkg, opts...)
	if err != nil {
		return err
	}
	_, err = b.BuildAll(ctx, s.targets)
	return err
}

// childArgv is the command line of a build in a process of its own.
func (b *bench) childArgv(output string, budget int64) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range b.targets {
		names = append(names, t.String())
	}
	return []string{
		self, "-child-source", b.source, "-child-output", output, "-child-budget", strconv.FormatInt(budget, 10),
		"-child-toolchain", b.toolchain,
		"-package", b.pkg, "-targets", strings.Join(names, ","),
	}, nil
}
