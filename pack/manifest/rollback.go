package manifest

import "fmt"

// RollbackSchema names the format of rollback.json.
const RollbackSchema = "hotfix.rollback/v1"

// Rollback is rollback.json: how to go back from the package to what ran
// before it.
type Rollback struct {
	Schema   string   `json:"schema"`             // [RollbackSchema]
	Previous *Binary  `json:"previous,omitempty"` // the base; none if the package has no base
	Restart  *Restart `json:"restart,omitempty"`  // what takes up the change; none if the caller's own swap does
	Check    *Check   `json:"check,omitempty"`    // what must hold afterwards
}

// Restart says what to restart: a systemd unit or a command, not both.
type Restart struct {
	Unit    string   `json:"unit,omitempty"`    // systemd unit, as "payments.service"
	Command []string `json:"command,omitempty"` // argv, run without a shell
}

// Check says what proves the service healthy: an HTTP address or a command,
// not both, within a time limit.
type Check struct {
	URL     string   `json:"url,omitempty"`     // answers 2xx to GET
	Command []string `json:"command,omitempty"` // argv; exits 0
	Seconds int64    `json:"seconds"`           // limit, 1 to [MaxCheckSeconds]
}

// MaxCheckSeconds is the longest time limit of a [Check]: one hour.
const MaxCheckSeconds = 3600

// Encode returns the one encoding of r as rollback.json.
func (r Rollback) Encode() ([]byte, error) { return fileForm.encode(RollbackPath, &r) }

// DecodeRollback reads rollback.json.
func DecodeRollback(data []byte) (Rollback, error) {
	var r Rollback
	if err := fileForm.decode(RollbackPath, data, &r); err != nil {
		return Rollback{}, err
	}
	return r, nil
}

// Validate reports the first rule that r breaks, as an [*InvalidError].
func (r Rollback) Validate() error {
	if r.Schema != RollbackSchema {
		return &InvalidError{Field: "schema", Value: r.Schema, Reason: fmt.Sprintf("is not %q", RollbackSchema)}
	}
	if r.Previous != nil {
		if err := r.Previous.validate(); err != nil {
			return within("previous", err)
		}
	}
	if r.Restart != nil {
		if err := checkEither("unit", r.Restart.Unit, r.Restart.Command); err != nil {
			return within("restart", err)
		}
	}
	if r.Check == nil {
		return nil
	}
	if err := checkEither("url", r.Check.URL, r.Check.Command); err != nil {
		return within("check", err)
	}
	if r.Check.Seconds < 1 || r.Check.Seconds > MaxCheckSeconds {
		return &InvalidError{Field: "check.seconds", Value: fmt.Sprint(r.Check.Seconds), Reason: fmt.Sprintf("must be from 1 to %d", MaxCheckSeconds)}
	}
	return nil
}

// checkEither requires exactly one of a text and a command.
func checkEither(name, text string, command []string) error {
	if (text == "") == (len(command) == 0) {
		return &InvalidError{Field: name, Reason: "or a command is needed, not both"}
	}
	if text != "" {
		return checkText(name, text)
	}
	return checkTexts("command", command)
}
