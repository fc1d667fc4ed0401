package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// State is how far an operation has come.
type State string

// The states of an operation. Receiving to Validated leave the service alone;
// from Activating on, the current link may lead to the new version. Confirmed and
// Reverted are ends.
const (
	Receiving  State = "receiving"  // packages are being copied to the host
	Verified   State = "verified"   // they are those that were signed
	Preloaded  State = "preloaded"  // the new version started in the sandbox
	Validated  State = "validated"  // the package's own checks passed
	Activating State = "activating" // the current link is about to be renamed
	Activated  State = "activated"  // the current link leads to the new version
	Swapped    State = "swapped"    // the service runs the new version
	Soaking    State = "soaking"    // its checks held once; they have to hold for a time
	Confirmed  State = "confirmed"  // the new version stays
	Reverting  State = "reverting"  // the old version is being brought back
	Reverted   State = "reverted"   // the old version is back, or was never left
)

// States returns all states, in their order.
func States() []State {
	return []State{Receiving, Verified, Preloaded, Validated, Activating, Activated, Swapped, Soaking, Confirmed, Reverting, Reverted}
}

// Ended reports whether an operation in this state is over.
func (s State) Ended() bool { return s == Confirmed || s == Reverted }

// Switched reports whether the service may run the new version in this state.
func (s State) Switched() bool {
	return slices.Contains([]State{Activating, Activated, Swapped, Soaking, Reverting}, s)
}

// Kind is what an operation is.
type Kind string

// The kinds of operations.
const (
	Apply    Kind = "apply"    // a release is installed
	Rollback Kind = "rollback" // an earlier version is brought back
	Adopt    Kind = "adopt"    // a version that somebody else installed is taken over
)

// Record is one line: what an operation has come to.
type Record struct {
	N         int64           `json:"n"` // from 1
	Time      time.Time       `json:"time"`
	Previous  string          `json:"previous,omitempty"` // checksum of the line before
	Operation string          `json:"operation"`          // the same in all lines of one
	Kind      Kind            `json:"kind"`
	State     State           `json:"state"`
	Hotfix    string          `json:"hotfix,omitempty"`   // id of the hotfix
	Version   string          `json:"version,omitempty"`  // that the release gives its result
	Statement manifest.Digest `json:"statement,omitzero"` // of the release
	From      manifest.Digest `json:"from,omitzero"`      // version that is left, and gone back to; zero if there is none
	To        manifest.Digest `json:"to,omitzero"`        // version that is installed; zero before it is known, or if there is none
	Starts    int             `json:"starts,omitempty"`   // of To while it was not confirmed
	Deadline  time.Time       `json:"deadline,omitzero"`  // by which To must be confirmed
	External  bool            `json:"external,omitempty"` // somebody else confirms
	Boot      string          `json:"boot,omitempty"`     // of the system, while To is not confirmed
	Reason    string          `json:"reason,omitempty"`   // why it is reverted, in words
}

// Limits of a journal.
const (
	MaxReason  = 1024    // bytes of a reason; what is longer is cut
	MaxText    = 256     // bytes of any other text
	MaxLine    = 8 << 10 // bytes of a line
	MaxSize    = 8 << 20 // bytes of a journal
	RotateSize = 1 << 20 // bytes above which a journal is continued in a new file
)

const sumSize = 2 * sha256.Size

var errSpelling = errors.New("is spelled in another way than this library writes it")

// encode returns the line of r and its checksum.
func (r Record) encode() (line []byte, sum string, err error) {
	r.Time = r.Time.UTC().Truncate(time.Second)
	if !r.Deadline.IsZero() {
		r.Deadline = r.Deadline.UTC().Truncate(time.Second)
	}
	r.Reason = clip(r.Reason, MaxReason)
	if err := r.validate(); err != nil {
		return nil, "", err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text) // which ends in a newline
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return nil, "", err
	}
	object := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	sum = checksum(object)
	return slices.Concat([]byte(sum), []byte(" "), object, []byte("\n")), sum, nil
}

func checksum(object []byte) string {
	sum := sha256.Sum256(object)
	return hex.EncodeToString(sum[:])
}

// decode reads a line with its newline, and returns its checksum.
func decode(line []byte) (Record, string, error) {
	if len(line) < sumSize+2 || line[sumSize] != ' ' {
		return Record{}, "", errors.New("has no checksum")
	}
	object := bytes.TrimSuffix(line[sumSize+1:], []byte("\n"))
	if checksum(object) != string(line[:sumSize]) {
		return Record{}, "", errors.New("has another checksum than its content")
	}
	var r Record
	if err := json.Unmarshal(object, &r); err != nil {
		return Record{}, "", err
	}
	again, sum, err := r.encode()
	if err != nil {
		return Record{}, "", err
	}
	if !bytes.Equal(again, line) {
		return Record{}, "", errSpelling
	}
	return r, sum, nil
}

func (r Record) validate() error {
	switch {
	case r.N < 1 || r.N > manifest.MaxInteger:
		return fmt.Errorf("number %d is not from 1 to %d", r.N, int64(manifest.MaxInteger))
	case r.Operation == "":
		return errors.New("no operation is named")
	case !slices.Contains([]Kind{Apply, Rollback, Adopt}, r.Kind):
		return fmt.Errorf("kind %q is none of apply, rollback and adopt", clip(string(r.Kind), MaxText))
	case !slices.Contains(States(), r.State):
		return fmt.Errorf("state %q is not one that this version knows", clip(string(r.State), MaxText))
	case r.Starts < 0:
		return fmt.Errorf("%d starts are below zero", r.Starts)
	}
	for _, text := range []string{r.Operation, r.Hotfix, r.Version, r.Boot, r.Previous} {
		if len(text) > MaxText {
			return fmt.Errorf("a text of %d bytes is longer than %d", len(text), MaxText)
		}
	}
	return nil
}

// clip makes a text of unknown origin harmless and short.
func clip(text string, limit int) string {
	text = string(bytes.ToValidUTF8([]byte(text), []byte("?")))
	clean := make([]rune, 0, min(len(text), limit))
	for _, c := range text {
		if c < ' ' || c == 0x7f || c == '\u2028' || c == '\u2029' {
			c = ' '
		}
		clean = append(clean, c)
	}
	text = string(clean)
	if len(text) <= limit {
		return text
	}
	const more = "…"
	cut := limit - len(more)
	for cut > 0 && text[cut]&0xc0 == 0x80 { // not in the middle of a character
		cut--
	}
	return text[:cut] + more
}
