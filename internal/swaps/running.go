package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// timeLimit is how long a step of a swap may take: far more than any does.
const timeLimit = 30 * time.Second

// running is a service that runs: all its processes, one after the other. They tell of
// themselves on one pipe, which ends when the last of them has.
type running struct {
	to      target
	control string // path of the control socket
	args    []string
	output  *os.File // of all processes; closed when no other is to be started by us
	log     *os.File // standard error of all processes: a file, as the first process may be gone before the last

	mutex  sync.Mutex
	events []wire.Event
	ended  bool
	news   chan struct{} // closed and replaced when there is an event
	broken error         // the first line that is none
}

// newRunning chooses ports and a folder for a service that lives in a way.
func newRunning(dir, life string, r *roots, drain time.Duration) (*running, error) {
	addresses, err := freeAddresses(3)
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	control := filepath.Join(dir, "control.sock")
	s := &running{
		to: target{addresses[0], addresses[1], addresses[2], r}, control: control, output: write, log: log, news: make(chan struct{}),
		args: []string{
			"-life", life, "-http", addresses[0], "-https", addresses[1], "-grpc", addresses[2],
			"-cert", r.cert, "-key", r.key, "-control", control, "-pidfile", filepath.Join(dir, "pid"), "-drain-timeout", drain.String(), "-ready-timeout", readyTimeout.String(),
		},
	}
	go s.listen(read)
	return s, nil
}

// readyTimeout is for a version that never gets ready.
const readyTimeout = 3 * time.Second

// freeAddresses finds ports that nobody uses at the moment.
func freeAddresses(n int) ([]string, error) {
	addresses := make([]string, n)
	for i := range addresses {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close() // only after all have been found, so that they differ
		addresses[i] = ln.Addr().String()
	}
	return addresses, nil
}

func (s *running) listen(read *os.File) {
	defer read.Close()
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		e, err := wire.ParseEvent(lines.Bytes())
		s.add(e, err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ended = true
	close(s.news)
	s.news = make(chan struct{})
}

func (s *running) add(e wire.Event, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err != nil {
		s.broken = errors.Join(s.broken, err)
	} else {
		s.events = append(s.events, e)
	}
	close(s.news)
	s.news = make(chan struct{})
}

// errEnded is returned when all processes are gone.
var errEnded = errors.New("all processes of the service have ended")

// await returns the first event that fits, whether it has come or is to come.
func (s *running) await(ctx context.Context, what string, fits func(wire.Event) bool) (wire.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	for {
		s.mutex.Lock()
		news, ended := s.news, s.ended
		for _, e := range s.events {
			if fits(e) {
				s.mutex.Unlock()
				return e, nil
			}
		}
		s.mutex.Unlock()
		if ended {
			return wire.Event{}, fmt.Errorf("waiting for %s: %w: %s", what, errEnded, s.said())
		}
		select {
		case <-news:
		case <-ctx.Done():
			return wire.Event{}, fmt.Errorf("waiting for %s: %w: %s", what, ctx.Err(), s.said())
		}
	}
}

func (s *running) gone(ctx context.Context, pid int) (wire.Event, error) {
	return s.await(ctx, fmt.Sprintf("the end of process %d", pid), func(e wire.Event) bool { return e.PID == pid && e.What == wire.Gone })
}

// launch starts a process and waits until it is ready. It gets copies of the inherited
// descriptors as they are: by os/exec the sockets would no longer be non-blocking, in
// the processes that have them already, too.
func (s *running) launch(ctx context.Context, b binary, inherited []uintptr) (*os.Process, error) {
	env := os.Environ()
	if inherited != nil {
		env = append(env, "LISTENERS="+strings.Join([]string{s.to.http, s.to.https, s.to.grpc}, " "))
	}
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer nothing.Close()
	pid, _, err := syscall.StartProcess(b.path, append([]string{b.path}, s.args...), &syscall.ProcAttr{
		Env: env, Files: append([]uintptr{nothing.Fd(), s.output.Fd(), s.log.Fd()}, inherited...),
	})
	if err != nil {
		return nil, &os.PathError{Op: "exec", Path: b.path, Err: err}
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, err
	}
	_, err = s.await(ctx, "version "+b.version+" to be ready", func(e wire.Event) bool { return e.PID == pid })
	return process, err
}

// living returns the processes that said that they are ready, and not that they are gone.
func (s *running) living() []int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var pids []int
	for _, e := range s.events {
		switch e.What {
		case wire.Ready:
			pids = append(pids, e.PID)
		case wire.Gone:
			for i, pid := range pids {
				if pid == e.PID {
					pids = append(pids[:i], pids[i+1:]...)
					break
				}
			}
		}
	}
	return pids
}

// end asks all processes to end, and makes them if they do not. It returns when the last
// one is gone, with how many requests they say that they answered.
func (s *running) end(ctx context.Context) (handled int64, err error) {
	s.signal(syscall.SIGTERM)
	err = errors.Join(s.output.Close(), s.log.Close(), s.awaitEnd(ctx))
	if err != nil {
		s.signal(syscall.SIGQUIT) // Go says what it is doing, and ends
		err = errors.Join(err, s.awaitEnd(ctx), errors.New(s.said()))
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, e := range s.events {
		handled += e.Handled
	}
	return handled, errors.Join(err, s.broken)
}

func (s *running) signal(sig os.Signal) {
	for _, pid := range s.living() {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Signal(sig) // it may be gone by itself
		}
	}
}

func (s *running) awaitEnd(ctx context.Context) error {
	_, err := s.await(ctx, "the end of the service", func(wire.Event) bool { return false })
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// said returns the end of what the processes wrote to standard error.
func (s *running) said() string {
	data, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-maxSaid):])
}

const maxSaid = 64 << 10
