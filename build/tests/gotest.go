package tests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/build/change"
	"github.com/gohotfix/hotfix/internal/gocmd"
)

// job is one run of "go test".
type job struct {
	side     Side
	packages []string // import paths
	pattern  string   // -run; "" for all tests
	cover    []string // import paths of the packages whose coverage is written
	profile  string   // file that it is written to
	overlay  string   // -overlay; "" for none
	observed bool     // the observer hears of it
}

// goTest runs tests to their end, however they end. Without packages it runs
// nothing.
func (c *comparison) goTest(ctx context.Context, j job) (*stream, error) {
	s := newStream(j.packages)
	if len(j.packages) == 0 {
		return s, nil
	}
	plan, err := c.plan(c.tree(j.side).Dir(), c.target)
	if err != nil {
		return nil, fmt.Errorf("planning the tests of the %s: %w", j.side, err)
	}
	if j.observed {
		s.observe(j.side, c.tell)
	}
	command := gocmd.Command{Argv: c.argv(plan, j), Dir: plan.Dir, Env: gocmd.With(plan.Environ(), c.environ...), Stdout: s}
	c.logger.DebugContext(ctx, "go test", "side", j.side, "argv", command.Argv)
	result, err := gocmd.Run(ctx, command)
	var exit *gocmd.ExitError
	switch {
	case err == nil:
		s.close(result.Stderr, false)
	case errors.As(err, &exit):
		s.close(exit.Stderr, true)
	case errors.Is(err, gocmd.ErrNotFound):
		return nil, &build.ToolchainError{Err: err}
	default:
		return nil, fmt.Errorf("running the tests of the %s: %w", j.side, err)
	}
	return s, nil
}

func (c *comparison) tree(side Side) *change.Tree {
	if side == Fix {
		return c.fix
	}
	return c.base
}

// argv is the command line. Vet is left out: what it finds is no failure of a
// test.
func (c *comparison) argv(plan build.Plan, j job) []string {
	argv := []string{
		"go", "test", "-json", "-count=1", "-vet=off",
		"-shuffle=" + strconv.FormatInt(c.result.Seed, 10), "-timeout=" + c.timeout.String(),
	}
	argv = append(argv, plan.ListFlags()...)
	if len(j.cover) > 0 {
		mode := "set"
		if plan.Race {
			mode = "atomic"
		}
		argv = append(argv, "-covermode="+mode, "-coverpkg="+strings.Join(j.cover, ","), "-coverprofile="+j.profile)
	}
	if j.overlay != "" {
		argv = append(argv, "-overlay="+j.overlay)
	}
	if j.pattern != "" {
		argv = append(argv, "-run="+j.pattern)
	}
	return slices.Concat(argv, j.packages)
}

// observe tells an observer what happens.
func (s *stream) observe(side Side, tell func(Event)) {
	done := 0
	s.started = func(path string) { tell(PackageStarted{Side: side, Path: path}) }
	s.failed = func(path, test string) { tell(TestFailed{Side: side, Path: path, Name: test}) }
	s.finished = func(path string, run *packageRun) {
		done++
		tell(PackageFinished{Side: side, Path: path, Outcome: run.outcome, Done: done, Total: len(s.packages), Elapsed: run.elapsed})
	}
}
