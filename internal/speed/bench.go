package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gohotfix/hotfix/internal/upstream"
	"github.com/gohotfix/hotfix/target"
)

// bench is a program to build, in a folder that may be changed.
type bench struct {
	settings
	temp      string
	source    string // a writable copy of the module
	toolchain string // for all ways of building
	changes   int64  // how often the source was changed
	report    *report
}

func newBench(ctx context.Context, s settings) (_ *bench, err error) {
	temp, err := os.MkdirTemp("", "hotfix-speed-*")
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, temp: temp, source: filepath.Join(temp, "source"), changes: time.Now().Unix(), report: newReport(os.Stdout)}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if err := upstream.Copy(ctx, s.module, b.source); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(b.source, filepath.FromSlash(s.change))); err != nil {
		return nil, fmt.Errorf("the file to change: %w: give another with -change", err)
	}
	b.toolchain, err = upstream.Toolchain(ctx, b.source, os.Environ())
	return b, err
}

func (b *bench) close() error { return os.RemoveAll(b.temp) }

// edit changes one file of the program, differently each time.
func (b *bench) edit() error {
	b.changes++
	path := filepath.Join(b.source, filepath.FromSlash(b.change))
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const mark = "\n// Changed by the benchmark.\n"
	original, _, _ := strings.Cut(string(data), mark)
	return os.WriteFile(path, []byte(original+mark+fmt.Sprintf("func init() { benchmarkChange = %d }\nvar benchmarkChange int64\n", b.changes)), 0o644)
}

// plain is the go command as a script would call it, one target after the other.
type plain struct {
	output string   // folder
	flags  []string // of go build
	env    []string // beyond the caller's
	keep   bool     // outputs of the run before stay
}

func (b *bench) plain(ctx context.Context, p plain) (cost, error) {
	if !p.keep {
		if err := os.RemoveAll(p.output); err != nil {
			return cost{}, err
		}
	}
	var sum cost
	for _, t := range b.targets {
		used, err := command{
			dir:  b.source,
			env:  slices.Concat(os.Environ(), []string{"GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOTOOLCHAIN=" + b.toolchain}, t.Environ(), p.env),
			argv: slices.Concat([]string{"go", "build"}, p.flags, []string{"-o", filepath.Join(p.output, t.FileName(), t.Executable("program")), b.pkg}),
		}.run(ctx)
		if err != nil {
			return cost{}, err
		}
		sum = sum.plus(used)
	}
	return sum, nil
}

// built is the Builder, in a process of its own.
func (b *bench) built(ctx context.Context, output string, budget int64) (cost, error) {
	return b.child(ctx, childSettings{output: output, budget: budget})
}

func (b *bench) child(ctx context.Context, c childSettings) (cost, error) {
	argv, err := b.childArgv(c)
	if err != nil {
		return cost{}, err
	}
	return command{dir: b.temp, env: os.Environ(), argv: argv}.run(ctx)
}

func (b *bench) path(name string) string { return filepath.Join(b.temp, name) }

// binary is where a plain build put the executable for a target.
func (p plain) binary(t target.Target) string {
	return filepath.Join(p.output, t.FileName(), t.Executable("program"))
}
