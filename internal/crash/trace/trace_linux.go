//go:build amd64 || arm64

package trace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Run runs the program to its end. Its children that outlive it are ended, unless
// [Program].Linger is set. When ctx
// is done, all are, and the error is that of ctx. It is safe for concurrent use, but
// while it runs this process must start no children in another way: it would take them
// for its own, as it waits for all children of a thread.
func Run(ctx context.Context, p Program) (Outcome, error) {
	// All requests of ptrace(2) must come from the thread that started the program.
	// The thread is not used again: it ends with its goroutine.
	type result struct {
		outcome Outcome
		err     error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		o, err := run(ctx, p)
		done <- result{o, err}
	}()
	r := <-done
	return r.outcome, r.err
}

// tracer follows the threads of one run.
type tracer struct {
	program Program
	shapes  map[uint64]shape
	root    int
	outputs outputs
	outcome Outcome

	mu      sync.Mutex // what follows is also for who ends the run from outside
	threads map[int]*thread
	killed  bool
}

// thread is one thread of one of the processes.
type thread struct {
	id      int
	pending int64 // result of the call that it is in, which was skipped
	skipped bool
}

func run(ctx context.Context, p Program) (Outcome, error) {
	t := &tracer{program: p, shapes: shapes(), threads: map[int]*thread{}, outcome: Outcome{Exit: -1}}
	maps.Copy(t.shapes, oldShapes())
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return t.outcome, err
	}
	defer stdin.Close()
	for i, f := range []*os.File{p.Stdout, p.Stderr} {
		if t.outputs[i], err = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd())); err != nil {
			return t.outcome, err
		}
	}
	t.root, err = syscall.ForkExec(p.Argv[0], p.Argv, &syscall.ProcAttr{
		Dir:   p.Dir,
		Env:   p.Env,
		Files: []uintptr{stdin.Fd(), p.Stdout.Fd(), p.Stderr.Fd()},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return t.outcome, fmt.Errorf("trace: starting %s: %w", p.Argv[0], err)
	}
	t.threads[t.root] = &thread{id: t.root}
	stop := context.AfterFunc(ctx, t.killAll)
	defer stop()
	err = t.begin()
	if err == nil {
		err = t.follow()
	}
	if err != nil {
		t.killAll()
		return t.outcome, fmt.Errorf("trace: %s: %w", p.Argv[0], err)
	}
	return t.outcome, ctx.Err()
}

// begin waits until the program is loaded, and asks to be told of all that it starts.
func (t *tracer) begin() error {
	var status unix.WaitStatus
	if _, err := wait(t.root, &status); err != nil {
		return err
	}
	if !status.Stopped() {
		return fmt.Errorf("ended before it began: %v", status)
	}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(t.root, options); err != nil {
		return err
	}
	return t.resume(t.root, 0)
}

// resume lets a thread go on to its next call, or to its end if nobody asks for calls.
func (t *tracer) resume(id int, signal unix.Signal) error {
	if t.program.Decide == nil {
		return unix.PtraceCont(id, int(signal))
	}
	return unix.PtraceSyscall(id, int(signal))
}

// wait waits for one of the threads that this very thread traces.
func wait(id int, status *unix.WaitStatus) (int, error) {
	for {
		got, err := unix.Wait4(id, status, unix.WALL|unix.WNOTHREAD, nil)
		if err != unix.EINTR {
			return got, err
		}
	}
}

// follow goes from stop to stop until no thread is left.
func (t *tracer) follow() error {
	for {
		var status unix.WaitStatus
		id, err := wait(-1, &status)
		if err == unix.ECHILD {
			return nil
		}
		if err != nil {
			return err
		}
		if status.Exited() || status.Signaled() {
			t.gone(id, status)
			continue
		}
		if err := t.stopped(id, status); err != nil && !errors.Is(err, unix.ESRCH) { // it was killed meanwhile
			return err
		}
	}
}

// gone notes the end of a thread, and ends all others with the program itself.
func (t *tracer) gone(id int, status unix.WaitStatus) {
	t.mu.Lock()
	delete(t.threads, id)
	t.mu.Unlock()
	if id != t.root {
		return
	}
	if status.Exited() {
		t.outcome.Exit = status.ExitStatus()
	}
	if !t.program.Linger {
		t.killAll()
	}
}

// killAll ends all processes, those that will be known later too.
func (t *tracer) killAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.killed = true
	for id := range t.threads {
		_ = unix.Kill(id, unix.SIGKILL) // any thread stands for its process
	}
}

// meet returns the thread with the number, and whether it was known; and whether all are to
// end.
func (t *tracer) meet(id int) (th *thread, known, killed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	th, known = t.threads[id]
	if !known {
		th = &thread{id: id}
		t.threads[id] = th
	}
	return th, known, t.killed
}

func (t *tracer) stopped(id int, status unix.WaitStatus) error {
	th, known, killed := t.meet(id)
	if killed {
		return unix.Kill(id, unix.SIGKILL)
	}
	const sysgood = unix.SIGTRAP | 0x80
	switch signal := status.StopSignal(); {
	case signal == sysgood:
		return t.atCall(th)
	case signal == unix.SIGTRAP && status.TrapCause() > 0, !known && signal == unix.SIGSTOP: // a child, an exec, or a thread's first stop
		return t.resume(id, 0)
	default:
		return t.resume(id, signal)
	}
}

// callInfo is struct ptrace_syscall_info, whose union is that of an entry.
type callInfo struct {
	op     uint8
	_      [3]uint8
	arch   uint32
	_, _   uint64
	number uint64
	args   [6]uint64
	_      [16]byte
}

// Values of callInfo.op.
const (
	atEntry = 1
	atExit  = 2
)

func (t *tracer) atCall(th *thread) error {
	var info callInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(th.id), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return errno
	}
	var err error
	switch info.op {
	case atEntry:
		err = t.enter(th, info)
	case atExit:
		err = th.leave()
	}
	if err != nil {
		return err
	}
	return t.resume(th.id, 0) // one that was killed is gone
}

func (t *tracer) enter(th *thread, info callInfo) error {
	s, ok := t.shapes[info.number]
	if !ok {
		return nil
	}
	call, ok := s.describe(th.id, info.args, t.outputs)
	if !ok {
		return nil
	}
	t.outcome.Calls++
	call.N = t.outcome.Calls
	return t.act(th, call, s, t.program.Decide(call))
}

func (t *tracer) act(th *thread, call Call, s shape, a Action) error {
	switch a.verdict {
	case kill:
		err := th.skip(-int64(unix.EINTR))
		if t.program.Linger {
			return errors.Join(err, unix.Kill(th.id, unix.SIGKILL))
		}
		t.killAll()
		return err
	case fail:
		return th.skip(-int64(a.errno))
	case halve:
		if call.Bytes >= 2 {
			return th.change(func(r *registers) error { r.setArgument(s.bytes, uint64(call.Bytes/2)); return nil })
		}
	}
	return nil
}

// skip lets the call that is about to be done return the result instead.
func (th *thread) skip(result int64) error {
	th.pending, th.skipped = result, true
	return th.change(func(r *registers) error { return r.skip(th.id) })
}

// leave sets the result of a call that was skipped.
func (th *thread) leave() error {
	if !th.skipped {
		return nil
	}
	th.skipped = false
	return th.change(func(r *registers) error { r.setResult(th.pending); return nil })
}

func (th *thread) change(f func(*registers) error) error {
	var r registers
	if err := errors.Join(r.read(th.id), f(&r)); err != nil {
		return err
	}
	return r.write(th.id)
}
