//go:build amd64 || arm64

package verify_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gohotfix/hotfix/pack/manifest"
	"github.com/gohotfix/hotfix/verify"
	"github.com/gohotfix/hotfix/verify/inline"
	"github.com/gohotfix/hotfix/verify/sign"
)

// The tests here run this test program again as a child, in a place without a
// network. These are its variables.
const (
	childTask   = "HOTFIX_TEST_CHILD" // one of the tasks below
	childFolder = "HOTFIX_TEST_FOLDER"
	childServer = "HOTFIX_TEST_SERVER" // address that answers outside

	taskVerify  = "verify"            // verifies where a socket ends the process
	taskSocket  = "socket"            // opens a socket there, so that it must die
	taskIsolate = "verify in a space" // verifies in an empty network namespace
)

// signedFolder is what a host gets: key.pub, dist and block.txt.
func signedFolder(t *testing.T) string {
	t.Helper()
	private, public, err := sign.GenerateKeyPair([]byte("password"))
	require.NoError(t, err)
	signer, err := sign.LoadKey(private, func() ([]byte, error) { return []byte("password"), nil })
	require.NoError(t, err)
	r := release()
	bundle, err := signer.Sign(t.Context(), manifest.NewStatement(r))
	require.NoError(t, err)

	folder := t.TempDir()
	files := map[string][]byte{
		"key.pub": public,
		filepath.Join("dist", verify.BundleName(signer.Key().ID())): bundle,
		filepath.Join("dist", verify.ReleaseName):                   must(r.Encode()),
		filepath.Join("dist", manifest.SumsName):                    must(r.Sums().Encode()),
	}
	var packages [][]byte
	for name, content := range archives() {
		files[filepath.Join("dist", name)] = content
		packages = append(packages, content)
	}
	files["block.txt"] = must(inline.Encode([][]byte{bundle}, packages))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "dist"), 0o755))
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o644))
	}
	return folder
}

// verifyFolder does all that a host does with a release.
func verifyFolder(ctx context.Context, folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "key.pub"))
	if err != nil {
		return err
	}
	key, err := verify.ParsePublicKey(text)
	if err != nil {
		return err
	}
	verifier, err := verify.New(verify.WithKeys(key))
	if err != nil {
		return err
	}
	result, err := verifier.VerifyDist(ctx, os.DirFS(filepath.Join(folder, "dist")))
	if err != nil {
		return err
	}
	for name := range archives() {
		if _, err := result.VerifyFile(ctx, filepath.Join(folder, "dist", name)); err != nil {
			return err
		}
	}
	block, err := os.ReadFile(filepath.Join(folder, "block.txt"))
	if err != nil {
		return err
	}
	_, err = inline.Verify(ctx, block, verifier)
	return err
}

// TestChild is what the tests below start; by itself it does nothing.
func TestChild(t *testing.T) {
	switch os.Getenv(childTask) {
	case taskVerify:
		require.NoError(t, forbidSockets())
		require.NoError(t, verifyFolder(t.Context(), os.Getenv(childFolder)))
	case taskSocket:
		require.NoError(t, forbidSockets())
		_, err := net.Listen("tcp", "127.0.0.1:0")
		t.Fatal("a socket was opened: ", err)
	case taskIsolate:
		_, err := net.Dial("tcp", os.Getenv(childServer))
		require.Error(t, err, "the network is still there")
		require.NoError(t, verifyFolder(t.Context(), os.Getenv(childFolder)))
	}
}

func child(t *testing.T, task, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childTask+"="+task, childFolder+"="+folder)
	return cmd
}

// A process that may not call the system for a socket verifies all the same.
func TestNoSocketIsOpened(t *testing.T) {
	if err := filterAvailable(); err != nil {
		t.Skip("the system cannot filter system calls: ", err)
	}
	folder := signedFolder(t)
	out, err := child(t, taskSocket, folder).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.True(t, status.Signaled() && status.Signal() == syscall.SIGSYS, "the filter must end a process that opens a socket: %v\n%s", err, out)

	out, err = child(t, taskVerify, folder).CombinedOutput()
	assert.NoError(t, err, string(out))
}

// Nor is a network needed that the process might have got at in another way.
func TestVerifyInAnEmptyNetworkNamespace(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	cmd := child(t, taskIsolate, signedFolder(t))
	cmd.Env = append(cmd.Env, childServer+"="+server.Addr().String())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skip("the system makes no network namespace: ", err)
	}
	assert.NoError(t, err, string(out))
}

// filterAvailable asks whether the system knows the action that the filter takes.
func filterAvailable() error {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	if errno != 0 {
		return errno
	}
	return nil
}

// forbidSockets has the kernel end this process at the first system call that
// makes a socket, on whichever thread (seccomp(2)). io_uring can make sockets
// too.
func forbidSockets() error {
	forbidden := []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_IO_URING_SETUP}
	const number = 0 // offset of the number of the call in struct seccomp_data
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number}}
	for i, call := range forbidden {
		program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(forbidden) - i), K: call})
	}
	program = append(program,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return errno
	}
	return nil
}
