package timestamptest

import (
	"encoding/asn1"
	"io"
	"net/http"
)

// MaxRequest is the size in bytes over which no request is read.
const MaxRequest = 16 << 10

// ServeHTTP answers requests as section 3.4 of RFC 3161 has it. What is no
// request is answered with the status "rejection".
func (a *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "POST a request of type application/timestamp-query", http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	if err != nil {
		http.Error(w, "the request is too large or was cut short", http.StatusBadRequest)
		return
	}
	answer, err := a.Respond(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer) // a client that has gone away needs no answer
}

// Respond answers the DER of a TimeStampReq.
func (a *TSA) Respond(query []byte) ([]byte, error) {
	const badRequest, badAlgorithm = 2, 0
	var q request
	rest, err := asn1.Unmarshal(query, &q)
	switch {
	case err != nil || len(rest) > 0 || q.Version != 1:
		return Answer{Status: 2, Failure: []int{badRequest}}.encode()
	case hashOf(q.Imprint.Hash) == 0:
		return Answer{Status: 2, Failure: []int{badAlgorithm}}.encode()
	}
	return a.answer(q)
}
