//go:build !unix && !windows

package apply

import "os/exec"

// detach has nothing to detach from.
func detach(*exec.Cmd) {}
