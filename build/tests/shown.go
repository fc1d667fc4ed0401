package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/gohotfix/hotfix/build/policy"
)

// shown is how the tests of the fix end on the code of the base: where those of
// a package are the same on both sides, as they end on the base.
type shown struct {
	differ map[string]bool     // packages whose tests differ, by import path
	data   map[string][]string // test data that differ, by import path
	base   *stream
	again  *stream // of packages whose tests differ
}

// runFixTests runs the tests of the fix on the code of the base, where they
// differ from its own.
func (c *comparison) runFixTests(ctx context.Context, base *stream) (*shown, error) {
	s := &shown{differ: map[string]bool{}, data: map[string][]string{}, base: base, again: newStream(nil)}
	for _, f := range c.reach.Tests {
		if f.Data {
			s.data[f.Package] = append(s.data[f.Package], f.Path)
		} else {
			s.differ[f.Package] = true
		}
	}
	packages := slices.DeleteFunc(c.on(Fix), func(path string) bool { return !s.differ[path] })
	if len(packages) == 0 {
		return s, nil
	}
	if c.withoutFixTests {
		s.again.doubt("nothing was run, as was asked for")
		return s, nil
	}
	overlay, err := c.overlay()
	if err != nil {
		return nil, fmt.Errorf("laying the tests of the fix over the base: %w", err)
	}
	s.again, err = c.goTest(ctx, job{side: FixTestsOnBase, packages: packages, overlay: overlay, observed: true})
	return s, err
}

// overlay writes what lets the go command see the tests of the fix in the folder
// of the base, which stays as it is.
func (c *comparison) overlay() (name string, err error) {
	replace := map[string]string{}
	for _, f := range c.reach.Tests {
		below := filepath.FromSlash(f.Path)
		switch {
		case f.Data:
		case f.Status == policy.Removed:
			replace[filepath.Join(c.base.Dir(), below)] = ""
		default:
			replace[filepath.Join(c.base.Dir(), below)] = filepath.Join(c.fix.Dir(), below)
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name = filepath.Join(c.temp, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

// run is the one that tells of a package; nil if there is none.
func (s *shown) run(path string) *packageRun {
	if s.differ[path] {
		return s.again.packages[path]
	}
	return s.base.packages[path]
}

// whole is the outcome of a package.
func (s *shown) whole(path string) policy.Outcome {
	return s.known(path, s.run(path).whole())
}

// of is the outcome of a test.
func (s *shown) of(path, name string) policy.Outcome {
	return s.known(path, s.run(path).of(name))
}

// known is an outcome as far as it is one of the code: what was not run, or may
// have failed for want of data, is not known.
func (s *shown) known(path string, o policy.Outcome) policy.Outcome {
	if s.differ[path] && s.run(path) == nil || len(s.data[path]) > 0 && ranBadly(o) {
		return policy.UnknownOutcome
	}
	return o
}

func ranBadly(o policy.Outcome) bool { return o == policy.Failed || o == policy.TimedOut }

// doubts say why tests of a package that pass on the fix may show the fault
// though they are not known to.
func (s *shown) doubts(path string, now *packageRun) []string {
	run := s.run(path)
	if run == nil || now == nil {
		return nil
	}
	failing := slices.ContainsFunc(slices.Collect(maps.Keys(run.tests)), func(name string) bool {
		return ranBadly(run.of(name)) && now.of(name) == policy.Passed
	})
	switch {
	case run.outcome == policy.NotBuilt && now.outcome != policy.NotBuilt:
		return []string{fmt.Sprintf("the tests of %s do not compile with the code of the base: %s", path, lastLine(run.output.String()))}
	case failing && len(s.data[path]) > 0:
		return []string{fmt.Sprintf("tests of %s fail with the code of the base, maybe for want of the fix's test data, as %s", path, s.data[path][0])}
	case run.early() && !failing:
		return []string{"the tests of " + path + " end early with the code of the base"}
	}
	return nil
}
