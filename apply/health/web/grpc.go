package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gohotfix/hotfix/apply/health"
)

// MaxMessage bounds the answer of a gRPC health service, in bytes. One that says
// all there is to say has two.
const MaxMessage = 4 << 10

// MaxServiceName bounds the name of a gRPC service, in bytes.
const MaxServiceName = 1 << 10

// GRPC returns the check that asks the gRPC health service at host:port whether a
// service of that server is SERVING; with the empty name, whether the server is. It
// speaks HTTP/2 without TLS, from the first byte on. What it reads is exactly one
// message, with grpc-status 0 after it.
//
// Options: those of [health.Conn].
func GRPC(address, service string, opts ...health.Option) (*health.Probe, error) {
	return newGRPC("GRPC", &grpcCall{address: address, service: service}, opts)
}

// GRPCS is [GRPC] with TLS. The configuration is as for [WithTLS].
func GRPCS(address, service string, config *tls.Config, opts ...health.Option) (*health.Probe, error) {
	return newGRPC("GRPCS", &grpcCall{address: address, service: service, tls: configured(config, "h2")}, opts)
}

func newGRPC(function string, call *grpcCall, opts []health.Option) (*health.Probe, error) {
	if !utf8.ValidString(call.service) || len(call.service) > MaxServiceName {
		return nil, fmt.Errorf("web.%s: the name of the service must be text of at most %d bytes", function, MaxServiceName)
	}
	name := "grpc " + call.address
	if call.service != "" {
		name += " " + strconv.Quote(call.service)
	}
	p, err := health.Conn(name, call.address, call.check, opts...)
	if err != nil {
		return nil, fmt.Errorf("web.%s: %w", function, err)
	}
	return p, nil
}

// grpcCall is one call of the health service
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
type grpcCall struct {
	address, service string
	tls              *tls.Config // nil: without
}

func (c *grpcCall) check(ctx context.Context, conn net.Conn) error {
	u := url.URL{Scheme: "http", Host: c.address, Path: "/grpc.health.v1.Health/Check"}
	if c.tls != nil {
		u.Scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(encodeRequest(c.service)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	request.Header.Set("User-Agent", "hotfix-health")
	transport := c.transport(conn)
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return c.judge(response)
}

// transport speaks HTTP/2 on a connection that there is, and believes nothing of the
// environment.
func (c *grpcCall) transport(conn net.Conn) *http.Transport {
	t := &http.Transport{
		DialContext:     func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		TLSClientConfig: c.tls, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: health.MaxHeader, Protocols: new(http.Protocols),
	}
	t.Protocols.SetUnencryptedHTTP2(c.tls == nil)
	t.Protocols.SetHTTP2(c.tls != nil)
	return t
}

// maxExcerpt is how much of an answer a message repeats, in bytes.
const maxExcerpt = 200

// quoted is text of the service, fit for a message.
func quoted(s string) string { return fmt.Sprintf("%q", s[:min(len(s), maxExcerpt)]) }

// judge reads an answer. How the call went stands in the trailer, or in the
// header if there is no message.
func (c *grpcCall) judge(response *http.Response) error {
	kind := response.Header.Get("Content-Type")
	if response.StatusCode != http.StatusOK || !grpcContent(kind) {
		return fmt.Errorf("status %s and content type %s: not a gRPC server", quoted(response.Status), quoted(kind))
	}
	message, err := readMessage(response.Body)
	outcome := response.Trailer
	if response.Header.Get("Grpc-Status") != "" {
		outcome = response.Header
	}
	if callErr := c.callError(outcome); callErr != nil && (err == nil || errors.Is(err, io.EOF)) {
		return callErr
	}
	if err != nil {
		return fmt.Errorf("answer of the health service: %w", err)
	}
	status, err := parseResponse(message)
	if err != nil {
		return fmt.Errorf("answer of the health service: %w", err)
	}
	if status != serving {
		return fmt.Errorf("the service is %s", status)
	}
	return nil
}

// grpcContent reports whether a content type is gRPC with protobuf messages.
func grpcContent(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return kind == "application/grpc" || kind == "application/grpc+proto"
}

// Codes of calls that are worth words
// (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md).
const (
	codeOK            = "0"
	codeNotFound      = "5"
	codeUnimplemented = "12"
)

// callError is what the call itself failed with, nil if it did not.
func (c *grpcCall) callError(h http.Header) error {
	text, err := url.PathUnescape(h.Get("Grpc-Message"))
	if err != nil {
		text = h.Get("Grpc-Message")
	}
	switch code := h.Get("Grpc-Status"); code {
	case codeOK:
		return nil
	case "":
		return errors.New("the answer has no grpc-status: it broke off, or it is not gRPC")
	case codeNotFound:
		return fmt.Errorf("the health service does not know the service %q: %s", c.service, quoted(text))
	case codeUnimplemented:
		return fmt.Errorf("the server has no gRPC health service: %s", quoted(text))
	default:
		return fmt.Errorf("grpc-status %s: %s", quoted(code), quoted(text))
	}
}
