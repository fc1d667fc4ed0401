package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// absent is a program that no system has, to try all but its execution.
const absent = "/proc/self/no-such-program"

// isExec reports whether an error is that of executing a program, after all
// else had worked.
func isExec(err error) bool {
	var path *os.PathError
	return errors.As(err, &path) && path.Path == absent
}

// threadPlan confines a thread of this process and starts programs from it.
type threadPlan struct {
	confinement
	clone uintptr // namespaces that only the program enters
}

func (p *threadPlan) temporary() string {
	if p.Mounts {
		return tmpFolder
	}
	return ""
}

// launch confines the calling thread and starts the program.
func (p *threadPlan) launch(j *job) (*threadProcess, error) {
	netns, err := p.confine(j)
	if err != nil {
		return nil, errors.Join(err, closeFile(netns))
	}
	cmd, err := p.command(j)
	if err == nil {
		err = p.startLimited(cmd)
	}
	for _, file := range cmd.ExtraFiles {
		_ = file.Close()
	}
	if err != nil {
		return nil, errors.Join(err, closeFile(netns))
	}
	return &threadProcess{cmd: cmd, netns: netns, ended: make(chan result, 1)}, nil
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// afterExit is how long output is read that a process which got away holds
// open.
const afterExit = time.Second

// command is what the thread executes. Its extra files are to be closed.
func (p *threadPlan) command(j *job) (*exec.Cmd, error) {
	cmd := &exec.Cmd{
		Path: j.path, Args: j.args, Env: j.env, Dir: j.dir,
		Stdin: j.stdin, Stdout: j.output, Stderr: j.output, WaitDelay: afterExit,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: p.clone},
	}
	if p.clone&unix.CLONE_NEWUSER != 0 {
		ownUser(cmd.SysProcAttr)
	} else if u := p.User; u != nil && os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: u.UID, Gid: u.GID}
	}
	if j.file == nil {
		return cmd, nil
	}
	file, err := reopen(j)
	if err != nil {
		return cmd, err
	}
	cmd.ExtraFiles = []*os.File{file}
	cmd.Path = "/proc/self/fd/" + strconv.Itoa(firstExtra)
	return cmd, nil
}

// firstExtra is the number of the first extra file in a program.
const firstExtra = 3

// ownUser makes a user namespace with this user alone, under its own number.
func ownUser(attr *syscall.SysProcAttr) {
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
}

// reopen opens the program's file as the sandbox shows it, and checks that it is
// the one that the caller has open. The caller's descriptor would let the
// program reach around the read-only view of the file system.
func reopen(j *job) (*os.File, error) {
	file, err := os.Open(j.path)
	if err != nil {
		return nil, err
	}
	here, err := file.Stat()
	if err == nil {
		var theirs os.FileInfo
		if theirs, err = j.file.Stat(); err == nil && !os.SameFile(here, theirs) {
			err = fmt.Errorf("%s is no longer the file that was opened", j.path)
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// startLimited starts a program that stops before its first instruction, gives
// it its limits, and lets it go. Where ptrace(2) is forbidden the limits come
// just after the start.
func (p *threadPlan) startLimited(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Ptrace = true
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		again := *cmd.SysProcAttr
		again.Ptrace = false
		*cmd = exec.Cmd{
			Path: cmd.Path, Args: cmd.Args, Env: cmd.Env, Dir: cmd.Dir, Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr,
			WaitDelay: cmd.WaitDelay, ExtraFiles: cmd.ExtraFiles, SysProcAttr: &again,
		}
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	if err := p.release(cmd); err != nil {
		_ = cmd.Process.Kill()
		return errors.Join(err, cmd.Wait())
	}
	return nil
}

// release sets the limits of a program, and lets it run if it is traced.
func (p *threadPlan) release(cmd *exec.Cmd) error {
	pid := cmd.Process.Pid
	if cmd.SysProcAttr.Ptrace {
		var status unix.WaitStatus
		if _, err := retry(func() (int, error) { return unix.Wait4(pid, &status, 0, nil) }); err != nil {
			return fmt.Errorf("waiting for the program's first stop: %w", err)
		}
		if !status.Stopped() {
			return errors.New("the program was ended while it was started")
		}
	}
	if err := p.limit(pid); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	if cmd.SysProcAttr.Ptrace {
		return unix.PtraceDetach(pid)
	}
	return nil
}

// limit sets the limits of a program. For one of another user that takes
// CAP_SYS_RESOURCE, which root lacks in many containers, or to be that user: the
// thread becomes it, for the rest of its life.
func (p *threadPlan) limit(pid int) error {
	err := setLimits(pid, p.Limits)
	if err != unix.EPERM || p.User == nil {
		return err
	}
	if err := becomeUser(*p.User); err != nil {
		return err
	}
	return setLimits(pid, p.Limits)
}

// becomeUser changes the user of the calling thread alone: the functions of
// package syscall change that of all threads. It keeps the process dumpable, if it is,
// which the kernel would otherwise end (see PR_SET_DUMPABLE in prctl(2)).
func becomeUser(u user) error {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return err
	}
	if _, _, errno := syscall.RawSyscall(sysSetresgid, uintptr(u.GID), uintptr(u.GID), uintptr(u.GID)); errno != 0 {
		return errno
	}
	if _, _, errno := syscall.RawSyscall(sysSetresuid, uintptr(u.UID), uintptr(u.UID), uintptr(u.UID)); errno != 0 {
		return errno
	}
	if dumpable != 1 {
		return nil
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
}

func retry[T any](f func() (T, error)) (T, error) {
	for {
		v, err := f()
		if err != unix.EINTR {
			return v, err
		}
	}
}

func setLimits(pid int, l limits) error {
	for resource, n := range map[int]int64{
		unix.RLIMIT_DATA:   l.Memory,
		unix.RLIMIT_NPROC:  l.Processes,
		unix.RLIMIT_CPU:    int64((l.CPU + time.Second - 1) / time.Second),
		unix.RLIMIT_FSIZE:  l.FileSize,
		unix.RLIMIT_NOFILE: l.OpenFiles,
		unix.RLIMIT_CORE:   -1,
	} {
		if n == 0 {
			continue
		}
		if err := setLimit(pid, resource, uint64(max(n, 0))); err != nil {
			return err
		}
	}
	return nil
}

// setLimit lowers a limit, and never raises it.
func setLimit(pid, resource int, n uint64) error {
	var old unix.Rlimit
	if err := unix.Prlimit(pid, resource, nil, &old); err != nil {
		return err
	}
	n = min(n, old.Max)
	return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
}

// threadProcess is a program that a thread of this process started.
type threadProcess struct {
	cmd   *exec.Cmd
	netns *os.File // nil: that of the host
	ended chan result

	mu   sync.Mutex
	gone bool // waited for: its number may be another's
}

type result struct {
	exit exit
	err  error
}

// start starts a program on a thread that lives as long as it, for the program
// dies with the thread (PR_SET_PDEATHSIG).
func (p *threadPlan) start(j *job) (process, error) {
	type started struct {
		process *threadProcess
		err     error
	}
	begun := make(chan started, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		process, err := p.launch(j)
		begun <- started{process, err}
		if err == nil {
			process.reap()
		}
	}()
	s := <-begun
	if s.err != nil {
		return nil, s.err
	}
	return s.process, nil
}

// reap waits for the end of the program, and ends what is left in its session's
// first process group while the group's number cannot be another's.
func (t *threadProcess) reap() {
	pid := t.cmd.Process.Pid
	_, _ = retry(func() (int, error) { return 0, unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) })
	t.mu.Lock()
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	t.gone = true
	t.mu.Unlock()
	err := t.cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) || t.cmd.ProcessState != nil {
		err = nil
	}
	_ = closeFile(t.netns)
	if err != nil {
		t.ended <- result{err: err}
		return
	}
	t.ended <- result{exit: exitOf(t.cmd.ProcessState)}
}

func exitOf(s *os.ProcessState) exit {
	e := exit{Code: s.ExitCode(), CPU: s.UserTime() + s.SystemTime()}
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal()
	}
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		e.Memory = int64(usage.Maxrss) << 10
	}
	return e
}

func (t *threadProcess) wait() (exit, error) {
	r := <-t.ended
	return r.exit, r.err
}

func (t *threadProcess) signal(s syscall.Signal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return os.ErrProcessDone
	}
	return syscall.Kill(-t.cmd.Process.Pid, s)
}

func (t *threadProcess) terminate() error { return t.signal(syscall.SIGTERM) }

func (t *threadProcess) kill() { _ = t.signal(syscall.SIGKILL) }

func (t *threadProcess) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return dialIn(ctx, t.netns, network, address)
}
