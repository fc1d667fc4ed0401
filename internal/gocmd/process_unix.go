//go:build unix

package gocmd

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// processTree is the tool's process group.
type processTree struct{ pid int }

func newProcessTree(cmd *exec.Cmd) *processTree {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	return &processTree{}
}

func (t *processTree) started(p *os.Process) { t.pid = p.Pid }

// end kills what is left of the group after a cancelled run. After a run that
// was not cancelled nothing is killed: the group's number may be taken again.
func (t *processTree) end(cancelled bool) {
	if cancelled {
		_ = syscall.Kill(-t.pid, syscall.SIGKILL)
	}
}

func peakMemory(s *os.ProcessState) int64 {
	if s == nil {
		return 0
	}
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
