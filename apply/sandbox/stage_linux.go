package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stageName is the name by which a stage is started, and knows itself.
const stageName = "hotfix-sandbox-stage"

// stageStart is how long a stage may take to start a program: it only makes
// system calls.
const stageStart = 20 * time.Second

// Descriptors of a stage, beside the program's standard ones.
const (
	stageControl = 3 // socket for messages, SOCK_SEQPACKET
	stageTask    = 4 // memory file with the task
	stageFile    = 5 // the program's open file, if there is one
)

// task is what a stage is to do, in JSON.
type task struct {
	Confinement confinement
	Path        string
	HasFile     bool
	Args        []string
	Env         []string
	Dir         string
}

// stagePlan starts this program again as the first process of a sandbox.
type stagePlan struct{ confinement }

func newStagePlan(c *config) *stagePlan {
	p := newNamespacePlan(c)
	p.Proc = true
	return &stagePlan{p.confinement}
}

func (*stagePlan) temporary() string { return tmpFolder }

// probe lets a stage do all but execute a program.
func (p *stagePlan) probe() error {
	process, err := p.start(&job{path: absent, args: []string{absent}, dir: "/", output: io.Discard})
	if err == nil {
		process.kill()
		return errors.New("a program that is not there was started")
	}
	if isExec(err) {
		return nil
	}
	return err
}

func (p *stagePlan) start(j *job) (process, error) {
	control, theirs, err := controlSockets()
	if err != nil {
		return nil, err
	}
	first, err := p.startFirst(j, theirs)
	if err != nil {
		return nil, errors.Join(err, control.Close())
	}
	s := &stageProcess{
		first: first, control: control, network: p.Network,
		begun: make(chan error, 1), closed: make(chan struct{}), dials: map[uint64]chan dialed{},
	}
	go s.read()
	if err := s.awaitStart(); err != nil {
		return nil, err
	}
	return s, nil
}

// startFirst starts the stage, and closes its end of the socket: when the stage
// ends, nobody holds it open.
func (p *stagePlan) startFirst(j *job, theirs *os.File) (*threadProcess, error) {
	defer theirs.Close()
	memory, err := p.task(j)
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	files := []*os.File{theirs, memory}
	if j.file != nil {
		files = append(files, j.file)
	}
	return startStage(stageCommand(j, files))
}

// task writes what the stage is to do.
func (p *stagePlan) task(j *job) (*os.File, error) {
	fd, err := unix.MemfdCreate("task", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory file: %w", err)
	}
	file := os.NewFile(uintptr(fd), "task")
	t := task{Confinement: p.confinement, Path: j.path, HasFile: j.file != nil, Args: j.args, Env: j.env, Dir: j.dir}
	if err := json.NewEncoder(file).Encode(t); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// stageCommand is this program as the first process of a process namespace, and
// for an ordinary user of a user namespace.
func stageCommand(j *job, files []*os.File) *exec.Cmd {
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: unix.CLONE_NEWPID}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		ownUser(attr)
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP}
	}
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{stageName}, Env: []string{"GOTRACEBACK=none", "GOMAXPROCS=2"}, Dir: "/",
		Stdin: j.stdin, Stdout: j.output, Stderr: j.output, ExtraFiles: files, WaitDelay: afterExit, SysProcAttr: attr,
	}
}

// startStage starts a stage on a thread that lives as long as it.
func startStage(cmd *exec.Cmd) (*threadProcess, error) {
	t := &threadProcess{cmd: cmd, ended: make(chan result, 1)}
	begun := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		begun <- err
		if err == nil {
			t.reap()
		}
	}()
	if err := <-begun; err != nil {
		return nil, err
	}
	return t, nil
}

// stageProcess is a program that a stage started. A goroutine of its own reads
// what the stage says.
type stageProcess struct {
	first   *threadProcess // the stage
	control *net.UnixConn
	network bool          // the stage has a network of its own
	begun   chan error    // one answer
	closed  chan struct{} // all was read

	mu    sync.Mutex
	exit  *exit // how the program ended, if it did
	last  uint64
	dials map[uint64]chan dialed
}

type dialed struct {
	file *os.File
	err  error
}

func (s *stageProcess) awaitStart() error {
	timer := time.NewTimer(stageStart)
	defer timer.Stop()
	var err error
	select {
	case err = <-s.begun:
	case <-timer.C:
		err = fmt.Errorf("the stage did not start the program within %v", stageStart)
	case <-s.closed:
		select {
		case err = <-s.begun:
		default:
			err = errors.New("the stage ended before it started the program; does main call sandbox.Stage first?")
		}
	}
	if err != nil {
		s.kill()
		_, _ = s.wait()
	}
	return err
}

// read takes the stage's messages until it closes the socket by its end.
func (s *stageProcess) read() {
	defer close(s.closed)
	for {
		message, file, err := receive[reply](s.control)
		if err != nil {
			return
		}
		s.take(message, file)
	}
}

func (s *stageProcess) take(r reply, file *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer, ok := s.dials[r.ID]; ok && r.Kind == replyDialed {
		delete(s.dials, r.ID)
		answer <- dialed{file, r.err()}
		return
	}
	_ = closeFile(file) // of a dial that nobody waits for any more
	switch r.Kind {
	case replyStarted:
		select {
		case s.begun <- r.err():
		default:
		}
	case replyEnded:
		s.exit = r.Exit
	}
}

func (s *stageProcess) wait() (exit, error) {
	stage, err := s.first.wait()
	<-s.closed
	_ = s.control.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.exit != nil:
		return *s.exit, nil
	case err != nil:
		return exit{}, err
	case stage.Signal != 0:
		return stage, nil // it was killed, and the program with it
	}
	return exit{}, fmt.Errorf("the first process of the sandbox ended with exit status %d before the program", stage.Code)
}

func (s *stageProcess) kill() { s.first.kill() }

func (s *stageProcess) terminate() error {
	return send(s.control, request{Kind: requestTerminate}, nil)
}

func (s *stageProcess) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !s.network {
		return dialIn(ctx, nil, network, address)
	}
	id, answer := s.expect()
	defer s.forget(id, answer)
	r := request{Kind: requestDial, ID: id, Network: network, Address: address, Timeout: maxDial}
	if deadline, ok := ctx.Deadline(); ok {
		r.Timeout = min(r.Timeout, time.Until(deadline))
	}
	if err := send(s.control, r, nil); err != nil {
		return nil, fmt.Errorf("asking the stage for a connection: %w", err)
	}
	select {
	case d := <-answer:
		if d.err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: d.err}
		}
		defer d.file.Close()
		return net.FileConn(d.file)
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Err: context.Cause(ctx)}
	case <-s.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrProcessDone}
	}
}

func (s *stageProcess) expect() (uint64, chan dialed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	answer := make(chan dialed, 1)
	s.dials[s.last] = answer
	return s.last, answer
}

// forget drops a dial, and a connection that came when nobody waited for it any more.
func (s *stageProcess) forget(id uint64, answer chan dialed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dials, id)
	select {
	case d := <-answer:
		_ = closeFile(d.file)
	default:
	}
}
