package apply_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply"
	"github.com/gohotfix/hotfix/apply/sandbox"
	"github.com/gohotfix/hotfix/internal/releases"
	"github.com/gohotfix/hotfix/pack"
)

// play is what this test's own program does when it is the new version of a service.
func play(args []string) int {
	switch args[0] {
	case "wait":
		os.Stdout.WriteString("runs\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	case "version":
		os.Stdout.WriteString("1.0.1\n")
		return 0
	case "crash":
		os.Stdout.WriteString("panic: no configuration\n")
		return 2
	case "serve", "sick":
		sick := args[0] == "sick"
		err := http.ListenAndServe(args[1], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if sick {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		os.Stdout.WriteString(err.Error())
	}
	return 1
}

// real makes a release of this test's own program.
func real(t *testing.T, options ...pack.Option) func(*releases.Release) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return func(r *releases.Release) {
		r.Executable, r.DeltaOnly, r.Options = self, false, options
		r.Old, r.OldVersion = "", ""
	}
}

// A version that fails its trial, or the package's own check, never gets near the
// service.
func TestTrials(t *testing.T) {
	url := "http://127.0.0.1:18080/healthz"
	script := func(text string) pack.Option { return pack.WithVerifyScript([]byte("#!/bin/sh\n" + text + "\n")) }
	for name, c := range map[string]struct {
		trial *apply.Trial
		check pack.Option
		fails string // "" if the version is installed
	}{
		"runs":                 {trial: &apply.Trial{Args: []string{playCommand, "version"}}},
		"crashes":              {trial: &apply.Trial{Args: []string{playCommand, "crash"}}, fails: "panic: no configuration"},
		"answers":              {trial: &apply.Trial{Args: []string{playCommand, "serve", "127.0.0.1:18080"}, URL: url}},
		"answers with 503":     {trial: &apply.Trial{Args: []string{playCommand, "sick", "127.0.0.1:18080"}, URL: url, Time: 2 * time.Second}, fails: "503"},
		"listens elsewhere":    {trial: &apply.Trial{Args: []string{playCommand, "serve", "127.0.0.1:18081"}, URL: url, Time: 2 * time.Second}, fails: "refused"},
		"ends at once":         {trial: &apply.Trial{Args: []string{playCommand, "crash"}, URL: url}, fails: "ended before it answered"},
		"package check passes": {check: script("exit 0")},
		"package check fails":  {check: script("echo the schema is too old; exit 1"), fails: "the schema is too old"},
		"package check writes": {check: script("echo x > " + filepath.Join(os.TempDir(), "out")), fails: ""},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !slices.Contains([]string{"crashes", "answers", "ends at once", "package check fails"}, name) {
				t.Skip("packs this test's own program")
			}
			if runtime.GOOS == "windows" && c.check != nil {
				t.Skip("the script is for a shell")
			}
			s := newScene(t)
			s.apply(s.release(1, "1.0.0", ""))
			var options []apply.Option
			if c.trial != nil {
				options = append(options, apply.WithTrial(*c.trial))
			}
			change := real(t)
			if c.check != nil {
				change = real(t, c.check)
			}
			o, err := s.host(options...).Apply(t.Context(), apply.FromDist(s.release(2, "1.0.1", "1.0.0", change)))
			if c.fails == "" {
				require.NoError(t, err)
				assert.Equal(t, "1.0.1", o.Version)
				return
			}
			require.ErrorIs(t, err, apply.ErrTrial)
			assert.ErrorContains(t, err, c.fails)
			assert.ErrorContains(t, err, "nothing was switched")
			s.requireRuns("1.0.0")
			s.requireNoLitter()
			assert.Equal(t, 1, s.service.swaps)
			st, err := s.host().Status(t.Context(), product)
			require.NoError(t, err)
			assert.Empty(t, st.Quarantined, "a trial may fail for a reason that passes")
		})
	}
}

func TestTrialsThatAreRefused(t *testing.T) {
	for _, url := range []string{"https://127.0.0.1:1/x", "http://example.com:80/x", "http://127.0.0.1/x", "127.0.0.1:80", "http://[::1", "http://10.0.0.1:80/"} {
		_, err := apply.New(t.TempDir(), apply.WithTrial(apply.Trial{URL: url}))
		assert.Error(t, err, url)
	}
}

// What is executed is the very file that was verified: one that was exchanged since is
// not started.
func TestExchangedScriptIsNotStarted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the script is for a shell")
	}
	s := newScene(t)
	s.apply(s.release(1, "1.0.0", ""))
	for _, name := range []string{"verify", "run"} {
		files := fstest.MapFS{"scripts/run": {Data: []byte("#!/bin/sh\nexit 0\n")}}
		exchange := apply.WithTrip(func(step string) error {
			if step != "after publish the version" {
				return nil
			}
			found, err := filepath.Glob(filepath.Join(s.store, product, "versions", "*", "scripts", name))
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.NoError(t, os.Chmod(found[0], 0o755))
			return os.WriteFile(found[0], []byte("#!/bin/sh\ntouch "+filepath.Join(s.dir, "started")+"\n"), 0o755)
		})
		dist := s.release(2, "1.0.1", "1.0.0", withFiles(files), withOptions(pack.WithVerifyScript([]byte("#!/bin/sh\nexit 0\n"))))
		_, err := s.host(exchange, apply.WithSandbox(sandbox.WithWritable(s.dir))).Apply(t.Context(), apply.FromDist(dist))
		require.ErrorIs(t, err, apply.ErrDamaged, name)
		assert.NoFileExists(t, filepath.Join(s.dir, "started"))
		s.requireRuns("1.0.0")
		require.NoError(t, os.RemoveAll(dist))
	}
}
