//go:build unix

package hotswap_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/hotswap"
	"github.com/gohotfix/hotfix/hotswap/web"
)

// The test binary is the service, too: with this variable it runs service
// instead of tests. Its value is how the service behaves, VERSION what it
// says of itself, and DIR where its sockets are.
const envBehaviour = "TEST_SERVICE"

func TestMain(m *testing.M) {
	behaviour, ok := os.LookupEnv(envBehaviour)
	if !ok {
		os.Exit(m.Run())
	}
	if err := service(behaviour); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func service(behaviour string) error {
	if behaviour == "crash" {
		return fmt.Errorf("crashing at start")
	}
	dir := os.Getenv("DIR")
	if os.Getenv("LEAK") != "" {
		if _, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	p, err := hotswap.Open(serviceOptions(dir)...)
	if err != nil {
		return err
	}
	if err := serveAll(p, behaviour); err != nil {
		return err
	}
	switch behaviour {
	case "silent":
		<-ctx.Done()
		return nil
	case "leave":
		stop()
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		ctx = ended
	}
	if err := p.Ready(); err != nil {
		return err
	}
	return p.Wait(ctx)
}

func serviceOptions(dir string) []hotswap.Option {
	drain, err := time.ParseDuration(os.Getenv("DRAIN"))
	if err != nil {
		drain = 20 * time.Second
	}
	ready, err := time.ParseDuration(os.Getenv("READY"))
	if err != nil {
		ready = 20 * time.Second
	}
	return []hotswap.Option{
		hotswap.WithControl(filepath.Join(dir, "control")), hotswap.WithPIDFile(filepath.Join(dir, "pid")),
		hotswap.WithDrainTimeout(drain), hotswap.WithReadyTimeout(ready),
		hotswap.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil)).With("version", os.Getenv("VERSION"))),
	}
}

// serveAll listens on all that tests want.
func serveAll(p *hotswap.Process, behaviour string) error {
	plain, err := p.Listen("unix", filepath.Join(os.Getenv("DIR"), "http"))
	if err != nil {
		return err
	}
	lines, datagrams := [2]string{"tcp", "127.0.0.1:0"}, [2]string{"udp", "127.0.0.1:0"}
	if os.Getenv("SYSTEMD") != "" {
		lines, datagrams = [2]string{"systemd", "lines"}, [2]string{"systemd", "packets"}
	}
	echo, err := p.Listen(lines[0], lines[1])
	if err != nil {
		return err
	}
	packets, err := p.ListenPacket(datagrams[0], datagrams[1])
	if err != nil {
		return err
	}
	secure, err := p.Listen("unix", filepath.Join(os.Getenv("DIR"), "https"))
	if err != nil {
		return err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	handler := handler(p, echo.Addr(), packets.LocalAddr())
	go p.Serve(plain, web.HTTP(&http.Server{Handler: handler, Protocols: protocols}))
	go p.Serve(secure, web.HTTPS(&http.Server{
		Handler: handler, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate()}},
	}, "", ""))
	go p.Serve(echo, hotswap.Conns(echoLines))
	go answerPackets(packets)
	return nil
}

func version() string { return os.Getenv("VERSION") }

// handler serves what tests ask for.
func handler(p *hotswap.Process, echo, packets net.Addr) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(w http.ResponseWriter, r *http.Request) {
		body, err := readSlowly(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%s %d", version(), len(body))
	})
	mux.HandleFunc("/proto", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	mux.HandleFunc("/addresses", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "%v %v", echo, packets) })
	mux.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	mux.HandleFunc("/environment", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, strings.Join(os.Args, " "))
		fmt.Fprintln(w, strings.Join(os.Environ(), "\n"))
	})
	mux.HandleFunc("/fds", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, openFDs()) })
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) { hijack(p, w) })
	return mux
}

// readSlowly says so when a body has begun and is not complete.
func readSlowly(body io.Reader) ([]byte, error) {
	start := make([]byte, 4)
	n, err := io.ReadFull(body, start)
	if n < len(start) {
		return start[:n], nil
	}
	if err == nil && n == len(start) {
		fmt.Fprintln(os.Stderr, "reading a body")
	}
	rest, err := io.ReadAll(body)
	return append(start, rest...), err
}

func openFDs() string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		all = append(all, e.Name()+" "+target)
	}
	return strings.Join(all, "\n")
}

// hijack says "hello" and, when the connection should end, "bye".
func hijack(p *hotswap.Process, w http.ResponseWriter) {
	draining := p.Draining()
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	go func() {
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nhello\n")
		rw.Flush()
		<-draining
		fmt.Fprintln(rw, "bye")
		rw.Flush()
	}()
}

// echoLines answers each line with the version.
func echoLines(_ context.Context, conn net.Conn) {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		fmt.Fprintln(conn, version(), lines.Text())
	}
}

func answerPackets(conn net.PacketConn) {
	var buf [64]byte
	for {
		n, from, err := conn.ReadFrom(buf[:])
		if err != nil {
			return
		}
		_, _ = conn.WriteTo(append([]byte(version()+" "), buf[:n]...), from)
	}
}

// running is a service under test.
type running struct {
	t      *testing.T
	dir    string
	client *hotswap.Client
	first  *exec.Cmd
	log    string // file; a pipe would stay open in successors
}

// run starts version 1 and waits until it serves.
func run(t *testing.T, env ...string) *running {
	t.Helper()
	return start(t, shortDir(t), exec.Command(executable(t)), env...)
}

func start(t *testing.T, dir string, cmd *exec.Cmd, env ...string) *running {
	t.Helper()
	s := &running{t: t, dir: dir, client: hotswap.NewClient(filepath.Join(dir, "control")), log: filepath.Join(dir, "log")}
	s.first = cmd
	s.first.Env = append(os.Environ(), append([]string{envBehaviour + "=ok", "GORACE=atexit_sleep_ms=0", "VERSION=1", "DIR=" + dir}, env...)...)
	log, err := os.Create(s.log)
	require.NoError(t, err)
	defer log.Close()
	s.first.Stderr = log
	require.NoError(t, s.first.Start())
	t.Cleanup(s.end)
	s.eventually(func() bool {
		status, err := s.client.Status(t.Context())
		return err == nil && status.State == hotswap.Serving
	}, "the service does not serve")
	return s
}

// end ends whatever process serves now, and the first one.
func (s *running) end() {
	if s.t.Failed() {
		s.t.Log(s.logged())
	}
	if status, err := s.client.Status(context.Background()); err == nil {
		_ = syscall.Kill(status.PID, syscall.SIGKILL)
		if status.Successor != nil && status.Successor.PID > 0 {
			_ = syscall.Kill(status.Successor.PID, syscall.SIGKILL)
		}
	}
	_ = s.first.Process.Kill()
	_ = s.first.Wait()
}

func (s *running) logged() string {
	text, err := os.ReadFile(s.log)
	require.NoError(s.t, err)
	return string(text)
}

func (s *running) eventually(condition func() bool, what string) {
	s.t.Helper()
	require.Eventually(s.t, condition, 20*time.Second, 5*time.Millisecond, "%s", what)
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

var digest = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
})

// to is an upgrade to the same executable that calls itself by another version.
func (s *running) to(version int, env ...string) hotswap.Upgrade {
	s.t.Helper()
	sum, err := digest()
	require.NoError(s.t, err)
	return hotswap.Upgrade{
		Path: executable(s.t), Digest: sum,
		Env: append([]string{"VERSION=" + strconv.Itoa(version)}, env...),
	}
}

// web returns an HTTP client of the service with connections of its own.
func (s *running) web() *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(s.dir, "http"))
	}}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// get asks with a new connection.
func (s *running) get(path string) (string, error) {
	client := s.web()
	defer client.CloseIdleConnections()
	return fetch(client, "http", path, nil)
}

func fetch(client *http.Client, scheme, path string, body io.Reader) (string, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, scheme+"://service"+path, body)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return string(text), err
}

// version asks for the version with a new connection.
func (s *running) version() string {
	s.t.Helper()
	text, err := s.get("/version")
	require.NoError(s.t, err)
	return strings.Fields(text)[0]
}

// addresses returns those of the line server and of the datagram server.
func (s *running) addresses() (echo, packets string) {
	s.t.Helper()
	text, err := s.get("/addresses")
	require.NoError(s.t, err)
	return strings.Fields(text)[0], strings.Fields(text)[1]
}

// exitsWith waits for the end of the first process.
func (s *running) exitsWith(code int) {
	s.t.Helper()
	_ = s.first.Wait() // its code is looked at
	require.Equal(s.t, code, s.first.ProcessState.ExitCode(), "%s", s.logged())
}

func (s *running) pidFile() int {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "pid"))
	require.NoError(s.t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	require.NoError(s.t, err)
	return pid
}

const terminate = syscall.SIGTERM

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
