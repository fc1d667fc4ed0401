package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gohotfix/hotfix/internal/swaps/wire"
)

// request is a kind of HTTP request.
type request struct {
	post, slow bool // a slow POST has a slow body, a slow GET a slow answer
	fresh      bool // a new connection for each
	tls, two   bool // HTTP/2
}

// httpClient is Go's own client. It may send a request again when the connection that it
// took from its pool turns out to be closed; with HTTP/1.1 nobody knows what became of
// the first, so that counts as a failure. With HTTP/2 it may do so only if the server
// said that it did not touch the request (GOAWAY, RFC 9113 section 6.8): that is the
// protocol at work, and counted apart.
type httpClient struct {
	kind      request
	transport *http.Transport
	base      url.URL
}

func openHTTP(kind request) func(target) (client, error) {
	return func(to target) (client, error) {
		var protocols http.Protocols
		protocols.SetHTTP1(!kind.two)
		protocols.SetHTTP2(kind.two && kind.tls)
		protocols.SetUnencryptedHTTP2(kind.two && !kind.tls)
		base := url.URL{Scheme: "http", Host: to.http, Path: "/"}
		if kind.tls {
			base.Scheme, base.Host = "https", to.https
		}
		if kind.slow && !kind.post {
			base.Path = "/slow"
		}
		return &httpClient{kind, &http.Transport{
			Protocols:           &protocols,
			TLSClientConfig:     &tls.Config{RootCAs: to.roots.pool},
			DisableKeepAlives:   kind.fresh,
			MaxIdleConnsPerHost: slowAtOnce,
		}, base}, nil
	}
}

func (c *httpClient) close() { c.transport.CloseIdleConnections() }

func (c *httpClient) do(ctx context.Context, payload string) (outcome, error) {
	var tries attempted
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { tries.connections.Add(1) },
		WroteHeaders: func() { tries.sent.Add(1) },
	})
	r, err := c.request(ctx, payload)
	if err != nil {
		return outcome{}, err
	}
	response, err := c.transport.RoundTrip(r)
	if err != nil {
		return outcome{}, c.failed(err, &tries)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, wire.MaxBody))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return outcome{}, fmt.Errorf("reading the answer: %w", err)
	}
	switch {
	case response.StatusCode != http.StatusOK:
		return outcome{}, statusFailure(response.StatusCode)
	case (response.ProtoMajor == 2) != c.kind.two:
		return outcome{}, wrongProtocol
	case string(answer) != payload:
		return outcome{}, wrongAnswer
	case tries.connections.Load() > 1 && !c.kind.two:
		return outcome{}, retried
	}
	return outcome{response.Header.Get(wire.VersionHeader), max(0, int(tries.sent.Load())-1)}, nil
}

// attempted counts what became of one request.
type attempted struct {
	connections atomic.Int64 // that it was given
	sent        atomic.Int64 // how often its headers were
}

// failed sorts out what no server can help: Go's client may choose a connection, hear that
// it goes away, and give up a request of which it has not sent a byte, because it has closed
// the body already.
func (c *httpClient) failed(err error, tries *attempted) error {
	if c.kind.two && tries.connections.Load() > 0 && tries.sent.Load() == 0 {
		return fmt.Errorf("%w: %w", errUnsent, err)
	}
	return err
}

func (c *httpClient) request(ctx context.Context, payload string) (*http.Request, error) {
	switch u := c.base; {
	case !c.kind.post:
		u.RawQuery = payload
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	case !c.kind.slow:
		return http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader([]byte(payload)))
	default:
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), io.NopCloser(&slowReader{rest: payload, pieces: slowPieces}))
		if err == nil {
			r.ContentLength = int64(len(payload)) // it comes from somewhere and cannot be had again: no GetBody
		}
		return r, err
	}
}

// slowReader gives what it has in pieces, over slowFor in all.
type slowReader struct {
	rest   string
	pieces int
}

func (s *slowReader) Read(p []byte) (int, error) {
	if s.rest == "" {
		return 0, io.EOF
	}
	time.Sleep(slowFor / slowPieces)
	n := copy(p, s.rest[:len(s.rest)/max(s.pieces, 1)])
	s.rest, s.pieces = s.rest[n:], s.pieces-1
	return n, nil
}
