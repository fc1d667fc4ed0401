package hotswap

import (
	"os"
	"time"
)

// State is what a process does about new connections.
type State string

// States of a process.
const (
	Starting State = "starting" // Ready was not called yet; none
	Waiting  State = "waiting"  // a successor that gets those that are handed to it
	Serving  State = "serving"  // accepts, or did and is on standby: see Phase
	Draining State = "draining" // none any more; it is about to exit
)

// Phase is how far an upgrade is.
type Phase string

// Phases of an upgrade, as the old process sees them.
const (
	PhaseStarting  Phase = "starting"  // the successor was started and is not ready
	PhaseShifting  Phase = "shifting"  // the successor gets a share of the connections
	PhaseStandby   Phase = "standby"   // the successor gets them all, unconfirmed
	PhaseFinishing Phase = "finishing" // the successor is taking over everything
	PhaseReverting Phase = "reverting" // the old process accepts again, the successor is being ended
)

// Status describes a process and the upgrade that it leads.
type Status struct {
	State      State      `json:"state"`
	PID        int        `json:"pid"`                 // of this process
	Started    time.Time  `json:"started"`             // when Open was called, UTC
	Executable string     `json:"executable"`          // path that it was started from; empty if unknown
	Digest     string     `json:"digest"`              // hex SHA-256 of the executable that runs; empty if it cannot be read
	Open       int        `json:"open"`                // connections, hijacked ones included
	Hijacked   int        `json:"hijacked"`            // connections that HTTP handlers took over
	Successor  *Successor `json:"successor,omitempty"` // while an upgrade is under way
	Last       *Outcome   `json:"last,omitempty"`      // the last upgrade that failed or was taken back
}

// Successor describes the process that an upgrade started.
type Successor struct {
	Phase    Phase     `json:"phase"`
	PID      int       `json:"pid"`               // 0 until it was started
	Path     string    `json:"path"`              // of the executable
	Digest   string    `json:"digest"`            // hex SHA-256
	Percent  int       `json:"percent"`           // of the new connections that it gets
	Taken    int       `json:"taken"`             // connections that were handed over and taken
	Returned int       `json:"returned"`          // that it did not take and that are served here
	Deadline time.Time `json:"deadline,omitzero"` // when the upgrade is taken back unless it is finished, UTC
}

// Outcome says how an upgrade ended that did not succeed.
type Outcome struct {
	Path   string    `json:"path"`   // of the executable
	Digest string    `json:"digest"` // hex SHA-256
	Time   time.Time `json:"time"`   // UTC
	Error  string    `json:"error"`  // why, for people
	Cut    int       `json:"cut"`    // connections handed over that were open in the successor when it ended
}

// Status describes the process as it is.
func (p *Process) Status() Status {
	open, hijacked, _, _ := p.conns.count()
	digest, _ := p.executable.Digest() // empty where the system cannot say
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{
		State: p.state, PID: os.Getpid(), Started: p.started.UTC(), Executable: p.executable.path, Digest: digest,
		Open: open, Hijacked: hijacked, Last: p.last,
	}
	if p.attempt != nil {
		s.Successor = p.attempt.describe()
	}
	return s
}
