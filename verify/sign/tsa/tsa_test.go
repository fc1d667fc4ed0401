package tsa_test

import (
	"context"
	"encoding/asn1"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/sign/tsa"
	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func authority(t *testing.T, chain []byte) timestamp.Authority {
	t.Helper()
	a, err := timestamp.NewAuthority("test", chain)
	require.NoError(t, err)
	return a
}

func newTSA(t *testing.T, options ...timestamptest.Option) *timestamptest.TSA {
	t.Helper()
	a, err := timestamptest.New(options...)
	require.NoError(t, err)
	return a
}

func stamp(t *testing.T, url string, options ...tsa.Option) ([]byte, error) {
	t.Helper()
	client, err := tsa.New(url, options...)
	require.NoError(t, err)
	return client.Stamp(t.Context(), []byte("a signature"))
}

func TestStamp(t *testing.T) {
	at := time.Date(2026, 9, 21, 14, 13, 20, 0, time.UTC)
	a := newTSA(t, timestamptest.At(at))
	url := serve(t, a)
	below, pinned := authority(t, a.Issuers()), authority(t, a.Chain())
	for name, test := range map[string]struct {
		options []tsa.Option
		trust   timestamp.Authority
	}{
		"unverified":           {nil, below},
		"verified":             {[]tsa.Option{tsa.WithAuthorities(below)}, below},
		"one of several":       {[]tsa.Option{tsa.WithAuthorities(authority(t, newTSA(t).Chain()), below)}, below},
		"without certificates": {[]tsa.Option{tsa.WithAuthorities(pinned), tsa.WithoutCertificates()}, pinned},
		"another client":       {[]tsa.Option{tsa.WithHTTPClient(http.DefaultClient), tsa.WithTimeout(time.Hour)}, below},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := stamp(t, url, test.options...)
			require.NoError(t, err)
			got, err := timestamp.Verify(response, []byte("a signature"), []timestamp.Authority{test.trust})
			require.NoError(t, err)
			assert.Equal(t, at, got.Time)
		})
	}
}

// What an authority answers, and what the client says of it.
func TestAnswersThatAreRefused(t *testing.T) {
	type answer = timestamptest.Answer
	for name, test := range map[string]struct {
		change func(*answer)
		want   error
	}{
		"another nonce":   {func(a *answer) { a.Nonce = new(big.Int).Add(a.Nonce, big.NewInt(1)) }, tsa.ErrNonce},
		"no nonce":        {func(a *answer) { a.Nonce = nil }, tsa.ErrNonce},
		"another message": {func(a *answer) { a.Imprint = make([]byte, 32) }, timestamp.ErrOtherMessage},
		"rejected":        {func(a *answer) { a.Status, a.Failure = 2, []int{14} }, timestamp.ErrRejected},
		"more after it":   {func(a *answer) { a.Tail = []byte{0} }, timestamp.ErrFormat},
		"oversized":       {func(a *answer) { a.Tail = make([]byte, 1<<20) }, timestamp.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := stamp(t, serve(t, newTSA(t, timestamptest.WithChange(test.change))))
			require.ErrorIs(t, err, test.want)
			assert.Nil(t, response)
			var refused *tsa.Error
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, refused.URL, "http://127.0.0.1")
		})
	}
}

// Only an authority that is named can tell a stranger's answers.
func TestStrangers(t *testing.T) {
	stranger := newTSA(t)
	url := serve(t, stranger)
	_, err := stamp(t, url)
	require.NoError(t, err)
	_, err = stamp(t, url, tsa.WithAuthorities(authority(t, newTSA(t).Issuers())))
	assert.ErrorIs(t, err, timestamp.ErrUntrusted)
	altered := newTSA(t, timestamptest.WithChange(func(a *timestamptest.Answer) {
		a.Signature = func(sig []byte) []byte { sig[8] ^= 1; return sig }
	}))
	_, err = stamp(t, serve(t, altered), tsa.WithAuthorities(authority(t, altered.Issuers())))
	assert.ErrorIs(t, err, timestamp.ErrSignature)
}

// A recorded answer is of the same message and does not pass.
func TestReplay(t *testing.T) {
	a := newTSA(t)
	recorded, err := a.Stamp(t.Context(), []byte("a signature"))
	require.NoError(t, err)
	_, err = stamp(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(recorded)
	})), tsa.WithAuthorities(authority(t, a.Issuers())))
	assert.ErrorIs(t, err, tsa.ErrNonce)
}

func TestHTTP(t *testing.T) {
	a := newTSA(t)
	for name, handler := range map[string]http.HandlerFunc{
		"not found": http.NotFound,
		"a page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"no type":   func(w http.ResponseWriter, r *http.Request) { w.Header()["Content-Type"] = nil },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"type with wrong parameters": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/timestamp-reply; =")
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stamp(t, serve(t, handler))
			assert.ErrorIs(t, err, tsa.ErrHTTP)
		})
	}
	_, err := stamp(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("Content-Type", "application/timestamp-reply")
	})))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut short")

	server := httptest.NewServer(a)
	server.Close()
	_, err = stamp(t, server.URL)
	var refused *tsa.Error
	assert.ErrorAs(t, err, &refused, "nobody there")
}

// An authority that never answers is left at the end of the time, or of the
// context.
func TestSlowAuthority(t *testing.T) {
	arrived := make(chan struct{}, 1)
	url := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client is gone
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	_, err := stamp(t, url, tsa.WithTimeout(time.Millisecond))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	client, err := tsa.New(url)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err = client.Stamp(ctx, []byte("a signature"))
	assert.ErrorIs(t, err, context.Canceled)
}

// The message itself does not leave the house, and no two requests are alike.
func TestRequests(t *testing.T) {
	var queries [][]byte
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		queries = append(queries, body)
		http.NotFound(w, r)
	}))
	for range 2 {
		_, err := stamp(t, url)
		require.Error(t, err)
	}
	_, err := stamp(t, url, tsa.WithoutCertificates())
	require.Error(t, err)
	require.Len(t, queries, 3)
	assert.NotEqual(t, queries[0], queries[1])
	type query struct {
		Version int
		Imprint asn1.RawValue
		Nonce   *big.Int
		CertReq bool `asn1:"optional"`
	}
	for i, der := range queries {
		var q query
		rest, err := asn1.Unmarshal(der, &q)
		require.NoError(t, err)
		assert.Empty(t, rest)
		assert.Positive(t, q.Nonce.Sign())
		assert.Equal(t, i < 2, q.CertReq)
		assert.NotContains(t, string(der), "a signature")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, url := range []string{"", "timestamp.example.com", "ftp://example.com", "http://", "http://%zz"} {
		_, err := tsa.New(url)
		assert.ErrorContains(t, err, "not the URL")
	}
	for says, option := range map[string]tsa.Option{
		"option is nil":          nil,
		"client is nil":          tsa.WithHTTPClient(nil),
		"no time to answer":      tsa.WithTimeout(0),
		"no time-stamp authorit": tsa.WithAuthorities(),
	} {
		_, err := tsa.New("http://example.com", option)
		assert.ErrorContains(t, err, says)
	}
}

// Passwords in a URL are sent, and not told.
func TestPasswordsAreNotTold(t *testing.T) {
	var user, password string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		http.NotFound(w, r)
	}))
	_, err := stamp(t, "http://me:hunter2@"+url[len("http://"):])
	require.ErrorIs(t, err, tsa.ErrHTTP)
	assert.NotContains(t, err.Error(), "hunter2")
	assert.Equal(t, []string{"me", "hunter2"}, []string{user, password})
}

// A producer asks its authority, and verifies what it gets as a host would.
func Example() {
	authority, err := timestamptest.New() // in production: somebody else's
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(authority)
	defer server.Close()

	trusted, err := timestamp.NewAuthority("our TSA", authority.Chain())
	if err != nil {
		log.Fatal(err)
	}
	client, err := tsa.New(server.URL, tsa.WithAuthorities(trusted))
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Stamp(context.Background(), []byte("the bytes of a signature"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stamped:", len(response) > 0)
	// Output: stamped: true
}
