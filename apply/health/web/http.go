package web

import (
	"context"
	"crypto/tls"
	"net"
	"strings"

	"github.com/gohotfix/hotfix/apply/health"
)

// HTTP is [health.HTTP] for http and https addresses. Whom to trust for https is the
// system's word, unless [WithTLS] is given.
func HTTP(address string, opts ...health.Option) (*health.Probe, error) {
	if strings.HasPrefix(address, "https:") {
		opts = append([]health.Option{WithTLS(nil)}, opts...)
	}
	return health.HTTP(address, opts...)
}

// WithTLS allows https addresses, and says whom to trust and what to show: nil is the
// system's trust and nothing. The configuration is copied; what it says of protocols
// is replaced, and the server's name is the address's unless it has one. For HTTP.
func WithTLS(config *tls.Config) health.Option {
	config = configured(config, "http/1.1")
	return health.WithHandshake(func(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
		c := config.Clone()
		if c.ServerName == "" {
			c.ServerName = host
		}
		secure := tls.Client(conn, c)
		return secure, secure.HandshakeContext(ctx)
	})
}

// configured copies a configuration for one protocol.
func configured(c *tls.Config, protocol string) *tls.Config {
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c = c.Clone()
	c.NextProtos = []string{protocol}
	return c
}
