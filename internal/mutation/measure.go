package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/cover"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// packageInfo is what "go list -json" says of a package.
type packageInfo struct {
	Dir          string
	ImportPath   string
	GoFiles      []string // those of this system, without tests
	TestGoFiles  []string
	XTestGoFiles []string
}

func (p packageInfo) hasTests() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

func listPackages(ctx context.Context, pattern string) ([]packageInfo, error) {
	argv := []string{"go", "list", "-json=Dir,ImportPath,GoFiles,TestGoFiles,XTestGoFiles", "--", pattern}
	result, err := gocmd.Run(ctx, gocmd.Command{Argv: argv, Env: os.Environ()})
	if err != nil {
		return nil, err
	}
	var packages []packageInfo
	for decoder := json.NewDecoder(bytes.NewReader(result.Stdout)); ; {
		var p packageInfo
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// measure tries the mutants of a package. The function is called after each, by
// one goroutine at a time.
func measure(ctx context.Context, o options, tried func(done, all int, t Trial)) (Report, error) {
	temp, err := os.MkdirTemp("", "hotfix-mutation-*")
	if err != nil {
		return Report{}, err
	}
	report, err := measureIn(ctx, temp, o, tried)
	return report, errors.Join(err, os.RemoveAll(temp))
}

func measureIn(ctx context.Context, temp string, o options, tried func(done, all int, t Trial)) (Report, error) {
	pkg, tests, err := o.packages(ctx)
	if err != nil {
		return Report{}, err
	}
	b := &bench{packages: tests, temp: temp, short: o.short}
	if err := b.original(ctx, o.limit); err != nil {
		return Report{}, err
	}
	all, err := o.mutants(ctx, pkg, temp)
	if err != nil {
		return Report{}, err
	}
	chosen := spread(all, o.sample)
	trials, err := b.tryAll(ctx, chosen, o.parallel, tried)
	if err != nil {
		return Report{}, err
	}
	return newReport(pkg.ImportPath, len(all), trials), nil
}

func (o options) packages(ctx context.Context) (packageInfo, []packageInfo, error) {
	found, err := listPackages(ctx, o.pkg)
	if err != nil {
		return packageInfo{}, nil, err
	}
	if len(found) != 1 {
		return packageInfo{}, nil, fmt.Errorf("%s is %d packages; name one", o.pkg, len(found))
	}
	if o.tests == "" {
		return found[0], found, nil
	}
	tests, err := listPackages(ctx, o.tests)
	return found[0], tests, err
}

// mutants returns those of the files and lines that are asked for.
func (o options) mutants(ctx context.Context, pkg packageInfo, temp string) ([]Mutant, error) {
	runs, err := o.coverage(ctx, pkg, temp)
	if err != nil {
		return nil, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var all []Mutant
	for _, name := range pkg.GoFiles {
		if o.only != "" && o.only != name {
			continue
		}
		path := filepath.Join(pkg.Dir, name)
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found, err := mutants(path, source)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if m.File, err = filepath.Rel(wd, path); err != nil {
				m.File = path
			}
			if runs(name, m.Line) {
				all = append(all, m)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is nothing to change in %s of %s", orAll(o.only), pkg.ImportPath)
	}
	return all, nil
}

func orAll(file string) string {
	if file == "" {
		return "the files"
	}
	return file
}

// coverage returns whether the package's tests run a line of a file.
func (o options) coverage(ctx context.Context, pkg packageInfo, temp string) (func(file string, line int) bool, error) {
	if !o.covered {
		return func(string, int) bool { return true }, nil
	}
	path := filepath.Join(temp, "cover.out")
	argv := []string{"go", "test", "-count=1", "-vet=off", "-coverprofile=" + path, "-coverpkg=" + pkg.ImportPath}
	pattern := o.tests
	if pattern == "" {
		pattern = pkg.ImportPath
	}
	if _, err := gocmd.Run(ctx, gocmd.Command{Argv: append(argv, pattern), Env: os.Environ()}); err != nil {
		return nil, err
	}
	profiles, err := cover.ParseProfiles(path)
	if err != nil {
		return nil, err
	}
	run := map[string]map[int]bool{}
	for _, p := range profiles {
		lines := map[int]bool{}
		for _, block := range p.Blocks {
			for line := block.StartLine; block.Count > 0 && line <= block.EndLine; line++ {
				lines[line] = true
			}
		}
		run[filepath.Base(p.FileName)] = lines
	}
	return func(file string, line int) bool { return run[file][line] }, nil
}

// spread returns n of the mutants, at equal distances; all of them for 0.
func spread(all []Mutant, n int) []Mutant {
	if n == 0 || n >= len(all) {
		return all
	}
	chosen := make([]Mutant, n)
	for i := range chosen {
		chosen[i] = all[i*len(all)/n]
	}
	return chosen
}

func (b *bench) tryAll(ctx context.Context, chosen []Mutant, parallel int, tried func(done, all int, t Trial)) ([]Trial, error) {
	trials := make([]Trial, len(chosen))
	var mu sync.Mutex
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, m := range chosen {
		group.Go(func() error {
			outcome, err := b.try(ctx, i, m)
			if err != nil {
				return err
			}
			trials[i] = Trial{Mutant: m, Outcome: outcome}
			mu.Lock()
			defer mu.Unlock()
			done++
			tried(done, len(chosen), trials[i])
			return nil
		})
	}
	return trials, group.Wait()
}
