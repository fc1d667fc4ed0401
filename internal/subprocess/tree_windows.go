package subprocess

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// processTree is a job object: closing its last handle ends every process in it.
type processTree struct{ job windows.Handle }

func newProcessTree(cmd *exec.Cmd) *processTree {
	t := &processTree{}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return t
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		_ = windows.CloseHandle(job)
		return t
	}
	t.job = job
	cmd.Cancel = func() error { return windows.TerminateJobObject(job, 1) }
	return t
}

// started puts the process into the job before it has had time to start any
// of its own.
func (t *processTree) started(p *os.Process) {
	if t.job == 0 {
		return
	}
	_ = p.WithHandle(func(handle uintptr) { _ = windows.AssignProcessToJobObject(t.job, windows.Handle(handle)) })
}

func (t *processTree) end(bool) {
	if t.job != 0 {
		_ = windows.CloseHandle(t.job)
	}
}
