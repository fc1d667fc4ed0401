//go:build !unix

package hotswap

import (
	"errors"
	"net"
	"os"
)

// Supported reports whether processes can be upgraded on this system.
func Supported() bool { return false }

func reserved(string) bool { return false }

func (p *Process) inherit() error { return nil }

func (p *Process) openControl() error {
	if p.config.control != "" {
		p.config.log.Warn("hotswap: no control socket, because processes cannot be upgraded on this system")
	}
	return nil
}

func (p *Process) start(*attempt, *os.File) (*child, error) {
	return nil, errUnsupported
}

func checkFolder(string) error { return nil }

func terminate(p *os.Process) { _ = p.Kill() } // fails if it has ended

func sendConn(*net.UnixConn, []byte, net.Conn) error { return errors.ErrUnsupported }

func receiveConn(*net.UnixConn) (header [handMessage]byte, conn net.Conn, err error) {
	return header, nil, errors.ErrUnsupported
}
