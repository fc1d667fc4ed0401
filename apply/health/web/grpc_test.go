package web_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/apply/health"
	"github.com/gohotfix/hotfix/apply/health/web"
)

// frame is a message as it goes over the wire.
func frame(message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))) + message
}

// answer is what a server says to one call.
type answer struct {
	status  int    // of HTTP
	content string // type
	code    string // grpc-status, in the trailer
	text    string // grpc-message, in the trailer
	early   string // grpc-status in the header, without a message
	body    string
}

func (a answer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", a.content)
	if a.early != "" {
		w.Header().Set("Grpc-Status", a.early)
		w.Header().Set("Grpc-Message", a.text)
		w.WriteHeader(a.status)
		return
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
	if a.code != "" {
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", a.code)
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", a.text)
	}
}

// plain serves HTTP/2 without TLS, and nothing else.
func plain(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestGRPC(t *testing.T) {
	const grpc = "application/grpc"
	for _, test := range []struct {
		name   string
		answer answer
		want   string
	}{
		{"serving", answer{status: 200, content: grpc, code: "0", body: frame("\x08\x01")}, ""},
		{"with another field", answer{status: 200, content: grpc + "+proto", code: "0", body: frame("\x12\x01x\x08\x01")}, ""},
		{"not serving", answer{status: 200, content: grpc, code: "0", body: frame("\x08\x02")}, "the service is NOT_SERVING"},
		{"nothing said", answer{status: 200, content: grpc, code: "0", body: frame("")}, "the service is UNKNOWN"},
		{"unknown to it", answer{status: 200, content: grpc, code: "0", body: frame("\x08\x03")}, "the service is SERVICE_UNKNOWN"},
		{"a new state", answer{status: 200, content: grpc, code: "0", body: frame("\x08\x09")}, "the service is in the unknown state 9"},
		{"no such service", answer{status: 200, content: grpc, early: "5", text: "unknown%20service"}, `does not know the service "pay": "unknown service"`},
		{"no health service", answer{status: 200, content: grpc, early: "12", text: "100%"}, `the server has no gRPC health service: "100%"`},
		{"fails", answer{status: 200, content: grpc, code: "14", text: "overload"}, `grpc-status "14": "overload"`},
		{"fails after its answer", answer{status: 200, content: grpc, code: "13", body: frame("\x08\x01")}, `grpc-status "13"`},
		{"ends early and well", answer{status: 200, content: grpc, early: "0"}, "answer of the health service: no message: EOF"},
		{"no status", answer{status: 200, content: grpc, body: frame("\x08\x01")}, "the answer has no grpc-status"},
		{"two messages", answer{status: 200, content: grpc, code: "0", body: frame("\x08\x01") + frame("\x08\x01")}, "more than one message"},
		{"cut", answer{status: 200, content: grpc, code: "0", body: frame("\x08\x01")[:6]}, "a message that breaks off"},
		{"compressed", answer{status: 200, content: grpc, code: "0", body: "\x01" + frame("\x08\x01")[1:]}, "a compressed message"},
		{"endless", answer{status: 200, content: grpc, code: "0", body: "\x00\xff\xff\xff\xff" + strings.Repeat("x", 1<<20)}, "a message of 4294967295 bytes, more than 4096"},
		{"no protobuf", answer{status: 200, content: grpc, code: "0", body: frame("\x0f")}, "a status that is not one number"},
		{"a page", answer{status: 404, content: "text/html"}, `status "404 Not Found" and content type "text/html": not a gRPC server`},
		{"another encoding", answer{status: 200, content: grpc + "+json", code: "0", body: frame("{}")}, "not a gRPC server"},
		{"a long reason", answer{status: 200, content: grpc, early: "2", text: strings.Repeat("x", 5000)}, `grpc-status "2": "xxx`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := web.GRPC(plain(t, test.answer), "pay")
			require.NoError(t, err)
			if err = p.Check(t.Context()); test.want == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
			assert.Less(t, len(err.Error()), 500)
		})
	}
}

// What is asked, byte for byte.
func TestGRPCRequest(t *testing.T) {
	for service, want := range map[string]string{"": "\x00\x00\x00\x00\x00", "pay.v1": "\x00\x00\x00\x00\x08\x0a\x06pay.v1"} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			assert.Equal(t, want, string(body))
			assert.Equal(t, "POST /grpc.health.v1.Health/Check HTTP/2.0", fmt.Sprintf("%s %s %s", r.Method, r.URL, r.Proto))
			assert.Equal(t, []string{"application/grpc"}, r.Header["Content-Type"])
			assert.Equal(t, []string{"trailers"}, r.Header["Te"])
			answer{status: 200, content: "application/grpc", code: "0", body: frame("\x08\x01")}.ServeHTTP(w, r)
		})
		p, err := web.GRPC(plain(t, handler), service)
		require.NoError(t, err)
		assert.NoError(t, p.Check(t.Context()))
	}
}

func TestGRPCWithTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(answer{status: 200, content: "application/grpc", code: "0", body: frame("\x08\x01")})
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	address := server.Listener.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	trusting, err := web.GRPCS(address, "", &tls.Config{RootCAs: roots})
	require.NoError(t, err)
	assert.NoError(t, trusting.Check(t.Context()))
	distrusting, err := web.GRPCS(address, "", nil)
	require.NoError(t, err)
	var unknown x509.UnknownAuthorityError
	assert.ErrorAs(t, distrusting.Check(t.Context()), &unknown)
	plain, err := web.GRPC(address, "")
	require.NoError(t, err)
	assert.Error(t, plain.Check(t.Context()))
}

// A server that speaks HTTP/1 alone is told from one that is ill.
func TestGRPCAtAnotherServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	p, err := web.GRPC(server.Listener.Addr().String(), "")
	require.NoError(t, err)
	assert.Error(t, p.Check(t.Context()))
}

func TestNoAnswerOfGRPC(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close() // nobody accepts
	p, err := web.GRPC(ln.Addr().String(), "", health.WithTimeout(50*time.Millisecond))
	require.NoError(t, err)
	err = p.Check(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "no answer within 50ms")
}

func TestOptionsOfGRPC(t *testing.T) {
	for _, test := range []struct {
		address, service, want string
		opts                   []health.Option
	}{
		{"127.0.0.1", "", "web.GRPC: health.Conn: ", nil},
		{"127.0.0.1:80", "\xff", "web.GRPC: the name of the service must be text", nil},
		{"127.0.0.1:80", strings.Repeat("x", web.MaxServiceName+1), "of at most 1024 bytes", nil},
		{"127.0.0.1:80", "", "web.GRPC: health.Conn: WithStatus: only for HTTP", []health.Option{health.WithStatus(200)}},
	} {
		_, err := web.GRPC(test.address, test.service, test.opts...)
		assert.ErrorContains(t, err, test.want)
	}
}
