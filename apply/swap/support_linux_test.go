package swap_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/swap"
	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/internal/atomicfile"
	"github.com/gohotfix/hotfix/pack/manifest"
)

// The test binary is also the service that is swapped: with this variable it runs
// instead of tests, in the way that its value says.
const envService = "HOTFIX_TEST_SERVICE"

func TestMain(m *testing.M) {
	if behaviour := os.Getenv(envService); behaviour != "" {
		if err := serve(behaviour); err != nil {
			fmt.Fprintln(os.Stderr, "service:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(withVersions(m))
}

// envVersions is the folder of the executables that tests swap.
const envVersions = "HOTFIX_TEST_VERSIONS"

func withVersions(m *testing.M) int {
	dir, err := os.MkdirTemp("", "swap")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	_ = os.Setenv(envVersions, dir)
	return m.Run()
}

// serve is the service. Its files lie in DIR: pid, and control for the socket; NEXT
// is the executable that it starts on a signal. It ends when its standard input does,
// so that no test leaves one behind.
func serve(behaviour string) error {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if behaviour == "hotswap" || behaviour == "never ready" {
		return serveHotswap(behaviour)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM)
	if err := atomicfile.WriteFile(inDir("pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Println("started")
	for s := range signals {
		switch {
		case behaviour == "stubborn":
		case s == syscall.SIGTERM:
			return nil
		case behaviour == "child":
			return startChild()
		default:
			return syscall.Exec(os.Getenv("NEXT"), os.Args, os.Environ())
		}
	}
	return nil
}

func inDir(name string) string { return filepath.Join(os.Getenv("DIR"), name) }

// startChild leaves the service to a child.
func startChild() error {
	cmd := exec.Command(os.Getenv("NEXT"))
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	return cmd.Start()
}

func serveHotswap(behaviour string) error {
	p, err := hotswap.Open(hotswap.WithControl(inDir("control")), hotswap.WithReadyTimeout(time.Second))
	if err != nil {
		return err
	}
	ln, err := p.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if self, err := os.Executable(); err == nil && behaviour == "never ready" && self == os.Getenv("NEXT") {
		select {}
	}
	go p.Serve(ln, hotswap.Conns(func(context.Context, net.Conn) {}))
	if err := p.Ready(); err != nil {
		return err
	}
	fmt.Println("started")
	return p.Wait(context.Background())
}

// versions are two executables that differ, one beside the other.
var versions = sync.OnceValues(func() ([2]swap.Version, error) {
	var made [2]swap.Version
	self, err := os.Executable()
	if err != nil {
		return made, err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return made, err
	}
	for i := range made {
		dir := filepath.Join(os.Getenv(envVersions), strconv.Itoa(i+1))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return made, err
		}
		data := append(program[:len(program):len(program)], fmt.Sprintf("version %d", i+1)...)
		path := filepath.Join(dir, "service")
		if err := os.WriteFile(path, data, 0o755); err != nil {
			return made, err
		}
		made[i] = swap.Version{Version: fmt.Sprintf("1.0.%d", i+1), Digest: manifest.DigestOf(data), Path: path, Dir: dir, Link: "/srv/current/bin/service"}
	}
	return made, nil
})

// move is from the first of the versions to the second.
func move(t *testing.T) swap.Move {
	t.Helper()
	v, err := versions()
	require.NoError(t, err)
	return swap.Move{Product: "payments", From: v[0], To: v[1]}
}

func backward(m swap.Move) swap.Move {
	m.From, m.To = m.To, m.From
	return m
}

// service is a service that runs.
type service struct {
	cmd  *exec.Cmd
	wait func() error // until it has ended; for several goroutines
}

func (s *service) pid() int { return s.cmd.Process.Pid }

// start starts an executable as a service and waits until it is up.
func start(t *testing.T, dir, behaviour string, v, next swap.Version) *service {
	t.Helper()
	cmd := exec.Command(v.Path)
	cmd.Env = []string{envService + "=" + behaviour, "DIR=" + dir, "NEXT=" + next.Path}
	cmd.Stderr = os.Stderr
	input, hold, err := os.Pipe() // not those of os/exec, which end with the first process
	require.NoError(t, err)
	out, output, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdin, cmd.Stdout = input, output
	require.NoError(t, cmd.Start())
	require.NoError(t, input.Close())
	s := &service{cmd: cmd, wait: sync.OnceValue(cmd.Wait)}
	t.Cleanup(func() {
		hold.Close()
		out.Close()
		output.Close()
		_ = cmd.Process.Kill()
		_ = s.wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "started\n", line)
	return s
}
