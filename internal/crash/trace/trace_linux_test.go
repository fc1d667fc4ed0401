//go:build amd64 || arm64

package trace_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/crash/trace"
)

// role tells the test's own executable to be the program that is traced.
const role = "HOTFIX_TRACED"

func TestMain(m *testing.M) {
	dir := os.Getenv("HOTFIX_DIR")
	switch os.Getenv(role) {
	case "saver":
		exit(save(dir))
	case "parent":
		child := exec.Command(os.Args[0])
		child.Env = []string{role + "=child", "HOTFIX_DIR=" + dir}
		exit(errors.Join(child.Start(), os.WriteFile(filepath.Join(dir, "parent"), nil, 0o644)))
	case "child":
		waitFor(filepath.Join(dir, "go"))
		exit(os.WriteFile(filepath.Join(dir, "child"), nil, 0o644))
	case "waiter":
		waitFor(filepath.Join(dir, "never"))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// waitFor waits for a file for a minute.
func waitFor(path string) {
	for range 6000 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// save makes the file "saved" in seven calls, and says so with an eighth.
func save(dir string) error {
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "new"))
	if err != nil {
		return err
	}
	for _, text := range []string{"abcd", "efgh"} {
		if _, err := f.WriteString(text); err != nil {
			return err
		}
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "saved")); err != nil {
		return err
	}
	_, err = fmt.Println("done")
	return err
}

// traced runs the test's executable in a role, and returns what it said.
func traced(t *testing.T, ctx context.Context, dir, as string, linger bool, decide func(trace.Call) trace.Action) (o trace.Outcome, said string, err error) {
	t.Helper()
	stdout, err := os.CreateTemp(t.TempDir(), "stdout")
	require.NoError(t, err)
	defer stdout.Close()
	stderr, err := os.CreateTemp(t.TempDir(), "stderr")
	require.NoError(t, err)
	defer stderr.Close()
	self, err := os.Executable()
	require.NoError(t, err)
	o, err = trace.Run(ctx, trace.Program{
		Argv: []string{self}, Dir: dir, Env: []string{role + "=" + as, "HOTFIX_DIR=" + dir},
		Stdout: stdout, Stderr: stderr, Linger: linger, Decide: decide,
	})
	if errors.Is(err, syscall.EPERM) {
		t.Skip("this system forbids to trace:", err)
	}
	text, readErr := os.ReadFile(stdout.Name())
	require.NoError(t, readErr)
	return o, string(text), err
}

func calls() []string {
	return []string{"mkdirat d", "openat new", "write new", "write new", "fchmod new", "fsync new", "renameat new", "write 1"}
}

// describe returns the name of a call and what it is about.
func describe(c trace.Call) string {
	if c.Stream > 0 {
		return fmt.Sprintf("%s %d", c.Name, c.Stream)
	}
	return c.Name + " " + filepath.Base(c.Path)
}

func TestCallsAreSeenInOrder(t *testing.T) {
	var seen []string
	o, said, err := traced(t, t.Context(), t.TempDir(), "saver", false, func(c trace.Call) trace.Action {
		seen = append(seen, describe(c))
		assert.Equal(t, len(seen), c.N)
		if c.Name == "write" {
			assert.Contains(t, []int{4, 5}, c.Bytes)
		}
		return trace.Action{}
	})
	require.NoError(t, err)
	assert.Equal(t, calls(), seen)
	assert.Equal(t, trace.Outcome{Calls: len(seen), Exit: 0}, o)
	assert.Equal(t, "done\n", said)
}

func TestNobodyAsks(t *testing.T) {
	dir := t.TempDir()
	o, said, err := traced(t, t.Context(), dir, "saver", false, nil)
	require.NoError(t, err)
	assert.Equal(t, trace.Outcome{}, o)
	assert.Equal(t, "done\n", said)
	assert.FileExists(t, filepath.Join(dir, "saved"))
}

// at disturbs the n-th call.
func at(n int, a trace.Action) func(trace.Call) trace.Action {
	return func(c trace.Call) trace.Action {
		if c.N == n {
			return a
		}
		return trace.Action{}
	}
}

// content returns what the file holds under either name, and whether it has its new one.
func content(t *testing.T, dir string) (text string, saved bool) {
	t.Helper()
	for _, name := range []string{"saved", "new"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return string(data), name == "saved"
		}
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	return "missing", false
}

// What was done when the program is killed, or fails, before each call.
func TestKilledAndFailed(t *testing.T) {
	contents := []string{"missing", "missing", "", "abcd", "abcdefgh", "abcdefgh", "abcdefgh", "abcdefgh"}
	for i, call := range calls() {
		for name, a := range map[string]trace.Action{"killed": trace.Kill(), "failed": trace.Fail(syscall.EIO)} {
			t.Run(name+" at "+call, func(t *testing.T) {
				dir := t.TempDir()
				o, said, err := traced(t, t.Context(), dir, "saver", false, at(i+1, a))
				require.NoError(t, err)
				assert.Empty(t, said)
				if name == "killed" {
					assert.Equal(t, trace.Outcome{Calls: i + 1, Exit: -1}, o)
				} else {
					assert.Equal(t, 1, o.Exit)
				}
				text, saved := content(t, dir)
				assert.Equal(t, call == "write 1", saved)
				if name == "failed" && call == "fchmod new" {
					return // it goes on
				}
				assert.Equal(t, contents[i], text)
			})
		}
	}
}

func TestHalf(t *testing.T) {
	dir := t.TempDir()
	o, said, err := traced(t, t.Context(), dir, "saver", false, at(3, trace.Halve()))
	require.NoError(t, err)
	assert.Equal(t, trace.Outcome{Calls: len(calls()) + 1, Exit: 0}, o, "the other half is written with one more call")
	assert.Equal(t, "done\n", said)
	text, saved := content(t, dir)
	assert.Equal(t, "abcdefgh", text)
	assert.True(t, saved)

	o, _, err = traced(t, t.Context(), t.TempDir(), "saver", false, at(1, trace.Halve()))
	require.NoError(t, err)
	assert.Equal(t, trace.Outcome{Calls: len(calls()), Exit: 0}, o, "there is no half of a folder")
}

func TestChildrenEndWithTheirParent(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), nil, 0o644))
	wrote := false
	_, _, err := traced(t, t.Context(), dir, "parent", false, func(c trace.Call) trace.Action {
		if filepath.Base(c.Path) == "child" {
			wrote = true
			return trace.Kill()
		}
		return trace.Action{}
	})
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(dir, "child"), "whichever ended first: %v", wrote)
}

func TestChildrenMayLinger(t *testing.T) {
	for name, a := range map[string]trace.Action{"parent is killed": trace.Kill(), "parent ends": {}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, _, err := traced(t, t.Context(), dir, "parent", true, func(c trace.Call) trace.Action {
				if filepath.Base(c.Path) != "parent" {
					return trace.Action{}
				}
				assert.NoError(t, os.WriteFile(filepath.Join(dir, "go"), nil, 0o644))
				return a
			})
			require.NoError(t, err)
			assert.FileExists(t, filepath.Join(dir, "child"))
		})
	}
}

func TestEndsWithItsContext(t *testing.T) {
	for _, linger := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		o, _, err := traced(t, ctx, t.TempDir(), "waiter", linger, func(trace.Call) trace.Action { return trace.Action{} })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, -1, o.Exit)
	}
}

func TestNoSuchProgram(t *testing.T) {
	_, err := trace.Run(t.Context(), trace.Program{Argv: []string{filepath.Join(t.TempDir(), "none")}, Stdout: os.Stdout, Stderr: os.Stderr})
	require.ErrorIs(t, err, os.ErrNotExist)
}
