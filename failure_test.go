package hotfix_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix"
	"github.com/gohotfix/hotfix/build"
	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
)

// hookThat is a hook that only leaves a mark.
func hookThat(marks *[]string, mark string) hotfix.Hook {
	return onResult(func(*hotfix.Result) { *marks = append(*marks, mark) })
}

func onResult(f func(*hotfix.Result)) hotfix.Hook {
	return func(_ context.Context, sofar *hotfix.Result) error {
		f(sofar)
		return nil
	}
}

// Whatever fails, at whatever step: the folder beside the output holds what it
// held, byte for byte.
func TestFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	failing := func(context.Context, *hotfix.Result) error { return fault }
	earlier := filepath.Join(t.TempDir(), "dist")
	src, cache := module(t, "fixed"), t.TempDir()
	setup{src: module(t, "broken"), out: earlier, cache: cache}.run(t)
	kept := snapshot(t, filepath.Dir(earlier))
	fresh := filepath.Join(t.TempDir(), "dist")

	for _, step := range hotfix.Steps() {
		for when, option := range map[string]hotfix.Option{"before": hotfix.WithBefore(step, failing), "after": hotfix.WithAfter(step, failing)} {
			t.Run(when+" "+string(step), func(t *testing.T) {
				err := setup{src: src, out: earlier, cache: cache, options: []hotfix.Option{option}}.fail(t, step)
				require.ErrorIs(t, err, fault)
				assert.ErrorContains(t, err, "hook "+when)
				assert.Equal(t, kept, snapshot(t, filepath.Dir(earlier)))
				_ = setup{src: src, out: fresh, cache: cache, options: []hotfix.Option{option}}.fail(t, step)
				assert.Empty(t, snapshotBelow(t, filepath.Dir(fresh)))
				assertNoTemporaryFolders(t, cache)
			})
		}
	}
}

func assertNoTemporaryFolders(t *testing.T, cache string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(cache, "tmp", "*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestCancelledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	why := errors.New("the release engineer pressed control-C")
	src, cache := module(t, "fixed"), t.TempDir()
	out := filepath.Join(t.TempDir(), "dist")
	for _, step := range hotfix.Steps() {
		t.Run(string(step), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stop := hotfix.WithBefore(step, onResult(func(*hotfix.Result) { cancel(why) }))
			result, err := setup{src: src, out: out, cache: cache, options: []hotfix.Option{stop, hotfix.WithSigner(newSigner(t))}}.pipeline(t).Run(ctx)
			require.ErrorIs(t, err, why)
			require.NotNil(t, result, "what was established is told")
			assert.Empty(t, result.Dist)
			assert.Len(t, result.Steps, slices.Index(hotfix.Steps(), step)+1)
			assert.Empty(t, snapshotBelow(t, filepath.Dir(out)))
			assertNoTemporaryFolders(t, cache)
		})
	}
}

// A build that is stopped in the middle.
func TestCancelledWhileBuilding(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "dist")
	stop := hotfix.WithObserver(func(e hotfix.Event) {
		if b, ok := e.(hotfix.Building); ok {
			if _, ok := b.Event.(build.TargetStarted); ok {
				cancel()
			}
		}
	})
	_, err := setup{out: out, options: []hotfix.Option{stop}}.pipeline(t).Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, snapshotBelow(t, filepath.Dir(out)))
}

func TestWaitingForAnotherRunEndsWithTheContext(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	running, release := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	first := setup{cache: cache, options: []hotfix.Option{hotfix.WithBefore(hotfix.StepSource, onResult(func(*hotfix.Result) {
		close(running)
		<-release
	}))}}.pipeline(t)
	go func() {
		_, err := first.Run(context.Background())
		done <- err
	}()
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	second := setup{cache: cache, options: []hotfix.Option{hotfix.WithBefore(hotfix.StepSource, onResult(func(*hotfix.Result) { t.Error("ran beside the first") }))}}.pipeline(t)
	cancel()
	_, err := second.Run(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	close(release)
	assert.NoError(t, <-done)
}

func TestSourceThatDoesNotCompile(t *testing.T) {
	t.Parallel()
	src := module(t, "fixed")
	writeFile(t, filepath.Join(src, "more.go"), "package main\n\nvar _ = nothing\n")
	out := filepath.Join(t.TempDir(), "dist")
	err := setup{src: src, out: out}.fail(t, hotfix.StepBuild)
	var compile *build.CompileError
	require.ErrorAs(t, err, &compile)
	assert.Equal(t, 3, compile.Packages[0].Diagnostics[0].Line)
	assert.Empty(t, snapshotBelow(t, filepath.Dir(out)))
}

// brokenSigner has a key, but the device that holds it is gone.
type brokenSigner struct{ key verify.Key }

var errDevice = errors.New("the device is gone")

func (s brokenSigner) Key() verify.Key { return s.key }

func (brokenSigner) Sign(context.Context, manifest.Attestation) ([]byte, error) {
	return nil, errDevice
}

// forger signs with another key than it says.
type forger struct {
	brokenSigner
	hotfix.Signer
}

func (f forger) Key() verify.Key { return f.key }

func (f forger) Sign(ctx context.Context, s manifest.Attestation) ([]byte, error) {
	return f.Signer.Sign(ctx, s)
}

func TestSignersThatFail(t *testing.T) {
	t.Parallel()
	broken := brokenSigner{key: newSigner(t).Key()}
	out := filepath.Join(t.TempDir(), "dist")
	err := setup{out: out, options: []hotfix.Option{hotfix.WithSigner(newSigner(t)), hotfix.WithSigner(broken)}}.fail(t, hotfix.StepSign)
	require.ErrorIs(t, err, errDevice)
	_ = setup{out: out, options: []hotfix.Option{hotfix.WithSigner(forger{broken, newSigner(t)})}}.fail(t, hotfix.StepVerify)
	assert.Empty(t, snapshotBelow(t, filepath.Dir(out)))
}

func TestOutputThatHoldsSomethingElse(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(t *testing.T, out string){
		"a file":              func(t *testing.T, out string) { writeFile(t, out, "precious") },
		"a folder with files": func(t *testing.T, out string) { writeFile(t, filepath.Join(out, "precious"), "") },
		"a link to a folder": func(t *testing.T, out string) {
			if err := os.Symlink(t.TempDir(), out); err != nil || runtime.GOOS == "windows" {
				t.Skip("no links here")
			}
		},
		"a dist and one more file": func(t *testing.T, out string) {
			setup{out: out}.run(t)
			writeFile(t, filepath.Join(out, "precious"), "")
		},
		"a damaged hotfix.json": func(t *testing.T, out string) { writeFile(t, filepath.Join(out, verify.ReleaseName), "{}") },
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "dist")
			fill(t, out)
			before := snapshot(t, filepath.Dir(out))
			err := setup{out: out}.fail(t, hotfix.StepSource)
			require.ErrorIs(t, err, hotfix.ErrOutput)
			assert.Equal(t, before, snapshot(t, filepath.Dir(out)))
		})
	}
}

// What comes into the output folder while the run is on is not lost either.
func TestOutputThatIsFilledMeanwhile(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "dist")
	put := hotfix.WithAfter(hotfix.StepVerify, onResult(func(*hotfix.Result) { writeFile(t, filepath.Join(out, "precious"), "") }))
	err := setup{out: out, options: []hotfix.Option{put}}.fail(t, hotfix.StepPublish)
	require.ErrorIs(t, err, hotfix.ErrOutput)
	assert.FileExists(t, filepath.Join(out, "precious"))
	assert.Len(t, snapshotBelow(t, filepath.Dir(out)), 2)
}

func TestDistOfAnotherProductIsNotReplaced(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "dist")
	setup{out: out}.run(t)
	p, err := hotfix.New("other", append(required(t), hotfix.WithOutput(out))...)
	require.NoError(t, err)
	_, err = p.Run(t.Context())
	require.ErrorIs(t, err, hotfix.ErrOutput)
	assert.Equal(t, "app", readRelease(t, out).Product)
}
