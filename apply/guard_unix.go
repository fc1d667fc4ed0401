//go:build unix

package apply

import (
	"os/exec"
	"syscall"
)

// detach gives the process a session of its own.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
