package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxMessage bounds the answer of a gRPC health service, in bytes. One that says
// all there is to say has two.
const MaxMessage = 4 << 10

// MaxServiceName bounds the name of a gRPC service, in bytes.
const MaxServiceName = 1 << 10

// GRPC returns the check that asks the gRPC health service at host:port whether a
// service of that server is SERVING; with the empty name, whether the server is. It
// speaks HTTP/2 without TLS, from the first byte on, unless [WithTLS] is given.
// What it reads is exactly one message, with grpc-status 0 after it.
//
// Options: [WithTimeout], [WithTLS], [WithUnixSocket].
func GRPC(address, service string, opts ...Option) (*Probe, error) {
	c, err := newConfig(kindGRPC, opts)
	if err != nil {
		return nil, err
	}
	if err := checkAddress(address); err != nil {
		return nil, fmt.Errorf("health.GRPC: %w", err)
	}
	if !utf8.ValidString(service) || len(service) > MaxServiceName {
		return nil, fmt.Errorf("health.GRPC: the name of the service must be text of at most %d bytes", MaxServiceName)
	}
	call := &grpcCall{
		url:     url.URL{Scheme: "http", Host: address, Path: "/grpc.health.v1.Health/Check"},
		service: service, transport: c.transport(),
	}
	call.transport.Protocols = new(http.Protocols)
	call.transport.Protocols.SetUnencryptedHTTP2(c.tls == nil)
	call.transport.Protocols.SetHTTP2(c.tls != nil)
	if c.tls != nil {
		call.url.Scheme = "https"
	}
	name := "grpc " + address
	if service != "" {
		name += " " + strconv.Quote(service)
	}
	return &Probe{name: name, timeout: c.timeout, attempt: call.check}, nil
}

// grpcCall is one call of the health service
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
type grpcCall struct {
	url       url.URL
	service   string
	transport *http.Transport
}

func (c *grpcCall) check(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), bytes.NewReader(encodeRequest(c.service)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	request.Header.Set("User-Agent", "hotfix-health")
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return c.judge(response)
}

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
