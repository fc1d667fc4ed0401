package gocmd_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/gocmd"
)

// shell returns a command that runs a line of the system's shell.
func shell(t *testing.T, script string) gocmd.Command {
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	return gocmd.Command{Argv: []string{"sh", "-c", script}, Dir: t.TempDir(), Env: os.Environ()}
}

func TestRun(t *testing.T) {
	c := shell(t, `echo out; printf 'one\r\ntwo\n\nlast' >&2`)
	var lines []string
	c.OnLine = func(line string) { lines = append(lines, line) }
	result, err := gocmd.Run(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, "out\n", string(result.Stdout))
	assert.Equal(t, []string{"one", "two", "", "last"}, lines)
	assert.Equal(t, "one\r\ntwo\n\nlast", string(result.Stderr))
	assert.Positive(t, result.Peak)
}

func TestOutputGoesToTheWriter(t *testing.T) {
	c := shell(t, "echo out")
	var out bytes.Buffer
	c.Stdout = &out
	result, err := gocmd.Run(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, "out\n", out.String())
	assert.Empty(t, result.Stdout)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestWriterThatFails(t *testing.T) {
	c := shell(t, "echo out")
	c.Stdout = brokenWriter{}
	_, err := gocmd.Run(t.Context(), c)
	assert.ErrorContains(t, err, "passing on the output of sh: broken")
}

func TestOutputIsBounded(t *testing.T) {
	c := shell(t, `head -c 17000000 /dev/zero >&2`)
	lines, longest := 0, 0
	c.OnLine = func(line string) { lines, longest = lines+1, max(longest, len(line)) }
	result, err := gocmd.Run(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, gocmd.MaxOutput, len(result.Stderr))
	assert.Greater(t, lines, 10)
	assert.Less(t, longest, 1<<20)

	result, err = gocmd.Run(t.Context(), shell(t, `head -c 17000000 /dev/zero`))
	require.ErrorContains(t, err, "printed more than")
	assert.Equal(t, gocmd.MaxOutput, len(result.Stdout))
}

func TestFailure(t *testing.T) {
	_, err := gocmd.Run(t.Context(), shell(t, "echo 'go: downloading x' >&2; for i in 1 2 3 4 5 6 7 8; do echo line $i >&2; done; exit 3"))
	var exit *gocmd.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, exit.Code)
	assert.EqualError(t, err, "sh -c: exit status 3: line 3; line 4; line 5; line 6; line 7; line 8")
	_, err = gocmd.Run(t.Context(), shell(t, "exit 1"))
	assert.EqualError(t, err, "sh -c: exit status 1")
	_, err = gocmd.Run(t.Context(), shell(t, "kill -9 $$"))
	assert.EqualError(t, err, "sh -c: ended by a signal")
}

func TestNotFound(t *testing.T) {
	for name, env := range map[string][]string{
		"no PATH": nil, "empty": {"PATH="}, "elsewhere": {"PATH=" + t.TempDir()}, "relative": {"PATH=."},
	} {
		_, err := gocmd.Run(t.Context(), gocmd.Command{Argv: []string{"go"}, Env: env})
		assert.ErrorIs(t, err, gocmd.ErrNotFound, name)
	}
}

func TestProgramOfTheGivenPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a script")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho mine\n"), 0o755))
	result, err := gocmd.Run(t.Context(), gocmd.Command{Argv: []string{"go"}, Env: []string{"PATH=" + dir}})
	require.NoError(t, err)
	assert.Equal(t, "mine\n", string(result.Stdout))
}

func TestMissingFolder(t *testing.T) {
	c := shell(t, "exit 0")
	c.Dir = filepath.Join(c.Dir, "missing")
	_, err := gocmd.Run(t.Context(), c)
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "starting sh")
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("cause")
	cancel(cause)
	_, err := gocmd.Run(ctx, gocmd.Command{Argv: []string{"no-such-tool"}})
	assert.ErrorIs(t, err, cause)
}

func TestPlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(file, []byte("# comment\nGOPROXY=off\nGOFLAGS=-race\nGOTOOLCHAIN=go1.1\nGOPATH=/from/file\nnonsense\nPATH=/from/file\n"), 0o600))
	places := gocmd.Places([]string{"PATH=/bin", "GOENV=" + file, "GOPATH=/p", "GOFLAGS=-x", "TZ=UTC", "LANG=C", "CC=x", "GOCACHE=", "=C:=x", "malformed"})
	assert.Equal(t, []string{"GOPATH=/p", "GOPROXY=off", "PATH=/bin"}, places)
	assert.Equal(t, []string{"PATH=/bin"}, gocmd.Places([]string{"PATH=/bin", "GOENV=off"}))
	assert.Equal(t, []string{"PATH=/bin"}, gocmd.Places([]string{"PATH=/bin", "GOENV=" + t.TempDir()}))
	assert.Empty(t, gocmd.Places(nil))
}

func TestPlacesOnWindows(t *testing.T) {
	if runtime.GOOS != "windows" {
		t.Skip("names of variables differ by case elsewhere")
	}
	places := gocmd.Places([]string{`Path=C:\bin`, "systemroot=C:\\Windows", "GOENV=off"})
	assert.Equal(t, []string{`PATH=C:\bin`, "SystemRoot=C:\\Windows"}, places)
}

func TestWith(t *testing.T) {
	env := []string{"B=1", "A=1"}
	assert.Equal(t, []string{"A=1", "B=2", "C=a=b", "D="}, gocmd.With(env, "B=0", "B=2", "C=a=b", "D="))
	assert.Equal(t, []string{"B=1", "A=1"}, env)
	assert.Equal(t, "a=b", gocmd.Lookup([]string{"C=a=b"}, "C"))
	assert.False(t, strings.Contains(gocmd.Lookup(nil, "C"), "a"))
}
