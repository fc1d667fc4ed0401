//go:build linux && (386 || arm)

package sandbox

import "golang.org/x/sys/unix"

// The calls without 32 in their names have numbers of 16 bits there.
const (
	sysSetresuid = unix.SYS_SETRESUID32
	sysSetresgid = unix.SYS_SETRESGID32
)
