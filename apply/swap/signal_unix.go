//go:build unix

package swap

import (
	"os"
	"syscall"
)

// nothing is the signal that only asks whether there is such a process (kill(2)).
const nothing = syscall.Signal(0)

func signals() map[string]os.Signal {
	return map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2}
}
