//go:build unix

package trace

import "syscall"

// Fail lets a call fail with the error, and it is not done.
func Fail(errno syscall.Errno) Action { return Action{verdict: fail, errno: int(errno)} }
