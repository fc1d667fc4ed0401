//go:build !linux

package hotswap

import "net"

// checkPeer has nothing to ask here: the mode of the socket and of its folder
// decide who can connect.
func checkPeer(*net.UnixConn) error { return nil }
