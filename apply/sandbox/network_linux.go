package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// ownNetwork moves the thread into a network of its own, and returns it.
func ownNetwork(loopback bool) (*os.File, error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("own network: %w", err)
	}
	if loopback {
		if err := loopbackUp(); err != nil {
			return nil, fmt.Errorf("own loopback: %w", err)
		}
	}
	return os.Open("/proc/thread-self/ns/net")
}

// loopbackUp gives lo its addresses, as netdevice(7) says.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// dialIn connects from within a network. The address is literal, so that
// nothing is done on another thread.
func dialIn(ctx context.Context, netns *os.File, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	if netns == nil {
		return dialer.DialContext(ctx, network, address)
	}
	var conn net.Conn
	err := onThread(func() error {
		err := enter(netns)
		if err != nil {
			return fmt.Errorf("entering the network of the sandbox: %w", err)
		}
		conn, err = dialer.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// enter moves this thread into a network. The file may be closed meanwhile, when the
// program has ended.
func enter(netns *os.File) error {
	raw, err := netns.SyscallConn()
	if err != nil {
		return err
	}
	var setErr error
	err = raw.Control(func(fd uintptr) { setErr = unix.Setns(int(fd), unix.CLONE_NEWNET) })
	return errors.Join(err, setErr)
}
