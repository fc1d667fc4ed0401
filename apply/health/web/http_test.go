package web_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/health/web"
)

func TestHTTPS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	given := &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}}
	p, err := web.HTTP(server.URL, web.WithTLS(given), health.WithBody("HTTP/1.1"))
	require.NoError(t, err)
	assert.NoError(t, p.Check(t.Context()))
	assert.Equal(t, []string{"h2"}, given.NextProtos, "it is the caller's")
	named, err := web.HTTP(server.URL, web.WithTLS(&tls.Config{RootCAs: roots, ServerName: "another.invalid"}))
	require.NoError(t, err)
	var wrong x509.HostnameError
	assert.ErrorAs(t, named.Check(t.Context()), &wrong)
	for _, opts := range [][]health.Option{nil, {web.WithTLS(nil)}} {
		p, err := web.HTTP(server.URL, opts...)
		require.NoError(t, err)
		var unknown x509.UnknownAuthorityError
		assert.ErrorAs(t, p.Check(t.Context()), &unknown)
	}
}

func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	p, err := web.HTTP(server.URL)
	require.NoError(t, err)
	assert.ErrorContains(t, p.Check(t.Context()), "404")
	_, err = web.HTTP(server.URL, web.WithTLS(nil))
	assert.ErrorContains(t, err, "is not an https address")
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:80/healthz": "http http://127.0.0.1:80/healthz",
		"https://127.0.0.1/healthz":   "http https://127.0.0.1/healthz",
		"tcp:127.0.0.1:80":            "tcp 127.0.0.1:80",
		"grpc:127.0.0.1:80":           "grpc 127.0.0.1:80",
		"grpc:127.0.0.1:80/payments":  `grpc 127.0.0.1:80 "payments"`,
	} {
		c, err := web.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, c.String())
		if _, err := health.Parse(text); err != nil {
			assert.ErrorIs(t, err, errors.ErrUnsupported, text)
		}
	}
	for _, text := range []string{"", "ping", "https://", "grpc:x"} {
		_, err := web.Parse(text)
		assert.Error(t, err, text)
		assert.NotErrorIs(t, err, errors.ErrUnsupported, text)
	}
	_, err := web.Parse("ping")
	assert.ErrorIs(t, err, health.ErrSyntax)
}
