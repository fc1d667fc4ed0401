package hotswap

import (
	"net"
	"os"
	"strings"
	"time"
)

// notify tells the service manager, as sd_notify(3) describes, if it wants to
// know. The service does not depend on it, so a failure is only logged.
func (p *Process) notify(lines ...string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if err := sendNotification(path, strings.Join(lines, "\n")); err != nil {
		p.config.log.Warn("hotswap: telling the service manager", "error", err)
	}
}

// sendNotification sends a datagram. A path that begins with @ is an abstract
// one of Linux.
func sendNotification(path, text string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(text))
	return err
}
