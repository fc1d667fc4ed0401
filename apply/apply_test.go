package apply_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/journal"
	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/internal/releases"
	"github.com/gohotfix/hotfix/pack"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

func TestApplyAndRollBack(t *testing.T) {
	s := newScene(t)
	first := s.apply(s.release(1, "1.0.0", ""))
	assert.Equal(t, journal.Confirmed, first.State)
	assert.True(t, first.From.IsZero())
	s.requireRuns("1.0.0")

	second := s.apply(s.release(2, "1.0.1", "1.0.0"))
	assert.Equal(t, first.To, second.From)
	s.requireRuns("1.0.1")
	assert.Equal(t, 2, s.service.settled)

	back, err := s.host().Rollback(t.Context(), product)
	require.NoError(t, err)
	assert.Equal(t, first.To, back.To)
	s.requireRuns("1.0.0")

	_, err = s.host().Rollback(t.Context(), product)
	require.ErrorIs(t, err, apply.ErrNothingBefore)
	_, err = s.host().Apply(t.Context(), apply.FromDist(filepath.Join(s.dir, "dist-HF-2")))
	require.ErrorIs(t, err, apply.ErrQuarantined, "what was rolled back is not applied again")
	s.requireRuns("1.0.0")

	s.apply(s.release(3, "1.0.2", "1.0.0"))
	s.requireRuns("1.0.2")
	s.requireNoLitter()
}

func TestApplyingWhatIsInstalledDoesNothing(t *testing.T) {
	s := newScene(t)
	dist := s.release(1, "1.0.0", "")
	s.apply(dist)
	again := s.apply(dist)
	assert.True(t, again.Unchanged)
	assert.Equal(t, 1, s.service.swaps)
}

func TestDeltaAndText(t *testing.T) {
	for name, source := range map[string]func(t *testing.T, s *scene, dist string) apply.Source{
		"delta in a dist": func(_ *testing.T, _ *scene, dist string) apply.Source { return apply.FromDist(dist) },
		"delta alone": func(t *testing.T, _ *scene, dist string) apply.Source {
			src, err := apply.From(onlyPackage(t, dist))
			require.NoError(t, err)
			return src
		},
		"text": func(t *testing.T, _ *scene, dist string) apply.Source {
			text, err := releases.Text(dist)
			require.NoError(t, err)
			return apply.FromText(append([]byte("> please apply\n"), text...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.apply(s.release(1, "1.0.0", ""))
			dist := s.release(2, "1.0.1", "1.0.0", func(r *releases.Release) { r.DeltaOnly = true })
			_, err := s.host().Apply(t.Context(), source(t, s, dist))
			require.NoError(t, err)
			s.requireRuns("1.0.1")
		})
	}
}

// A full package and a delta give one version.
func TestDeltaGivesTheVersionOfTheFullPackage(t *testing.T) {
	a, b := newScene(t), newScene(t)
	for _, s := range []*scene{a, b} {
		s.apply(s.release(1, "1.0.0", ""))
	}
	full := a.release(2, "1.0.1", "1.0.0")
	require.NoError(t, os.Remove(deltaOf(t, full)))
	one := a.apply(full)
	other := b.apply(b.release(2, "1.0.1", "1.0.0", func(r *releases.Release) { r.DeltaOnly = true }))
	assert.Equal(t, one.To, other.To)
}

func TestRefusals(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(2, "1.0.0", ""))
	cases := map[string]struct {
		dist   string
		change func(dist string)
		rule   verify.Rule
	}{
		"older":      {dist: s.release(1, "0.9.9", ""), rule: verify.RuleRollback},
		"other base": {dist: s.release(3, "1.0.1", "0.5.0"), rule: verify.RuleBase},
		"altered": {dist: s.release(4, "1.0.2", "1.0.0"), rule: verify.RuleFiles, change: func(dist string) {
			alter(t, deltaOf(t, dist))
		}},
		"no signature": {dist: s.release(5, "1.0.3", "1.0.0"), rule: verify.RuleThreshold, change: func(dist string) {
			bundles, err := filepath.Glob(filepath.Join(dist, "*.sigstore.json"))
			require.NoError(t, err)
			for _, b := range bundles {
				require.NoError(t, os.Remove(b))
			}
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.change != nil {
				c.change(c.dist)
			}
			_, err := s.host().Apply(t.Context(), apply.FromDist(c.dist))
			require.Error(t, err)
			assert.Equal(t, c.rule, verify.RuleOf(err), err.Error())
			s.requireRuns("1.0.0")
			s.requireNoLitter()
			assert.Equal(t, 1, s.service.swaps)
		})
	}
	_, err := s.host().Apply(t.Context(), apply.FromDist(t.TempDir()))
	require.Error(t, err)
}

func TestUntrustedReleaseMakesNoStore(t *testing.T) {
	s, stranger := newScene(t), newScene(t)
	_, err := s.host().Apply(t.Context(), apply.FromDist(stranger.release(1, "1.0.0", "")))
	require.ErrorIs(t, err, verify.ErrThreshold)
	assert.NoDirExists(t, s.store)
}

func TestUnhealthyVersionIsTakenBack(t *testing.T) {
	sick := errors.New("answers 503")
	for name, c := range map[string]struct {
		option func(s *scene) apply.Option
		state  journal.State
	}{
		"swap fails": {state: journal.Activated, option: func(s *scene) apply.Option {
			s.service.before = func(m swap.Move) error {
				if m.To.Version == "1.0.1" {
					return sick
				}
				return nil
			}
			return apply.WithTolerance(0)
		}},
		"check never holds": {state: journal.Swapped, option: func(s *scene) apply.Option {
			return apply.WithChecks(check(func(context.Context) error {
				if s.service.runs() == s.digest("1.0.1") {
					return sick
				}
				return nil
			}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.apply(s.release(1, "1.0.0", ""))
			dist := s.release(2, "1.0.1", "1.0.0")
			_, err := s.host(c.option(s)).Apply(t.Context(), apply.FromDist(dist))
			var reverted *apply.RevertedError
			require.ErrorAs(t, err, &reverted)
			require.NoError(t, reverted.After)
			assert.Equal(t, c.state, reverted.State)
			assert.ErrorIs(t, err, sick)
			s.requireRuns("1.0.0")
			s.requireNoLitter()
			st, err := s.host().Status(t.Context(), product)
			require.NoError(t, err)
			assert.Equal(t, journal.Reverted, st.State)
			assert.Contains(t, st.Reason, "answers 503")
			assert.Len(t, st.Quarantined, 1)
			_, err = s.host().Apply(t.Context(), apply.FromDist(dist))
			require.ErrorIs(t, err, apply.ErrQuarantined)
		})
	}
}

func TestVersionThatFailsWhileSoakingIsTakenBack(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	asked := 0
	fails := check(func(context.Context) error {
		if s.service.runs() != s.digest("1.0.1") {
			return nil
		}
		if asked++; asked > 3 {
			return errors.New("leaks")
		}
		return nil
	})
	_, err := s.host(apply.WithChecks(fails), apply.WithSoak(time.Minute, time.Millisecond)).Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0")))
	var reverted *apply.RevertedError
	require.ErrorAs(t, err, &reverted)
	assert.Equal(t, journal.Soaking, reverted.State)
	require.ErrorIs(t, err, apply.ErrUnhealthy)
	s.requireRuns("1.0.0")
}

// A caller that stops waiting does not leave the service on an unproven version.
func TestCancelledWhileSoaking(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	ctx, cancel := context.WithCancel(t.Context())
	enough := check(func(context.Context) error {
		if s.service.runs() == s.digest("1.0.1") {
			cancel()
		}
		return nil
	})
	_, err := s.host(apply.WithChecks(enough), apply.WithSoak(time.Hour/2, time.Millisecond)).Apply(ctx, apply.FromDist(s.release(2, "1.0.1", "1.0.0")))
	require.ErrorIs(t, err, context.Canceled)
	s.requireRuns("1.0.0")
}

func TestConfigurationAndScripts(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", "", withFiles(fstest.MapFS{"config/app.yaml": {Data: []byte("port: 1")}, "config/other.yaml": {Data: []byte("keep")}})))
	o := s.apply(s.release(2, "1.0.0+port", "", filesOnly(fstest.MapFS{"config/app.yaml": {Data: []byte("port: 2")}})))
	assert.Equal(t, 1, s.service.reloads, "configuration is reloaded")
	assert.Equal(t, 1, s.service.swaps, "and nothing is restarted")
	s.requireRuns("1.0.0")
	for name, want := range map[string]string{"app.yaml": "port: 2", "other.yaml": "keep"} {
		data, err := os.ReadFile(filepath.Join(s.store, product, "versions", o.To.Hex(), "config", name))
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
	_, err := s.host().Rollback(t.Context(), product)
	require.NoError(t, err)
	assert.Equal(t, 2, s.service.reloads)
	data, err := os.ReadFile(filepath.Join(s.store, product, "versions", o.From.Hex(), "config", "app.yaml"))
	require.NoError(t, err)
	assert.Equal(t, "port: 1", string(data))
}

func TestPendingVersion(t *testing.T) {
	guard := &recordingGuard{}
	pending := func(s *scene) *apply.Host {
		return s.host(apply.WithExternalConfirmation(), apply.WithGuard(guard))
	}
	start := func(t *testing.T) *scene {
		s := newScene(t)
		s.apply(s.release(1, "1.0.0", ""))
		o, err := pending(s).Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0")))
		require.NoError(t, err)
		assert.Equal(t, journal.Soaking, o.State)
		assert.WithinDuration(t, s.clock.Add(time.Hour), o.Deadline, time.Second)
		s.requireRuns("1.0.1")
		return s
	}
	t.Run("confirmed", func(t *testing.T) {
		s := start(t)
		_, err := s.host().Apply(t.Context(), apply.FromDist(s.release(3, "1.0.2", "1.0.1")))
		require.ErrorIs(t, err, apply.ErrPending)
		_, err = s.host().Recover(t.Context(), product)
		require.NoError(t, err)
		s.requireRuns("1.0.1")
		o, err := s.host().Confirm(t.Context(), product)
		require.NoError(t, err)
		assert.Equal(t, journal.Confirmed, o.State)
		_, err = s.host().Confirm(t.Context(), product)
		require.ErrorIs(t, err, apply.ErrNotPending)
		assert.Equal(t, int64(2), s.floor())
		s.apply(s.release(3, "1.0.2", "1.0.1"))
	})
	t.Run("rolled back", func(t *testing.T) {
		s := start(t)
		o, err := s.host().Rollback(t.Context(), product)
		require.NoError(t, err)
		assert.Equal(t, journal.Reverted, o.State)
		s.requireRuns("1.0.0")
		assert.Equal(t, int64(1), s.floor())
	})
	t.Run("too late", func(t *testing.T) {
		s := start(t)
		s.clock = s.clock.Add(2 * time.Hour)
		_, err := s.host().Confirm(t.Context(), product)
		var reverted *apply.RevertedError
		require.ErrorAs(t, err, &reverted)
		s.requireRuns("1.0.0")
	})
	t.Run("nobody confirms", func(t *testing.T) {
		s := start(t)
		s.clock = s.clock.Add(2 * time.Hour)
		o, err := s.host().Guard(t.Context(), product)
		require.NoError(t, err)
		assert.Equal(t, journal.Reverted, o.State)
		s.requireRuns("1.0.0")
	})
	t.Run("crashes", func(t *testing.T) {
		s := start(t)
		v, err := s.host().Starting(t.Context(), product)
		require.NoError(t, err)
		assert.Equal(t, "1.0.1", v.Version, "the first start is the switch itself")
		v, err = s.host().Starting(t.Context(), product)
		require.NoError(t, err)
		assert.Equal(t, "1.0.0", v.Version)
		s.service.digest = s.digest(v.Version) // as the supervisor starts it
		s.requireRuns("1.0.0")
	})
	assert.NotZero(t, guard.watched)
}

type recordingGuard struct{ watched int }

func (g *recordingGuard) Watch(context.Context, string, time.Time) error {
	g.watched++
	return nil
}

func TestGuardThatCannotStart(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	guard, err := apply.NewProcessGuard(func(string, time.Time) []string { return []string{filepath.Join(s.dir, "nothing")} })
	require.NoError(t, err)
	_, err = s.host(apply.WithGuard(guard)).Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0")))
	assert.ErrorContains(t, err, "nothing was switched")
	s.requireRuns("1.0.0")
	assert.Equal(t, 1, s.service.swaps)
}

func TestInstallPathIsAdopted(t *testing.T) {
	s := newScene(t)
	path := filepath.Join(s.dir, "usr-local-bin-app")
	data, err := os.ReadFile(s.executable("1.0.0"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o755))
	s.service.digest = s.digest("1.0.0")
	installed := func() manifest.Digest {
		d, _, err := manifest.DigestFile(path)
		require.NoError(t, err)
		return d
	}
	s.apply(s.release(2, "1.0.1", "1.0.0"), apply.WithInstallPath(path))
	assert.Equal(t, s.digest("1.0.1"), installed())
	_, err = s.host(apply.WithInstallPath(path)).Rollback(t.Context(), product)
	require.NoError(t, err)
	assert.Equal(t, s.digest("1.0.0"), installed())

	require.NoError(t, os.Remove(path))
	_, err = s.host(apply.WithInstallPath(path)).Recover(t.Context(), product)
	require.NoError(t, err)
	assert.Equal(t, s.digest("1.0.0"), installed(), "as after a crash between the two renames that Windows needs")

	require.NoError(t, os.WriteFile(path, []byte("by hand"), 0o755))
	st, err := s.host(apply.WithInstallPath(path)).Status(t.Context(), product)
	require.NoError(t, err)
	require.Len(t, st.Drift, 1)
	assert.Equal(t, "install path", st.Drift[0].What)
	_, err = s.host(apply.WithInstallPath(path)).Apply(t.Context(), apply.FromDist(s.release(3, "1.0.2", "1.0.0")))
	require.ErrorIs(t, err, apply.ErrDrift)
	assert.Equal(t, manifest.DigestOf([]byte("by hand")), installed(), "what somebody put there is left alone")
}

// link makes a link of the store by hand.
func link(t *testing.T, path string, id manifest.Digest) {
	t.Helper()
	require.NoError(t, os.RemoveAll(path))
	if text := "versions/" + id.Hex(); runtime.GOOS == "windows" {
		require.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o644))
	} else {
		require.NoError(t, os.Symlink(text, path))
	}
}

func TestDrift(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	o := s.apply(s.release(2, "1.0.1", "1.0.0"))
	s.service.digest = s.digest("1.0.0")
	current := filepath.Join(s.store, product, "current")
	link(t, current, o.From)
	found, err := filepath.Glob(filepath.Join(s.store, product, "versions", o.To.Hex(), "bin", "*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	exe := found[0]
	require.NoError(t, os.Chmod(exe, 0o755))
	st, err := s.host().Status(t.Context(), product)
	require.NoError(t, err)
	require.Len(t, st.Drift, 1)
	assert.Equal(t, "link", st.Drift[0].What)
	_, err = s.host().Apply(t.Context(), apply.FromDist(s.release(3, "1.0.2", "1.0.0")))
	require.ErrorIs(t, err, apply.ErrDrift)

	link(t, current, o.To)
	require.NoError(t, os.WriteFile(exe, []byte("changed in place"), 0o755))
	st, err = s.host().Status(t.Context(), product)
	require.NoError(t, err)
	var what []string
	for _, d := range st.Drift {
		what = append(what, d.What)
	}
	assert.Equal(t, []string{"version", "process"}, what)

	repaired := s.apply(filepath.Join(s.dir, "dist-HF-2"))
	assert.Equal(t, o.To, repaired.To)
	s.service.digest = s.digest("1.0.1")
	s.requireRuns("1.0.1")
}

func TestDamagedJournal(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	path := filepath.Join(s.store, product, "journal")
	alter(t, path)
	_, err := s.host().Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0")))
	var damage *journal.DamageError
	require.ErrorAs(t, err, &damage)
	for _, f := range []func(context.Context, string) (*apply.Outcome, error){s.host().Rollback, s.host().Recover, s.host().Confirm} {
		_, err := f(t.Context(), product)
		require.ErrorAs(t, err, &damage)
	}
	assert.Equal(t, 1, s.service.swaps)

	require.NoError(t, os.Rename(path, path+".damaged"))
	_, err = s.host().Recover(t.Context(), product)
	require.NoError(t, err)
	s.requireRuns("1.0.0")
	s.apply(s.release(3, "1.0.1", "1.0.0"))
	s.requireRuns("1.0.1")
}

func TestTwoAppliesAtOnce(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	third := s.release(3, "1.0.2", "1.0.0")
	var second error
	s.service.before = func(swap.Move) error {
		s.service.mu.Lock()
		s.service.before = nil
		s.service.mu.Unlock()
		_, second = s.host().Apply(t.Context(), apply.FromDist(third))
		return nil
	}
	s.apply(s.release(2, "1.0.1", "1.0.0"))
	require.ErrorIs(t, second, apply.ErrBusy)
	s.requireRuns("1.0.1")
}

func TestRollbackPlanIsObeyed(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	touched := filepath.Join(s.dir, "restarted")
	self, err := os.Executable()
	require.NoError(t, err)
	plan := withOptions(packRestart(self, touchCommand, touched))
	h, err := apply.New(s.store, apply.WithTrust(s.maker.Trust()), apply.WithSoak(0, time.Millisecond))
	require.NoError(t, err)
	_, err = h.Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0", plan)))
	require.NoError(t, err)
	assert.FileExists(t, touched, "the package says what to restart")
	require.NoError(t, os.Remove(touched))
	_, err = h.Rollback(t.Context(), product)
	require.NoError(t, err)
	assert.FileExists(t, touched)
	assert.Equal(t, s.digest("1.0.0"), s.current())
}

// An address that this program cannot ask is found out before the switch, and one that
// it was told how to ask is asked.
func TestPageCheckOfThePackage(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	dist := s.release(2, "1.0.1", "1.0.0", withOptions(pack.WithCheck(manifest.Check{URL: "https://127.0.0.1/healthz", Seconds: 1})))
	swaps := s.service.swaps
	_, err := s.host().Apply(t.Context(), apply.FromDist(dist))
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "https is not part of this program")
	assert.Equal(t, swaps, s.service.swaps)
	s.requireRuns("1.0.0")

	var asked []string
	page := func(url string, opts ...health.Option) (*health.Probe, error) {
		asked = append(asked, url)
		server := health.WithDialer(func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() {
				_, _ = there.Read(make([]byte, 1<<10))
				_, _ = io.WriteString(there, "HTTP/1.1 204 No Content\r\n\r\n")
			}()
			return here, nil
		})
		return health.HTTP("http://127.0.0.1/", append(opts, server)...)
	}
	s.apply(dist, apply.WithPageCheck(page))
	assert.Contains(t, asked, "https://127.0.0.1/healthz")
	s.requireRuns("1.0.1")
	_, err = apply.New(s.store, apply.WithPageCheck(nil))
	assert.ErrorContains(t, err, "WithPageCheck: no function is given")
}

// A script runs once, before the switch; its output is kept; going back undoes it.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a shell")
	}
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	log := filepath.Join(s.dir, "log")
	scripts := func(run, undo string) fstest.MapFS {
		return fstest.MapFS{
			"scripts/run":  {Data: []byte("#!/bin/sh\necho run $HOTFIX_ID >> " + log + "\n" + run)},
			"scripts/undo": {Data: []byte("#!/bin/sh\necho undo $HOTFIX_ID >> " + log + "\n" + undo)},
		}
	}
	logged := func() string {
		data, err := os.ReadFile(log)
		require.NoError(t, err)
		return string(data)
	}
	alone := s.release(2, "1.0.0+script", "", filesOnly(scripts("echo cleaned the queue\n", "")))
	o := s.apply(alone)
	assert.True(t, o.To.IsZero(), "nothing is switched")
	assert.Equal(t, "run HF-2\n", logged())
	output, err := os.ReadFile(filepath.Join(s.store, product, "scripts", "HF-2", "run.output"))
	require.NoError(t, err)
	assert.Equal(t, "cleaned the queue\n", string(output))
	assert.True(t, s.apply(alone).Unchanged)
	assert.Equal(t, "run HF-2\n", logged(), "it runs once")
	s.requireRuns("1.0.0")

	_, err = s.host().Apply(t.Context(), apply.FromDist(s.release(3, "1.0.1", "1.0.0", withFiles(scripts("echo no disk; exit 3\n", "")))))
	require.ErrorIs(t, err, apply.ErrScript)
	assert.ErrorContains(t, err, "no disk")
	assert.Equal(t, "run HF-2\nrun HF-3\nundo HF-3\n", logged(), "what it began is undone")
	s.requireRuns("1.0.0")

	s.apply(s.release(4, "1.0.1", "1.0.0", withFiles(scripts("", ""))))
	s.requireRuns("1.0.1")
	_, err = s.host().Rollback(t.Context(), product)
	require.NoError(t, err)
	assert.Equal(t, "run HF-2\nrun HF-3\nundo HF-3\nrun HF-4\nundo HF-4\n", logged())
}

// A version that ends while it soaks is taken back even if its checks hold, because
// another process answers them.
func TestVersionThatEndsWhileSoakingIsTakenBack(t *testing.T) {
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	asked := 0
	ends := check(func(context.Context) error {
		if asked++; asked == 3 {
			s.service.mu.Lock()
			s.service.digest = s.digest("1.0.0") // the old process took over by itself
			s.service.mu.Unlock()
		}
		return nil
	})
	_, err := s.host(apply.WithChecks(ends), apply.WithSoak(time.Minute, time.Millisecond)).Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0")))
	require.ErrorIs(t, err, apply.ErrUnhealthy)
	assert.ErrorContains(t, err, "the new one has ended")
	s.requireRuns("1.0.0")
}
