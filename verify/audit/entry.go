package audit

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Limits of a line, in bytes of UTF-8 where nothing else is said.
const (
	MaxEvent   = 32      // an event
	MaxName    = 256     // a host, product, hotfix, rule or signer
	MaxReason  = 1024    // a reason
	MaxSigners = 64      // signers, in number
	MaxLine    = 1 << 16 // a line with its newline; what the others allow is shorter
	MaxN       = 1<<53 - 1
)

// Event is what was decided: a verb of lower-case letters and hyphens.
type Event string

// Events that callers append. Others may be used as well.
const (
	Accepted     Event = "accepted"      // a hotfix may be installed
	Refused      Event = "refused"       // a hotfix may not be installed
	Withdrawn    Event = "withdrawn"     // a hotfix was called back
	Permitted    Event = "permitted"     // an exception was granted
	TrustUpdated Event = "trust-updated" // other keys or rules hold from now on
)

// Events of the log itself. [Log.Append] refuses them.
const (
	Recovered Event = "recovered" // an unfinished line was cut off
	Rotated   Event = "rotated"   // the last line of a file that is continued in another
	Continued Event = "continued" // the first line of a file that continues another
)

// Entry is one decision.
type Entry struct {
	Time      time.Time // when it was made; zero takes the clock of the [Log]
	Event     Event     // required
	Host      string    // empty takes that of [WithHost]
	Product   string    // of the hotfix
	Hotfix    string    // id of the hotfix
	Statement manifest.Digest
	Rule      string   // that decided
	Reason    string   // one sentence
	Signers   []string // ids of those who signed
}

// checked refuses what is the caller's mistake, and makes the rest harmless.
func (e Entry) checked() (Entry, error) {
	if err := e.Event.check(); err != nil {
		return Entry{}, err
	}
	e.Time = e.Time.UTC().Truncate(time.Second)
	if year := e.Time.Year(); year < 1 || year > 9999 {
		return Entry{}, &EntryError{Field: "time", Reason: fmt.Sprintf("has the year %d, which RFC 3339 cannot express; set the clock", year)}
	}
	e.Host, e.Product, e.Hotfix = clean(e.Host, MaxName), clean(e.Product, MaxName), clean(e.Hotfix, MaxName)
	e.Rule, e.Reason = clean(e.Rule, MaxName), clean(e.Reason, MaxReason)
	e.Signers = cleanList(e.Signers)
	return e, nil
}

func (e Event) check() error {
	if e == "" || len(e) > MaxEvent || strings.Trim(string(e), "abcdefghijklmnopqrstuvwxyz-") != "" {
		return &EntryError{Field: "event", Reason: fmt.Sprintf("%.40q is not a verb of 1 to %d lower-case letters and hyphens", string(e), MaxEvent)}
	}
	return nil
}

// own reports whether only the log itself may write the event.
func (e Event) own() bool { return e == Recovered || e == Rotated || e == Continued }

// ellipsis ends what was cut.
const ellipsis = "…"

// clean returns a text that prints on one line and has at most limit bytes.
// What is clean already comes back as it is.
func clean(s string, limit int) string {
	if len(s) > 4*limit {
		s = s[:4*limit] // still too long when each space of three bytes has become one of one
	}
	s = strings.Map(printable, s)
	if len(s) <= limit {
		return s
	}
	end := limit - len(ellipsis)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// printable replaces what could end a line or steer a terminal. Bytes that are
// no UTF-8 come in as the replacement character.
func printable(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return utf8.RuneError
}

func cleanList(list []string) []string {
	var cleaned []string
	for _, s := range list[:min(len(list), MaxSigners)] {
		cleaned = append(cleaned, clean(s, MaxName))
	}
	if more := len(list) - MaxSigners; more > 0 {
		cleaned[MaxSigners-1] = fmt.Sprintf("and %d more", more+1)
	}
	return cleaned
}
