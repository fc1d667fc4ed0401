package hotswap

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// descriptorFolder lists the open descriptors of this process.
const descriptorFolder = "/proc/self/fd"

// ownExecutable leads to the file that runs, even if its name is another file's now.
func ownExecutable(string) string { return "/proc/self/exe" }

// executablePath returns a path that leads a new process to the open file
// itself. The descriptor is a copy with at least the given number, so that none of
// those that the process gets takes its place.
func executablePath(f *os.File, _ string, above int) (path string, release func(), err error) {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_DUPFD_CLOEXEC, uintptr(above))
	if errno != 0 {
		return "", nil, os.NewSyscallError("fcntl", errno)
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), func() { _ = syscall.Close(int(fd)) }, nil
}

// nameProcess names the process after its executable. By itself it is named
// after the descriptor that it was started from.
func nameProcess(path string) {
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(path)), 0) // for people only
}
