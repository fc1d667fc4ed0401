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
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// jobPlan starts a program in a job object.
type jobPlan struct{ limits limits }

func newPlan(c *config) (plan, lacks, error) {
	if c.User != nil {
		return nil, nil, fmt.Errorf("WithUser: users have no numbers on Windows: %w", errors.ErrUnsupported)
	}
	l := lacks{
		Files:      filesLack,
		Privileges: "the program keeps the rights of this process's token",
	}
	if c.Reach != reachHost {
		l[Network] = networkLack
	}
	for _, a := range []Aspect{FileSize, OpenFiles} {
		if c.asks(a) {
			l[a] = "Windows has no such limit"
		}
	}
	p := &jobPlan{limits: c.Limits}
	job, err := p.newJob()
	if err != nil {
		return nil, nil, err
	}
	return p, l, windows.CloseHandle(job)
}

func (*jobPlan) temporary() string { return "" }

// newJob makes a job object that ends its processes with its last handle.
func (p *jobPlan) newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("job object: %w", err)
	}
	info := p.information()
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("job object: %w", err), windows.CloseHandle(job))
	}
	return job, nil
}

// information is the limits; those that Windows counts in 100 ns are so given.
func (p *jobPlan) information() windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	flags := &info.BasicLimitInformation.LimitFlags
	*flags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
	if p.limits.Memory > 0 {
		*flags |= windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY
		info.ProcessMemoryLimit = uintptr(p.limits.Memory)
	}
	if p.limits.Processes > 0 {
		*flags |= windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS
		info.BasicLimitInformation.ActiveProcessLimit = uint32(min(p.limits.Processes, 1<<31))
	}
	if p.limits.CPU > 0 {
		*flags |= windows.JOB_OBJECT_LIMIT_PROCESS_TIME
		info.BasicLimitInformation.PerProcessUserTimeLimit = int64(p.limits.CPU / (100 * time.Nanosecond))
	}
	return info
}

// start starts a program that waits until it is in its job.
func (p *jobPlan) start(j *job) (process, error) {
	object, err := p.newJob()
	if err != nil {
		return nil, err
	}
	cmd := command(j)
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_SUSPENDED | windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_NO_WINDOW}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, windows.CloseHandle(object))
	}
	if err := enter(cmd.Process, object); err != nil {
		_ = cmd.Process.Kill()
		return nil, errors.Join(err, cmd.Wait(), windows.CloseHandle(object))
	}
	return &jobProcess{cmd: cmd, job: object}, nil
}

func enter(p *os.Process, job windows.Handle) error {
	var assigned error
	if err := p.WithHandle(func(handle uintptr) { assigned = windows.AssignProcessToJobObject(job, windows.Handle(handle)) }); err != nil {
		return err
	}
	if assigned != nil {
		return fmt.Errorf("job object: %w", assigned)
	}
	return resume(uint32(p.Pid))
}

// resume lets the threads of a process run: it has one.
func resume(pid uint32) error {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ThreadEntry32{}
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = windows.Thread32First(snapshot, &entry); err == nil; err = windows.Thread32Next(snapshot, &entry) {
		if entry.OwnerProcessID == pid {
			return resumeThread(entry.ThreadID)
		}
	}
	return fmt.Errorf("finding the thread of the program: %w", err)
}

func resumeThread(id uint32) error {
	thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, id)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(thread)
	_, err = windows.ResumeThread(thread)
	return err
}

type jobProcess struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	job windows.Handle // 0: closed
}

func (p *jobProcess) wait() (exit, error) {
	state, err := waitFor(p.cmd)
	p.kill()
	if err != nil {
		return exit{}, err
	}
	return exit{Code: state.ExitCode(), CPU: state.UserTime() + state.SystemTime()}, nil
}

func (*jobProcess) terminate() error { return errors.ErrUnsupported }

func (p *jobProcess) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.job != 0 {
		_ = windows.TerminateJobObject(p.job, 1)
		_ = windows.CloseHandle(p.job)
		p.job = 0
	}
}

func (*jobProcess) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return hostDial(ctx, network, address)
}
