//go:build unix

package apply

import (
	"os/exec"
	"syscall"
)

// startDetached gives the process a session of its own.
func startDetached(argv []string) (*exec.Cmd, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, cmd.Start()
}
