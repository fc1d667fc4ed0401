//go:build unix

package subprocess

import (
	"os"
	"os/exec"
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

// end kills what is left of the group if kill is set. After a run that ended by
// itself nothing should be left, and the group's number may be taken again.
func (t *processTree) end(kill bool) {
	if kill {
		_ = syscall.Kill(-t.pid, syscall.SIGKILL)
	}
}
