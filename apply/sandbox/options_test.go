package sandbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/sandbox"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for want, option := range map[string]sandbox.Option{
		"nil option":             nil,
		"WithMemory(1)":          sandbox.WithMemory(1),
		"WithProcesses(-1)":      sandbox.WithProcesses(-1),
		"WithCPUTime(-1ns)":      sandbox.WithCPUTime(-1),
		"WithFileSize(-1)":       sandbox.WithFileSize(-1),
		"WithOpenFiles(3)":       sandbox.WithOpenFiles(3),
		"WithTemporary(0)":       sandbox.WithTemporary(0),
		"WithTime(0s)":           sandbox.WithTime(0),
		"WithTime(24h0m0.0":      sandbox.WithTime(sandbox.MaxTime + time.Microsecond),
		"WithGrace(-1ns)":        sandbox.WithGrace(-1),
		"WithOutput(-1)":         sandbox.WithOutput(-1),
		`WithReadOnly("a/b")`:    sandbox.WithReadOnly("a/b"),
		"WithWritable: more":     sandbox.WithWritable(many257(t)...),
		`WithRequired("colour")`: sandbox.WithRequired("colour"),
		"WithStage":              sandbox.WithStage(&sandbox.Hook{}),
		"WithUser":               sandbox.WithUser(^uint32(0), 1),
	} {
		_, err := sandbox.New(option)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "\n")
	}
}

func many257(t *testing.T) []string {
	paths := make([]string, sandbox.MaxPaths+1)
	for i := range paths {
		paths[i] = t.TempDir()
	}
	return paths
}

func TestProgramsThatMakeNoSense(t *testing.T) {
	box, err := sandbox.New()
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	other, err := os.Open(".")
	require.NoError(t, err)
	defer other.Close()
	for want, p := range map[string]sandbox.Program{
		"not an absolute one": {Path: "program"},
		"no such file":        {Path: filepath.Join(t.TempDir(), "absent")},
		"no regular file":     {Path: t.TempDir()},
		"working folder":      {Path: self, Dir: "here"},
		"NUL byte":            {Path: self, Args: []string{"a\x00b"}},
		"not KEY=VALUE":       {Path: self, Env: []string{"=x"}},
		"are allowed":         {Path: self, Args: []string{strings.Repeat("a", sandbox.MaxArguments)}},
		"no longer the file":  {Path: self, File: other},
	} {
		_, err := box.Run(t.Context(), p)
		if want == "no such file" {
			require.ErrorIs(t, err, os.ErrNotExist)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the operator went home")
	cancel(cause)
	_, err = box.Run(ctx, sandbox.Program{Path: self})
	require.ErrorIs(t, err, cause)
}

// TestRun is what every system can do.
func TestRun(t *testing.T) {
	box, err := sandbox.New(sandbox.WithMemory(0), sandbox.WithOutput(10))
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	outcome, err := box.Run(t.Context(), sandbox.Program{
		Path: self, Args: []string{filepath.Join(t.TempDir(), "absent")}, Env: environment("many"),
	})
	require.NoError(t, err)
	require.NoError(t, outcome.Err())
	assert.Equal(t, "0\n", string(outcome.Output))
	assert.Equal(t, box.Lacks(), outcome.Lacks)
	assert.Equal(t, box.Confined(), outcome.Confined)

	box, err = sandbox.New(sandbox.WithMemory(0), sandbox.WithTime(time.Second))
	require.NoError(t, err)
	outcome, err = box.Run(t.Context(), sandbox.Program{Path: self, Env: environment("block")})
	require.ErrorIs(t, err, sandbox.ErrTime)
	assert.NotZero(t, outcome.ExitCode)
}

func TestDialNeedsALiteralAddress(t *testing.T) {
	box, err := sandbox.New(sandbox.WithMemory(0), sandbox.WithGrace(0))
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	running, err := box.Start(t.Context(), sandbox.Program{Path: self, Env: environment("block")})
	require.NoError(t, err)
	for _, test := range [][2]string{{"tcp", "example.com:80"}, {"unix", "/run/socket"}, {"tcp", "127.0.0.1"}, {"tcp", "localhost:http"}} {
		_, err := running.DialContext(t.Context(), test[0], test[1])
		require.Error(t, err, test)
	}
	_, err = running.Stop(t.Context())
	require.NoError(t, err)
}
