//go:build !unix && !windows

package apply

import "os/exec"

// startDetached has nothing to detach from.
func startDetached(argv []string) (*exec.Cmd, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	return cmd, cmd.Start()
}
