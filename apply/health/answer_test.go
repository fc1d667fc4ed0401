package health

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnswers(t *testing.T) {
	long := strings.Repeat("x", MaxBody)
	for _, test := range []struct {
		sent, status, body string
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", "200 OK", "ok"},
		{"HTTP/1.0 200 OK\r\n\r\nto the end", "200 OK", "to the end"},
		{"HTTP/1.1 503\n\nlone feeds", "503", "lone feeds"},
		{"HTTP/1.1 200 \r\ncontent-length:\t0\r\n\r\n", "200", ""},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\nx", "204 No Content", ""},
		{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 OK", "x"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0A \r\n0123456789\r\n0\r\nT: x\r\n\r\n", "200 OK", "abc0123456789"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\nx\n", 1<<17) + "0\r\n\r\n", "200 OK", long[:1<<17]},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + long, "200 OK", long},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" + long + "more", "200 OK", long},
	} {
		for _, from := range []io.Reader{strings.NewReader(test.sent), iotest.HalfReader(strings.NewReader(test.sent))} {
			a, err := readAnswer(from)
			require.NoError(t, err, "%.100q", test.sent)
			require.NoError(t, a.broken, "%.100q", test.sent)
			assert.Equal(t, test.status, a.status)
			assert.Equal(t, len(test.body), len(a.body))
			assert.True(t, test.body == string(a.body))
		}
	}
}

func TestNoAnswers(t *testing.T) {
	const ok, chunked = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, test := range []struct{ sent, want, broken string }{
		{"", "no answer of HTTP/1: unexpected EOF", ""},
		{"SSH-2.0-OpenSSH\r\n", `"SSH-2.0-OpenSSH" is no status line`, ""},
		{"HTTP/2 200 OK\r\n\r\n", "is no status line", ""},
		{"HTTP/1.1 20 OK\r\n\r\n", "is no status line", ""},
		{"HTTP/1.1 +20 OK\r\n\r\n", "is no status line", ""},
		{"HTTP/1.1 999 OK\r\n\r\n", "is no status line", ""},
		{"HTTP/1.1  200 OK\r\n\r\n", "is no status line", ""},
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n", "speaks another protocol", ""},
		{ok, "unexpected EOF", ""},
		{ok + "A: b", "unexpected EOF", ""},
		{ok + "A: b\r\n folded\r\n\r\n", `" folded" is no line of a header`, ""},
		{ok + " A: b\r\n\r\n", "is no line of a header", ""},
		{ok + "A : b\r\n\r\n", "is no line of a header", ""},
		{ok + "A: b\rc\r\n\r\n", "must not be there", ""},
		{ok + "A: \x00\r\n\r\n", "must not be there", ""},
		{ok + "Content-Length: -1\r\n\r\n", `content length "-1"`, ""},
		{ok + "Content-Length: 1, 1\r\n\r\n", `content length "1, 1"`, ""},
		{ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "says twice", ""},
		{ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "says twice", ""},
		{ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "says twice", ""},
		{ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", `transfer encoding "gzip, chunked"`, ""},
		{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", `transfer encoding "chunked"`, ""},
		{ok + "A: " + strings.Repeat("x", MaxHeader), "more than 65536 bytes", ""},
		{strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", MaxHeader), "more than 65536 bytes", ""},
		{ok + "Content-Length: 5\r\n\r\nhalf", "", "unexpected EOF"},
		{chunked, "", "unexpected EOF"},
		{chunked + "2\r\nx", "", "unexpected EOF"},
		{chunked + "1\r\nx\r\n0\r\n", "", "unexpected EOF"},
		{chunked + "1\r\nxy\r\n", "", "longer than its size"},
		{chunked + "0x1\r\nx\r\n", "", `"0x1" is no size of a chunk`},
		{chunked + "\r\n", "", "is no size of a chunk"},
		{chunked + "0000000000000000\r\n\r\n", "", "is no size of a chunk"},
		{chunked + strings.Repeat("1;"+strings.Repeat("x", 1000)+"\r\nx\r\n", 100), "", "more than 65536 bytes"},
	} {
		a, err := readAnswer(strings.NewReader(test.sent))
		if test.broken == "" {
			assert.ErrorContains(t, err, test.want, "%.100q", test.sent)
			continue
		}
		require.NoError(t, err, "%.100q", test.sent)
		assert.ErrorContains(t, a.broken, test.broken, "%.100q", test.sent)
	}
}

// FuzzHTTPAnswer reads what a server might send. What is a whole answer here is the
// same one to net/http.
func FuzzHTTPAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 503\n\nx", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := readAnswer(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(a.body), MaxBody)
		if a.broken != nil {
			return
		}
		theirs := bufio.NewReader(strings.NewReader(string(data)))
		for {
			r, err := http.ReadResponse(theirs, &http.Request{Method: http.MethodGet})
			require.NoError(t, err)
			if r.StatusCode < 200 {
				continue
			}
			body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody))
			require.NoError(t, err)
			require.Equal(t, r.StatusCode, a.code)
			require.Equal(t, string(body), string(a.body))
			require.Equal(t, r.Header.Get("Location") == "", a.location == "")
			return
		}
	})
}
