package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// HTTP returns the check that gets an http or https address and passes if the
// answer has a status of 2xx. A redirect is followed only within the same scheme,
// host and port; else it is judged by its own status. The body is read up to
// [MaxBody], and must come whole so far.
//
// Options: [WithTimeout], [WithStatus], [WithBody], [WithHeader], [WithTLS],
// [WithUnixSocket].
func HTTP(address string, opts ...Option) (*Probe, error) {
	c, err := newConfig(kindHTTP, opts)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("health.HTTP: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("health.HTTP: %q is not the address of a page: it looks like http://127.0.0.1:8080/healthz", u.Redacted())
	case u.Scheme == "http" && c.tls != nil:
		return nil, fmt.Errorf("health.HTTP: WithTLS: %q is not an https address", u.Redacted())
	}
	g := &get{address: u.String(), header: c.header, host: c.header.Get("Host"), status: c.status, body: []byte(c.body)}
	g.client = &http.Client{Transport: c.transport(), CheckRedirect: sameHost}
	return &Probe{name: "http " + u.Redacted(), timeout: c.timeout, attempt: g.check}, nil
}

// transport makes each attempt connect anew and believes nothing of the
// environment.
func (c *config) transport() *http.Transport {
	dial := (&net.Dialer{}).DialContext
	t := &http.Transport{
		DialContext: dial, TLSClientConfig: c.tls, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: MaxHeader, Protocols: new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(true)
	if c.dial != nil {
		t.DialContext = c.dial
	}
	if c.socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, "unix", c.socket) }
	}
	return t
}

// sameHost follows a redirect that stays where it is, and lets every other one be
// the answer.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return http.ErrUseLastResponse
	}
	if len(before) > MaxRedirects {
		return fmt.Errorf("more than %d redirects", MaxRedirects)
	}
	return nil
}

// get is a request and what is a good answer to it.
type get struct {
	client        *http.Client
	address, host string
	header        http.Header
	status        []int
	body          []byte
}

func (g *get) check(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.address, nil)
	if err != nil {
		return err
	}
	request.Header, request.Host = g.header.Clone(), g.host
	response, err := g.client.Do(request)
	if err != nil {
		return reason(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBody))
	switch {
	case !g.expects(response.StatusCode):
		return fmt.Errorf("status %s%s", quoted(response.Status), excerpt(body))
	case err != nil:
		return fmt.Errorf("status %s, but its body broke off: %w", quoted(response.Status), err)
	case !bytes.Contains(body, g.body):
		return fmt.Errorf("status %s, but its body has no %q%s", quoted(response.Status), g.body, excerpt(body))
	}
	return nil
}

func (g *get) expects(code int) bool {
	if g.status == nil {
		return code/100 == 2
	}
	return slices.Contains(g.status, code)
}

// reason takes off what repeats the name of the check.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// maxExcerpt is how much of an answer a message repeats, in bytes.
const maxExcerpt = 200

// quoted is text of the service, fit for a message.
func quoted(s string) string { return fmt.Sprintf("%q", s[:min(len(s), maxExcerpt)]) }

func excerpt(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return ""
	}
	return ": " + quoted(string(body))
}
