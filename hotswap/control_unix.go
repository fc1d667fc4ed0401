//go:build unix

package hotswap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Supported reports whether processes can be upgraded on this system.
func Supported() bool { return true }

// openControl makes the control socket, or takes the one of the predecessor.
func (p *Process) openControl() error {
	path := p.config.control
	var inherited *net.UnixListener
	if p.predecessor != nil {
		inherited = p.predecessor.control
	}
	switch {
	case path == "" && inherited != nil:
		return inherited.Close()
	case path == "":
		return nil
	case inherited != nil && p.predecessor.path == path:
		p.control = newControl(path, inherited)
		return nil
	case inherited != nil:
		inherited.Close()
	}
	listener, err := listenControl(path)
	if err != nil {
		return err
	}
	p.control = newControl(path, listener)
	return nil
}

func listenControl(path string) (*net.UnixListener, error) {
	if err := checkFolder(path); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		// Linux gives the file the mode of the socket; others are told below.
		return raw.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
	}}
	ln, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("hotswap: control socket: %w", err)
	}
	listener := ln.(*net.UnixListener) // what "unix" makes
	listener.SetUnlinkOnClose(false)   // the successor serves it
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("hotswap: control socket: %w", err), listener.Close())
	}
	return listener, nil
}

// removeStale removes the socket of a process that died.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("hotswap: control socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("hotswap: control socket: %s exists and is no socket; remove it or choose another path", quote(path))
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("%w: %s", ErrRunning, quote(path))
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("hotswap: control socket: %w", err)
	}
	return os.Remove(path)
}

// checkFolder refuses a folder in which others than its owner, who must be
// this user or root, could replace the socket.
func checkFolder(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("hotswap: folder of the control socket: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o022 != 0 || stat.Uid != 0 && int(stat.Uid) != os.Geteuid() && os.Geteuid() != 0 {
		return fmt.Errorf("%w: %s has mode %v", ErrUnsafeFolder, quote(filepath.Dir(path)), info.Mode())
	}
	return nil
}
