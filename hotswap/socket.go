package hotswap

import (
	"errors"
	"net"
	"strings"
)

// systemdNetwork is the network of sockets that are asked for by systemd's name for them.
const systemdNetwork = "systemd"

// socket is a listening socket, inherited or new.
type socket struct {
	name     name
	number   int            // among the predecessor's; -1 if it is new or of systemd
	listener acceptor       // nil for datagrams
	packets  net.PacketConn // nil for connections
}

// Close closes the socket in this process.
func (s *socket) Close() error {
	if s.listener != nil {
		return s.listener.Close()
	}
	return s.packets.Close()
}

func (s *socket) addr() net.Addr {
	if s.listener != nil {
		return s.listener.Addr()
	}
	return s.packets.LocalAddr()
}

func listenNew(n name) (*socket, error) {
	s := &socket{name: n, number: -1}
	if n.Packet {
		var err error
		s.packets, err = net.ListenPacket(n.Network, n.Address)
		return s, err
	}
	ln, err := net.Listen(n.Network, n.Address)
	if err != nil {
		return nil, err
	}
	l, ok := ln.(acceptor)
	if !ok {
		return nil, errors.Join(net.UnknownNetworkError(n.Network), ln.Close())
	}
	if unix, ok := ln.(interface{ SetUnlinkOnClose(bool) }); ok {
		unix.SetUnlinkOnClose(false) // other processes may have it open
	}
	s.listener = l
	return s, nil
}

// answers reports whether the socket is what is asked for. One of systemd
// may be asked for by its label or by the address that it is bound to; one of
// a predecessor, by the words that the predecessor used.
func (s *socket) answers(n name) bool {
	switch {
	case s.name.Packet != n.Packet:
		return false
	case s.name.Network == n.Network && s.name.Address == n.Address:
		return true
	case !s.name.Systemd:
		return false
	case n.Network == systemdNetwork:
		return s.name.Label == n.Address
	}
	return boundTo(s.addr(), n)
}

// boundTo reports whether a socket that was asked for by n could have this address.
func boundTo(have net.Addr, n name) bool {
	family, _, _ := strings.Cut(strings.TrimRight(n.Network, "46"), ":")
	if !strings.HasPrefix(have.Network(), family) {
		return false
	}
	switch have := have.(type) {
	case *net.UnixAddr:
		return have.Net == n.Network && have.Name == n.Address
	case *net.TCPAddr:
		want, err := net.ResolveTCPAddr(n.Network, n.Address)
		return err == nil && want.Port == have.Port && sameHost(want.IP, have.IP)
	case *net.UDPAddr:
		want, err := net.ResolveUDPAddr(n.Network, n.Address)
		return err == nil && want.Port == have.Port && sameHost(want.IP, have.IP)
	}
	return false
}

func sameHost(want, have net.IP) bool {
	return want.Equal(have) || unspecified(want) && unspecified(have)
}

func unspecified(ip net.IP) bool { return len(ip) == 0 || ip.IsUnspecified() }
