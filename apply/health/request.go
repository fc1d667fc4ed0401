package health

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// field is a line of a header.
type field struct{ name, value string }

// request is one of HTTP/1.1 (RFC 9112, 3) that asks for the end of the connection.
func (c *config) request(u *url.URL) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\n", u.RequestURI())
	for _, f := range append(c.missing(u), c.header...) {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// missing are the fields that the caller's options leave to the check.
func (c *config) missing(u *url.URL) []field {
	fields := []field{{"Connection", "close"}}
	if !c.sets("Host") {
		fields = append(fields, field{"Host", hostField(u)})
	}
	if !c.sets("User-Agent") {
		fields = append(fields, field{"User-Agent", "hotfix-health"})
	}
	if u.User != nil && !c.sets("Authorization") {
		password, _ := u.User.Password()
		given := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		fields = append(fields, field{"Authorization", "Basic " + given})
	}
	return fields
}

func (c *config) sets(name string) bool {
	for _, f := range c.header {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// hostField is the host without the zone of an IPv6 address, which means something
// here alone (RFC 6874, 4).
func hostField(u *url.URL) string {
	host, rest, zoned := strings.Cut(u.Host, "%")
	if !zoned || !strings.HasPrefix(host, "[") {
		return u.Host
	}
	return host + rest[strings.LastIndexByte(rest, ']'):]
}
