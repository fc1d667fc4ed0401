package hotswap

import (
	"errors"
	"fmt"
	"time"
)

// Outcomes to compare with [errors.Is]. They pass through the control socket:
// what [Process.Upgrade] returns, [Client.Upgrade] returns too.
var (
	// ErrBusy is returned by Upgrade while another upgrade is under way, on
	// standby or being taken back.
	ErrBusy = errors.New("hotswap: an upgrade is already under way; finish or revert it first")
	// ErrNotReady is returned by Upgrade before Ready was called, and by Finish
	// before the successor has all connections.
	ErrNotReady = errors.New("hotswap: the process is not ready for that yet; ask for its status and try again")
	// ErrNoSuccessor is returned by Shift, Finish and Revert when no upgrade is under way.
	ErrNoSuccessor = errors.New("hotswap: there is no successor; start an upgrade first")
	// ErrStopping is returned by every command once the process drains in order to exit.
	ErrStopping = errors.New("hotswap: the process is about to exit; ask the one that follows it")
	// ErrDigest is wrapped by an [*UpgradeError] when the executable is not the one that was asked for.
	ErrDigest = errors.New("the executable does not have the digest that was asked for; it was exchanged or damaged, install it again")
	// ErrNeverReady is wrapped by an [*UpgradeError] when the successor did not call Ready in time.
	ErrNeverReady = errors.New("the successor did not become ready in time and was ended; look into its output")
	// ErrExited is wrapped by an [*UpgradeError] when the successor ended by itself.
	ErrExited = errors.New("the successor ended; look into its output")
	// ErrReverted is wrapped by an [*UpgradeError] when the upgrade was taken back before it was complete.
	ErrReverted = errors.New("the upgrade was taken back")
	// ErrRequest is wrapped by errors about a request that breaks the control protocol or a limit.
	ErrRequest = errors.New("hotswap: request refused")
	// ErrRunning is returned by [Open] when a living process answers on the control socket.
	ErrRunning = errors.New("hotswap: another process already serves this control socket; stop it, or upgrade it through the socket")
	// ErrUnsafeFolder is returned by [Open] and by a [Client] when others may replace the control socket.
	ErrUnsafeFolder = errors.New("hotswap: the folder of the control socket may be changed by others; make it writable for the service's user alone")
	// ErrDrainTimeout is wrapped by a [*DrainError].
	ErrDrainTimeout = errors.New("connections were still open when the drain timeout ended")
)

// UpgradeError says at which point an upgrade failed. The old process serves on.
type UpgradeError struct {
	Path  string // of the executable
	Stage string // "check", "start", "ready", "shift", "accept" or "finish"
	Err   error  // ErrDigest, ErrNeverReady, ErrExited, ErrReverted, ErrStopping or an error of the system
}

func (e *UpgradeError) Error() string {
	return fmt.Sprintf("hotswap: upgrade to %s failed at %q, the old process serves on: %v", quote(e.Path), e.Stage, e.Err)
}

// Unwrap returns the cause.
func (e *UpgradeError) Unwrap() error { return e.Err }

// DrainError says what was cut when the drain timeout ended. It is returned by
// [Process.Wait]; the process should exit all the same.
type DrainError struct {
	Open    int           // connections that were closed while they may have been in use
	Timeout time.Duration // that they had
	Servers []error       // what servers said, in no order
}

func (e *DrainError) Error() string {
	text := fmt.Sprintf("hotswap: %d %s cut after %v: %v", e.Open, plural(e.Open, "connection was", "connections were"), e.Timeout, ErrDrainTimeout)
	if err := errors.Join(e.Servers...); err != nil {
		text += fmt.Sprintf(" (%v)", err)
	}
	return text
}

// Unwrap returns [ErrDrainTimeout] and the errors of the servers.
func (e *DrainError) Unwrap() []error { return append([]error{ErrDrainTimeout}, e.Servers...) }

// maxQuoted bounds how much of a text of unknown origin a message repeats.
const maxQuoted = 200

func quote(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "…"
	}
	return fmt.Sprintf("%q", s)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
