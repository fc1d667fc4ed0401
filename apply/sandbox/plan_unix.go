//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// sessionPlan starts a program in a session of its own.
type sessionPlan struct {
	limits limits
	user   *user
	staged bool // limits can be set, by a stage
}

func newPlan(c *config) (plan, lacks, error) {
	if c.User != nil && os.Geteuid() != 0 && int64(c.User.UID) != int64(os.Geteuid()) {
		return nil, nil, fmt.Errorf("WithUser(%d): only root can run a program as another user: %w", c.User.UID, errors.ErrUnsupported)
	}
	p := &sessionPlan{limits: c.Limits, user: c.User, staged: c.hook != nil}
	l := lacks{
		Files:      filesLack,
		Processes:  "a process that leaves the program's session outlives it",
		Privileges: "this system cannot forbid setuid programs to a program",
	}
	if c.Reach != reachHost {
		l[Network] = networkLack
	}
	if !c.processesAsked {
		p.limits.Processes = 0
	}
	for _, a := range []Aspect{Memory, ProcessCount, CPUTime, FileSize, OpenFiles} {
		if c.asks(a) && !p.staged {
			l[a] = "limits need a stage (sandbox.Stage)"
		}
	}
	if c.asks(ProcessCount) && p.staged && !c.processesAsked {
		l[ProcessCount] = "the system counts all processes of the user, also those outside; give a number that allows for them with WithProcesses"
	}
	return p, l, nil
}

func (*sessionPlan) temporary() string { return "" }

func (p *sessionPlan) start(j *job) (process, error) {
	cmd := command(j)
	if p.staged {
		if err := stageCommand(cmd, p.limits); err != nil {
			return nil, err
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.user != nil && os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.user.UID, Gid: p.user.GID}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &sessionProcess{cmd: cmd}, nil
}

type sessionProcess struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	gone bool
}

func (s *sessionProcess) wait() (exit, error) {
	state, err := waitFor(s.cmd)
	s.mu.Lock()
	// The number of a group that still has members is nobody else's; that of an
	// empty one was just given back, and numbers are handed out in turn.
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	s.gone = true
	s.mu.Unlock()
	if err != nil {
		return exit{}, err
	}
	return exitOf(state), nil
}

func exitOf(s *os.ProcessState) exit {
	e := exit{Code: s.ExitCode(), CPU: s.UserTime() + s.SystemTime()}
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal()
	}
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		e.Memory = int64(usage.Maxrss) * maxrssUnit
	}
	return e
}

func (s *sessionProcess) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return os.ErrProcessDone
	}
	return syscall.Kill(-s.cmd.Process.Pid, sig)
}

func (s *sessionProcess) terminate() error { return s.signal(syscall.SIGTERM) }

func (s *sessionProcess) kill() { _ = s.signal(syscall.SIGKILL) }

func (*sessionProcess) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return hostDial(ctx, network, address)
}
