package hotswap

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// errPeer is returned to whoever may not control the process.
var errPeer = errors.New("hotswap: only the user of the service and root may control it")

// checkPeer asks the kernel who is at the other end.
func checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *syscall.Ucred
	controlErr := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(controlErr, err); err != nil {
		return fmt.Errorf("hotswap: asking who the client is: %w", err)
	}
	if !mayControl(peer.Uid, os.Geteuid()) {
		return errPeer
	}
	return nil
}

func mayControl(uid uint32, own int) bool { return uid == 0 || int64(uid) == int64(own) }
