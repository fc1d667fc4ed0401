package hotswap

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Operations of the control protocol.
const (
	opStatus  = "status"
	opUpgrade = "upgrade"
	opShift   = "shift"
	opFinish  = "finish"
	opRevert  = "revert"
)

// controlProtocol is the version of the control protocol.
const controlProtocol = 1

// request is the one line that a client sends.
type request struct {
	Protocol int      `json:"protocol"`
	Op       string   `json:"op"`
	Upgrade  *Upgrade `json:"upgrade,omitempty"` // of opUpgrade
	Percent  int      `json:"percent,omitempty"` // of opShift
}

// response is the one line that answers it: a status or a failure.
type response struct {
	Status *Status  `json:"status,omitempty"`
	Error  *failure `json:"error,omitempty"`
}

// failure is an error on its way through the socket.
type failure struct {
	Codes   []string `json:"codes"`           // of the errors that it wraps
	Message string   `json:"message"`         // for people
	Path    string   `json:"path,omitempty"`  // of an UpgradeError
	Stage   string   `json:"stage,omitempty"` // of an UpgradeError
}

// coded pairs errors with their codes, the same on both sides.
func coded() []struct {
	code string
	err  error
} {
	return []struct {
		code string
		err  error
	}{
		{"busy", ErrBusy}, {"not_ready", ErrNotReady}, {"no_successor", ErrNoSuccessor}, {"stopping", ErrStopping},
		{"request", ErrRequest}, {"digest", ErrDigest}, {"never_ready", ErrNeverReady}, {"exited", ErrExited},
		{"reverted", ErrReverted}, {"unsupported", errors.ErrUnsupported},
	}
}

func parseRequest(line []byte) (request, error) {
	var r request
	if err := parseCanonical(line, &r); err != nil {
		return request{}, err
	}
	return r, r.check()
}

func (r request) check() error {
	switch {
	case r.Protocol != controlProtocol:
		return fmt.Errorf("%w: protocol %d is not spoken here, only %d", ErrRequest, r.Protocol, controlProtocol)
	case (r.Op == opUpgrade) != (r.Upgrade != nil):
		return fmt.Errorf("%w: %s with or without what only an upgrade has", ErrRequest, quote(r.Op))
	case r.Op != opShift && r.Percent != 0:
		return fmt.Errorf("%w: %s does not take a percentage", ErrRequest, quote(r.Op))
	}
	switch r.Op {
	case opUpgrade:
		return r.Upgrade.check()
	case opStatus, opShift, opFinish, opRevert:
		return nil
	}
	return fmt.Errorf("%w: unknown operation %s", ErrRequest, quote(r.Op))
}

func failureOf(err error) *failure {
	f := &failure{Codes: []string{}, Message: err.Error()}
	for _, c := range coded() {
		if errors.Is(err, c.err) {
			f.Codes = append(f.Codes, c.code)
		}
	}
	var upgrade *UpgradeError
	if errors.As(err, &upgrade) {
		f.Path, f.Stage, f.Message = upgrade.Path, upgrade.Stage, upgrade.Err.Error()
	}
	return f
}

// remoteError is an error that came through the socket, with what it wraps.
type remoteError struct {
	message string
	wraps   []error
}

func (e *remoteError) Error() string   { return e.message }
func (e *remoteError) Unwrap() []error { return e.wraps }

func (f *failure) error() error {
	var err error = &remoteError{message: f.Message, wraps: f.errors()}
	if f.Stage != "" {
		err = &UpgradeError{Path: f.Path, Stage: f.Stage, Err: err}
	}
	return err
}

func (f *failure) errors() []error {
	var wraps []error
	for _, c := range coded() {
		for _, code := range f.Codes {
			if code == c.code {
				wraps = append(wraps, c.err)
			}
		}
	}
	return wraps
}

func parseResponse(line []byte) (response, error) {
	var r response
	if err := json.Unmarshal(line, &r); err != nil {
		return response{}, fmt.Errorf("%w: the answer is not one of this protocol: %w", ErrRequest, err)
	}
	if (r.Status == nil) == (r.Error == nil) {
		return response{}, fmt.Errorf("%w: the answer has neither or both of status and error", ErrRequest)
	}
	return r, nil
}
