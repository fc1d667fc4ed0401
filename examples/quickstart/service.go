package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	serviceLife = time.Minute     // no service outlives it
	stopTimeout = 5 * time.Second // then it is killed
)

// service is a running process that prints its address in its first line, and
// stops when its standard input ends: so it cannot outlive this program, on any
// system and whatever happens.
type service struct {
	cmd      *exec.Cmd
	stdin    io.Closer
	kill     context.CancelFunc
	greeting string
	url      string
}

func startService(ctx context.Context, executable string, environ ...string) (*service, error) {
	ctx, kill := context.WithTimeout(ctx, serviceLife)
	cmd := exec.CommandContext(ctx, executable)
	cmd.Env, cmd.Stderr, cmd.WaitDelay = append(os.Environ(), environ...), os.Stderr, stopTimeout
	stdin, stdinErr := cmd.StdinPipe()
	stdout, stdoutErr := cmd.StdoutPipe()
	if err := errors.Join(stdinErr, stdoutErr, cmd.Start()); err != nil {
		kill()
		return nil, fmt.Errorf("starting the service: %w", err)
	}
	s := &service{cmd: cmd, stdin: stdin, kill: kill}
	// The read ends when the process does, at the latest after serviceLife.
	line, err := bufio.NewReader(stdout).ReadString('\n')
	at := strings.Index(line, "http://")
	if err != nil || at < 0 {
		return nil, fmt.Errorf("%s did not say where it listens: %w", filepath.Base(executable), errors.Join(err, s.stop()))
	}
	s.greeting, s.url = strings.TrimSpace(line), strings.TrimSpace(line[at:])
	return s, nil
}

// get asks the service and returns the status and the first line of the answer.
func (s *service) get(path, token string) (status int, line string, err error) {
	request, err := http.NewRequest(http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	// The default transport would ask the proxy of the environment.
	client := http.Client{Timeout: stopTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	line, _, _ = strings.Cut(string(body), "\n")
	return response.StatusCode, line, err
}

// stop asks the process to end, and kills it if it does not.
func (s *service) stop() error {
	defer s.kill()
	timer := time.AfterFunc(stopTimeout, s.kill)
	defer timer.Stop()
	return errors.Join(s.stdin.Close(), s.cmd.Wait())
}
