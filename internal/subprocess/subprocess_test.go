package subprocess_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/internal/subprocess"
)

func shell(t *testing.T, script string) subprocess.Program {
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	return subprocess.Program{Argv: []string{"/bin/sh", "-c", script}, Dir: t.TempDir()}
}

func TestProgram(t *testing.T) {
	t.Setenv("SECRET", "of this process")
	p := shell(t, `echo "to one, $A$SECRET"; echo "to the other" >&2; cat`)
	p.Env = append(subprocess.SystemPath(), "A=with a variable")
	out, err := p.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "to one, with a variable\nto the other\n", string(out))

	empty := shell(t, `test -z "$SECRET"`)
	_, err = empty.Run(t.Context())
	assert.NoError(t, err, "no environment is none, not that of this process")
}

func TestProgramFails(t *testing.T) {
	p := shell(t, `head -c 100000 /dev/zero; for i in 1 2 3 4 5 6 7 8; do echo; echo "line $i"; done; exit 3`)
	p.Env = subprocess.SystemPath()
	out, err := p.Run(t.Context())
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, exit.ExitCode())
	assert.Len(t, out, subprocess.MaxOutput)
	assert.Equal(t, out, exit.Stderr)
	assert.Less(t, len(err.Error()), 2000)
	assert.False(t, strings.ContainsRune(err.Error(), 0))
}

func TestProgramIsStopped(t *testing.T) {
	p := shell(t, `trap 'echo cleaning up; exit 0' INT; echo started; while :; do sleep 0.01; done`)
	p.Env, p.Timeout = subprocess.SystemPath(), 300*time.Millisecond
	_, err := p.Run(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualError(t, err, "sh stopped: it took longer than 300ms: context deadline exceeded: started; cleaning up")

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("not wanted"))
	_, err = p.Run(ctx)
	var unstarted *subprocess.StartError
	require.ErrorAs(t, err, &unstarted)
	assert.EqualError(t, err, "sh was not started: not wanted")
}

func TestProgramThatIsMissing(t *testing.T) {
	_, err := subprocess.Program{Argv: []string{t.TempDir() + "/none"}}.Run(t.Context())
	var unstarted *subprocess.StartError
	require.ErrorAs(t, err, &unstarted)
	want := os.ErrNotExist
	if runtime.GOOS == "windows" {
		want = exec.ErrNotFound // with no extension either
	}
	assert.ErrorIs(t, err, want)
}

func TestTail(t *testing.T) {
	for _, test := range []struct{ output, want string }{
		{"", ""},
		{"\n \n", ""},
		{"one", "one"},
		{"1\n2\r\n\n3\n4\n5\n6\n7", "2; 3; 4; 5; 6; 7"},
		{"\x1b[31mred\x00", " [31mred "},
		{"\xff", "\uFFFD"},
		{strings.Repeat("x", 5000), strings.Repeat("x", 1024)},
		{"a" + strings.Repeat("ä", 512) + "b", "\uFFFD" + strings.Repeat("ä", 511) + "b"},
	} {
		assert.Equal(t, test.want, subprocess.Tail([]byte(test.output)))
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		argv []string
		want string
	}{
		{nil, "no program"},
		{[]string{""}, "not an absolute path"},
		{[]string{"./sh"}, "not an absolute path"},
	} {
		assert.ErrorContains(t, subprocess.Program{Argv: test.argv}.Check(), test.want)
	}
}
