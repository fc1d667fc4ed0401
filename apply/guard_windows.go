package apply

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// startDetached gives the process no console, a group of its own, and no part in the
// job of this process, which may end all that is in it; where that job allows it.
func startDetached(argv []string) (*exec.Cmd, error) {
	cmd, err := startWith(argv, windows.CREATE_BREAKAWAY_FROM_JOB)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return startWith(argv, 0)
	}
	return cmd, err
}

func startWith(argv []string, flags uint32) (*exec.Cmd, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP | flags}
	return cmd, cmd.Start()
}
