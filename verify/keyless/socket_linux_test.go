package keyless_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gohotfix/hotfix/verify/keyless"
)

// withoutSockets is set in the processes that must not open a socket.
const withoutSockets = "HOTFIX_TEST_WITHOUT_SOCKETS"

// TestOpensNoSocket verifies in a process that the kernel ends at its first call of
// socket(2), and opens one in another such process, to see that it does.
func TestOpensNoSocket(t *testing.T) {
	switch os.Getenv(withoutSockets) {
	case "verify":
		forbidSockets(t)
		verifyGoldens(t)
		return
	case "dial":
		forbidSockets(t)
		_, _ = net.Dial("udp", "127.0.0.1:9")
		return
	}
	out, err := runWithoutSockets(t, "verify")
	if bytes.Contains(out, []byte("--- SKIP")) {
		t.Skip("the system has no seccomp")
	}
	assert.NoError(t, err, string(out))

	_, err = runWithoutSockets(t, "dial")
	var ended *exec.ExitError
	require.ErrorAs(t, err, &ended)
	assert.Equal(t, syscall.SIGSYS, ended.Sys().(syscall.WaitStatus).Signal())
}

func verifyGoldens(t *testing.T) {
	v, err := keyless.New(golden(t, "trusted_root.json"))
	require.NoError(t, err)
	for _, name := range goldens {
		_, err := v.VerifyBundle(t.Context(), golden(t, name))
		require.NoError(t, err)
		_, err = v.VerifyBundle(t.Context(), golden(t, "trusted_root.json"))
		require.Error(t, err)
	}
}

func runWithoutSockets(t *testing.T, what string) ([]byte, error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOpensNoSocket$", "-test.v")
	cmd.Env = append(os.Environ(), withoutSockets+"="+what)
	return cmd.CombinedOutput()
}

// forbidSockets makes the kernel end the process, with all its threads, when one
// calls socket(2).
func forbidSockets(t *testing.T) {
	runtime.LockOSThread()
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKET, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	require.NoError(t, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		t.Skip(errno)
	}
}
