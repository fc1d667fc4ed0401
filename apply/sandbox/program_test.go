package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gohotfix/hotfix/apply/sandbox"
)

// modeVariable says what this test binary does when a sandbox runs it.
const modeVariable = "SANDBOX_TEST_MODE"

var hook *sandbox.Hook

func TestMain(m *testing.M) {
	hook = sandbox.Stage()
	if mode := os.Getenv(modeVariable); mode != "" {
		os.Exit(programs()[mode](os.Args[1:]))
	}
	os.Exit(m.Run())
}

func programs() map[string]func(args []string) int {
	return map[string]func([]string) int{
		"caller": caller,
		"look":   look,
		"serve":  serve,
		"many":   many,
		"tree":   tree,
		"block":  block,
		"files":  openFiles,
		"spin":   spin,
	}
}

// environment makes a program one of these, and end at once where the race
// detector would wait.
func environment(mode string) []string {
	return []string{modeVariable + "=" + mode, "GORACE=atexit_sleep_ms=0"}
}

// caller runs a tree in a sandbox.
func caller(args []string) int {
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	options := []sandbox.Option{sandbox.WithMemory(0)}
	if args[0] == "stage" {
		options = append(options, sandbox.WithStage(hook))
	}
	box, err := sandbox.New(options...)
	if err == nil {
		_, err = box.Run(context.Background(), sandbox.Program{Path: self, Args: args[1:], Env: environment("tree")})
	}
	fmt.Println(err)
	return 1
}

// sight is what a program in a sandbox sees.
type sight struct {
	Env     []string
	Status  map[string]string // of /proc/self/status
	Written map[string]string // path: why it could not be written, or ""
	Dialed  string            // why the address could not be reached, or ""
	Own     string            // why its own loopback could not be reached, or ""
	Tmp     []string          // names in the temporary folder at the start
	Dir     string
	Input   string
	UID     int
	Self    string // its executable
}

// look writes a sight to standard output. Its arguments are an address and
// paths.
func look(args []string) int {
	s := sight{Env: os.Environ(), Status: status(), Written: map[string]string{}, UID: os.Getuid()}
	s.Dir, _ = os.Getwd()
	s.Self, _ = os.Executable()
	names, _ := filepath.Glob(os.TempDir() + "/*")
	s.Tmp = names
	for _, path := range append(args[1:], filepath.Join(os.TempDir(), "own")) {
		s.Written[path] = text(os.WriteFile(path, []byte("was here"), 0o600))
	}
	s.Dialed = text(dialOnce(args[0]))
	s.Own = text(ownLoopback())
	input, _ := io.ReadAll(os.Stdin)
	s.Input = string(input)
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return 1
	}
	return 0
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func dialOnce(address string) error {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

func ownLoopback() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	return dialOnce(ln.Addr().String())
}

func status() map[string]string {
	lines := map[string]string{}
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return lines
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		key, value, _ := strings.Cut(scanner.Text(), ":")
		lines[key] = strings.TrimSpace(value)
	}
	return lines
}

// serve is a service that ends when it is asked to.
func serve(args []string) int {
	ln, err := net.Listen("tcp", args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, terminate)
	go func() {
		_ = http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "well") }))
	}()
	<-end
	fmt.Println("asked to end")
	return 7
}

// many starts processes until it cannot, and says how many there are.
func many(args []string) int {
	for n := range 400 {
		cmd := exec.Command(args[0], args[1:]...)
		if err := cmd.Start(); err != nil {
			fmt.Println(n)
			return 0
		}
	}
	fmt.Println(400)
	return 0
}

// block does nothing, whatever it is asked.
func block([]string) int {
	signal.Ignore(terminate)
	fmt.Println("blocked")
	<-time.After(5 * time.Minute) // not for ever if a test fails
	return 0
}

// openFiles opens files until it cannot, and says how many.
func openFiles([]string) int {
	for n := range 1000 {
		if _, err := os.Open(os.DevNull); err != nil {
			fmt.Println(n)
			return 0
		}
	}
	return 1
}

// spin uses the processor.
func spin([]string) int {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
	}
	return 0
}
