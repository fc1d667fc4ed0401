//go:build unix

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
)

// runVersion makes the test binary the service, of that version.
const runVersion = "SERVICE_TEST_VERSION"

func TestMain(m *testing.M) {
	if v := os.Getenv(runVersion); v != "" {
		version = v
		main()
		return
	}
	os.Exit(m.Run())
}

// limit is how long anything here may take, on a machine that is busy.
const limit = 20 * time.Second

// started is a service that runs.
type started struct {
	url, control string
	cmd          *exec.Cmd
}

// start runs version v1 and waits until it answers.
func start(t *testing.T, args ...string) *started {
	t.Helper()
	dir, err := os.MkdirTemp("", "service") // short: paths of sockets are limited
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	addr := freeAddress(t)
	s := &started{url: "http://" + addr, control: filepath.Join(dir, "control.sock")}
	s.run(t, exec.Command(os.Args[0], append([]string{"-addr", addr, "-control", s.control, "-pidfile", filepath.Join(dir, "pid")}, args...)...))
	return s
}

func (s *started) run(t *testing.T, cmd *exec.Cmd, env ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log")) // a file, as successors write to it too
	require.NoError(t, err)
	cmd.Env = append(append(os.Environ(), runVersion+"=v1"), env...)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	s.cmd = cmd
	t.Cleanup(func() {
		s.end(t)
		assert.NoError(t, log.Close())
		if t.Failed() {
			text, err := os.ReadFile(log.Name())
			t.Log(string(text), err)
		}
	})
	require.Eventually(t, func() bool { _, err := s.get("/healthz"); return err == nil }, limit, 5*time.Millisecond)
}

// end ends whichever process serves, and waits until none does.
func (s *started) end(t *testing.T) {
	t.Helper()
	pid := s.cmd.Process.Pid
	if status, err := hotswap.NewClient(s.control).Status(context.Background()); err == nil {
		pid = status.PID
	}
	_ = syscall.Kill(pid, syscall.SIGTERM) // if it has failed it is gone
	_ = s.cmd.Wait()
	require.Eventually(t, func() bool { _, err := s.get("/healthz"); return err != nil }, limit, 5*time.Millisecond)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

// get asks on a new connection.
func (s *started) get(path string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: limit}
	return ask(&client, s.url+path, "")
}

func ask(client *http.Client, url, body string) (string, error) {
	ask := func() (*http.Response, error) { return client.Get(url) }
	if body != "" {
		ask = func() (*http.Response, error) { return client.Post(url, "text/plain", strings.NewReader(body)) }
	}
	response, err := ask()
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func upgradeTo(t *testing.T, version string) hotswap.Upgrade {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	return hotswap.Upgrade{Path: path, Digest: hex.EncodeToString(sum[:]), Env: []string{runVersion + "=" + version}}
}

// While a client goes on posting, the service becomes another version, and that is taken
// back; then it becomes it for good.
func TestExchangeUnderLoad(t *testing.T) {
	s := start(t)
	ctx, stop := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		var client http.Client
		for ctx.Err() == nil {
			if _, err := ask(&client, s.url, "some text"); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	control, u := hotswap.NewClient(s.control), upgradeTo(t, "v2")
	serves := func(version string) {
		t.Helper()
		got, err := s.get("/version")
		require.NoError(t, err)
		assert.Equal(t, version, strings.Fields(got)[0])
	}
	serves("v1")
	u.ConfirmWithin = time.Minute
	_, err := control.Upgrade(ctx, u)
	require.NoError(t, err)
	serves("v2")
	require.NoError(t, control.Revert(ctx))
	serves("v1")
	u.ConfirmWithin = 0
	require.Eventually(t, func() bool { _, err = control.Upgrade(ctx, u); return err == nil }, limit, 5*time.Millisecond)
	serves("v2")
	stop()
	assert.NoError(t, <-failed)
}

func TestReload(t *testing.T) {
	file := write(t, `{"greeting":"one"}`)
	s := start(t, "-config", file)
	greets := func(want string) {
		t.Helper()
		require.Eventually(t, func() bool { got, err := s.get("/"); return err == nil && got == want+"\n" }, limit, 5*time.Millisecond)
	}
	greets("one")
	for _, text := range []string{`{"greeting":"two"}`, `{"greeting":`, `{"greeting":"three"}`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		require.NoError(t, s.cmd.Process.Signal(syscall.SIGHUP))
		if strings.HasSuffix(text, "}") {
			greets(strings.Split(text, `"`)[3])
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"configuration", []string{"-config", write(t, "{")}, "EOF"},
		{"control socket", []string{"-control", "relative"}, "relative"},
		{"address", []string{"-addr", "no address"}, "no address"},
		{"flag", []string{"-no-such-flag"}, "no-such-flag"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], test.args...)
			cmd.Env = append(os.Environ(), runVersion+"=v1")
			out, err := cmd.CombinedOutput()
			assert.Error(t, err)
			assert.Contains(t, string(out), test.want)
		})
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-version")
	cmd.Env = append(os.Environ(), runVersion+"=v7")
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Equal(t, "v7\n", string(out))
}

// The port may be systemd's. Connections that came before the service do wait for it, and it
// says when it is ready.
func TestSocketActivation(t *testing.T) {
	activate, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("systemd-socket-activate is not installed")
	}
	dir, err := os.MkdirTemp("", "service")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	require.NoError(t, err)
	defer manager.Close()
	addr := freeAddress(t)
	s := &started{url: "http://" + addr, control: filepath.Join(dir, "control.sock")}
	s.run(t, exec.Command(activate, "-l", addr, "-E", runVersion, "-E", "NOTIFY_SOCKET", os.Args[0], "-addr", addr, "-control", s.control),
		"NOTIFY_SOCKET="+manager.LocalAddr().String())
	assert.Contains(t, notified(t, manager), "READY=1")
	_, err = hotswap.NewClient(s.control).Upgrade(t.Context(), upgradeTo(t, "v2"))
	require.NoError(t, err)
	got, err := s.get("/version")
	require.NoError(t, err)
	require.Len(t, strings.Fields(got), 2)
	assert.Equal(t, "v2", strings.Fields(got)[0])
	for told := ""; !strings.Contains(told, "MAINPID="+strings.Fields(got)[1]); { // until the deadline of the socket
		told = notified(t, manager)
	}
}

func notified(t *testing.T, manager *net.UnixConn) string {
	t.Helper()
	require.NoError(t, manager.SetReadDeadline(time.Now().Add(limit)))
	var message [4096]byte
	n, err := manager.Read(message[:])
	require.NoError(t, err)
	return string(message[:n])
}

// What the units start is not installed here; all else in them is judged.
func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	program := strings.NewReplacer("/usr/local/bin/hotfix-agent", "/bin/true", "/var/lib/hotfix/service/current/bin/service", "/bin/true")
	units, err := filepath.Glob(filepath.Join("systemd", "*"))
	require.NoError(t, err)
	require.Len(t, units, 4)
	args := []string{"verify"}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		require.NoError(t, err)
		args = append(args, filepath.Join(t.TempDir(), filepath.Base(unit)))
		require.NoError(t, os.WriteFile(args[len(args)-1], []byte(program.Replace(string(text))), 0o644))
	}
	out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
	assert.NoError(t, err)
	assert.Empty(t, string(out))
}
