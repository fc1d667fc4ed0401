//go:build !unix

package swap

import (
	"os"
	"syscall"
)

// nothing is never sent: there are no signals here.
const nothing = syscall.Signal(0)

func signals() map[string]os.Signal { return nil }
