package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/gohotfix/hotfix/apply/sandbox"
)

var terminate = os.Interrupt

// tree starts a process of its own, writes its id into the file that its argument
// names, and does nothing more.
func tree(args []string) int {
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), modeVariable+"=block")
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	if err := os.WriteFile(args[0], fmt.Appendln(nil, cmd.Process.Pid), 0o644); err != nil {
		fmt.Println(err)
		return 1
	}
	return block(nil)
}

func program(t *testing.T, mode string, args ...string) sandbox.Program {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return sandbox.Program{Path: self, Args: args, Env: []string{modeVariable + "=" + mode}}
}

func open(t *testing.T, options ...sandbox.Option) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New(options...)
	require.NoError(t, err)
	return s
}

func TestProgramInAJob(t *testing.T) {
	t.Setenv("SANDBOX_TEST_SECRET", "of this process")
	s := open(t)
	out, err := s.Run(t.Context(), program(t, "look", "127.0.0.1:1"))
	require.NoError(t, err)
	require.NoError(t, out.Err(), string(out.Output))
	assert.Contains(t, string(out.Output), "TEMP=")
	assert.NotContains(t, string(out.Output), "SANDBOX_TEST_SECRET", "nothing is inherited")
	assert.NotEmpty(t, s.Lacks(), "it says what Windows cannot confine")
}

// Closing the job ends all that a program has started.
func TestTreeEndsWithItsJob(t *testing.T) {
	s := open(t)
	for name, end := range map[string]func(*sandbox.Running, context.CancelFunc) error{
		"stopped": func(r *sandbox.Running, _ context.CancelFunc) error {
			_, err := r.Stop(t.Context())
			return err
		},
		"context": func(r *sandbox.Running, cancel context.CancelFunc) error {
			cancel()
			if _, err := r.Wait(); err == nil {
				return fmt.Errorf("it ended by itself")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			file := filepath.Join(t.TempDir(), "pid")
			r, err := s.Start(ctx, program(t, "tree", file))
			require.NoError(t, err)
			child := childOf(t, file)
			require.NoError(t, end(r, cancel))
			state, err := windows.WaitForSingleObject(child, 10_000)
			require.NoError(t, err)
			assert.EqualValues(t, windows.WAIT_OBJECT_0, state, "what it started has ended too")
		})
	}
}

// childOf waits for the id of a process in a file, and opens that process.
func childOf(t *testing.T, file string) windows.Handle {
	t.Helper()
	var pid int
	require.Eventually(t, func() bool {
		data, _ := os.ReadFile(file)
		line, _, ok := strings.Cut(string(data), "\n")
		pid, _ = strconv.Atoi(line)
		return ok && pid > 0
	}, 20*time.Second, 10*time.Millisecond)
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	require.NoError(t, err)
	t.Cleanup(func() { windows.CloseHandle(h) })
	return h
}

func TestTimeEndsAProgram(t *testing.T) {
	out, err := open(t, sandbox.WithTime(500*time.Millisecond)).Run(t.Context(), program(t, "block"))
	require.ErrorIs(t, err, sandbox.ErrTime)
	assert.NotZero(t, out.ExitCode)
}

func TestExitCode(t *testing.T) {
	out, err := open(t).Run(t.Context(), program(t, "serve", "not an address"))
	require.NoError(t, err)
	var failed *sandbox.FailedError
	require.ErrorAs(t, out.Err(), &failed)
	assert.Equal(t, 1, failed.ExitCode)
}
