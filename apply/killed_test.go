package apply_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/internal/releases"
)

// killed is what a test panics with where a process is to end: nothing that would
// follow is done.
type killed struct{ step string }

// killing returns an option that ends the process at the n-th point, from 0, and what
// counts the points.
func killing(n int) (apply.Option, *int) {
	count := 0
	return apply.WithTrip(func(step string) error {
		if count++; count-1 == n {
			panic(killed{step})
		}
		return nil
	}), &count
}

// survive runs f and reports whether it was killed.
func survive(f func()) (step string) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case killed:
			step = r.step
		default:
			panic(r)
		}
	}()
	f()
	return ""
}

// stride is how far apart the points are that are tried.
func stride() int {
	if testing.Short() {
		return 5
	}
	return 1
}

// operations are what can be killed, each with the versions that may run afterwards.
func operations() map[string]func(s *scene, options ...apply.Option) error {
	return map[string]func(s *scene, options ...apply.Option) error{
		"apply": func(s *scene, options ...apply.Option) error {
			_, err := s.host(options...).Apply(s.t.Context(), apply.FromDist(filepath.Join(s.dir, "dist-HF-2")))
			return err
		},
		"apply that fails": func(s *scene, options ...apply.Option) error {
			sick := check(func(context.Context) error {
				if s.service.runs() == s.digest("1.0.1") {
					return errors.New("sick")
				}
				return nil
			})
			_, err := s.host(append(options, apply.WithChecks(sick))...).Apply(s.t.Context(), apply.FromDist(filepath.Join(s.dir, "dist-HF-2")))
			return err
		},
		"rollback": func(s *scene, options ...apply.Option) error {
			_, err := s.host(options...).Rollback(s.t.Context(), product)
			return err
		},
	}
}

// stage makes the releases that the operations need, once.
func stage(t *testing.T) *scene {
	s := newScene(t)
	s.release(1, "0.9.0", "")
	s.release(2, "1.0.0", "0.9.0", func(r *releases.Release) { r.ID = "HF-1b" })
	s.release(3, "1.0.1", "1.0.0", func(r *releases.Release) {
		r.ID = "HF-2"
		r.Files = fstest.MapFS{"config/app.yaml": {Data: []byte("x: 1")}}
	})
	return s
}

// prepared is a new store with 1.0.0 installed, and 0.9.0 before it, so that there is
// something to roll back to.
func (s *scene) prepared(t *testing.T) *scene {
	again := *s
	again.t, again.store, again.service = t, filepath.Join(t.TempDir(), "store"), &service{}
	again.apply(filepath.Join(s.dir, "dist-HF-1"))
	again.apply(filepath.Join(s.dir, "dist-HF-1b"))
	return &again
}

// requireOldOrNew requires what must hold after any crash and its recovery: one whole
// version is current and runs, the floor has not sunk, and nothing is left behind.
func (s *scene) requireOldOrNew(floor int64) {
	s.t.Helper()
	_, err := s.host().Recover(s.t.Context(), product)
	require.NoError(s.t, err)
	now := s.current()
	require.Equal(s.t, now, s.service.runs())
	require.Contains(s.t, []any{s.digest("0.9.0"), s.digest("1.0.0"), s.digest("1.0.1")}, any(now))
	require.GreaterOrEqual(s.t, s.floor(), floor)
	s.requireNoLitter()
	_, err = s.host().Recover(s.t.Context(), product)
	require.NoError(s.t, err)
	require.Equal(s.t, now, s.current(), "a second recovery changes nothing")
}

// A process that ends at any step leaves the old or the new version, and one recovery
// settles it, even one that is itself killed at any of its own steps.
func TestKilledAtEveryStep(t *testing.T) {
	points, again, base := 0, 0, stage(t)
	for name, operation := range operations() {
		t.Run(name, func(t *testing.T) {
			for n := 0; ; n += stride() {
				s := base.prepared(t)
				s.service.unknown = n%2 == 1 // not every strategy can be asked what runs
				kill, _ := killing(n)
				step := survive(func() { _ = operation(s, kill) })
				if step == "" {
					break
				}
				points++
				second := n % 7 // sampled: where the recovery is killed too
				secondKill, _ := killing(second)
				if survive(func() { _, _ = s.host(secondKill).Recover(t.Context(), product) }) != "" {
					again++
				}
				s.requireOldOrNew(2)
			}
		})
	}
	t.Logf("%d kill points; %d recoveries killed in turn", points, again)
	require.Greater(t, points*stride(), 40)
	require.Positive(t, again)
}

// A step that fails is an error, and changes nothing or everything.
func TestErrorAtEveryStep(t *testing.T) {
	broken := errors.New("input/output error")
	points, base := 0, stage(t)
	for name, operation := range operations() {
		t.Run(name, func(t *testing.T) {
			for n := 0; ; n += stride() {
				s := base.prepared(t)
				count := 0
				err := operation(s, apply.WithTrip(func(string) error {
					if count++; count-1 == n {
						return broken
					}
					return nil
				}))
				if count <= n {
					break
				}
				points++
				if name != "apply that fails" { // there, one more error may be of a journal that is not needed to go back
					require.ErrorIs(t, err, broken, "point %d", n)
				}
				require.Error(t, err)
				s.requireOldOrNew(2)
			}
		})
	}
	t.Logf("%d points", points)
	require.Greater(t, points*stride(), 40)
}

// A takeover that ends at any step leaves what was current before, or what was taken over.
func TestKilledWhileTakingOver(t *testing.T) {
	base := stage(t)
	points := 0
	for n := 0; ; n += stride() {
		s := base.prepared(t)
		s.service.unknown = true
		kill, _ := killing(n)
		if survive(func() { _, _ = s.host(kill).Adopt(t.Context(), product, s.executable("by hand")) }) == "" {
			break
		}
		points++
		_, err := s.host().Recover(t.Context(), product)
		require.NoError(t, err)
		require.Contains(t, []any{s.digest("1.0.0"), s.digest("by hand")}, any(s.current()))
		s.requireNoLitter()
	}
	require.Positive(t, points)
}
