package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/sandbox"
)

// ordinary is a user that runs nothing else.
const ordinary = 61_234

// binaryVariable names the test binary where an ordinary user can execute it.
const binaryVariable = "SANDBOX_TEST_BINARY"

// ways are those to make a sandbox.
func ways() map[string]func(...sandbox.Option) (*sandbox.Sandbox, error) {
	return map[string]func(...sandbox.Option) (*sandbox.Sandbox, error){
		"with a stage": func(o ...sandbox.Option) (*sandbox.Sandbox, error) {
			return sandbox.New(append(o, sandbox.WithStage(hook))...)
		},
		"without":            sandbox.New,
		"without namespaces": sandbox.NewPlain,
	}
}

// eachWay runs a test in all ways, with the aspects that are lacking in each.
func eachWay(t *testing.T, test func(t *testing.T, open opener)) {
	for name, newSandbox := range ways() {
		t.Run(name, func(t *testing.T) {
			test(t, func(options ...sandbox.Option) (*sandbox.Sandbox, lacking) {
				// A test binary with the race detector maps far more than it uses.
				box, err := newSandbox(append([]sandbox.Option{sandbox.WithMemory(0), sandbox.WithTime(time.Minute)}, options...)...)
				require.NoError(t, err)
				return box, func(a sandbox.Aspect) bool {
					return strings.Contains("\n"+strings.Join(box.Lacks(), "\n"), "\n"+string(a)+":")
				}
			})
		})
	}
}

type (
	lacking func(sandbox.Aspect) bool
	opener  func(...sandbox.Option) (*sandbox.Sandbox, lacking)
)

// binary is this program, where every user can execute it.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv(binaryVariable); path != "" {
		return path
	}
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(openFolder(t, 0o755), "program")
	if os.Link(self, path) != nil {
		data, err := os.ReadFile(self)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, data, 0o755))
	}
	require.NoError(t, os.Chmod(path, 0o755))
	return path
}

// openFolder is a folder that other users can reach.
func openFolder(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sandbox-test-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, mode))
	return dir
}

func program(t *testing.T, mode string, args ...string) sandbox.Program {
	return sandbox.Program{Path: binary(t), Args: args, Env: environment(mode)}
}

func shell(script string) sandbox.Program {
	return sandbox.Program{Path: "/bin/sh", Args: []string{"-c", script}}
}

// TestAsOrdinaryUser runs the tests of this file again as a user without any
// rights.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this is an ordinary user")
	}
	cmd := exec.CommandContext(t.Context(), binary(t), "-test.v", "-test.run=^Test(Confined|Network|Health|Tree|Limits|Outcome|File|Required)", "-test.short="+strconv.FormatBool(testing.Short()))
	cmd.Dir = "/"
	cmd.Env = []string{binaryVariable + "=" + cmd.Path, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	out, err := cmd.CombinedOutput()
	t.Log(string(out))
	require.NoError(t, err)
	assert.Contains(t, string(out), "--- PASS: TestConfined/with_a_stage")
}

func TestConfined(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	eachWay(t, func(t *testing.T, open opener) {
		outside, allowed, inherited := openFolder(t, 0o777), openFolder(t, 0o777), "SANDBOX_TEST_INHERITED"
		t.Setenv(inherited, "yes")
		box, lacks := open(sandbox.WithWritable(allowed))
		t.Log("lacks", box.Lacks())
		paths := []string{filepath.Join(outside, "file"), "/proc/self/oom_score_adj", "/dev/file", filepath.Join(allowed, "file")}
		p := program(t, "look", append([]string{server.Addr().String()}, paths...)...)
		p.Stdin = strings.NewReader("some input")
		outcome, err := box.Run(t.Context(), p)
		require.NoError(t, err)
		require.NoError(t, outcome.Err())
		var saw sight
		require.NoError(t, json.Unmarshal(outcome.Output, &saw), string(outcome.Output))

		assert.Equal(t, "some input", saw.Input)
		assert.Equal(t, "1", saw.Status["NoNewPrivs"])
		assert.Equal(t, lacks(sandbox.Privileges), saw.Status["CapEff"] != "0000000000000000", saw.Status["CapEff"])
		assert.NotContains(t, strings.Join(saw.Env, "\n"), inherited)
		assert.Len(t, saw.Env, 5)
		shown := func(path string) bool { return path == allowed || path == filepath.Dir(p.Path) }
		assert.Empty(t, slices.DeleteFunc(saw.Tmp, shown), "its temporary folder was new")
		assert.Empty(t, saw.Written[filepath.Join(allowed, "file")])
		assert.FileExists(t, filepath.Join(allowed, "file"))
		assert.Equal(t, lacks(sandbox.Network), saw.Dialed == "", saw.Dialed)
		assert.Empty(t, saw.Own)
		if !lacks(sandbox.Files) {
			assert.NotEmpty(t, saw.Written[filepath.Join(outside, "file")])
			assert.NoFileExists(t, filepath.Join(outside, "file"))
			assert.NotEmpty(t, saw.Written["/dev/file"])
		}
		assert.Empty(t, saw.Written[saw.Dir+"/own"])
		assert.NoFileExists(t, saw.Dir+"/own", "what it wrote is gone")
		assert.Positive(t, outcome.Memory)
		assert.Positive(t, outcome.Duration)
	})
}

func TestNetwork(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	eachWay(t, func(t *testing.T, open opener) {
		for _, test := range []struct {
			option   sandbox.Option
			host     bool // the host's server is reached
			loopback bool // the own one is
		}{
			{sandbox.WithoutNetwork(), false, false},
			{sandbox.WithLoopbackOnly(), false, true},
			{sandbox.WithNetwork(), true, true},
		} {
			box, lacks := open(test.option)
			outcome, err := box.Run(t.Context(), program(t, "look", server.Addr().String()))
			require.NoError(t, err)
			require.NoError(t, outcome.Err())
			var saw sight
			require.NoError(t, json.Unmarshal(outcome.Output, &saw))
			assert.Equal(t, test.host || lacks(sandbox.Network), saw.Dialed == "", saw.Dialed)
			assert.Equal(t, test.loopback || lacks(sandbox.Network), saw.Own == "", saw.Own)
		}
	})
}

// TestHealth starts a service on a port that the host may use too, asks it, and
// ends it.
func TestHealth(t *testing.T) {
	eachWay(t, func(t *testing.T, open opener) {
		box, lacks := open()
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer taken.Close()
		address := taken.Addr().String()
		if lacks(sandbox.Network) {
			require.NoError(t, taken.Close()) // the service needs it
		}
		running, err := box.Start(t.Context(), program(t, "serve", address))
		require.NoError(t, err)
		client := &http.Client{Transport: &http.Transport{DialContext: running.DialContext, DisableKeepAlives: true}}
		var body string
		require.Eventually(t, func() bool {
			response, err := client.Get("http://" + address + "/health")
			if err != nil {
				return false
			}
			defer response.Body.Close()
			data, err := io.ReadAll(response.Body)
			body = string(data)
			return err == nil
		}, 20*time.Second, 10*time.Millisecond)
		assert.Equal(t, "well", body)
		outcome, err := running.Stop(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 7, outcome.ExitCode, "it ended by itself: %s", outcome.Output)
		assert.Equal(t, "asked to end\n", string(outcome.Output))
		_, err = running.DialContext(t.Context(), "tcp", address)
		require.Error(t, err)
	})
}

// processes counts those with an argument.
func processes(argument string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	n := 0
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), argument) {
			n++
		}
	}
	return n
}

// TestTreeEnds runs programs that do not want to end, and have children that do
// not either, one in a session of its own.
func TestTreeEnds(t *testing.T) {
	for name, end := range map[string]struct {
		limit sandbox.Option
		by    func(t *testing.T, cancel context.CancelFunc, running *sandbox.Running)
		err   error
	}{
		"by its time": {sandbox.WithTime(1500 * time.Millisecond), func(*testing.T, context.CancelFunc, *sandbox.Running) {}, sandbox.ErrTime},
		"by its context": {sandbox.WithTime(time.Minute), func(_ *testing.T, cancel context.CancelFunc, _ *sandbox.Running) {
			cancel()
		}, context.Canceled},
		"by Stop": {sandbox.WithGrace(100 * time.Millisecond), func(t *testing.T, _ context.CancelFunc, running *sandbox.Running) {
			_, err := running.Stop(t.Context())
			require.NoError(t, err)
		}, sandbox.ErrStopped},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, open opener) {
				t.Parallel()
				box, lacks := open(end.limit)
				if lacks(sandbox.Processes) {
					t.Skip(box.Lacks())
				}
				mark := "sandbox-test-mark-" + strconv.Itoa(os.Getpid()) + strings.ReplaceAll(t.Name(), "/", "-")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				running, err := box.Start(ctx, program(t, "tree", mark))
				require.NoError(t, err)
				require.Eventually(t, func() bool { return processes(mark) >= 3 }, 20*time.Second, 10*time.Millisecond)
				end.by(t, cancel, running)
				outcome, err := running.Wait()
				require.ErrorIs(t, err, end.err)
				assert.Equal(t, syscall.SIGKILL, outcome.Signal)
				assert.Zero(t, processes(mark), "nothing is left when Wait returns")
			})
		})
	}
}

// TestTreeEndsWithCaller kills the process that has the sandbox.
func TestTreeEndsWithCaller(t *testing.T) {
	for _, way := range []string{"stage", "none"} {
		mark := "sandbox-test-caller-" + way + strconv.Itoa(os.Getpid())
		cmd := exec.CommandContext(t.Context(), binary(t), way, mark)
		cmd.Env = environment("caller")
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { return processes(mark) >= 4 }, 20*time.Second, 10*time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		assert.Eventually(t, func() bool { return processes(mark) == 0 }, 20*time.Second, 10*time.Millisecond)
	}
}

// TestTreeEndsWithProgram is a program that leaves a process and ends.
func TestTreeEndsWithProgram(t *testing.T) {
	eachWay(t, func(t *testing.T, open opener) {
		box, lacks := open()
		mark := strconv.Itoa(1_000_000_000 + os.Getpid())
		session := "setsid "
		if lacks(sandbox.Processes) {
			session = "" // would be left
		}
		outcome, err := box.Run(t.Context(), shell(session+"sleep "+mark+" & echo done"))
		require.NoError(t, err)
		assert.Equal(t, "done\n", string(outcome.Output))
		assert.Zero(t, processes("sleep\x00"+mark))
	})
}

func TestLimits(t *testing.T) {
	eachWay(t, func(t *testing.T, open opener) {
		t.Run("memory", func(t *testing.T) {
			const allocate = "dd if=/dev/zero of=/dev/null bs=200M count=1"
			little, _ := open(sandbox.WithMemory(100 << 20))
			outcome, err := little.Run(t.Context(), shell(allocate))
			require.NoError(t, err)
			require.Error(t, outcome.Err())
			assert.Contains(t, string(outcome.Output), "memory exhausted")
			enough, _ := open(sandbox.WithMemory(400 << 20))
			outcome, err = enough.Run(t.Context(), shell(allocate))
			require.NoError(t, err)
			require.NoError(t, outcome.Err())
		})
		t.Run("processes", func(t *testing.T) {
			options := []sandbox.Option{sandbox.WithProcesses(60)}
			if os.Geteuid() == 0 {
				options = append(options, sandbox.WithUser(ordinary+1, ordinary+1))
			}
			box, lacks := open(options...)
			require.False(t, lacks(sandbox.ProcessCount), box.Lacks())
			outcome, err := box.Run(t.Context(), program(t, "many", "/bin/sleep", "100"))
			require.NoError(t, err)
			require.NoError(t, outcome.Err())
			n, err := strconv.Atoi(strings.TrimSpace(string(outcome.Output)))
			require.NoError(t, err)
			assert.Less(t, n, 60)
		})
		t.Run("file size", func(t *testing.T) {
			box, _ := open(sandbox.WithFileSize(1 << 20))
			outcome, err := box.Run(t.Context(), shell("exec dd if=/dev/zero of=large bs=64k count=100"))
			require.NoError(t, err)
			require.Error(t, outcome.Err(), "SIGXFSZ, but for the first process of a namespace")
			if outcome.Signal != syscall.SIGXFSZ {
				assert.Contains(t, string(outcome.Output), "File too large")
			}
		})
		t.Run("open files", func(t *testing.T) {
			box, _ := open(sandbox.WithOpenFiles(64))
			outcome, err := box.Run(t.Context(), program(t, "files"))
			require.NoError(t, err)
			n, err := strconv.Atoi(strings.TrimSpace(string(outcome.Output)))
			require.NoError(t, err)
			assert.Less(t, n, 64)
		})
		t.Run("output", func(t *testing.T) {
			box, _ := open(sandbox.WithOutput(1000))
			outcome, err := box.Run(t.Context(), shell("head -c 10000000 /dev/zero; echo >&2 end"))
			require.NoError(t, err)
			require.NoError(t, outcome.Err())
			assert.Len(t, outcome.Output, 1000)
			assert.True(t, outcome.Truncated)
		})
	})
}

// The smallest limit is a second.
func TestLimitsCPUTime(t *testing.T) {
	if testing.Short() {
		t.Skip("uses a second of CPU time")
	}
	box, err := sandbox.New(sandbox.WithMemory(0), sandbox.WithCPUTime(time.Millisecond))
	require.NoError(t, err)
	outcome, err := box.Run(t.Context(), program(t, "spin"))
	require.NoError(t, err)
	require.Error(t, outcome.Err())
	assert.Less(t, outcome.CPU, 10*time.Second)
}

// The folder for temporary files has a size where it is a file system.
func TestLimitsTemporary(t *testing.T) {
	box, err := sandbox.New(sandbox.WithStage(hook), sandbox.WithTemporary(1<<20))
	require.NoError(t, err)
	outcome, err := box.Run(t.Context(), shell("dd if=/dev/zero of=/tmp/large bs=64k count=100"))
	require.NoError(t, err)
	require.Error(t, outcome.Err())
	assert.Contains(t, string(outcome.Output), "No space left on device")
}

func TestOutcome(t *testing.T) {
	eachWay(t, func(t *testing.T, open opener) {
		box, _ := open()
		for script, want := range map[string]struct {
			code   int
			signal syscall.Signal
			text   string
		}{
			"exit 0":         {0, 0, ""},
			"echo bad; exit": {0, 0, ""},
			"echo bad; printf 'w\\033[2Jorse\\n' >&2; exit 9": {9, 0, "exit status 9: bad; w [2Jorse"},
			"kill -KILL $$":                 {-1, syscall.SIGKILL, "ended by signal 9 (killed)"},
			"sh -c 'kill -SEGV $$'; exit 3": {3, 0, "exit status 3"},
		} {
			if strings.HasPrefix(script, "kill") && isInit(t, box) {
				continue // the first process of a namespace cannot kill itself
			}
			outcome, err := box.Run(t.Context(), shell(script))
			require.NoError(t, err)
			assert.Equal(t, want.code, outcome.ExitCode, script)
			assert.Equal(t, want.signal, outcome.Signal, script)
			if want.text == "" {
				assert.NoError(t, outcome.Err())
				continue
			}
			var failed *sandbox.FailedError
			require.ErrorAs(t, outcome.Err(), &failed)
			assert.ErrorContains(t, failed, "/bin/sh in the sandbox: "+want.text)
		}
	})
}

// isInit reports whether programs are the first processes of their namespaces.
func isInit(t *testing.T, box *sandbox.Sandbox) bool {
	outcome, err := box.Run(t.Context(), shell("echo $$"))
	require.NoError(t, err)
	return string(outcome.Output) == "1\n"
}

// TestFile executes an open file, and refuses another one at its path.
func TestFile(t *testing.T) {
	eachWay(t, func(t *testing.T, open opener) {
		box, _ := open()
		script := filepath.Join(openFolder(t, 0o755), "script")
		require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho \"good $1\"\n"), 0o755))
		for _, path := range []string{script, binary(t)} {
			file, err := os.Open(path)
			require.NoError(t, err)
			defer file.Close()
			outcome, err := box.Run(t.Context(), sandbox.Program{
				Path: path, File: file, Args: []string{"/one"}, Env: environment("many"),
			})
			require.NoError(t, err)
			require.NoError(t, outcome.Err())
			if path != script {
				continue
			}
			assert.Equal(t, "good /one\n", string(outcome.Output))
			require.NoError(t, os.Rename(script, script+".old"))
			require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho bad\n"), 0o755))
			_, err = box.Run(t.Context(), sandbox.Program{Path: script, File: file})
			require.ErrorContains(t, err, "no longer the file that was opened")
		}
	})
}

func TestRequired(t *testing.T) {
	_, err := sandbox.New(sandbox.WithRequired(sandbox.ProcessCount), sandbox.WithProcesses(10))
	if os.Geteuid() == 0 {
		var lack *sandbox.LackError
		require.ErrorAs(t, err, &lack)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		assert.Equal(t, sandbox.ProcessCount, lack.Aspect)
	} else {
		require.NoError(t, err)
		_, err = sandbox.New(sandbox.WithUser(1, 1))
		require.ErrorIs(t, err, errors.ErrUnsupported)
	}
	box, err := sandbox.New(sandbox.WithStage(hook), sandbox.WithUser(uint32(max(os.Geteuid(), ordinary)), ordinary), sandbox.WithProcesses(100), sandbox.WithRequired(
		sandbox.Files, sandbox.Temporary, sandbox.Network, sandbox.Processes, sandbox.Privileges,
		sandbox.Memory, sandbox.ProcessCount, sandbox.CPUTime, sandbox.FileSize, sandbox.OpenFiles))
	require.NoError(t, err)
	assert.Empty(t, box.Lacks())
	assert.Equal(t, []string{"files", "temporary files", "network", "processes", "privileges", "memory", "number of processes", "file size", "open files"}, box.Confined())
}

func TestUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change the user")
	}
	eachWay(t, func(t *testing.T, open opener) {
		box, _ := open(sandbox.WithUser(ordinary, ordinary))
		outcome, err := box.Run(t.Context(), shell("id -u; id -G; grep CapEff /proc/self/status; echo x > file && cat file"))
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("%d\n%[1]d\nCapEff:\t0000000000000000\nx\n", ordinary), string(outcome.Output))
	})
}

// What lies in the folders that the sandbox replaces is shown on request.
func TestShown(t *testing.T) {
	dir := openFolder(t, 0o755)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config"), []byte("setting\n"), 0o644))
	for name, test := range map[string]struct {
		options []sandbox.Option
		want    string
	}{
		"hidden": {nil, "none\n"},
		"folder": {[]sandbox.Option{sandbox.WithReadOnly(dir)}, "setting\n"},
		"file":   {[]sandbox.Option{sandbox.WithReadOnly(filepath.Join(dir, "config"))}, "setting\n"},
	} {
		t.Run(name, func(t *testing.T) {
			box, err := sandbox.New(append(test.options, sandbox.WithStage(hook), sandbox.WithRequired(sandbox.Files))...)
			require.NoError(t, err)
			config := filepath.Join(dir, "config")
			outcome, err := box.Run(t.Context(), shell("(cat "+config+" 2>&- || echo none); echo changed 2>&- > "+config+".new"))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(outcome.Output[:min(len(outcome.Output), len(test.want))]))
			assert.NoFileExists(t, config+".new")
		})
	}
}

// Kernels before 5.12 have no call for all mounts at once.
func TestReadOnlyEach(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change mounts")
	}
	dir := openFolder(t, 0o755)
	err := sandbox.ReadOnlyEach(func() error { return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644) })
	require.ErrorIs(t, err, syscall.EROFS)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644), "this process is not touched")
}
