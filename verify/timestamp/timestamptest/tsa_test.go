package timestamptest_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gohotfix/hotfix/verify/timestamp"
	"github.com/gohotfix/hotfix/verify/timestamp/timestamptest"
)

func newTSA(t *testing.T, options ...timestamptest.Option) *timestamptest.TSA {
	t.Helper()
	a, err := timestamptest.New(options...)
	require.NoError(t, err)
	return a
}

// Knobs that are turned show in the answer.
func TestAnswerIsWhatWasAskedFor(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	a := newTSA(t, timestamptest.At(at), timestamptest.WithChange(func(a *timestamptest.Answer) {
		assert.Equal(t, at, a.Time)
		assert.Equal(t, crypto.SHA256, a.ImprintHash)
		a.Time = a.Time.Add(time.Hour)
	}))
	response, err := a.Stamp(t.Context(), []byte("message"))
	require.NoError(t, err)
	claim, err := timestamp.Inspect(response, []byte("message"))
	require.NoError(t, err)
	assert.Equal(t, at.Add(time.Hour), claim.Time)
}

func TestClockIsAskedEachTime(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	a := newTSA(t, timestamptest.WithClock(func() time.Time { return now }))
	for range 2 {
		now = now.Add(time.Minute)
		response, err := a.Stamp(t.Context(), nil)
		require.NoError(t, err)
		claim, err := timestamp.Inspect(response, nil)
		require.NoError(t, err)
		assert.Equal(t, now, claim.Time)
	}
	_, err := timestamptest.New(timestamptest.WithClock(nil))
	assert.ErrorContains(t, err, "no clock")
}

func TestSiblingsShareTheirIssuers(t *testing.T) {
	a := newTSA(t)
	b, err := a.Sibling()
	require.NoError(t, err)
	assert.Equal(t, a.Issuers(), b.Issuers())
	assert.NotEqual(t, a.Chain(), b.Chain())
	assert.True(t, bytes.HasSuffix(a.Chain(), a.Issuers()))
	_, err = a.Sibling(timestamptest.WithClock(nil))
	assert.Error(t, err)
}

func TestQueriesThatAreNone(t *testing.T) {
	a := newTSA(t)
	sha1 := asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	type query struct {
		Version int
		Imprint struct {
			Hash   struct{ Algorithm asn1.ObjectIdentifier }
			Digest []byte
		}
	}
	q := query{Version: 1}
	q.Imprint.Hash.Algorithm = sha1
	weak, err := asn1.Marshal(q)
	require.NoError(t, err)
	for failure, der := range map[string][]byte{"badRequest": []byte("not DER"), "badAlg": weak} {
		response, err := a.Respond(der)
		require.NoError(t, err)
		_, err = timestamp.Inspect(response, nil)
		var refused *timestamp.StatusError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, []string{failure}, refused.Failures)
	}
}

func TestServeHTTPRefuses(t *testing.T) {
	a := newTSA(t)
	for name, request := range map[string]*http.Request{
		"GET":        httptest.NewRequest(http.MethodGet, "/", nil),
		"no type":    httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")),
		"very large": query(bytes.Repeat([]byte{0}, timestamptest.MaxRequest+1)),
	} {
		answer := httptest.NewRecorder()
		a.ServeHTTP(answer, request)
		assert.Equal(t, http.StatusBadRequest, answer.Code, name)
	}
	answer := httptest.NewRecorder()
	a.ServeHTTP(answer, query([]byte("x")))
	assert.Equal(t, http.StatusOK, answer.Code, "a rejection is an answer")
	assert.Equal(t, "application/timestamp-reply", answer.Header().Get("Content-Type"))
}

func query(body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/timestamp-query")
	return r
}
