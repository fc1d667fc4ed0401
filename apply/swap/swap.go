package swap

import (
	"errors"
	"fmt"
	"time"

	"github.com/gohotfix/hotfix/pack/manifest"
)

// Version is an installed version of a service, as a strategy needs it.
type Version struct {
	Version string          // of the release, such as "1.4.3"
	Digest  manifest.Digest // of the executable; zero if none is installed
	Path    string          // absolute path of the executable, in its immutable folder
	Dir     string          // absolute path of that folder; config/… lies below
	Link    string          // absolute path by which the service's own configuration names the executable, through the current link
}

// Move is a change of what a service runs.
type Move struct {
	Product       string        // of the release
	From          Version       // what the service runs before
	To            Version       // what it shall run
	ConfirmWithin time.Duration // how long To may run unconfirmed; 0: it is confirmed at once
}

// Process is what a service runs at a moment.
type Process struct {
	PID      int             // 0: nothing runs
	Path     string          // of the executable that the process runs; what the system calls it by now if it was renamed since; "" if unknown
	Digest   manifest.Digest // of the file that the process runs, whatever lies under Path by now; zero if unknown
	State    string          // as the service manager or the service puts it, such as "active/running"; "" if neither was asked
	Restarts int             // how often the service manager has restarted the service by itself since the last swap; 0 if nobody counts
}

var (
	// ErrUnclear says that a swap was begun and that it is not known which
	// version runs. Going back to From by another swap is the way out.
	ErrUnclear = errors.New("it is not known which version runs")

	// ErrNotRunning says that the service does not run, so that there is no
	// process to signal or to look at.
	ErrNotRunning = errors.New("the service does not run")
)

// unclear marks an error as one after which nobody knows what runs.
func unclear(err error) error {
	if errors.Is(err, ErrUnclear) {
		return err
	}
	return fmt.Errorf("%w: %w", err, ErrUnclear)
}

// runs reports whether p is a process of v. Without an executable there is
// nothing to tell versions apart by.
func (v Version) runs(p Process) bool {
	return p.PID > 0 && !v.Digest.IsZero() && p.Digest == v.Digest
}

// done reports whether a move has already been carried out.
func (m Move) done(p Process) bool { return m.From.Digest != m.To.Digest && m.To.runs(p) }

// judge says what an error means, given what runs after it: if From does, the
// service is as it was.
func (m Move) judge(err error, now Process, lookErr error) error {
	if lookErr == nil && m.From.Digest != m.To.Digest && m.From.runs(now) {
		return err
	}
	return unclear(err)
}

// arrived returns an error if a process is not one of To, as far as To has an
// executable. It names the link, since the usual cause is a service that does not
// go by it.
func (m Move) arrived(p Process) error {
	if m.To.Digest.IsZero() || m.To.runs(p) {
		return nil
	}
	return fmt.Errorf("process %d runs %s (%v) and not version %s (%v): the service must start %s",
		p.PID, p.Path, p.Digest, m.To.Version, m.To.Digest, m.To.Link)
}
