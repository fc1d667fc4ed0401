//go:build unix

package hotswap

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Variables of the environment that say what a process inherits.
const (
	envPredecessor = "HOTSWAP_PREDECESSOR" // id of the process whose successor this is
	envListenPID   = "LISTEN_PID"          // sd_listen_fds(3)
	envListenFDs   = "LISTEN_FDS"
	envListenNames = "LISTEN_FDNAMES"
	envWatchdogPID = "WATCHDOG_PID" // names the old process
)

// Descriptors of a successor.
const (
	firstFD = 3 // after standard input, output and error
	linkFD  = firstFD
	handFD  = firstFD + 1
	nextFD  = firstFD + 2
)

// ours are the variables that no successor gets from its predecessor's own environment.
func ours() []string {
	return []string{envPredecessor, envListenPID, envListenFDs, envListenNames, envWatchdogPID}
}

// reserved reports whether an entry of the environment sets a variable of ours.
func reserved(entry string) bool {
	key, _, _ := strings.Cut(entry, "=")
	for _, name := range ours() {
		if key == name {
			return true
		}
	}
	return false
}

// inherit finds the sockets of the predecessor or of systemd.
func (p *Process) inherit() error {
	predecessor, isSuccessor := os.LookupEnv(envPredecessor)
	pid, fds, names := os.Getenv(envListenPID), os.Getenv(envListenFDs), os.Getenv(envListenNames)
	for _, name := range []string{envPredecessor, envListenPID, envListenFDs, envListenNames} {
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	switch {
	case isSuccessor && predecessor == strconv.Itoa(os.Getppid()):
		if err := p.inheritAll(); err != nil {
			return fmt.Errorf("hotswap: taking the sockets of the old process: %w", err)
		}
	case pid == strconv.Itoa(os.Getpid()):
		if err := p.inheritSystemd(fds, names); err != nil {
			return fmt.Errorf("hotswap: taking the sockets of systemd: %w", err)
		}
	}
	return nil
}

func (p *Process) inheritAll() error {
	nameProcess(p.executable.path)
	linkConn, err := takeStream(linkFD)
	if err != nil {
		return err
	}
	hand, err := takeStream(handFD)
	if err != nil {
		return errors.Join(err, linkConn.Close())
	}
	p.predecessor = newPredecessor(newLink(linkConn), hand)
	m, err := p.predecessor.link.receive()
	switch {
	case err != nil:
		return err
	case m.Kind != kindHello || m.Hello == nil || m.Hello.Protocol != linkProtocol:
		return fmt.Errorf("%w: the old process speaks another version of hotswap; restart the service instead", ErrRequest)
	}
	return p.inheritSockets(*m.Hello)
}

func (p *Process) inheritSockets(h hello) error {
	fd := nextFD
	if h.Control != "" {
		s, err := takeSocket(fd, name{})
		if err != nil {
			return err
		}
		control, ok := s.listener.(*net.UnixListener)
		if !ok {
			return errors.Join(fmt.Errorf("descriptor %d is no control socket", fd), s.Close())
		}
		p.predecessor.control, p.predecessor.path = control, h.Control
		fd++
	}
	for i, n := range h.Sockets {
		s, err := takeSocket(fd+i, n)
		if err != nil {
			return err
		}
		s.number = i
		p.inherited = append(p.inherited, s)
	}
	return nil
}

func (p *Process) inheritSystemd(fds, names string) error {
	count, err := strconv.Atoi(fds)
	if err != nil || count < 0 || count > MaxListeners {
		return fmt.Errorf("%s is %s, not a number from 0 to %d", envListenFDs, quote(fds), MaxListeners)
	}
	labels := strings.Split(names, ":")
	for i := range count {
		n := name{Systemd: true}
		if i < len(labels) {
			n.Label = labels[i]
		}
		s, err := takeSocket(firstFD+i, n)
		if err != nil {
			return err
		}
		s.name.Packet = s.packets != nil
		p.inherited = append(p.inherited, s)
	}
	return nil
}

// takeSocket makes a listening socket or packet connection of a descriptor,
// and closes the descriptor.
func takeSocket(fd int, n name) (*socket, error) {
	syscall.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "inherited socket")
	if f == nil {
		return nil, fmt.Errorf("descriptor %d is not open", fd)
	}
	defer f.Close()
	s := &socket{name: n, number: -1}
	ln, err := net.FileListener(f)
	if l, ok := ln.(acceptor); ok && err == nil {
		if unix, ok := ln.(*net.UnixListener); ok {
			unix.SetUnlinkOnClose(false)
		}
		s.listener = l
		return s, nil
	}
	if s.packets, err = net.FilePacketConn(f); err != nil {
		return nil, fmt.Errorf("descriptor %d is no socket that can be listened on: %w", fd, err)
	}
	return s, nil
}

// takeStream makes a connected socket of a descriptor, and closes the descriptor.
func takeStream(fd int) (*net.UnixConn, error) {
	syscall.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "inherited link")
	if f == nil {
		return nil, fmt.Errorf("descriptor %d is not open", fd)
	}
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d is no socket of the old process: %w", fd, err)
	}
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("descriptor %d is no socket of the old process", fd), conn.Close())
	}
	return unix, nil
}
