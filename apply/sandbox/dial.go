package sandbox

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// networks are those that can be dialed.
func networks() []string { return []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6"} }

// literalAddress returns an address without names: a name would be looked up
// outside the sandbox.
func literalAddress(network, address string) (string, error) {
	if !slices.Contains(networks(), network) {
		return "", net.UnknownNetworkError(network)
	}
	if port, ok := strings.CutPrefix(address, "localhost:"); ok {
		address = "127.0.0.1:" + port
	}
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return "", fmt.Errorf("%q is not an IP address with a port, as a sandbox needs it: %w", address, err)
	}
	return parsed.String(), nil
}
