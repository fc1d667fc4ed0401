package manifest

import (
	"cmp"
	"fmt"
	"time"
)

// FloorSchema names the format of a floor file.
const FloorSchema = "hotfix.floor/v1"

// Floor is what a host remembers of a product, so that it can tell old from new:
// the newest release that it has confirmed, and the latest time that it has seen.
// Nothing of it ever sinks.
type Floor struct {
	Schema    string       `json:"schema"`              // [FloorSchema]
	Product   string       `json:"product"`             // whose it is
	Epoch     int64        `json:"epoch"`               // of the newest release that was confirmed
	Sequence  int64        `json:"sequence"`            // of the newest release that was confirmed; 0 before the first one
	Statement Digest       `json:"statement,omitzero"`  // of that release
	Clock     time.Time    `json:"clock,omitzero"`      // no time before it is believed any more
	Trust     int64        `json:"trust,omitempty"`     // version of the newest trust file that was used
	Installed []string     `json:"installed,omitempty"` // hotfix ids that were confirmed, sorted
	Withdrawn []Withdrawal `json:"withdrawn,omitempty"` // by id
}

// MaxRemembered is how many ids a floor holds of each kind.
const MaxRemembered = 4096

// NewFloor returns the floor of a host that has confirmed nothing.
func NewFloor(product string) Floor { return Floor{Schema: FloorSchema, Product: product} }

// Encode returns the one encoding of f as a file.
func (f Floor) Encode() ([]byte, error) { return fileForm.encode("floor", &f) }

// DecodeFloor reads a floor file.
func DecodeFloor(data []byte) (Floor, error) {
	var f Floor
	if err := fileForm.decode("floor", data, &f); err != nil {
		return Floor{}, err
	}
	return f, nil
}

// Validate reports the first rule that f breaks, as an [*InvalidError].
func (f Floor) Validate() error {
	if f.Schema != FloorSchema {
		return &InvalidError{Field: "schema", Value: f.Schema, Reason: fmt.Sprintf("is not %q, the one that this version reads: update the program that reads it", FloorSchema)}
	}
	if err := CheckProduct(f.Product); err != nil {
		return err
	}
	if err := checkInteger("epoch", f.Epoch, 0); err != nil {
		return err
	}
	if err := checkInteger("sequence", f.Sequence, 0); err != nil {
		return err
	}
	if (f.Sequence == 0) != f.Statement.IsZero() || f.Sequence == 0 && f.Epoch > 0 {
		return &InvalidError{Field: "statement", Reason: "must be there if and only if there is a sequence"}
	}
	if !f.Clock.IsZero() {
		if err := checkTime("clock", f.Clock); err != nil {
			return err
		}
	}
	if err := checkInteger("trust", f.Trust, 0); err != nil {
		return err
	}
	return f.checkIDs()
}

func (f Floor) checkIDs() error {
	if err := checkManyIDs("installed", f.Installed, MaxRemembered); err != nil {
		return err
	}
	return checkWithdrawals("withdrawn", f.Withdrawn, MaxRemembered)
}

// Number is the number of the newest release that was confirmed.
func (f Floor) Number() Number { return Number{Epoch: f.Epoch, Sequence: f.Sequence} }

// Compare orders numbers: negative if n is older than other, 0 if they are equal.
func (n Number) Compare(other Number) int {
	return cmp.Or(cmp.Compare(n.Epoch, other.Epoch), cmp.Compare(n.Sequence, other.Sequence))
}

// String writes the number for people.
func (n Number) String() string { return FormatSequence(n.Epoch, n.Sequence) }

// Number is the number of the release.
func (r Release) Number() Number { return Number{Epoch: r.Epoch, Sequence: r.Sequence} }
