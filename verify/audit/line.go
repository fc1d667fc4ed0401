package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Line is one line of a log.
type Line struct {
	Entry
	N        int64           // in the chain, from 1
	Previous manifest.Digest // of the line before
	Digest   manifest.Digest // of this line
}

// Head is a place in a chain: the last line of a log, or one that was the last.
// [Genesis] is the place before the first line.
type Head struct {
	N      int64           `json:"n"`      // of the line, from 1
	Digest manifest.Digest `json:"digest"` // of the line with its newline
}

// Genesis returns the place before the first line: number 0, the digest of no
// bytes.
func Genesis() Head { return Head{Digest: manifest.DigestOf(nil)} }

func (l Line) head() Head { return Head{N: l.N, Digest: l.Digest} }

// before is the place that the line says it follows.
func (l Line) before() Head { return Head{N: l.N - 1, Digest: l.Previous} }

// lineJSON is a line as it is written.
type lineJSON struct {
	N         int64           `json:"n"`
	Time      string          `json:"time"`
	Previous  manifest.Digest `json:"previous"`
	Event     Event           `json:"event"`
	Host      string          `json:"host,omitempty"`
	Product   string          `json:"product,omitempty"`
	Hotfix    string          `json:"hotfix,omitempty"`
	Statement manifest.Digest `json:"statement,omitzero"`
	Rule      string          `json:"rule,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Signers   []string        `json:"signers,omitempty"`
}

// encodeLine writes the line that follows a place.
func encodeLine(after Head, e Entry) ([]byte, error) {
	e, err := e.checked()
	if err != nil {
		return nil, err
	}
	if after.N < 0 || after.N >= MaxN {
		return nil, &EntryError{Field: "n", Reason: fmt.Sprintf("would be %d, must be 1 to %d", after.N+1, int64(MaxN))}
	}
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf) // which ends in a newline
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(lineJSON{
		N: after.N + 1, Time: e.Time.Format(time.RFC3339), Previous: after.Digest, Event: e.Event,
		Host: e.Host, Product: e.Product, Hotfix: e.Hotfix, Statement: e.Statement,
		Rule: e.Rule, Reason: e.Reason, Signers: e.Signers,
	})
	return buf.Bytes(), err
}

var errSpelling = errors.New("is spelled in another way than this library writes it")

// decodeLine accepts what encodeLine writes and nothing else. The line ends in
// its newline.
func decodeLine(data []byte) (Line, error) {
	var wire lineJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return Line{}, err
	}
	at, err := time.Parse(time.RFC3339, wire.Time)
	if err != nil {
		return Line{}, errors.New("has a time that is not RFC 3339")
	}
	line := Line{
		Entry: Entry{
			Time: at.UTC(), Event: wire.Event, Host: wire.Host, Product: wire.Product, Hotfix: wire.Hotfix,
			Statement: wire.Statement, Rule: wire.Rule, Reason: wire.Reason, Signers: wire.Signers,
		},
		N: wire.N, Previous: wire.Previous, Digest: manifest.DigestOf(data),
	}
	again, err := encodeLine(line.before(), line.Entry)
	if err != nil {
		return Line{}, err
	}
	if !bytes.Equal(data, again) {
		return Line{}, errSpelling
	}
	return line, nil
}
